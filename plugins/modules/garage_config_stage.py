#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_config_stage
short_description: Write one configuration file of Garage per release
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Writes what each release on the upgrade path wants to read next to the file that is read now, as O(src) with C(.uplift-) and the release
    at its end, with the same owner, group and mode. The file that is read now stays as it is, and a copy of it is kept
    under the release that runs, so that going back swaps program and configuration together.
  - C(db_engine) is written out from 0.9 on, where the default is another one; C(replication_mode) becomes
    C(replication_factor) and C(consistency_mode) for 2.x. Comments, order and form of all the rest stay.
  - Runs on the controller, which understands the file; nodes need no TOML parser.
options:
  src: {description: The configuration file on the node., type: path, required: true}
  unit: {description: "The pod of Kubernetes that O(src) is a path of, as V(kubernetes:NAMESPACE/pod/NAME).", type: str, default: ''}
  dest:
    description: What the files are called on the node, in place of O(src) in the names. Needed for a pod, whose file is of a ConfigMap.
    type: path
    default: ''
  source: {description: The release that runs., type: str, required: true}
  targets:
    description: The releases on the upgrade path in order. Without any the file of O(source) alone is written.
    type: list
    elements: str
    default: []
  engine:
    description: The engine of the metadata that lie on the node. Needed where there are O(targets).
    type: str
    default: ''
    choices: ['', sled, lmdb, sqlite]
  wanted_engine:
    description: The engine that the operator wants from 0.9 on. Empty for the one that is there as long as releases have it.
    type: str
    default: ''
    choices: ['', lmdb, sqlite]
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: full, details: "From the file of now to that of the last release. Secrets are not shown."}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Have the files of all releases ready
  uplift.datastores.garage_config_stage:
    src: /etc/garage.toml
    source: 0.8.7
    targets: [0.9.4, 1.3.0, 2.1.0]
    engine: sled
"""

RETURN = r"""
files:
  description: The files in order, the one of the release that runs first, with the settings that were changed from the one before.
  returned: success
  type: list
  elements: dict
  sample:
    - {version: 0.8.7, path: /etc/garage.toml.uplift-0.8.7, changed: true, settings: [], db_engine: ''}
    - {version: 0.9.4, path: /etc/garage.toml.uplift-0.9.4, changed: true, settings: [db_engine], db_engine: sled}
    - {version: 1.3.0, path: /etc/garage.toml.uplift-1.3.0, changed: true, settings: [db_engine], db_engine: lmdb}
    - version: 2.1.0
      path: /etc/garage.toml.uplift-2.1.0
      changed: true
      settings: [replication_factor, replication_mode]
      db_engine: lmdb
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, controller_only

SPEC: Spec = {
    "src": {"type": "path", "required": True},
    "unit": {"type": "str", "default": ""},
    "dest": {"type": "path", "default": ""},
    "source": {"type": "str", "required": True},
    "targets": {"type": "list", "elements": "str", "default": []},
    "engine": {"type": "str", "default": "", "choices": ["", "sled", "lmdb", "sqlite"]},
    "wanted_engine": {"type": "str", "default": "", "choices": ["", "lmdb", "sqlite"]},
}


def main() -> None:
    controller_only("garage_config_stage", SPEC)


if __name__ == "__main__":
    main()
