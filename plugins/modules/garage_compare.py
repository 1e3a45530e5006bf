#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_compare
short_description: Compare the inventories of a Garage cluster before and after an upgrade
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Tells what is gone or changed. It only compares; that a difference stops an upgrade is said by whoever asks.
  - Buckets and access keys of an operation's own, which are called C(uplift-OPERATION-probe), are left out.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.info
options:
  before:
    description:
      - The inventory taken before, with C(taken) and C(objects) of M(uplift.datastores.garage_inventory) and C(buckets)
        and C(keys) of M(uplift.datastores.garage_info). What it does not have is not compared.
    type: dict
    required: true
  after: {description: The inventory taken now., type: dict, required: true}
  clients_shut_out:
    description: Whether no client could write between the two. If clients could, objects may have come and been replaced.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Is everything still there?
  uplift.datastores.garage_compare:
    before: "{{ inventory_before }}"
    after: "{{ inventory_after }}"
  register: comparison
  failed_when: comparison.differences | length > 0
"""

RETURN = r"""
differences:
  description:
    - What differs, by key and as a sentence. Keys are C(objects_gone), C(objects_missing), C(objects_changed), C(count_changed),
      C(bucket_gone), C(alias_changed), C(permission_changed), C(website_changed), C(key_gone) and C(key_changed).
    - An object that could be read before and cannot be now is C(objects_gone) where it is known to be lost, and C(objects_missing)
      where it is unknown whether a client has deleted it.
  returned: success
  type: list
  elements: dict
  sample: [{key: objects_gone, sentence: 'Bucket 034bf74d8bee6066: the object ''dir0/obj 000'' is gone: it is listed at a1 and cannot be read.'}]
notes:
  description:
    - What clients have done meanwhile, in the same form. Keys are C(objects_deleted) and C(objects_overwritten).
    - An object counts as deleted when every node was asked, none has it, and none lists it; and when most of a bucket's sample is gone,
      only when the cluster's own count of its objects says the same.
  returned: success
  type: list
  elements: dict
  sample: [{key: objects_deleted, sentence: 'Bucket 034bf74d8bee6066: clients have deleted 1 of the objects that were read before (''a'').'}]
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.compare import compare

SPEC: Spec = {
    **{name: {"type": "dict", "required": True} for name in ("before", "after")},
    "clients_shut_out": {"type": "bool", "default": False},
}


def work(params: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = compare(params["before"], params["after"], params["clients_shut_out"])
    except (KeyError, TypeError, AttributeError) as error:
        raise UpliftError(
            f"An inventory is not of the form that garage_inventory and garage_info return: {error!r}."
        ) from error
    return {"differences": found.differences, "notes": found.notes}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return work(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
