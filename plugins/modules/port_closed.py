#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: port_closed
short_description: Wait until a port that clients use refuses connections
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - A port counts as closed when a connection is refused. A host that says nothing is a failure, since it may serve others.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.internal
options:
  host: {description: The host name or address., type: str, required: true}
  port: {description: The port., type: int, required: true}
  timeout: {description: Seconds to wait., type: float, default: 30}
  left: {description: Evidence of what closed it. It is returned with that of this module., type: list, elements: dict, default: []}
"""

EXAMPLES = r"""
- name: Prove that clients are shut out
  uplift.datastores.port_closed:
    host: 127.0.0.1
    port: 30650
"""

RETURN = r"""
evidence:
  description: What was seen, for the record of an operation. A run that goes on asks again.
  returned: always
  type: list
  elements: dict
  sample: [{slot: ports, kind: closed, host: 127.0.0.1, port: 30650}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.port import closed

SPEC: Spec = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "timeout": {"type": "float", "default": 30},
    "left": {"type": "list", "elements": "dict", "default": []},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return closed(module.params, Clock())


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
