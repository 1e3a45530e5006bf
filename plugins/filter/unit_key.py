# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: unit_key
short_description: Name a directory after where a service runs
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Two clusters of one product may run on the same hosts, as two units. What is kept of each lies in a directory of its
    own, which this names. Two places never have the same name, and two spellings of one place have the same.
  - The notation is that of O(uplift.datastores.service#module:unit). What cannot be read is refused with a sentence.
options:
  _input: {description: The notation; empty for where the product runs by default., type: str, required: true}
  product: {description: The product., type: str, required: true}
"""

EXAMPLES = r"""
- name: Say in which directory the record of a unit lies
  ansible.builtin.debug:
    msg: "{{ 'garage-blue' | uplift.datastores.unit_key('garage') }}"  # garage-blue.service
"""

RETURN = r"""
_value:
  description: The name, which ends in C(.service), C(.container) or C(.workload).
  type: str
  sample: garage-blue.service
"""

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._plan.api import unit_of
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place


def unit_key(unit: str, product: str) -> str:
    try:
        return place.key(str(unit) or unit_of(product))
    except UpliftError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"unit_key": unit_key}
