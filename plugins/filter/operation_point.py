# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: operation_point
short_description: The point of a plan that has to be approved before a wave begins
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description: A point is named by its hop, its pass, and how many waves of that pass are done.
options:
  _input: {description: The plan of M(uplift.datastores.upgrade_plan)., type: dict, required: true}
  hop: {description: The number of the hop., type: int, required: true}
  name: {description: The pass., type: str, required: true}
  host: {description: A node of the wave., type: str, required: true}
  after:
    description:
      - What has to be approved. V(first_wave) asks when the first of several waves of a pass is done, V(pass) before
        each pass of a hop but its first, V(hop) before each hop but the first.
    type: str
    required: true
    choices: ['', first_wave, pass, hop]
"""

EXAMPLES = r"""
- name: Say what has to be approved before this wave
  ansible.builtin.debug:
    msg: "{{ operation_plan | uplift.datastores.operation_point(0, 'walk', inventory_hostname, 'first_wave') }}"
"""

RETURN = r"""
_value:
  description: The point, such as V(0/walk/1), or empty where nothing has to be approved.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._operation.steer import point


def operation_point(plan: Mapping[str, Any], hop: Any, name: str, host: str, after: str) -> str:
    return point(plan, int(hop), name, host, after)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"operation_point": operation_point}
