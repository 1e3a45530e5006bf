#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_trial
short_description: Restore a dump of Pachyderm into a scratch server, before anything is torn down
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Starts an etcd and a C(pachd) of the new release as transient units of systemd, with ports, metadata and an object store of their
    own, restores the dump into them, counts what came, and takes them away again.
  - The servers see neither the cluster's object store nor its etcd nor Kubernetes, exchange nothing with other machines, run as the
    service's account, and are the first to be ended where memory is short. systemd ends them after O(timeout) seconds in any case.
  - Where it cannot be done, it is not done, and RV(why) says so in a sentence.
extends_documentation_fragment:
  - uplift.datastores.pachyderm_scratch
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full, details: Does nothing.}
  diff_mode: {support: none}
  idempotent: {support: full, details: Leaves nothing behind.}
options:
  state:
    description: What is wanted.
    type: str
    default: tried
    choices:
      tried: The dump has been restored into a scratch server, or RV(why) says why it has not.
      absent: No unit and no file is left of a trial that was killed.
  source: {description: The release that wrote the dump. Required if O(state=tried)., type: str}
  target: {description: The release that shall read it. Required if O(state=tried)., type: str}
  src: {description: The dump. Its manifest lies next to it. Required if O(state=tried)., type: path}
  pachctl: {description: The client of O(target)., type: path, default: /usr/local/bin/pachctl}
  call_timeout: {description: Seconds that one call of C(pachctl) may take., type: float, default: 60}
"""

EXAMPLES = r"""
- name: Try to restore what was just extracted
  uplift.datastores.pachyderm_trial:
    id: 20261121T031500Z-pachyderm-1.13.4
    directory: /var/backups/uplift/trial
    src: /var/backups/uplift/1.9.12.dump
    source: 1.9.12
    target: 1.13.4
    pachctl: /usr/local/bin/pachctl-1.13.4
    pachd: /usr/local/bin/pachd-1.13.4
    user: pachyderm
"""

RETURN = r"""
tried: {description: Whether it was tried. It worked then., returned: always, type: bool, sample: true}
why:
  description: Why it was not tried, as a sentence. Empty when it was.
  returned: always
  type: str
  sample: ''
counts:
  description: What came, where it was tried.
  returned: always
  type: dict
  sample: {repos: 6, commits: 9, pipelines: 3}
seconds: {description: How long it took., returned: when it was tried, type: float, sample: 4.2}
evidence:
  description: What was tried, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample: [{slot: trial, kind: file, path: /var/backups/uplift/1.9.12.dump, size: 3573}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import SCRATCH
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.trial import run

SPEC: Spec = {
    **SCRATCH,
    "state": {"type": "str", "default": "tried", "choices": ["tried", "absent"]},
    **{name: {"type": "str"} for name in ("source", "target")},
    "src": {"type": "path"},
    "pachctl": {"type": "path", "default": "/usr/local/bin/pachctl"},
    "call_timeout": {"type": "float", "default": 60},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(LocalRunner(), module.params, Progress(module.params["progress_file"]), module.check_mode)


def main() -> None:
    serve(SPEC, answer, required_if=[("state", "tried", ["src", "source", "target"])])


if __name__ == "__main__":
    main()
