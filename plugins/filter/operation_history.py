# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: operation_history
short_description: The operations of several nodes as lines for a person
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description: Nodes that tell the same of an operation are named together; the backups come after the operations.
options:
  _input:
    description: Per node what M(uplift.datastores.operation_history) lists there.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the nodes remember
  ansible.builtin.debug:
    msg: "{{ {'a1': listed.operations} | uplift.datastores.operation_history }}"
"""

RETURN = r"""
_value:
  description: The lines, the oldest operation first.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._operation.history import told


def operation_history(by_host: Mapping[str, Any]) -> list[str]:
    return told(by_host)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"operation_history": operation_history}
