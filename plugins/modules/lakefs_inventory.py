#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_inventory
short_description: Note what clients can read of a lakeFS installation, and compare it with before
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Lists repositories, branches, tags, heads, uncommitted changes and users by the API, and reads one object of each repository by the
    API and through the S3 gateway. Changes nothing.
extends_documentation_fragment:
  - uplift.datastores.lakefs.api
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_lakefs
options:
  s3_url: {description: The S3 gateway; by default where the API is., type: str, default: ''}
  s3_host:
    description:
      - C(gateways.s3.domain_name) of the server. Up to 0.47 the S3 gateway answers under this host name alone, so that the request is signed
        for it and sent to O(s3_url) with it.
    type: str
    default: ''
  version: {description: The release that answers. Empty asks it; releases before 0.43 do not say., type: str, default: ''}
  before: {description: An earlier inventory to compare with., type: dict, default: {}}
  era:
    description: The era of the schema when O(before) was taken, as M(uplift.datastores.lakefs_info) tells it. The way out of V(mvcc) gives commits new ids.
    type: str
    default: ''
  live: {description: "Whether clients worked all the time in between, and may have taken back uncommitted changes.", type: bool, default: false}
"""

EXAMPLES = r"""
- name: Note what is there
  uplift.datastores.lakefs_inventory:
    url: http://127.0.0.1:8000
    access_key_id: "{{ key_id }}"
    secret_access_key: "{{ secret }}"
  register: before
"""

RETURN = r"""
inventory:
  description: What is there.
  returned: success
  type: dict
  sample:
    taken: '2026-11-21T06:41:23Z'
    users: [admin]
    repositories:
      repo1:
        namespace: local://repo1
        default_branch: main
        branches: {main: fa6eec3562956305d96146dbb917925134c4f8612482dff29cd0b461b26c7a45}
        tags: {}
        uncommitted: {main: 1}
        lost_heads: []
        lost_tags: []
        object:
          path: a.txt
          ref: fa6eec3562956305d96146dbb917925134c4f8612482dff29cd0b461b26c7a45
          sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
differences:
  description: What is lost or other than in O(before), by key and sentence.
  returned: success
  type: list
  elements: dict
  sample: []
notes:
  description: What clients have done meanwhile where they could (O(live)), as C(branch_deleted) and C(tag_deleted); the commits are there.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.inventory import run
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS_API

SPEC = {
    **LAKEFS_API,
    **{name: {"type": "str", "default": ""} for name in ("s3_url", "s3_host", "version")},
    "before": {"type": "dict", "default": {}},
    "era": {"type": "str", "default": ""},
    "live": {"type": "bool", "default": False},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
