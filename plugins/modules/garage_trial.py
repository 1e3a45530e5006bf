#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_trial
short_description: Ask a staged release of Garage, on scratch data, what an upgrade will ask it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Starts a daemon of the staged release without peers, on loopback, in a directory of its own, and asks it every
    question that a step after the switch will ask. An answer that is not understood is better known while the
    old release serves.
  - The daemon is a transient unit of systemd that can write to its own directory alone, a container without a
    network, or a pod of its own that no service leads to; the ports of the latter two are not asked. It is gone afterwards, and
    of a pod its data are, too, so that offline repairs are not asked there.
  - Fails when an answer is not understood. Where no daemon can be started, it fails for a release that is newer than
    all that are known here, and warns for the others.
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
options:
  release_binary:
    description: The program of the staged release, or its image.
    type: str
    required: true
  engine:
    description: The engine that its configuration names; an empty string where it names none.
    type: str
    default: ''
  repairs:
    description: The online repairs that the upgrade will launch; those that the release does not have are left out.
    type: list
    elements: str
    default: []
  directory:
    description:
      - Where its own directory is made, for some megabytes. What is below C(/run) is gone after a boot. For a container it
        is one that docker's machine has under the same path.
    type: path
    default: /run
  start_timeout:
    description: Seconds in which the daemon has to answer.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Will 2.5.0 answer what the upgrade asks?
  uplift.datastores.garage_trial:
    release_binary: /usr/local/bin/garage-2.5.0
    engine: lmdb
    repairs: [tables, blocks]
"""

RETURN = r"""
tried:
  description: Whether a daemon could be started and has answered everything.
  returned: success
  type: bool
  sample: true
why:
  description: Why none could be started, where that is no failure.
  returned: success
  type: str
  sample: ""
asked:
  description: What it has answered.
  returned: success
  type: list
  elements: str
  sample:
    - a place in the layout
    - a key and a bucket
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._garage.trial import run

SPEC = {
    **GARAGE,
    "release_binary": {"type": "str", "required": True},
    "engine": {"type": "str", "default": ""},
    "repairs": {"type": "list", "elements": "str", "default": []},
    "directory": {"type": "path", "default": "/run"},
    "start_timeout": {"type": "float", "default": 60},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    progress = Progress(module.params["progress_file"])
    found = run(from_unit(LocalRunner(), module.params), module.params, progress, module.check_mode)
    if found["why"]:
        module.warn(found["why"])
    return found


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
