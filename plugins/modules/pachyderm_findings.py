#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_findings
short_description: Say everything at a Pachyderm cluster that blocks an upgrade
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Turns what the other modules saw into findings. All findings come at once, not one a run.
  - It asks nobody and changes nothing.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  info: {description: What M(uplift.datastores.pachyderm_info) answered., type: dict, required: true}
  space: {description: What M(uplift.datastores.node_space) answered., type: dict, required: true}
  releases: {description: What M(uplift.datastores.release) answered in check mode., type: list, elements: dict, default: []}
  target: {description: The release at the end of the first hop. Empty when there is no plan., type: str, default: ''}
  targets:
    description: The releases at the end of all hops, in order. Empty for O(target) alone.
    type: list
    elements: str
    default: []
  backup_dir: {description: Where dump and snapshot will lie., type: str, required: true}
  full: {description: Whether the dump will hold the objects., type: bool, default: false}
  free_bytes: {description: Bytes that are wanted besides the objects., type: int, default: 268435456}
  trial:
    description:
      - What there is for restoring beforehand. C(on), whether it is wanted; C(platform), C(objects) and C(strategy), as the operator gives
        them; C(programs), each with its path or null; C(memory), the bytes that can be had, or null.
      - Empty when nothing is to be said of it.
    type: dict
    default: {}
  nested: {description: Where the local object store keeps its files when they are nested., type: str, default: ''}
  cron_again: {description: Whether cron inputs of 1.7 are to tick again after the restore., type: bool, default: false}
  node: {description: The name that the node has in sentences., type: str, default: ''}
  backup: {description: Backups that are wanted besides the metadata., type: list, elements: dict, default: []}
  volumes:
    description: C(snapshots), whether the cluster knows snapshots of volumes, and C(claims), the names of its claims. Empty without Kubernetes.
    type: dict
    default: {}
  unread: {description: What Kubernetes said where it did not answer., type: list, elements: str, default: []}
  deployed:
    description: C(there), whether the server C(unit) is deployed; C(undeploys), whether a hop takes it away; C(snapshot), whether etcd is
      snapshotted, C(directories) of nodes where its data lie, and C(moved), whether the new release is given others. Empty without Kubernetes.
    type: dict
    default: {}
  confirm: {description: What the operator confirms., type: list, elements: str, default: []}
  closed:
    description: What an operation that is not open any more has left closed to clients, as rows of C(thing), C(what) and C(operation).
    type: list
    elements: dict
    default: []
  accept: {description: Keys of findings that the operator accepts., type: list, elements: str, default: []}
"""

EXAMPLES = r"""
- name: Report what blocks the upgrade
  uplift.datastores.pachyderm_findings:
    info: "{{ pachyderm_info }}"
    space: "{{ pachyderm_space }}"
    target: 1.13.4
    backup_dir: /var/backups/uplift
"""

RETURN = r"""
findings:
  description: What was seen, worst first.
  returned: always
  type: list
  elements: dict
  contains:
    key: {description: Its name., type: str, sample: open_commits}
    stops: {description: Whether it stops the operation., type: bool, sample: true}
    saw: {description: The value seen., type: str, sample: '1 commits that somebody writes: images@4f1c'}
    expected: {description: The value expected., type: str, sample: none}
    sentence:
      description: All of it in one.
      type: str
      sample: '1 commits that somebody writes: images@4f1c; expected: none; to do: finish or delete them'
    do: {description: What to do., type: str, sample: 'finish or delete them: a dump leaves them out without a word'}
    final: {description: Whether it stops the operation even when its key is accepted., type: bool, sample: false}
said:
  description: The same as lines for a person.
  returned: always
  type: list
  elements: str
  sample: ['open_commits (stops): p1: 1 commits that somebody writes: images@4f1c; expected: none; to do: finish or delete them']
stopping:
  description: The keys of the findings that stop the operation and were not accepted.
  returned: always
  type: list
  elements: str
  sample: [open_commits]
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import summary
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.findings import findings

SPEC: Spec = {
    **{name: {"type": "dict", "required": True} for name in ("info", "space")},
    "releases": {"type": "list", "elements": "dict", "default": []},
    "backup_dir": {"type": "str", "required": True},
    "backup": {"type": "list", "elements": "dict", "default": []},
    **{name: {"type": "dict", "default": {}} for name in ("volumes", "deployed", "trial")},
    **{name: {"type": "str", "default": ""} for name in ("target", "nested", "node")},
    **{name: {"type": "bool", "default": False} for name in ("full", "cron_again")},
    "free_bytes": {"type": "int", "default": 256 << 20},
    **{name: {"type": "list", "elements": "str", "default": []} for name in ("confirm", "accept", "targets", "unread")},
    "closed": {"type": "list", "elements": "dict", "default": []},
}


def work(params: Mapping[str, Any]) -> dict[str, Any]:
    return summary(findings(params), params["node"], params["accept"])


def answer(module: AnsibleModule) -> dict[str, Any]:
    return work(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
