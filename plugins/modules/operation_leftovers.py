#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_leftovers
short_description: List what operations have left on a node, and remove what nothing needs any more
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Looks for backups, staged programs and images, configurations for other releases, data that were renamed, databases that were converted
    into another, and what runs that were killed have left to try something in. Only what bears the mark of an operation, or what a record
    says was staged, is looked at; of databases, containers, pods and Jobs only what bears its comment or label, too.
  - What is used now, what a rollback of the last operation would need, and what is younger than O(days) stays.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  state:
    description: What to do.
    type: str
    default: listed
    choices:
      listed: Only list it.
      removed: Remove what may go. It fails while an operation is unfinished here, or a run has the lease.
  directory: {description: Where the records lie on the node., type: path, required: true}
  leaves:
    description: Where the product leaves things, as C(<product>_found.leaves) has it.
    type: dict
    default: {}
    suboptions:
      backups: {description: The directory in which each operation has one of its own., type: path, default: ''}
      notes: {description: 'Patterns of files there that name what lies elsewhere, such as snapshots of volumes.', type: list, elements: str, default: []}
      dumps: {description: Backups that no operation took., type: list, elements: path, default: []}
      beside:
        description: Files and directories next to which, and in which, things are renamed with C(.uplift-) behind their names.
        type: list
        elements: path
        default: []
  unit:
    description: Where the service runs, as M(uplift.datastores.service) takes it. Docker and Kubernetes are asked for what was left there.
    type: str
    default: ''
  dsn:
    description: The connection string of the database in which the product keeps its data; what was renamed next to it is looked for.
      Empty means none.
    type: str
    default: ''
  days: {description: 'How old a thing has to be, in days.', type: float, default: 30}
  forget:
    description: Whether nobody will go back over the last operation, so that what a rollback needs may go, too. The record keeps that.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: List what operations have left
  uplift.datastores.operation_leftovers:
    directory: /var/lib/uplift/garage/garage.service
    leaves: {backups: /var/backups/uplift/garage/garage.service, beside: [/etc/garage.toml, /var/lib/garage/meta]}
"""

RETURN = r"""
left:
  description: One row for each thing, by path. RV(ignore:stays) says why it stays; it is empty where nothing needs it any more. Sizes are bytes, and
    null where nobody can say.
  returned: always
  type: list
  elements: dict
  sample:
    - path: /var/backups/uplift/garage/garage.service/20260801T031500Z-garage-0.8.7
      kind: backup
      about: backup of 20260801T031500Z-garage-0.8.7
      size: 4096
      age_days: 118
      stays: ''
refused: {description: Why nothing may be removed here now; empty where it may., returned: always, type: str, sample: ''}
removed:
  description: What was removed.
  returned: always
  type: list
  elements: str
  sample: [/var/backups/uplift/garage/garage.service/20260801T031500Z-garage-0.8.7]
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup import conninfo, server_leftovers
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._operation import leftovers_elsewhere, leftovers_files

SPEC: Spec = {
    "state": {"type": "str", "default": "listed", "choices": ["listed", "removed"]},
    "directory": {"type": "path", "required": True},
    "leaves": {
        "type": "dict",
        "default": {},
        "options": {
            "backups": {"type": "path", "default": ""},
            "notes": {"type": "list", "elements": "str", "default": []},
            "dumps": {"type": "list", "elements": "path", "default": []},
            "beside": {"type": "list", "elements": "path", "default": []},
        },
    },
    "unit": {"type": "str", "default": ""},
    "dsn": {"type": "str", "default": "", "no_log": True},
    "days": {"type": "float", "default": 30},
    "forget": {"type": "bool", "default": False},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    local, params = LocalRunner(), module.params
    databases = [server_leftovers.ServerLeftovers(local, conninfo.parse(params["dsn"]))] if params["dsn"] else []
    elsewhere = leftovers_elsewhere.of(local, params["unit"], databases)
    return leftovers_files.bring(params, time.time(), module.check_mode, elsewhere)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
