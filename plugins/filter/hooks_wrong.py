# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: hooks_wrong
short_description: What keeps hooks from being played, as sentences
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Looks whether files of tasks hold tasks, and whether the settings of the ready-made hooks are there
    and of the right kind. A URL is not repeated, for it may be a key.
options:
  _input:
    description: The hooks, as C(garage_hooks) has them.
    type: list
    elements: dict
    required: true
  product: {description: The product whose hooks they are., type: str, required: true}
  known: {description: 'The settings of the role that are set, by name.', type: dict, required: true}
  hosts: {description: The hosts of the inventory., type: list, elements: str, required: true}
"""

EXAMPLES = r"""
- name: Fail where a hook could not be played
  ansible.builtin.assert:
    that: garage_hooks | uplift.datastores.hooks_wrong('garage', known_settings, groups.all) == []
"""

RETURN = r"""
_value:
  description: One for each thing that is wrong.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.uplift.datastores.plugins.plugin_utils._operation.hook_settings import wrong


def hooks_wrong(
    hooks: Sequence[Mapping[str, Any]], product: str, known: Mapping[str, Any], hosts: Sequence[str]
) -> list[str]:
    return wrong(product, hooks, known, hosts)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"hooks_wrong": hooks_wrong}
