#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_volume_snapshot
short_description: Take a snapshot of a claim's volume on Kubernetes, and wait until it can be restored from
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - By the storage driver of the cluster, as a C(VolumeSnapshot) in the namespace of the server. One of that name is not taken anew.

extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  unit: {description: "The server, as C(kubernetes:NAMESPACE/pachd) with C(:CONTEXT) behind it where wanted.", type: str, required: true}
  name: {description: The name of the snapshot., type: str, required: true}
  claim: {description: The claim., type: str, required: true}
  class: {description: The class of the snapshot. Empty means the default class of the driver., type: str, default: ''}
  labels: {description: Labels of the snapshot., type: dict, default: {}}
  timeout: {description: Seconds until it has to be ready., type: float, default: 3600}
requirements: [kubectl]
"""

EXAMPLES = r"""
- name: Back the volume of the metadata up
  uplift.datastores.pachyderm_volume_snapshot:
    unit: kubernetes:pachyderm/pachd
    name: before-1-13-4
    claim: etcd-storage
"""

RETURN = r"""
name: {description: The name of the snapshot., returned: always, type: str, sample: before-1-13-4}
namespace: {description: Its namespace., returned: always, type: str, sample: pachyderm}
status: {description: What the driver says of it. Empty in check mode., returned: always, type: dict, sample: {readyToUse: true, restoreSize: 1Gi}}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import on_kubernetes

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "claim": {"type": "str", "required": True},
    "class": {"type": "str", "default": ""},
    "labels": {"type": "dict", "default": {}},
    "timeout": {"type": "float", "default": 3600},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return on_kubernetes.snapshot(LocalRunner(), module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
