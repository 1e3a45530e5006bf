#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_rehearsal
short_description: Restore a dump of a Pachyderm cluster in use into a scratch server
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Makes a dump while clients work, restores it into a scratch server of the new release as M(uplift.datastores.pachyderm_trial) does, and
    removes both. What the new release does not take is known before anybody is shut out.
  - A dump of a cluster in use leaves out commits that are open. Where it is refused and any was open meanwhile, that may be why, so
    RV(why) says so and nothing fails. The dump that counts is made and tried later, with clients shut out.
  - Where it cannot be done, it is not done, and RV(why) says so in a sentence.
extends_documentation_fragment:
  - uplift.datastores.pachyderm
  - uplift.datastores.pachyderm_scratch
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full, details: Says whether it can be done.}
  diff_mode: {support: none}
  idempotent: {support: full, details: Leaves nothing behind.}
options:
  source: {description: The release that runs., type: str, required: true}
  target: {description: The release that shall read the dump., type: str, required: true}
  dump: {description: Where the dump lies while it is needed., type: path, required: true}
  form:
    description: What the dump holds. Empty for what the upgrade path to O(target) wants.
    type: str
    default: ''
    choices: ['', full, kept]
  new_pachctl: {description: The client of O(target)., type: path, required: true}
"""

EXAMPLES = r"""
- name: Try a restore before anybody is shut out
  uplift.datastores.pachyderm_rehearsal:
    id: 20261121T031500Z-pachyderm-1.13.4
    directory: /var/backups/uplift/trial
    dump: /var/backups/uplift/1.9.12.dump.rehearsal
    source: 1.9.12
    target: 1.13.4
    new_pachctl: /usr/local/bin/pachctl-1.13.4
    pachd: /usr/local/bin/pachd-1.13.4
    user: pachyderm
"""

RETURN = r"""
rehearsed: {description: Whether the new release has taken the dump., returned: always, type: bool, sample: true}
why:
  description: Why it was not tried, or why a refusal says nothing, as a sentence. Empty when it worked.
  returned: always
  type: str
  sample: ''
counts:
  description: What came, where it was tried.
  returned: always
  type: dict
  sample: {repos: 6, commits: 9, pipelines: 3}
seconds: {description: How long the restore took., returned: always, type: float, sample: 4.2}
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import at_cluster
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.rehearsal import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM, SCRATCH

SPEC: Spec = {
    **PACHYDERM,
    **SCRATCH,
    **{name: {"type": "str", "required": True} for name in ("source", "target")},
    "dump": {"type": "path", "required": True},
    "form": {"type": "str", "default": "", "choices": ["", "full", "kept"]},
    "new_pachctl": {"type": "path", "required": True},
    "progress_file": {"type": "path"},
}


def main() -> None:
    serve(SPEC, at_cluster(run))


if __name__ == "__main__":
    main()
