#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_ports
short_description: Let the service of Garage read a configuration that shuts clients out, or its own again
version_added: 0.1.0
description:
  - Writes a drop-in next to the unit that names another configuration file, and removes it again.
    What the operator wrote is not touched. The service is not restarted.
  - A container is made again with the other file in place of its own, by the same image. It takes the name at its next start.
  - The configuration file itself is made by M(uplift.datastores.garage_config). Its S3 and web addresses are moved to
    where nobody reaches them, not left out, since Garage 0.7 panics without them.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
  idempotent: {support: full}
options:
  unit: {description: "The systemd unit, or V(docker:NAME) for a container.", type: str, default: garage.service}
  state: {description: Whether clients are shut out., type: str, required: true, choices: [closed, open]}
  config_file: {description: The configuration file to read while V(closed)., type: path, required: true}
  binary: {description: "The program, where the unit starts a script that leads to it.", type: path, default: ''}
  own_config: {description: The configuration file that a container reads while V(open)., type: path}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Shut clients out at the next restart
  uplift.datastores.garage_ports:
    state: closed
    config_file: /etc/garage.toml.uplift-quiesced
"""

RETURN = r"""
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample:
    - {slot: ports, kind: absent, path: /etc/systemd/system/garage.service.d/zz-uplift-quiesce.conf}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage import ports
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

SPEC: Spec = {
    "unit": {"type": "str", "default": "garage.service"},
    "state": {"type": "str", "required": True, "choices": ["closed", "open"]},
    "config_file": {"type": "path", "required": True},
    "own_config": {"type": "path"},
    "binary": {"type": "path", "default": ""},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    given, where, act = module.params, place.read(module.params["unit"]), not module.check_mode
    if where.kind == place.DOCKER:
        own, quiet = given["own_config"], given["config_file"]
        return ports.turn(Docker(), where.name, own, quiet, given["state"], module.check_mode)
    if given["state"] == "closed":
        return ports.close(LocalRunner(), where.name, given["config_file"], act, given["binary"])
    return ports.open_again(LocalRunner(), where.name, act)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
