#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_unit
short_description: Stop, start or make again a service that runs in a docker container, and say how it ended
version_added: 0.1.0
description:
  - The same for a docker container as M(uplift.datastores.systemd_unit) is for a unit. It does not matter whether it was made by
    C(docker run) or by a compose file.
  - V(activated) makes the container again with another image and otherwise the same arguments, as docker itself tells them. What
    the old image had said, the new image says. The new container is compared with the old one before it counts.
  - While the container runs, the new one waits as C(<name>.uplift-next) and takes its name at the next V(started) or V(restarted).
    A call that was killed in between is finished by the next call, whatever that is.
  - With O(hold) docker does not start the container by itself until this module does, also not after a boot; see there.
  - Volumes stay, those without a name, too. A container that docker removes when it stops is refused.
  - A container of a compose file keeps its labels. Put the new image into that file, too; compose then makes it again once.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.progress]
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
  idempotent:
    support: partial
    details: A restart is repeated at every call, unless O(if_stale) is set.
options:
  container: {description: Its name., type: str, required: true}
  state:
    description: The state wanted. V(activated) makes the next start one of O(image), and neither stops nor starts anything.
    type: str
    required: true
    choices: [stopped, started, restarted, activated]
  image: {description: The image for V(activated). It has to be on this machine., type: str, default: ''}
  replace:
    description: For V(activated), words that are put in the place of others, as a word of the command, as the value of a variable,
      as the place on the host that is mounted. So a container gets another configuration file.
    type: dict
    default: {}
  environment: {description: "For V(activated), variables that differ.", type: dict, default: {}}
  signal:
    description: The signal to stop with, such as V(SIGINT). By default the container's own.
    type: str
    default: ''
  stop_timeout: {description: Seconds after which a stop is made with SIGKILL., type: float, default: 90}
  start_timeout: {description: Seconds until the container has to run., type: float, default: 60}
  clean:
    description: Whether a process that ended by a signal, or with another exit status than 0, is a failure of the task.
      The container is brought into the wanted state all the same.
    type: bool
    default: true
  if_stale:
    description: Whether V(restarted) does nothing when the container runs and no other was prepared by V(activated).
    type: bool
    default: false
  at:
    description: The moment, in seconds since 1970 by the clock of the node. At least half a second ahead.
    type: float
    default: 0
  settle: {description: Seconds for which the new main process has to stay., type: float, default: 0.5}
  hold:
    description:
      - For V(stopped), the operation for which the container is held down. Before the stop its restart policy becomes C(no); the one
        of before is kept in C(/var/lib/uplift/held), and V(started) and V(restarted) put it back, whoever held the container.
      - One that is made again by V(activated) meanwhile is held as well.
      - A C(docker start) by hand, or a C(docker compose up), is not kept from starting it. It is seen by the evidence.
    type: str
    default: ''
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Stop a release that flushes only at SIGINT
  uplift.datastores.container_unit:
    container: garage
    state: stopped
    signal: SIGINT

- name: Let it be the next release
  uplift.datastores.container_unit:
    container: garage
    state: activated
    image: dxflrs/garage:v0.9.4

- name: Start it
  uplift.datastores.container_unit:
    container: garage
    state: started
"""

RETURN = r"""
container: {description: Its name., returned: always, type: str, sample: garage}
active: {description: "V(active), V(inactive), or V(failed) while docker tries again and again.", returned: always, type: str, sample: active}
main_pid: {description: "Its main process as the host sees it, V(0) for none.", returned: always, type: int, sample: 10734}
started: {description: "When that was started, in seconds since 1970.", returned: always, type: float, sample: 1795233030.526}
image: {description: The image that it was made of., returned: always, type: str, sample: 'dxflrs/garage:v0.9.4'}
image_next: {description: The image of the next start., returned: always, type: str, sample: 'dxflrs/garage:v0.9.4'}
held: {description: The operation for which it is held down; empty when it may be started., returned: always, type: str, sample: ''}
seconds: {description: "From the order, or the moment O(at), until all was done, O(settle) included.", returned: changed, type: float, sample: 1.346}
stop_seconds: {description: From the order until the old process had ended., returned: changed, type: float, sample: 0.134}
down_seconds: {description: From the end of the old process until the start of the new one., returned: changed, type: float, sample: 0.205}
ended:
  description: How the old process ended, with V(exited) or V(killed), and the exit status or the signal. Empty when there was none.
  returned: changed
  type: dict
  sample: {code: exited, status: '0', clean: true}
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample:
    - {slot: service, kind: container, name: garage, active: true}
"""

from dataclasses import fields
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container, container_state
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

SPEC: Spec = {
    "container": {"type": "str", "required": True},
    "state": {"type": "str", "required": True, "choices": ["stopped", "started", "restarted", "activated"]},
    "image": {"type": "str", "default": ""},
    "replace": {"type": "dict", "default": {}},
    "environment": {"type": "dict", "default": {}},
    "signal": {"type": "str", "default": ""},
    "stop_timeout": {"type": "float", "default": 90},
    "start_timeout": {"type": "float", "default": 60},
    "clean": {"type": "bool", "default": True},
    "if_stale": {"type": "bool", "default": False},
    "at": {"type": "float", "default": 0},
    "settle": {"type": "float", "default": 0.5},
    "hold": {"type": "str", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    wish = container.Wish(**{item.name: module.params[item.name] for item in fields(container.Wish)})
    return container_state.bring(Docker(), wish, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
