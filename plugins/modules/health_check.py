#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: health_check
short_description: Ask an operator's own health checks
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Gets JSON from each URL, from the controller and without a proxy, and compares what an expression finds in it.
  - The answer is yes, no or cannot tell; the task fails unless all answers are yes. It needs the Python package C(jmespath).
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
options:
  checks:
    description: The checks.
    type: list
    elements: dict
    required: true
    suboptions:
      url: {description: Where the answer is got from., type: str, required: true}
      expression: {description: A JMESPath expression., type: str, required: true}
      expected: {description: "The value that it must find, of the same type.", type: raw, required: true}
      timeout: {description: Seconds to wait., type: float, default: 5}
      headers: {description: Headers to send; they are not shown., type: dict, default: {}}
"""

EXAMPLES = r"""
- name: Does the application see its store?
  uplift.datastores.health_check:
    checks:
      - url: https://198.18.1.40/status
        expression: stores[?name=='garage'].state | [0]
        expected: up
"""

RETURN = r"""
checks:
  description: Per check its url, answer (C(yes), C(no) or C(cannot tell)) and sentence.
  returned: always
  type: list
  elements: dict
  sample:
    - url: https://198.18.1.40/status
      answer: 'no'
      sentence: 'https://198.18.1.40/status: stores[?name==''garage''].state | [0] is "down"; expected "up".'
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import controller_only

SPEC = {
    "checks": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "url": {"type": "str", "required": True},
            "expression": {"type": "str", "required": True},
            "expected": {"type": "raw", "required": True},
            "timeout": {"type": "float", "default": 5},
            "headers": {"type": "dict", "default": {}, "no_log": True},
        },
    },
}


def main() -> None:
    controller_only("health_check", SPEC)


if __name__ == "__main__":
    main()
