#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_connect
short_description: Connect a Garage node to its peers now
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Garage tries a peer that it could not reach again after half a minute. This module makes the attempts at once, all of them in
    parallel, and waits until the node counts all the peers as up.
  - Each connection is tried from both ends, because after a restart it is the peer's attempt that counts. So it is enough to run it on
    the nodes that were restarted, with all nodes as peers.
options:
  peers:
    description: The nodes to connect to, as C(garage node id -q) says them. The node itself may be among them.
    type: list
    elements: str
    required: true
  timeout:
    description: Seconds that it may take.
    type: float
    default: 60
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
attributes:
  check_mode: {support: full, details: Looks who is connected and tries nobody.}
  diff_mode: {support: none}
  idempotent: {support: full, details: A connection that is there stays as it is.}
"""

EXAMPLES = r"""
- name: Make the mesh
  uplift.datastores.garage_connect:
    peers:
      - 0bb5da1146b757f5264a631cfd6e062e8397f005be365e83ad8517c8e14fcac6@198.18.1.12:3901
      - a7829ad06444dad0d3195b0eb3826341c1ba3a94f31585ecff4943922009b70c@198.18.1.13:3901
"""

RETURN = r"""
seconds: {description: Seconds until all peers were up., returned: success, type: float, sample: 0.87}
connected:
  description: First 16 digits of the peers' ids.
  returned: success
  type: list
  elements: str
  sample: [0bb5da1146b757f5, a7829ad06444dad0]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.connect import away_now, connect
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "peers": {"type": "list", "elements": "str", "required": True},
    "timeout": {"type": "float", "default": 60},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    garage.demand_running()
    if module.check_mode:
        return {"changed": bool(away_now(garage, module.params["peers"])), "seconds": 0.0, "connected": []}
    return connect(garage, module.params["peers"], module.params["timeout"])


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
