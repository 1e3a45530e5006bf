# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.modules.garage_s3_ping import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import ControllerAction


class ActionModule(ControllerAction):
    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        answers = ((address, reason(address, args["timeout"])) for address in args["addresses"])
        silent = [{"address": address, "reason": why} for address, why in answers if why]
        return {"changed": False, "silent": silent}


def reason(address: str, timeout: float) -> str:
    """Why this is not an S3 API that answers, or "". It hangs up: an idle connection slows a stop down (G09)."""
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        body = answer.read(4096)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    if answer.status in (400, 403) and b"<Error>" in body:  # up to 0.5 a request without credentials is a bad one
        return ""
    return f"it answers with the status {answer.status} and without an S3 error; expected one, such as 403 AccessDenied"
