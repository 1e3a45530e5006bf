#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_info
short_description: Read how a service is set up and how it is, wherever it runs
version_added: 0.1.0
description:
  - Asks systemd and the kernel for a unit, docker for a container, Kubernetes for a workload.
  - Of the environment only the names are returned; values may be secret.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.attributes.info, uplift.datastores.unit]
options: {}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: With which program and which arguments does the service run?
  uplift.datastores.service_info:
    unit: garage.service
  register: service

- name: Is it held down?
  uplift.datastores.service_info:
    unit: kubernetes:lakehouse/lakefs
  register: service
"""

RETURN = r"""
unit:
  description:
    - The service. C(unit), C(active), C(held) and C(started) are there wherever it runs. C(held) is the operation for which
      M(uplift.datastores.service) holds it down, empty when it may be started; C(started) is in seconds since 1970.
    - Of a unit C(load_state) is V(not-found) when there is none; C(timeout_stop) is in seconds, V(0) for no limit. C(skipped) says that the
      last start was passed over by systemd, since a condition of the unit was not met, or that there was none.
    - Of a container C(mounts) are places on the host by places inside, C(image_next) differs from C(image) where another container was
      prepared, C(unfinished) says that one has to take its name yet, C(compose) are the labels that docker compose has given to it.
    - Of a workload C(replicas) is how many pods are wanted.
  returned: always
  type: dict
  sample:
    active: active
    argv: [/usr/local/bin/garage, server]
    binary: /usr/local/bin/garage
    drop_ins: []
    environment_files: []
    environment_names: [GARAGE_CONFIG_FILE, RUST_BACKTRACE, RUST_LOG]
    exe: /usr/local/bin/garage-0.7.0
    exit_code: ''
    exit_status: 0
    fragment_path: /etc/systemd/system/garage.service
    group: ''
    held: ''
    kill_signal: SIGTERM
    load_state: loaded
    main_pid: 324
    name: garage.service
    restart: 'no'
    restarts: 0
    result: success
    skipped: false
    started: 1795230800.942
    sub_state: running
    timeout_stop: 90.0
    unit: garage.service
    user: garage
held:
  description: All units and containers of the node that are held down by this collection, whichever this one is.
  returned: always
  type: list
  elements: dict
  sample:
    - {kind: unit, name: garage.service, operation: garage-20261127T140512Z-5d4b, since: '2026-11-27T14:09:31Z'}
evidence:
  description: How it is, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample:
    - {slot: service, kind: unit, name: garage.service, active: true}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import held, runtime


def answer(module: AnsibleModule) -> dict[str, Any]:
    unit = runtime.of(LocalRunner(), module.params["unit"]).look()
    return {"evidence": unit.pop("evidence"), "unit": unit, "held": held.everything()}


def main() -> None:
    serve({"unit": {"type": "str", "required": True}}, answer)


if __name__ == "__main__":
    main()
