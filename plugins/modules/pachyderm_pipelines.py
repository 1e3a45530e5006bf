#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_pipelines
short_description: Bring the pipelines of a Pachyderm cluster to rest, or start them again
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - C(pachctl) itself returns at once and with 0, whatever comes of it. This waits until the pipelines are in the state expected.
options:
  state:
    description: What is wanted.
    type: str
    required: true
    choices:
      stopped: Each is stopped, and paused. One that has failed has no workers and counts as at rest.
      started: Those in O(names), and no others, run. One that runs already is left alone.
      drained: No job runs and no commit is open. Nothing is stopped for it.
  names: {description: Which. By default all for V(stopped); none for V(started)., type: list, elements: str}
  skip_missing:
    description: Pass over pipelines of O(names) that are not there, and tell them in RV(missing). Without it they are a failure.
    type: bool
    default: false
  for_dump:
    description:
      - For V(stopped), leave those unstopped whose output a dump of this release cannot carry. It then leaves that output out, and the
        restoring release computes it anew. Of a stopped one it carries what no release restores.
      - Nothing is stopped where such a pipeline is stopped already, or where a branch has a provenance that no pipeline gave it.
    type: bool
    default: false
  timeout: {description: Seconds to wait., type: float, default: 600}
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
- name: Stop all that run
  uplift.datastores.pachyderm_pipelines:
    state: stopped
  register: paused

- name: Start exactly these again
  uplift.datastores.pachyderm_pipelines:
    state: started
    names: "{{ paused.ran }}"
"""

RETURN = r"""
ran: {description: The pipelines that were not stopped before., returned: always, type: list, elements: str, sample: [edges]}
stopped: {description: Those that were told to stop., returned: always, type: list, elements: str, sample: [edges]}
started: {description: Those that were told to start., returned: always, type: list, elements: str, sample: []}
left: {description: 'Those that O(for_dump) has left unstopped.', returned: always, type: list, elements: str, sample: [resize]}
missing: {description: 'Those of O(names) that are not there.', returned: always, type: list, elements: str, sample: []}
pipelines:
  description: The state of each, and whether it is stopped.
  returned: always
  type: dict
  sample: {edges: {state: paused, stopped: true}}
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import at_cluster
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.rest import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM

SPEC = {
    **PACHYDERM,
    "state": {"type": "str", "required": True, "choices": ["stopped", "started", "drained"]},
    "names": {"type": "list", "elements": "str"},
    "skip_missing": {"type": "bool", "default": False},
    "for_dump": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 600},
    "progress_file": {"type": "path"},
}


def main() -> None:
    serve(SPEC, at_cluster(run))


if __name__ == "__main__":
    main()
