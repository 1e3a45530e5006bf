# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pachyderm_identity
short_description: The id that a Pachyderm cluster goes by in the record of its upgrade
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - A redeployed cluster has another id. Which one each hop has made is in the record, so that another cluster at the
    same address is distinguished from the one that was upgraded.
options:
  _input: {description: The id that answers; empty for none., type: str, required: true}
  record: {description: The record of the operation; empty for none., type: dict, required: true}
"""

EXAMPLES = r"""
- name: Say which cluster it is
  ansible.builtin.debug:
    msg: "{{ info.cluster | uplift.datastores.pachyderm_identity(memory.record) }}"
"""

RETURN = r"""
_value:
  description: The id, or nothing where it is unknown whether the right cluster answers.
  type: str
"""

from collections.abc import Callable

from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.identity import identity


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"pachyderm_identity": identity}
