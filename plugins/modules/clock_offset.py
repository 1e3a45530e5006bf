#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: clock_offset
short_description: Measure the clock of a node against that of the controller
version_added: 0.1.0
description:
  - Asks the node for its time over the connection that is open anyway, several times, and believes the quickest answer.
  - With it, several nodes can be given the same moment, each in the time of its own clock.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.internal
options:
  exchanges: {description: How often the node is asked., type: int, default: 5}
  max_uncertainty: {description: The uncertainty in seconds above which the task fails., type: float, default: 0.25}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Measure the clock
  uplift.datastores.clock_offset:
  register: clock

- name: Switch three seconds after the measurement, whatever the node's clock says
  uplift.datastores.service:
    unit: garage.service
    state: restarted
    at: "{{ clock.controller_time + 3 + clock.offset }}"
"""

RETURN = r"""
offset: {description: Seconds that the node's clock is ahead of the controller's., returned: success, type: float, sample: 0.001294}
uncertainty: {description: Half the time of the quickest answer., returned: success, type: float, sample: 0.035012}
controller_began: {description: "The controller's clock before it.", returned: success, type: float, sample: 1795231717.912}
controller_time: {description: "The controller's clock after the measurement, in seconds since 1970.", returned: success, type: float, sample: 1795231718.197}
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import controller_only

SPEC = {
    "exchanges": {"type": "int", "default": 5},
    "max_uncertainty": {"type": "float", "default": 0.25},
}


def main() -> None:
    controller_only("clock_offset", SPEC)


if __name__ == "__main__":
    main()
