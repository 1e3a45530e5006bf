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
  - Asks each address from the controller, without credentials. An S3 API answers such a request with an S3 error and the status 403, or 400 in 0.5.
  - Runs on the controller, as the probe and the inventory do.
author: the uplift.datastores contributors (!UNKNOWN)
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
options:
  addresses:
    description: Addresses as C(host:port).
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds to wait for one answer.
    type: float
    default: 3
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

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import controller_only

SPEC = {
    "addresses": {"type": "list", "elements": "str", "required": True},
    "timeout": {"type": "float", "default": 3},
}


def main() -> None:
    controller_only("garage_s3_ping", SPEC)


if __name__ == "__main__":
    main()
