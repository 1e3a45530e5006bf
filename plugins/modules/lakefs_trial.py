#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_trial
short_description: Ask a staged release of lakeFS, on an empty database, what an upgrade will ask it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Starts a server of the staged release on an empty database, with objects in a directory of its own, and asks it every
    question that a step after the switch will ask. An answer that is not understood is better known while the old
    release serves.
  - The server is a transient unit of systemd, on loopback, by the account of the service, that can write to its own
    directory alone. Where the service is a container of docker, it is a container in the same networks, which reads the
    same volumes, publishes no port and writes to itself alone. Of a workload of Kubernetes it is a pod of its own, which has what the
    pods have of ConfigMaps and Secrets and no label of theirs; it listens on its loopback, and C(kubectl port-forward)
    reaches it. It, its directory and its database are gone afterwards.
  - Fails when an answer is not understood. Where no server can be started, it fails for a release that is newer than
    all that are known here, and warns for the others.
extends_documentation_fragment:
  - uplift.datastores.lakefs
  - uplift.datastores.lakefs.database
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
options:
  version:
    description: The release of the staged program.
    type: str
    required: true
  scratch:
    description: The connection string of an empty database; by default one is made, and dropped.
    type: str
    default: ''
  directory:
    description:
      - Where its own directory is made, for some megabytes. What is below C(/run) is gone after a boot. Of a container or a pod it
        lies in that.
    type: path
    default: /run
  start_timeout:
    description: Seconds in which the server has to answer.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Will 1.84.0 answer what the upgrade asks?
  uplift.datastores.lakefs_trial:
    binary: /usr/local/bin/lakefs-1.84.0
    version: 1.84.0
    dsn: "{{ lakefs_settings.dsn }}"
"""

RETURN = r"""
tried:
  description: Whether a server could be started and has answered everything.
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
    - its health
    - uncommitted changes
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.spec import DATABASE
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.trial import run

SPEC = {
    **LAKEFS,
    **DATABASE,
    "version": {"type": "str", "required": True},
    "scratch": {"type": "str", "default": "", "no_log": True},
    "directory": {"type": "path", "default": "/run"},
    "start_timeout": {"type": "float", "default": 60},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    found = run(module.params, Progress(module.params["progress_file"]), module.check_mode)
    if found["why"]:
        module.warn(found["why"])
    return found


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
