#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_amend
short_description: Set again what a dump has left out of the pipelines of a Pachyderm cluster
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Dumps of 1.7 to 1.9.11 leave out C(standby), C(datum_tries), C(scheduling_spec), C(pod_spec), C(pod_patch) and C(spout). Those that a
    pipeline had, and has not any more, are set by C(update pipeline) on what the new release itself has of the pipeline.
  - The pipelines have to be stopped and stay so; one that runs is a failure. What is set already is left alone.
  - An update ends the open output commits of its pipeline, empty. When the pipeline is started, the newest is computed anew.
options:
  before: {description: The inventory that M(uplift.datastores.pachyderm_inventory) wrote before the dump., type: path, required: true}
  dest: {description: Where what was sent is kept., type: path}
  cron_again:
    description:
      - Delete the file C(/time) from the repos of cron inputs that come from 1.7. As long as it is there, later releases make no tick.
        Once the pipeline is started, all ticks since it was created are made at once.
    type: bool
    default: false
  timeout: {description: Seconds in which the pipelines have to be at rest again., type: float, default: 600}
extends_documentation_fragment:
  - uplift.datastores.pachyderm
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Set again what the dump has left out
  uplift.datastores.pachyderm_amend:
    before: /var/backups/uplift/inventory.json
    dest: /var/backups/uplift/settings.json
  register: amended
  failed_when: amended.refused | length > 0
"""

RETURN = r"""
amended:
  description: The pipelines, with the settings that they have again.
  returned: always
  type: list
  elements: dict
  sample: [{pipeline: tuned, settings: [datum_tries, standby]}]
refused:
  description: The settings that the release has not taken, and what it said.
  returned: always
  type: list
  elements: dict
  sample: [{pipeline: spouty, settings: [spout], said: 'unknown field "spout"'}]
ticking:
  description: The repos of cron inputs from which C(/time) was deleted.
  returned: always
  type: list
  elements: str
  sample: [clock_tick]
evidence: {description: The file that holds what was sent., returned: always, type: list, elements: dict, sample: []}
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.amend import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import at_cluster
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM

SPEC = {
    **PACHYDERM,
    "before": {"type": "path", "required": True},
    "dest": {"type": "path"},
    "cron_again": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 600},
    "progress_file": {"type": "path"},
}


def main() -> None:
    serve(SPEC, at_cluster(run))


if __name__ == "__main__":
    main()
