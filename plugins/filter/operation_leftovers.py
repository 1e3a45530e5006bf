# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: operation_leftovers
short_description: What operations have left on several nodes as lines for a person
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description: Nodes that have the same are named together; what may go in all comes last.
options:
  _input:
    description: Per node what M(uplift.datastores.operation_leftovers) lists there.
    type: dict
    required: true
  product: {description: 'The product, whose settings the lines name.', type: str, required: true}
"""

EXAMPLES = r"""
- name: Show what operations have left
  ansible.builtin.debug:
    msg: "{{ {'a1': listed.left} | uplift.datastores.operation_leftovers('garage') }}"
"""

RETURN = r"""
_value:
  description: The lines, by path.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._operation.leftovers import told


def operation_leftovers(by_host: Mapping[str, Any], product: str) -> list[str]:
    return told(by_host, product)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"operation_leftovers": operation_leftovers}
