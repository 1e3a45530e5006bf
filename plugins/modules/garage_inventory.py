#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_inventory
short_description: Note which objects clients can read from a Garage cluster
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Lists buckets and reads a sample of their objects through S3, as a client would. Changes nothing.
  - It works on the controller, or with O(on_node) on the node, where S3 is on loopback or a socket file.
  - Where no address takes a connection, it is asked again, for up to a minute in all.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_garage
options:
  addresses:
    description:
      - Where S3 is served, C(host:port), a URL, or C(unix:/path) of a socket file. The next one is asked when one does not answer.
    type: list
    elements: str
    required: true
  on_node: {description: Ask from the node and not from the controller., type: bool, default: false}
  region: {description: The cluster's S3 region., type: str, default: garage}
  key_id: {description: An access key that may read the buckets., type: str, required: true}
  secret: {description: Its secret., type: str, required: true}
  ca_file: {description: Certificates to trust for C(https) addresses., type: path, default: ''}
  style:
    description: Where a bucket's name stands, V(path) for C(HOST/BUCKET) or V(virtual) for C(BUCKET.HOST).
    type: str
    choices: [path, virtual]
    default: path
  buckets:
    description:
      - The buckets to look at. Those of an operation's own, C(uplift-OPERATION-probe), are left out.
    type: list
    elements: dict
    required: true
  sample: {description: "How many objects of each bucket are read, spread over the listing.", type: int, default: 20}
  list_limit: {description: How many objects of each bucket are listed., type: int, default: 10000}
  max_object_bytes: {description: Of objects above this size only size and ETag are noted., type: int, default: 67108864}
  like:
    description: RV(inventory.objects) of an earlier inventory. The same objects are read again, even if the listing has grown since.
    type: list
    elements: dict
    default: []
  mute:
    description: Nodes that serve no S3, by name, each with the reason. What they would say of a missing object is not known.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Note what is there before the upgrade
  uplift.datastores.garage_inventory:
    addresses: [198.18.1.11:3900, 198.18.1.12:3900]
    key_id: "{{ key.access_key_id }}"
    secret: "{{ key.secret_access_key }}"
    buckets: "{{ buckets }}"
  register: before

- name: The same objects afterwards
  uplift.datastores.garage_inventory:
    addresses: [198.18.1.11:3900, 198.18.1.12:3900]
    key_id: "{{ key.access_key_id }}"
    secret: "{{ key.secret_access_key }}"
    buckets: "{{ buckets }}"
    like: "{{ before.inventory.objects }}"
  register: after
"""

RETURN = r"""
inventory:
  description: What could be read, for M(uplift.datastores.garage_compare).
  returned: success
  type: dict
  contains:
    taken: {description: "When it was begun, UTC.", type: str, sample: '2026-11-21T03:00:12Z'}
    objects:
      description:
        - Per bucket its id and alias, how many objects were listed and whether these are all, a digest of the list, and the
          sample with key, size, etag, sha256 (empty above O(max_object_bytes)) and last_modified.
        - With O(like) also C(missing), the objects that cannot be read any more, each with its key and what every address said when it was
          C(asked), which is C(there), C(absent), C(broken) where it is listed and cannot be read, or the reason for no answer.
      type: list
      elements: dict
      sample:
        - id: 034bf74d8bee6066f831a0812252feac90f35bd57ac4edfda321da2c4d759477
          alias: alpha
          objects: 100
          complete: true
          digest: 49a33b3936a57da6324e2cfd978a87fe17445e79493c12b8d64d251fdcade411
          sample: []
          missing: [{key: dir0/obj 000, asked: {'198.18.1.11:3900': absent, '198.18.1.12:3900': absent}}]
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._garage.objects import inventory
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import S3

SPEC: Spec = {
    **S3,
    "region": {"type": "str", "default": "garage"},
    "key_id": {"type": "str", "required": True, "no_log": False},
    "secret": {"type": "str", "required": True, "no_log": True},
    "buckets": {"type": "list", "elements": "dict", "required": True},
    "sample": {"type": "int", "default": 20},
    "list_limit": {"type": "int", "default": 10000},
    "max_object_bytes": {"type": "int", "default": 64 * 1024 * 1024},
    "like": {"type": "list", "elements": "dict", "default": []},
    "mute": {"type": "dict", "default": {}},
}


def work(params: Mapping[str, Any]) -> dict[str, Any]:
    return inventory(params)


def answer(module: AnsibleModule) -> dict[str, Any]:
    return work(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
