#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_access
short_description: A throw-away key and bucket in Garage
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Makes a key and a bucket for a probe, or takes them away.
  - Key and bucket are called C(uplift-OPERATION-probe), in small letters. Both states first remove what an earlier run that died has left
    behind. That is every key in O(keys) and every key that bears such a name of any operation, and every bucket that has such a name, no
    other, and that no other key may use. A name that merely begins with C(uplift-) is an operator's and stays.
  - A bucket that is not empty cannot be removed by Garage's command line. It is kept, the new key gets all rights on it, and it is named
    in RV(leftover_buckets) so that an S3 client can empty it.
  - Run it on one node only. The other nodes know a new key or bucket a moment later.
  - Returns a secret, so set C(no_log) on the task. From the node to the controller it goes encrypted for the one call, since
    connections print results at C(-vvv).
options:
  state:
    description: Whether key and bucket are wanted.
    type: str
    choices: [present, absent]
    default: present
  operation:
    description: Id of the operation that key and bucket are made for. Required if O(state=present).
    type: str
  keys:
    description: Ids of keys that the operation's record says are its own.
    type: list
    elements: str
    default: []
  grant_read:
    description: Ids of buckets that the key may read too. The permission goes with the key.
    type: list
    elements: str
    default: []
  seal: {description: Internal. What the action reads the secret with., type: str, default: ''}
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full, details: Does nothing.}
  diff_mode: {support: none}
  idempotent: {support: partial, details: "O(state=present) makes a new key each time, because Garage need not show an old one's secret."}
"""

EXAMPLES = r"""
- name: A key for the probe
  uplift.datastores.garage_access:
    operation: "{{ operation.id }}"
    grant_read: "{{ garage.buckets | map(attribute='id') }}"
  register: access
  no_log: true
  run_once: true

- name: Take it away
  uplift.datastores.garage_access:
    state: absent
  run_once: true
"""

RETURN = r"""
access_key_id: {description: Id of the key., returned: O(state=present), type: str, sample: GKef53aeaa7f4d8d904deff04c}
secret_access_key: {description: Its secret., returned: O(state=present), type: str, sample: (64 hexadecimal digits)}
bucket: {description: Name of the bucket., returned: O(state=present), type: str, sample: uplift-20261121t031500z-garage-0.8.7-probe}
removed: {description: Names of the buckets and ids of the keys removed., returned: always, type: list, elements: str, sample: []}
leftover_buckets:
  description: Buckets of earlier runs that still hold objects.
  returned: always
  type: list
  elements: str
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.access import grant, remove
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "operation": {"type": "str"},
    "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "grant_read": {"type": "list", "elements": "str", "default": []},
    **seal.SPEC,
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    garage.demand_running()
    if module.check_mode:
        return {"changed": module.params["state"] == "present", "removed": [], "leftover_buckets": []}
    if module.params["state"] == "present":
        granted = grant(garage, module.params["operation"], module.params["keys"], module.params["grant_read"])
        secret = granted.pop("secret_access_key")
        return {**granted, "sealed": seal.seal(module.params[seal.NAME], secret)}
    removed, kept = remove(garage, module.params["keys"])
    return {"changed": bool(removed), "removed": removed, "leftover_buckets": kept}


def main() -> None:
    serve(SPEC, answer, required_if=[("state", "present", ["operation"])])


if __name__ == "__main__":
    main()
