# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: operation_did
short_description: What a hop of an operation is made of, and what of it was done at a node
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description: Roles ask this of a record in place of looking into its keys.
options:
  _input:
    description: A record, or a dict with nothing but the C(plan); then nothing was done.
    type: dict
    required: true
  number: {description: The number of the hop; none for all hops., type: int}
"""

EXAMPLES = r"""
- name: Say whether the hop that is undone had taken the deployment away
  ansible.builtin.debug:
    msg: "{{ 'undeploy' in (memory.record | uplift.datastores.operation_did(0)).begun }}"
"""

RETURN = r"""
_value:
  description:
    - The C(strategies) of the hops, and whether a pass C(walks) over the nodes, so that others serve meanwhile.
    - The verbs that are C(planned), in order.
    - The verbs that have C(begun) at the node and were not undone, each with the evidence that its steps left.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._operation.steps import did


def operation_did(record: dict[str, Any], number: Any = None) -> dict[str, Any]:
    return did(record, None if number is None else int(number))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"operation_did": operation_did}
