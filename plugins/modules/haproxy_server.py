#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: haproxy_server
short_description: Take a server of HAProxy out of use, or give it requests again
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Asks HAProxy at its admin socket, on the host that it runs on, and waits until it is so. For V(drain) that is when no connection to
    the server is in use, for V(ready) when HAProxy counts it as up.
  - A server that somebody has put into maintenance is left there, and the module fails.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  socket: {description: The admin socket., type: path, default: /run/haproxy/admin.sock}
  backend: {description: The backend., type: str, required: true}
  server: {description: The server's name in it., type: str, required: true}
  state:
    description: Whether it has no new requests (V(drain)), or its share of them.
    type: str
    required: true
    choices: [drain, ready]
  timeout: {description: Seconds to wait., type: float, default: 60}
"""

EXAMPLES = r"""
- name: Take a server out of use
  uplift.datastores.haproxy_server:
    backend: instances
    server: l1
    state: drain
  delegate_to: balancer
"""

RETURN = r"""
# Nothing but changed.
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._hooks import haproxy

SPEC: Spec = {
    "socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    "backend": {"type": "str", "required": True},
    "server": {"type": "str", "required": True},
    "state": {"type": "str", "required": True, "choices": [haproxy.DRAIN, haproxy.READY]},
    "timeout": {"type": "float", "default": 60},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return haproxy.brought(module.params, haproxy.asker(module.params["socket"]), Clock(), module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
