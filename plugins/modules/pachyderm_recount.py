#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_recount
short_description: See that a dump still is of all that a Pachyderm cluster holds
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Asked right before anything of the cluster is thrown away. Repos, branches with their heads, commits and pipelines are listed again and
    compared with the manifest of the dump and with the inventory. Any difference is a failure that names what came since.
  - The dump itself has to be there, with the SHA-256 that its manifest has, and of the cluster that answers.
options:
  dump: {description: The dump that M(uplift.datastores.pachyderm_extract) wrote; its manifest lies next to it., type: path, required: true}
  inventory: {description: The inventory that M(uplift.datastores.pachyderm_inventory) wrote., type: path, required: true}
  tolerant:
    description: When no server takes a connection, return RV(asked=false) instead of failing. One that answers is asked all the same.
    type: bool
    default: false
  late:
    description: Whether the operation is past the step where it would take the dump again. A failure then names the rollback.
    type: bool
    default: false
extends_documentation_fragment:
  - uplift.datastores.pachyderm
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
"""

EXAMPLES = r"""
- name: Throw nothing away that is not in the dump
  uplift.datastores.pachyderm_recount:
    dump: /var/backups/uplift/pachyderm.dump
    inventory: /var/backups/uplift/inventory.json
"""

RETURN = r"""
dump: {description: The dump that was looked at., returned: always, type: str, sample: /var/backups/uplift/pachyderm.dump}
asked: {description: Whether a server answered., returned: always, type: bool, sample: true}
cluster: {description: The id of the cluster., returned: always, type: str, sample: b03c829d65874998845fd900f84fd1d6}
sha256:
  description: The SHA-256 of the dump.
  returned: always
  type: str
  sample: d708c57b4724bd36aed8d0ecf0b54790b1fdd4d13a4cc579b61a04fd5590b486
counts:
  description: How much there is.
  returned: always
  type: dict
  sample: {repos: 3, pipelines: 1, commits: 6, branches: 4}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.recount import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM

SPEC = {
    **PACHYDERM,
    **{name: {"type": "path", "required": True} for name in ("dump", "inventory")},
    **{name: {"type": "bool", "default": False} for name in ("tolerant", "late")},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(LocalRunner(), module.params, Progress(module.params["progress_file"]))


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
