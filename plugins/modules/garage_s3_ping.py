#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_s3_ping
short_description: Ask S3 addresses whether an S3 API is there
version_added: 0.1.0
description:
  - Asks each address without credentials. An S3 API answers such a request with an S3 error and the status 403, or 400 in 0.5.
  - It works on the controller, as the probe and the inventory do, or with O(on_node) on the node.
author: the uplift.datastores contributors (!UNKNOWN)
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
options:
  addresses:
    description: Addresses as C(host:port), as URLs, or as C(unix:/path) of a socket file.
    type: list
    elements: str
    required: true
  on_node: {description: Ask from the node and not from the controller., type: bool, default: false}
  ca_file: {description: Certificates to trust for C(https) addresses., type: path, default: ''}
  style:
    description: Where a bucket's name stands, V(path) for C(HOST/BUCKET) or V(virtual) for C(BUCKET.HOST).
    type: str
    choices: [path, virtual]
    default: path
"""

EXAMPLES = r"""
- name: Does the S3 API answer?
  uplift.datastores.garage_s3_ping:
    addresses: ['198.51.100.11:3900']
"""

RETURN = r"""
silent:
  description: The addresses that gave no such answer, and what came instead.
  type: list
  elements: dict
  returned: always
  sample:
    - {address: '198.51.100.11:3900', reason: Connection refused}
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.s3 import Access, silence
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import S3

SPEC: Spec = dict(S3)


def work(params: Mapping[str, Any]) -> dict[str, Any]:
    access = Access(ca_file=params["ca_file"], virtual=params["style"] == "virtual")
    answers = ((address, silence(address, access)) for address in params["addresses"])
    return {"changed": False, "silent": [{"address": address, "reason": why} for address, why in answers if why]}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return work(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
