# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pachyderm_called
short_description: What a release of Pachyderm calls itself
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description: The tags 1.11.1 to 1.11.9 say that they are 1.12.0. All others say what they are.
options:
  _input: {description: The release., type: str, required: true}
"""

EXAMPLES = r"""
- name: Say what to look for
  ansible.builtin.debug:
    msg: "{{ '1.11.9' | uplift.datastores.pachyderm_called }}"  # 1.12.0
"""

RETURN = r"""
_value: {description: What it says., type: str}
"""

from collections.abc import Callable

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import called


def pachyderm_called(release: str) -> str:
    return str(called(version.parse(release)))


class FilterModule:
    def filters(self) -> dict[str, Callable[[str], str]]:
        return {"pachyderm_called": pachyderm_called}
