#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_inventory
short_description: Note what a Pachyderm cluster holds, and compare it with what it held
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Lists repos, branches, commits and pipelines, and reads one file of every branch head. Listings and C(fsck) look fine over an
    object store that holds nothing.
  - Compares with an inventory taken before. What a restore always makes anew is no difference, nor is a further output commit, nor a
    setting that a newer release adds.
  - Where authentication is on, admins and access lists are noted and compared, too.
options:
  dest:
    description: Where the inventory is written; it is too large for a record. One that is there and says otherwise is kept under its time.
    type: path
  before: {description: An inventory to compare with., type: path}
  clients:
    description: What clients did between the two, for the comparison.
    type: str
    default: out
    choices:
      out: They were shut out all the time. Whatever differs is a difference.
      back: They have just been let in again. Branches may have got further commits.
      since: They were shut out for the hop, and have been served since it ended. What C(back) says, and pipelines may have been started.
      served: They were served all the time. What they may have deleted, moved or changed is reported in RV(notes).
  ran: {description: 'With V(since), the pipelines that were started again after the hop; they were paused for O(before).', type: list,
    elements: str, default: []}
  largest: {description: Files above this size are not read., type: int, default: 16777216}
extends_documentation_fragment:
  - uplift.datastores.pachyderm
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Note what there is
  uplift.datastores.pachyderm_inventory:
    dest: /var/lib/uplift/pachyderm/before.json

- name: Is everything still there?
  uplift.datastores.pachyderm_inventory:
    before: /var/lib/uplift/pachyderm/before.json
  register: comparison
  failed_when: comparison.differences | length > 0
"""

RETURN = r"""
counts:
  description: How much there is.
  returned: always
  type: dict
  sample: {repos: 3, pipelines: 1, commits: 6, branches: 4, reads: 4}
unreadable:
  description: Branch heads of which no file could be read, and why.
  returned: always
  type: list
  elements: str
  sample: []
kept:
  description: What the inventory that was there before is called now. Empty when there was none, or it said the same.
  returned: always
  type: str
  sample: /var/lib/uplift/pachyderm/before.json.20261127T140236Z
notes:
  description: What differs and may be the clients' own doing, where they were served.
  returned: always
  type: list
  elements: str
  sample: ['The repo lookup is gone. Clients were served meanwhile: ask its owner.']
compared:
  description: What was compared with O(before), and what no restore keeps.
  returned: always
  type: list
  elements: str
  sample: ['Compared were names and descriptions of repos (3 repos).']
differences:
  description:
    - What differs from O(before), by key and as a sentence. Keys are C(repo_gone), C(description_changed), C(commit_gone),
      C(commit_changed), C(branch_gone), C(head_changed), C(pipeline_gone), C(spec_changed), C(settings_lost),
      C(pipeline_runs), C(file_unreadable), C(file_changed), C(auth_lost), C(admins_changed) and C(access_changed).
  returned: always
  type: list
  elements: dict
  sample: [{key: repo_gone, sentence: The repo lookup is gone.}]
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.inventory import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import at_cluster
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM

SPEC = {
    **PACHYDERM,
    "dest": {"type": "path"},
    "before": {"type": "path"},
    "clients": {"type": "str", "default": "out", "choices": ["out", "back", "since", "served"]},
    "ran": {"type": "list", "elements": "str", "default": []},
    "largest": {"type": "int", "default": 16 << 20},
    "progress_file": {"type": "path"},
}


def main() -> None:
    serve(SPEC, at_cluster(run))


if __name__ == "__main__":
    main()
