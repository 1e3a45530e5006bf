# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pachyderm_asked
short_description: How a release of pachctl is asked for its version
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description: Without a server that answers. Releases before 1.6 cannot be, so their file is taken by its name.
options:
  _input: {description: The release., type: str, required: true}
"""

EXAMPLES = r"""
- name: Say what to look for
  ansible.builtin.debug:
    msg: "{{ '1.13.4' | uplift.datastores.pachyderm_asked }}"  # version --client-only
"""

RETURN = r"""
_value:
  description: The words after the program, or V(none).
  type: str
"""

from collections.abc import Callable

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spelling import asked


def pachyderm_asked(release: str) -> str:
    return asked(version.parse(release)) if release else asked(None)


class FilterModule:
    def filters(self) -> dict[str, Callable[[str], str]]:
        return {"pachyderm_asked": pachyderm_asked}
