# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: product_gave
short_description: What the role of a product has given to the operation at a host
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - The role of a product leaves it in variables that begin with the product's name; everybody else asks here.
  - It fails where the product's C(discover) left out what the contract of a product wants.
options:
  _input: {description: The variables of a host., type: dict, required: true}
  product: {description: The product., type: str, required: true}
"""

EXAMPLES = r"""
- name: Say which release a node runs
  ansible.builtin.debug:
    msg: "{{ (hostvars['a1'] | uplift.datastores.product_gave('garage')).found.node.version }}"
"""

RETURN = r"""
_value:
  description:
    - C(found), what the node runs and what the operator wants; empty before it was asked.
    - C(findings) of the preflight, how it was C(compared), and the C(evidence) that the last step left.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation.gave import gave


def product_gave(known: Any, product: str) -> dict[str, Any]:
    try:
        return gave(known, product)
    except UpliftError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"product_gave": product_gave}
