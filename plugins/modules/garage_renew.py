#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_renew
short_description: Rename the database of a Garage node, so that the other nodes fill a new one
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Renames the database of a node that is down out of its metadata directory. Once the node is started, the other nodes bring it all
    entries by the sync of their tables, and it writes each in the form of the release that runs.
  - What is renamed is never deleted, and never renamed twice under one name. Node keys, layout and other small files stay.
  - B(The copy of this node is away) until M(uplift.datastores.garage_complete) says yes. Do it on one node at a time, only where other
    nodes hold copies, with the node's ports closed to clients.
options:
  metadata_dir: {description: The metadata directory., type: path, required: true}
  engine: {description: The engine of the database., type: str, required: true, choices: [sled, lmdb, sqlite]}
  name: {description: 'Its new name: C(<metadata_dir>.uplift-<name>), or in it where it is a mount point.', type: str, required: true}
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full, details: Once there is a database of that name nothing is done any more.}
"""

EXAMPLES = r"""
- name: Rename the database of 0.5's days
  uplift.datastores.garage_renew:
    metadata_dir: /var/lib/garage/meta
    engine: sled
    name: 20261121T101500Z-garage-2.1.0
"""

RETURN = r"""
renamed_to:
  description: Where the database lies now.
  returned: success
  type: str
  sample: /var/lib/garage/meta.uplift-20261121T101500Z-garage-2.1.0/db
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.renew import run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC: Spec = {
    **GARAGE,
    "metadata_dir": {"type": "path", "required": True},
    "engine": {"type": "str", "required": True, "choices": ["sled", "lmdb", "sqlite"]},
    "name": {"type": "str", "required": True},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(from_unit(LocalRunner(), module.params), module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
