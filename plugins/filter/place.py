# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: place
short_description: Take apart where a service runs
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - The notation is that of O(uplift.datastores.service#module:unit). What cannot be read is refused with a sentence.
options:
  _input: {description: The notation., type: str, required: true}
"""

EXAMPLES = r"""
- name: Say in which namespace it is
  ansible.builtin.debug:
    msg: "{{ ('kubernetes:lakehouse/lakefs' | uplift.datastores.place).namespace }}"  # lakehouse
"""

RETURN = r"""
_value:
  description: C(kind) is V(systemd), V(docker) or V(kubernetes). Of Kubernetes alone also C(namespace), C(workload),
    its kind, and C(context), empty for the current one.
  type: dict
  sample: {kind: kubernetes, name: lakefs, namespace: lakehouse, workload: deployment, context: ''}
"""

from collections.abc import Callable
from dataclasses import asdict

from ansible.errors import AnsibleFilterError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import read


def place(unit: str) -> dict[str, str]:
    try:
        return asdict(read(str(unit)))
    except UpliftError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    def filters(self) -> dict[str, Callable[[str], dict[str, str]]]:
        return {"place": place}
