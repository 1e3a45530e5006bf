#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_unit_info
short_description: Read how a service in a docker container is set up and how it is
version_added: 0.1.0
description:
  - Asks docker for a container. The same for it as M(uplift.datastores.systemd_unit_info) is for a unit.
  - Of the environment only the names are returned; values may be secret.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.attributes.info]
options:
  container: {description: Its name., type: str, required: true}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Of which image is the service, and what does it mount?
  uplift.datastores.container_unit_info:
    container: garage
  register: service
"""

RETURN = r"""
unit:
  description:
    - The container. C(mounts) are places on the host by places inside, C(started) is in seconds since 1970.
    - C(image_next) differs from C(image) where another container was prepared. C(unfinished) says that one has to take its name yet.
    - C(held) is the operation for which M(uplift.datastores.container_unit) holds it down; empty when it may be started.
    - C(compose) are the labels that docker compose has given to it, without their prefix.
  returned: always
  type: dict
  sample:
    active: active
    auto_remove: false
    command: [/garage, server]
    compose: {project: shop, project.config_files: docker-compose.yml, project.working_dir: /srv/compose, service: garage}
    container: garage
    environment_names: [GARAGE_CONFIG_FILE, PATH, RUST_BACKTRACE, RUST_LOG]
    exit_code: 0
    held: ''
    image: dxflrs/garage:v0.8.7
    image_id: sha256:eaf95feb3ef7bbfa0d320fca08f2e8109058d87484ad4da78c141773dbf6dd8f
    image_next: dxflrs/garage:v0.8.7
    main_pid: 10734
    mounts: {/etc/garage.toml: /srv/garage/garage.toml, /var/lib/garage/meta: /srv/garage/meta}
    policy: unless-stopped
    started: 1795233030.526
    stop_signal: SIGTERM
    unfinished: false
    user: ''
held:
  description: All services of the node that are held down by this collection, units and containers, whichever this one is.
  returned: always
  type: list
  elements: dict
  sample:
    - {kind: container, name: garage, operation: garage-20261127T140512Z-5d4b, since: '2026-11-27T14:09:31Z'}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_info, held
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker


def answer(module: AnsibleModule) -> dict[str, Any]:
    return {"unit": container_info.info(Docker(), module.params["container"]), "held": held.everything()}


def main() -> None:
    serve({"container": {"type": "str", "required": True}}, answer)


if __name__ == "__main__":
    main()
