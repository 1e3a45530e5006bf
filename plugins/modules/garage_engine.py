#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_engine
short_description: Tell in which database engine the metadata of a Garage node lie
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Looks at what lies in the metadata directory, and compares it with what the running release opens. A release that opens
    another engine than the one that holds the data starts with an empty database and calls itself healthy.
  - Where it is unknown which of several databases holds the data, RV(same) is null and RV(finding) says what to do.
options:
  metadata_dir: {description: The metadata directory., type: path, required: true}
  db_engine: {description: The setting as the configuration has it. Empty when it has none., type: str, default: ''}
  version: {description: The release that runs., type: str, required: true}
  unit:
    description: Where Garage runs, as P(uplift.datastores.garage#role) takes it. The files of a pod are not looked at.
    type: str
    default: ''
  says: {description: Of a pod the engine as C(garage stats) names it while it runs., type: str, default: ''}
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Which engine holds the data?
  uplift.datastores.garage_engine:
    metadata_dir: /var/lib/garage/meta
    version: 0.8.7
"""

RETURN = r"""
engine: {description: The engine that holds the data. Empty when it is unknown., returned: success, type: str, sample: sled}
opens: {description: The engine that the release opens with that setting., returned: success, type: str, sample: sled}
snapshots: {description: Whether that engine can be copied while the node serves., returned: success, type: bool, sample: false}
survives: {description: Whether a database of that engine is whole after its process was killed., returned: success, type: bool, sample: false}
engines: {description: Every engine of which there is a database., returned: success, type: list, elements: str, sample: [sled]}
same: {description: Whether it is what the release opens. Null when it is unknown., returned: success, type: bool, sample: true}
elsewhere:
  description: Whether the running service finds another directory at O(metadata_dir) than the host does. Not of a pod.
  returned: when O(unit) is no pod
  type: bool
  sample: false
finding:
  description: What is wrong, with C(key), C(seen), C(expected) and C(advice). Empty when nothing is.
  returned: success
  type: dict
  sample: {}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage import engine
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place, unit_place

SPEC: Spec = {
    "metadata_dir": {"type": "path", "required": True},
    "db_engine": {"type": "str", "default": ""},
    "version": {"type": "str", "required": True},
    "unit": {"type": "str", "default": ""},
    "says": {"type": "str", "default": ""},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    asked = module.params
    release = version.parse(asked["version"])
    if place.is_pod(asked["unit"]):
        return engine.of_running(asked["says"], asked["db_engine"], release)
    (unit,) = unit_place.own(LocalRunner(), {asked["unit"]: "garage_unit"} if asked["unit"] else {}) or (None,)
    found = engine.summary(asked["metadata_dir"], asked["db_engine"], release)
    return {**found, "elsewhere": bool(unit and unit_place.elsewhere(unit, asked["metadata_dir"]))}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
