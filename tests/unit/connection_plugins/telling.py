# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""This machine by a connection that prints at -vvv what comes back, as the ssh plugin does."""

from __future__ import annotations

from typing import Any

from ansible.plugins.connection.local import Connection as Local
from ansible.utils.display import Display

DOCUMENTATION = """
name: telling
short_description: This machine, told as ssh tells
description: This machine by a connection that prints at -vvv what comes back, as the ssh plugin does.
author: the uplift.datastores contributors
options:
  become_success_timeout: {description: As local has it., type: int, default: 10}
  become_strip_preamble: {description: As local has it., type: bool, default: true}
extends_documentation_fragment: [connection_pipelining]
"""


class Connection(Local):  # type: ignore[misc]  # Ansible is not typed
    transport = "telling"

    def exec_command(self, *args: Any, **kwargs: Any) -> tuple[int, bytes, bytes]:
        came: tuple[int, bytes, bytes] = super().exec_command(*args, **kwargs)
        if not self._play_context.no_log:
            Display().vvv(str(came))
        return came
