#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_config
short_description: Read lakeFS's configuration, stage it for another release, and make a staged one count
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Reads the file and the unit's environment on the node and understands them on the controller, which needs the Python package
    C(ruamel.yaml).
  - A configuration is staged for a release by editing lines, so that comments, order and form stay. Before the KV migration it gets
    C(database.type) and the section C(database.postgres) next to the old keys; afterwards the keys go that the next release refuses.
  - With O(state=read) the connection string is returned. Register it under C(no_log). From the node to the controller it goes
    encrypted for the one call, since connections print results at C(-vvv).
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: full, details: "Settings only, without comments; secrets are masked."}
  idempotent: {support: full}
options:
  state:
    description: What to do.
    type: str
    default: read
    choices:
      read: Only read.
      staged: Write the configuration for O(version) next to the one that counts, and keep this as that of O(keep).
      activated:
        Make the staged or kept one of O(version) count. It fails where what counts now is not that of O(keep), which the staged
        one was made from; where none is kept, what counts now is.
      absent: Remove the staged one of O(version).
  unit: {description: "The systemd unit, V(docker:NAME), or V(kubernetes:NAMESPACE/DEPLOYMENT).", type: str, default: lakefs.service}
  binary: {description: "The program of a systemd unit that starts it by another one. By default the unit's.", type: path}
  user: {description: "The account of the program, where it is not the unit's.", type: str}
  src: {description: The configuration. Empty means what the unit's program reads., type: path, default: ''}
  version: {description: The release., type: str, default: ''}
  keep: {description: The release whose configuration counted until now., type: str, default: ''}
  seal: {description: Internal. What the action reads the node's secrets with., type: str, default: ''}
  discard: {description: "Whether the data of releases before 0.30 is to be discarded (C(cataloger.type=rocks)).", type: bool, default: false}
"""

EXAMPLES = r"""
- name: Which database does this server use?
  uplift.datastores.lakefs_config:
  register: lakefs_settings
  no_log: true

- name: What the KV migration needs, next to the file that counts
  uplift.datastores.lakefs_config:
    state: staged
    version: 0.80.2
"""

RETURN = r"""
settings:
  description: What the server reads, without connection strings and keys.
  returned: O(state=read)
  type: dict
  sample: {blockstore: s3, listen: '0.0.0.0:8000', s3_host: s3.example.org, database: {type: postgres, place: 'db:5432/lakefs', old: true, new: false}}
dsn: {description: The connection string., returned: O(state=read), type: str, sample: 'postgres://lakefs:secret@db:5432/lakefs?sslmode=disable'}
findings:
  description: What is wrong, as key, severity (C(error) or C(warning)) and sentence.
  returned: O(state=read)
  type: list
  elements: dict
  sample: [{key: config_missing, severity: error, sentence: The configuration /etc/lakefs/config.yaml is not there.}]
path: {description: The configuration that counts; empty where there is none., returned: always, type: str, sample: /etc/lakefs/config.yaml}
staged: {description: The staged one., returned: O(state=staged), type: str, sample: /etc/lakefs/config.uplift-0.80.2.yaml}
changes:
  description: What the release wants otherwise.
  returned: O(state=staged)
  type: list
  elements: str
  sample: [database.type is postgres; the section database.postgres is a copy of the old keys]
lost:
  description: Settings that the release has not, and that do something now.
  returned: O(state=staged)
  type: list
  elements: str
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.file import activate, raw, staged_path
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS

SPEC: Spec = {
    "state": {"type": "str", "default": "read", "choices": ["read", "staged", "activated", "absent"]},
    **{name: value for name, value in LAKEFS.items() if name != "config_file"},
    **{name: {"type": "str", "default": ""} for name in ("version", "keep")},
    "src": {"type": "path", "default": ""},
    "discard": {"type": "bool", "default": False},
    **seal.SPEC,
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    if params["state"] == "activated":
        names = [staged_path(params["src"], params[release]) for release in ("version", "keep")]
        return activate(params["src"], names[0], names[1], module.check_mode)
    return raw(LocalRunner(), params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
