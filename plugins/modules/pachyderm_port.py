#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_port
short_description: Move the port that clients of Pachyderm use on Kubernetes
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Gives the port C(api-grpc-port) of the service C(pachd) another number at the nodes. Its other ports stay.

extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  unit: {description: "The server, as C(kubernetes:NAMESPACE/pachd) with C(:CONTEXT) behind it where wanted.", type: str, required: true}
  port: {description: The number at the nodes., type: int, required: true}
requirements: [kubectl]
"""

EXAMPLES = r"""
- name: Shut clients out
  uplift.datastores.pachyderm_port:
    unit: kubernetes:pachyderm/pachd
    port: 30649
"""

RETURN = r"""
port: {description: The number now., returned: always, type: int, sample: 30649}
before: {description: The number of before., returned: always, type: int, sample: 30650}
evidence: {description: What was left for the record of an operation; nothing., returned: always, type: list, elements: dict, sample: []}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import on_kubernetes

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return on_kubernetes.move(LocalRunner(), module.params["unit"], module.params["port"], module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
