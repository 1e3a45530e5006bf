#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_space
short_description: Tell how large directories are and how much free space and memory there is
version_added: 0.1.0
description:
  - For paths that do not exist yet, the nearest parent that does is looked at. Nothing is created.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.attributes.internal]
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  paths: {description: Where free space is needed., type: list, elements: path, default: []}
  sizes: {description: Directories whose size is asked for., type: list, elements: path, default: []}
  programs: {description: Programs that have to be on the path., type: list, elements: str, default: []}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Is there free space for the backup?
  uplift.datastores.node_space:
    paths: [/var/backups/uplift]
    sizes: [/var/lib/garage/meta]
    programs: [zstd]
"""

RETURN = r"""
paths:
  description: Per path the directory that was looked at, the bytes that are free there, and whether this account may write there.
  returned: always
  type: dict
  sample: {/var/backups/uplift: {at: /var/backups, free: 52428800, writable: true}}
sizes:
  description: Per directory its size in bytes (as stored, holes not counted); null when it cannot be read.
  returned: always
  type: dict
  sample: {/var/lib/garage/meta: 1048576}
programs:
  description: Per program where it is; null when it is not there.
  returned: always
  type: dict
  sample: {zstd: /usr/bin/zstd}
memory:
  description: Bytes of memory that can be had without swapping; null when the kernel does not say.
  returned: always
  type: int
  sample: 8589934592
"""

import os
import shutil
from contextlib import suppress
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

SPEC: Spec = {
    "paths": {"type": "list", "elements": "path", "default": []},
    "sizes": {"type": "list", "elements": "path", "default": []},
    "programs": {"type": "list", "elements": "str", "default": []},
}


def free(path: str) -> dict[str, object]:
    if not os.path.isabs(path):
        raise UpliftError(f"The path is {path!r}; expected an absolute one. Correct the variable that it comes from.")
    at = os.path.realpath(path)  # what is written goes where a link leads
    while not os.path.isdir(at):
        at = os.path.dirname(at)
    # Root, too, may write nothing to a file system that is mounted to read only.
    return {"at": at, "free": shutil.disk_usage(at).free, "writable": os.access(at, os.W_OK | os.X_OK)}


def size(path: str) -> int | None:
    """Bytes on disk below a directory. A part that cannot be read makes the answer unknown, not smaller."""
    failed: list[OSError] = []
    total = 0
    for directory, _names, files in os.walk(path, onerror=failed.append):
        for name in files:
            with suppress(FileNotFoundError):  # a living database removes files while we look
                total += os.lstat(os.path.join(directory, name)).st_blocks * 512
    return None if failed else total


def memory(table: str = "/proc/meminfo") -> int | None:
    with suppress(OSError), open(table, encoding="ascii") as lines:
        for name, _colon, rest in (line.partition(":") for line in lines):
            if name == "MemAvailable":
                return int(rest.split()[0]) * 1024
    return None


def answer(module: AnsibleModule) -> dict[str, Any]:
    return {
        "changed": False,
        "paths": {path: free(path) for path in module.params["paths"]},
        "sizes": {path: size(path) for path in module.params["sizes"]},
        "programs": {name: shutil.which(name) for name in module.params["programs"]},
        "memory": memory(),
    }


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
