#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: systemd_environment
short_description: Give a systemd unit another environment for a while
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Variables in a file of their own that is read after all others, so that they count from the next start of the unit on. The unit's
    own files are not touched. The unit is not restarted.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.attributes.internal]
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  unit: {description: The unit., type: str, required: true}
  name: {description: What the file is for; part of its name., type: str, required: true}
  state: {description: Whether the variables are set., type: str, default: present, choices: [present, absent]}
  environment: {description: The variables., type: dict, default: {}}
  slot: {description: What the evidence is for in the record of an operation., type: str, default: ports}
"""

EXAMPLES = r"""
- name: Move the server's port from the next start on
  uplift.datastores.systemd_environment:
    unit: pachd.service
    name: quiet
    environment: {PORT: 30649}
"""

RETURN = r"""
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample: [{slot: ports, kind: file, path: /etc/systemd/system/pachd.service.d/zz-uplift-quiet.conf, size: 150}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd_environment import bring

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "environment": {"type": "dict", "default": {}},
    "slot": {"type": "str", "default": "ports"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return bring(LocalRunner(), module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
