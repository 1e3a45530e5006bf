#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_migrate
short_description: Run a migration of Garage exactly once
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs C(garage migrate --yes), which takes the buckets and the permissions of 0.5 into 0.6. Run it at one node of a cluster whose
    nodes all run 0.6, with clients shut out.
  - A second run would give back permissions and aliases that were taken away since, and would exit with 0. So the module runs it
    only while there is no bucket and no key has a permission; where the buckets are there already it changes nothing.
  - Every node of the layout has to answer, with this release. Garage itself would migrate alongside a node that is down.
  - Afterwards the buckets are counted and compared by name.
options:
  migration: {description: The migration., type: str, default: buckets050, choices: [buckets050]}
  expect:
    description:
      - Names of the buckets in C(garage bucket list) of 0.5. With O(expect) or O(keys) given and no bucket named, there is
        nothing to migrate.
      - A name that is not one of S3 is expected as the 32 hexadecimal digits that the migration makes of it.
    type: list
    elements: str
  keys: {description: 'The keys that the cluster had, each with its C(id) and C(name).', type: list, elements: dict}
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
attributes:
  check_mode: {support: full, details: Makes all checks and does not migrate.}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Take the buckets of 0.5 over, once
  uplift.datastores.garage_migrate:
    expect: [photos, site, My_Bucket]
  run_once: true
"""

RETURN = r"""
version: {description: Release of the daemon., returned: success, type: str, sample: 0.6.0}
migrated: {description: Whether the migration was run now., returned: success, type: bool, sample: true}
buckets:
  description: Names of the buckets that there are.
  returned: success
  type: list
  elements: str
  sample: [50170f4e96f4d230303fc8384327a471, photos, site]
renamed:
  description: Names that S3 does not allow, with those that the buckets bear now.
  returned: when migrated
  type: dict
  sample: {My_Bucket: 50170f4e96f4d230303fc8384327a471}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.migrate import run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "migration": {"type": "str", "default": "buckets050", "choices": ["buckets050"]},
    "expect": {"type": "list", "elements": "str"},
    "keys": {"type": "list", "elements": "dict", "no_log": False},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    garage.demand_running()
    return run(garage, module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
