#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_unit_info
short_description: Read whether a Deployment is to have pods, and whether it is held down
version_added: 0.1.0
description:
  - Asks Kubernetes for a Deployment. The same for it as M(uplift.datastores.systemd_unit_info) is for a unit.
  - One that the role C(service) holds down has no pod, and an annotation C(uplift.datastores/held) with the operation. A horizontal
    autoscaler leaves a Deployment alone that is wanted at no pod.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.attributes.info]
options:
  unit: {description: "V(kubernetes:NAMESPACE/DEPLOYMENT), with V(:CONTEXT) behind it where wanted.", type: str, required: true}
requirements: [kubectl]
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Is it held down?
  uplift.datastores.deployment_unit_info:
    unit: kubernetes:lakehouse/lakefs
  register: service
"""

RETURN = r"""
unit:
  description: The Deployment. C(replicas) is what is wanted, C(held) the operation for which it is held down, empty for none.
  returned: always
  type: dict
  sample: {active: inactive, held: lakefs-20261127T140512Z-5d4b, name: 'kubernetes:lakehouse/lakefs', replicas: 0}
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample:
    - slot: service
      kind: deployment
      name: kubernetes:lakehouse/lakefs
      active: false
      held: lakefs-20261127T140512Z-5d4b
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import deployment


def answer(module: AnsibleModule) -> dict[str, Any]:
    return deployment.info(LocalRunner(), module.params["unit"])


def main() -> None:
    serve({"unit": {"type": "str", "required": True}}, answer)


if __name__ == "__main__":
    main()
