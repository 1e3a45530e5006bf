#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_info
short_description: Ask a Pachyderm cluster what it runs, what it holds and what is not at rest
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Asks through C(pachctl), with a configuration of its own, and changes nothing.
  - Knows the spelling of each release from 1.4 on, and both spellings of what C(--raw) prints.
options:
  gather:
    description:
      - What to ask for besides the versions, the cluster's id and authentication. V(commits) means open ones, V(jobs) those that run.
      - What a release cannot list is null.
    type: list
    elements: str
    choices: [repos, branches, commits, pipelines, jobs, enterprise]
    default: [repos, commits, pipelines, jobs]
  expected:
    description:
      - A release; where the server calls itself what this one does, RV(release) is this one. Tags 1.11.1 - 1.11.9 say 1.12.0.
      - The name of the file of O(pachctl), when it has a version, goes before it.
    type: str
    default: ''
  units:
    description: The server and its metadata store, as M(uplift.datastores.service) takes them; for RV(closed).
    type: list
    elements: str
    default: []
  tolerant:
    description: Return what is known instead of failing; RV(problem) says why the rest is null.
    type: bool
    default: false
extends_documentation_fragment:
  - uplift.datastores.pachyderm
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_pachyderm
"""

EXAMPLES = r"""
- name: Ask a cluster that may be closed to its clients for an upgrade
  uplift.datastores.pachyderm_info:
    addresses: [127.0.0.1:30650, 127.0.0.1:30649]
  register: pachyderm
"""

RETURN = r"""
not_itself:
  description:
    - The finding that the unit does not start Pachyderm itself, but a container.
    - Empty where it does. Without O(tolerant) the module fails then.
  returned: always
  type: dict
  sample: {}
address: {description: Which address answered., returned: always, type: str, sample: 127.0.0.1:30650}
version: {description: What the server calls itself. Null when it does not answer., returned: always, type: str, sample: 1.12.0}
release: {description: 'The same in the words of O(expected).', returned: always, type: str, sample: 1.11.9}
client_version: {description: What pachctl calls itself., returned: always, type: str, sample: 1.12.0}
cluster:
  description: The cluster's id. A redeployed one has another. Empty before 1.7.
  returned: always
  type: str
  sample: b03c829d65874998845fd900f84fd1d6
auth:
  description: V(off), V(on), or V(closed) when it is on and O(token) does not open it.
  returned: always
  type: str
  sample: 'off'
enterprise: {description: The state of the license., returned: always, type: str, sample: No Pachyderm Enterprise token was found}
repos:
  description: Names, descriptions and sizes.
  returned: always
  type: list
  elements: dict
  sample: [{name: data, description: raw input, size: 300011}]
branches:
  description: Branches with the ids of their heads, and the branches that they were made to follow.
  returned: always
  type: list
  elements: dict
  sample: [{repo: data, name: master, head: 0abce90cf8ab4d4fb9b1897ad9b87821, provenance: []}]
pipelines:
  description: Name, state, whether it is stopped, and what was asked for.
  returned: always
  type: list
  elements: dict
  sample: [{name: edges, state: running, stopped: false, spec: {input: {pfs: {repo: data, glob: /*}}}}]
open_commits:
  description: Commits that are not finished.
  returned: always
  type: list
  elements: str
  sample: [edges@f094318101fa437697642f13fed99ddc]
without_tree:
  description: Finished commits without a tree, which dumps of 1.7 to 1.9.11 carry as if they were open.
  returned: always
  type: list
  elements: str
  sample: [edges@9dacaed679f74707b953eec487b2138f]
messages: {description: How many commits have a message., returned: always, type: int, sample: 2}
history:
  description: How many commits lead to the head of each branch. Needs V(branches) and V(commits) in O(gather).
  returned: always
  type: dict
  sample: {data@master: 2}
ticks:
  description:
    - The newest tick of each cron input, by the repo of its ticks. Empty where a release does not name their files by their time.
  returned: always
  type: dict
  sample: {clock_tick: '2026-11-27T13:04:05Z'}
asked: {description: 'When the cluster was asked, by the clock of this node.', returned: always, type: str, sample: '2026-11-27T13:04:05Z'}
jobs:
  description: Jobs that have not ended.
  returned: always
  type: list
  elements: dict
  sample: [{id: 9f6a0b3c, pipeline: edges, state: running}]
closed:
  description: C(service) where one of O(units) is held down, with the operation that it is held for, and C(ports) where its port was moved.
  returned: always
  type: list
  elements: dict
  sample: [{thing: service, what: unit pachd.service, operation: 20261121T031500Z-pachyderm-1.13.4}]
mounting:
  description: What O(units) mount and unmount around their programs, a command each.
  returned: always
  type: list
  elements: str
  sample: []
problem: {description: What was unknown., returned: always, type: str, sample: ''}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.info import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM

PARTS = ["repos", "branches", "commits", "pipelines", "jobs", "enterprise"]
SPEC = {
    **PACHYDERM,
    "gather": {
        "type": "list",
        "elements": "str",
        "choices": PARTS,
        "default": ["repos", "commits", "pipelines", "jobs"],
    },
    "units": {"type": "list", "elements": "str", "default": []},
    "expected": {"type": "str", "default": ""},
    "tolerant": {"type": "bool", "default": False},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(LocalRunner(), module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
