#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_findings
short_description: Say everything at a lakeFS server that blocks an upgrade, or would lose data in it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Turns what the other modules saw into findings. All findings of a node come at once, not one a run.
  - It asks nobody and changes nothing.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  info: {description: What M(uplift.datastores.lakefs_info) answered., type: dict, required: true}
  settings: {description: "What M(uplift.datastores.lakefs_config) answered, without the connection string.", type: dict, required: true}
  staged: {description: "What M(uplift.datastores.lakefs_config) answered in check mode, for each hop.", type: list, elements: dict, default: []}
  space: {description: What M(uplift.datastores.node_space) answered., type: dict, required: true}
  release: {description: What M(uplift.datastores.release) answered in check mode., type: dict, required: true}
  uncommitted: {description: What M(uplift.datastores.lakefs_commit) answered in check mode., type: dict, default: {}}
  hop: {description: "Source and target of the hop, and in C(later) the hops after it.", type: dict, required: true}
  leader: {description: Whether the backup and the migration are done here., type: bool, default: false}
  set: {description: What the operator has set., type: dict, required: true}
  closed:
    description: What an operation that is not open any more has left closed to clients, as rows of C(thing), C(what) and C(operation).
    type: list
    elements: dict
    default: []
  node: {description: The name that the node has in sentences., type: str, default: ''}
  accept: {description: Keys of findings that the operator accepts., type: list, elements: str, default: []}
"""

EXAMPLES = r"""
- name: Report what blocks the upgrade
  uplift.datastores.lakefs_findings:
    info: "{{ lakefs_info }}"
    settings: "{{ lakefs_settings }}"
    space: "{{ lakefs_space }}"
    release: "{{ lakefs_release }}"
    hop: {source: 1.82.0, target: 1.84.0}
    set: "{{ lakefs_set }}"
"""

RETURN = r"""
findings:
  description: What was seen, worst first.
  returned: always
  type: list
  elements: dict
  contains:
    key: {description: Its name., type: str, sample: two_databases}
    stops: {description: Whether it stops the operation., type: bool, sample: true}
    saw: {description: The value seen., type: str, sample: '3 users'}
    expected: {description: The value expected., type: str, sample: one user with one access key}
    sentence: {description: All of it in one., type: str, sample: '3 users; expected: one user with one access key; to do: cut them'}
    do: {description: What to do., type: str, sample: cut them to one}
    final: {description: Whether it stops the operation even when its key is accepted., type: bool, sample: false}
said:
  description: The same as lines for a person.
  returned: always
  type: list
  elements: str
  sample: ['too_many_users (stops): l1: 3 users; expected: one user with one access key; to do: cut them to one']
stopping:
  description: The keys of the findings that stop the operation and were not accepted.
  returned: always
  type: list
  elements: str
  sample: [too_many_users]
"""

from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import summary
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.findings import findings

SPEC: Spec = {
    **{name: {"type": "dict", "required": True} for name in ("info", "settings", "space", "release", "hop", "set")},
    "uncommitted": {"type": "dict", "default": {}},
    "staged": {"type": "list", "elements": "dict", "default": []},
    "leader": {"type": "bool", "default": False},
    "node": {"type": "str", "default": ""},
    **{
        name: {"type": "list", "elements": kind, "default": []}
        for name, kind in (("accept", "str"), ("closed", "dict"))
    },
}


def work(params: Mapping[str, Any]) -> dict[str, Any]:
    return summary(findings(params), params["node"], params["accept"])


def answer(module: AnsibleModule) -> dict[str, Any]:
    return work(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
