#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_offline_repair
short_description: Run an offline repair of Garage, and prove that it ran
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs C(garage offline-repair) while the daemon is down, as the account that owns the metadata.
  - Refuses while the unit is not down, while any Garage server with the same configuration file runs, or while any process has a file
    of the metadata open. With some database engines Garage itself would run alongside its daemon, and exit with 0.
  - Garage prints nothing of a repair by default and exits with 0. The module makes it talk, and demands the line that says the end.
options:
  names:
    description: The offline repairs to run. A name that the release does not have is refused.
    type: list
    elements: str
    default: [object_counters]
  release_binary:
    description: The program to run it with; for a container, its image. By default the one that would be started next.
    type: path
  candidate:
    description: The configuration that is meant for that program. By default the one that the daemon reads.
    type: path
    default: ''
  metadata_dir:
    description: The C(metadata_dir) of the configuration. Nothing below it may belong to another account afterwards.
    type: path
    required: true
  timeout:
    description: Seconds that one repair may take.
    type: float
    default: 86400
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
attributes:
  check_mode: {support: full, details: Makes all checks and does not run the repair.}
  diff_mode: {support: none}
  idempotent: {support: none, details: A repair is run whenever it is asked for.}
"""

EXAMPLES = r"""
- name: Count the objects before 0.8 starts for the first time
  uplift.datastores.garage_offline_repair:
    names: [object_counters]
    release_binary: /usr/local/bin/garage-0.8.7
    candidate: /etc/garage.toml.uplift-0.8.7
    metadata_dir: /var/lib/garage/meta
"""

RETURN = r"""
version: {description: Release of the program used., returned: success, type: str, sample: 0.8.7}
user: {description: The account it ran as., returned: success, type: str, sample: garage}
seconds: {description: Seconds per repair., returned: success, type: dict, sample: {object_counters: 0.3}}
said:
  description: The line by which each repair said its end.
  returned: success
  type: list
  elements: str
  sample: ['2026-11-21T02:54:07.525414Z  INFO garage::repair::offline: Repair operation finished, shutting down...']
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.offline import run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "names": {"type": "list", "elements": "str", "default": ["object_counters"]},
    "release_binary": {"type": "path"},
    "candidate": {"type": "path", "default": ""},
    "metadata_dir": {"type": "path", "required": True},
    "timeout": {"type": "float", "default": 86400},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    return run(garage, module.params, Progress(module.params["progress_file"]), module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
