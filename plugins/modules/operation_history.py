#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_history
short_description: List the operations that a node remembers
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Reads the records in a directory, those of the last operation and of those before. It needs no lease.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.internal
options:
  directory: {description: Where the records lie on the node., type: path, required: true}
  node: {description: The node's name in the plans., type: str, required: true}
"""

EXAMPLES = r"""
- name: List what the node remembers
  uplift.datastores.operation_history:
    directory: /var/lib/uplift/garage/garage.service
    node: a1
"""

RETURN = r"""
operations:
  description:
    - One for each, the oldest first. Of a record that cannot be read there is its name, and RV(ignore:result) says why.
    - Times are seconds since 1970.
  returned: always
  type: list
  elements: dict
  sample:
    - id: 20261121T031500Z-garage-0.8.7
      product: garage
      from: 0.7.0
      to: 0.8.7
      strategy: rolling
      who: operator@controller
      started: 1795230900.1
      finished: 1795232000.2
      result: finished
      undoes: ''
      backups: [{host: a1, path: /var/backups/uplift/garage/a1.tar, size: 4096, proved: true}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._operation.history import rows

SPEC: Spec = {"directory": {"type": "path", "required": True}, "node": {"type": "str", "required": True}}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return {"changed": False, "operations": rows(module.params["directory"], module.params["node"])}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
