# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: operation_group
short_description: The group in which a run has put the nodes of a pass
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description: Each plan has groups of its own, so that two operations in one run of C(ansible-playbook) do not meet.
options:
  _input: {description: The group of all nodes., type: str, required: true}
  hostvars: {description: The variables of all hosts., type: dict, required: true}
  groups: {description: All groups., type: dict, required: true}
  part: {description: Such as V(hop0_walk); empty for all nodes of the operation., type: str, default: ''}
"""

EXAMPLES = r"""
- name: Walk over the nodes in plan order
  hosts: "{{ 'garage' | uplift.datastores.operation_group(hostvars, groups, 'hop0_walk') }}"
  tasks: []
"""

RETURN = r"""
_value:
  description: The group, or a pattern that no host matches where the plan has no such part.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

NOBODY = "all:!all"


def operation_group(
    group: str, hostvars: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]], part: str = ""
) -> str:
    # A look at a host's variables costs milliseconds, and each play that there may be asks twice: nobody is looked at
    # where there is no such group, else the first, since all have the same.
    if not any(name.startswith("uplift_") and name.endswith(part) for name in groups):
        return NOBODY
    planned = (hostvars[host].get("operation_planned") or {} for host in groups.get(group, ()))
    token = next((one["token"] for one in planned if one.get("token")), "")
    name = "_".join(filter(None, ("uplift", token, part)))
    return name if token and name in groups else NOBODY


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"operation_group": operation_group}
