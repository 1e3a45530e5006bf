# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: answer
short_description: What was answered in a survey of AWX, as the setting takes it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - A survey has no type for a list, a switch, or a choice of nothing, and an empty answer comes as none. The job
    templates that the role P(uplift.datastores.awx#role) makes ask for such a setting under another name, and this
    filter makes of the text what the setting takes.
  - Fails with a sentence where the answer is of another kind. What is no text is left as it is.
options:
  _input: {description: The answer., type: raw, required: true}
  name: {description: The setting., type: str, required: true}
  kind:
    description:
      - V(text) is as it is, V(choice) makes nothing of V(default). V(bool) is true or false, V(list) has one a line or
        is YAML, V(dict) is YAML.
    type: str
    required: true
    choices: [text, choice, bool, list, dict]
"""

EXAMPLES = r"""
- name: Show which findings are accepted
  ansible.builtin.debug:
    msg: "{{ asked_garage_accept | uplift.datastores.answer('garage_accept', 'list') }}"
"""

RETURN = r"""
_value:
  description: The value of the setting.
  type: raw
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._awx import questions


def answer(text: Any, name: str, kind: str) -> Any:
    try:
        return questions.answer(text, name, kind)
    except UpliftError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"answer": answer}
