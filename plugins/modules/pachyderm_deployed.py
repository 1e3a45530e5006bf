#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_deployed
short_description: Read what a Pachyderm on Kubernetes consists of
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Asks Kubernetes for the server, the metadata store and the claims in its namespace, and whether it knows snapshots of volumes.

extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
options:
  unit: {description: "The server, as C(kubernetes:NAMESPACE/pachd) with C(:CONTEXT) behind it where wanted.", type: str, required: true}
  etcd_unit:
    description: The metadata store in the same notation. Anything but C(kubernetes:) means the Deployment C(etcd) of the same namespace.
    type: str
    default: ''
requirements: [kubectl]
"""

EXAMPLES = r"""
- name: See what is deployed
  uplift.datastores.pachyderm_deployed:
    unit: kubernetes:pachyderm/pachd
"""

RETURN = r"""
there: {description: Whether the server is deployed., returned: always, type: bool, sample: true}
image: {description: Its image., returned: always, type: str, sample: 'pachyderm/pachd:1.11.9'}
replicas: {description: "How many pods it has, or had before M(uplift.datastores.service) stopped it.", returned: always, type: int, sample: 2}
directories: {description: The directories of a node below which the metadata lies., returned: always, type: list, elements: str, sample: []}
claims: {description: The names of the claims in the namespace., returned: always, type: list, elements: str, sample: [etcd-storage]}
snapshots: {description: Whether Kubernetes knows snapshots of volumes., returned: always, type: bool, sample: true}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import on_kubernetes

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "etcd_unit": {"type": "str", "default": ""},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return on_kubernetes.deployed(LocalRunner(), module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
