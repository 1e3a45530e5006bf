#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_findings
short_description: Say everything at a Garage node that blocks an upgrade
version_added: 0.1.0
description:
  - Turns what the other modules saw into findings. All findings of a node come at once, not one a run.
  - It asks nobody and changes nothing.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  info: {description: What M(uplift.datastores.garage_info) answered., type: dict, required: true}
  settings: {description: What M(uplift.datastores.garage_config) answered., type: dict, required: true}
  space: {description: What M(uplift.datastores.node_space) answered., type: dict, required: true}
  release: {description: What M(uplift.datastores.release) answered in check mode., type: dict, required: true}
  clock: {description: What M(uplift.datastores.clock_offset) answered., type: dict, required: true}
  s3: {description: What M(uplift.datastores.garage_s3_ping) answered., type: dict, required: true}
  engine: {description: What M(uplift.datastores.garage_engine) answered., type: dict, default: {}}
  wanted_engine: {description: The engine that the operator wants., type: str, default: ''}
  targets: {description: The releases on the upgrade path., type: list, elements: str, default: []}
  contents: {description: What M(uplift.datastores.garage_info) answered of buckets and keys., type: dict, default: {}}
  closed:
    description: What an operation that is not open any more has left closed to clients, as rows of C(thing), C(what) and C(operation).
    type: list
    elements: dict
    default: []
  closes: {description: Whether clients are shut out on the way., type: bool, default: false}
  other_config: {description: A second configuration file that was found., type: str, default: ''}
  pod: {description: Where Garage runs as a pod of Kubernetes its unit., type: str, default: ''}
  beyond_pods: {description: What the path takes that is not built for a pod., type: list, elements: str, default: []}
  live: {description: Whether the next hop backs nodes up while they serve., type: bool, default: false}
  filesystem:
    description:
      - What is set where the operator's tasks take a snapshot of the file system; otherwise empty.
      - The file of tasks C(tasks), where the snapshot shows the metadata C(from), and those files that the controller has not C(absent).
    type: dict
    default: {}
  metadata_dir: {description: The metadata directory., type: str, required: true}
  backup_dir: {description: Where backups will lie., type: str, required: true}
  node: {description: The name that the node has in sentences., type: str, default: ''}
  accept: {description: Keys of findings that the operator accepts., type: list, elements: str, default: []}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Report what blocks the upgrade
  uplift.datastores.garage_findings:
    info: "{{ garage_info }}"
    settings: "{{ garage_settings }}"
    space: "{{ garage_space }}"
    release: "{{ garage_release }}"
    clock: "{{ garage_clock }}"
    s3: "{{ garage_s3 }}"
    metadata_dir: /var/lib/garage/meta
    backup_dir: /var/backups/uplift
"""

RETURN = r"""
findings:
  description: What was seen, worst first.
  returned: always
  type: list
  elements: dict
  contains:
    key: {description: Its name., type: str, sample: nodes_down}
    stops: {description: Whether it stops the operation., type: bool, sample: true}
    saw: {description: The value seen., type: str, sample: 2fa10ee3716c208e not connected to this node}
    expected: {description: The value expected., type: str, sample: every node of the layout connected}
    sentence: {description: All of it in one., type: str, sample: '2fa10ee3716c208e not connected to this node; expected: ...'}
    do: {description: What to do., type: str, sample: 'start them, or remove them from the layout'}
    final: {description: Whether it stops the operation even when its key is accepted., type: bool, sample: false}
said:
  description: The same as lines for a person.
  returned: always
  type: list
  elements: str
  sample: ['nodes_down (stops): a1: 2fa10ee3716c208e not connected to this node; expected: every node connected; to do: start it']
stopping:
  description: The keys of the findings that stop the operation and were not accepted.
  returned: always
  type: list
  elements: str
  sample: [nodes_down]
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import summary
from ansible_collections.uplift.datastores.plugins.module_utils._garage.findings import findings

SPEC: Spec = {
    **{name: {"type": "dict", "required": True} for name in ("info", "settings", "space", "release", "clock", "s3")},
    **{name: {"type": "dict", "default": {}} for name in ("engine", "contents")},
    "wanted_engine": {"type": "str", "default": ""},
    "targets": {"type": "list", "elements": "str", "default": []},
    "closed": {"type": "list", "elements": "dict", "default": []},
    "closes": {"type": "bool", "default": False},
    "other_config": {"type": "str", "default": ""},
    "pod": {"type": "str", "default": ""},
    "beyond_pods": {"type": "list", "elements": "str", "default": []},
    "live": {"type": "bool", "default": False},
    "filesystem": {"type": "dict", "default": {}},
    "metadata_dir": {"type": "str", "required": True},
    "backup_dir": {"type": "str", "required": True},
    "node": {"type": "str", "default": ""},
    "accept": {"type": "list", "elements": "str", "default": []},
}


def work(params: Mapping[str, Any]) -> dict[str, Any]:
    return summary(findings(params), params["node"], params["accept"])


def answer(module: AnsibleModule) -> dict[str, Any]:
    return work(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
