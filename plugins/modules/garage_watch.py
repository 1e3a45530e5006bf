#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_watch
short_description: Watch a Garage node under its production load
version_added: 0.1.0
description:
  - The last step of the makers' guide, to monitor the cluster in the next hours, for as long as the operator says.
  - Fails when at the end more blocks are in error, other workers fail again and again, or more nodes are away than at the start.
  - Longer queues are reported and not judged, since they may be load.
author: the uplift.datastores contributors (!UNKNOWN)
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
options:
  seconds:
    description: How long to watch.
    type: float
    required: true
  progress_file:
    description: Internal. Where progress lines go; the action plugin sets it.
    type: path
"""

EXAMPLES = r"""
- name: Watch for an hour
  uplift.datastores.garage_watch:
    seconds: 3600
"""

RETURN = r"""
before:
  description: Blocks in error, entries in all queues at the start.
  type: dict
  returned: always
  sample: {block_errors: 0, waiting: 12}
after:
  description: The same at the end.
  type: dict
  returned: always
  sample: {block_errors: 0, waiting: 3}
worsened:
  description: What is worse than at the start, in sentences.
  type: list
  elements: str
  returned: always
  sample: []
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._garage.watch import Look, watch

SPEC = {**GARAGE, "seconds": {"type": "float", "required": True}, "progress_file": {"type": "path"}}


def shown(look: Look) -> dict[str, int]:
    return {"block_errors": look.block_errors, "waiting": look.waiting}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    say = Progress(module.params["progress_file"]).say
    first, last, worse = watch(garage, module.params["seconds"], time.monotonic, time.sleep, say)
    if worse:
        raise UpliftError(
            " ".join(worse) + " Look at the journal of the service; going back is still possible with the backups."
        )
    return {"before": shown(first), "after": shown(last), "worsened": worse}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
