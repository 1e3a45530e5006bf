#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_config_check
short_description: Let a staged release of Garage read the node's configuration
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Every Garage program parses the whole configuration by its own release's rules. What the next release would refuse is
    better known before the running one is stopped for it.
  - Fails when the release cannot read the file, or finds another node in it.
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
options:
  release_binary:
    description: The program of the staged release.
    type: path
    required: true
  candidate:
    description: The configuration that is meant for it. By default the one that the service reads.
    type: path
    default: ''
"""

EXAMPLES = r"""
- name: Can the next release read the configuration?
  uplift.datastores.garage_config_check:
    release_binary: /usr/local/bin/garage-0.8.7
"""

RETURN = r"""
config_file:
  description: The file that was read.
  returned: success
  type: str
  sample: /etc/garage.toml
node_id:
  description: The node that was found in it.
  returned: success
  type: str
  sample: 0b6b3c1a71dea7ea6d1a9ef2f2bdd3ad0c2b0f3f3a7a6f0fc4c7ad2b1fd5cd8e
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.config_check import check
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "release_binary": {"type": "path", "required": True},
    "candidate": {"type": "path", "default": ""},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return check(from_unit(LocalRunner(), module.params), module.params["release_binary"], module.params["candidate"])


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
