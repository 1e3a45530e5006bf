# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Whether a server has really come up: it sees its data, by the page that asks the database, and stays."""

from __future__ import annotations

import time
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import forms
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api, open_url_fetch
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.info import failure
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import ApiError


def wait(
    runner: Runner,
    params: Mapping[str, Any],
    fetch: Any = open_url_fetch,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Until it is well for two looks running, or a sentence that says what it is instead."""
    began, well = clock(), 0
    while True:
        why = _unwell(runner, params, fetch)
        well = 0 if why else well + 1
        if well > 1:
            return {"changed": False, "seconds": round(clock() - began, 1), "url": params["url"]}
        if clock() - began > params["timeout"]:
            raise UpliftError(
                f"lakeFS {params['version']} on {params['url']} has not come up within {params['timeout']:g} s: {why}"
                " Nothing more is started."
            )
        sleep(0.5)


def _unwell(runner: Runner, params: Mapping[str, Any], fetch: Any) -> str:
    where = lakefs_where.of(runner, params["unit"])
    active = where.active()
    if active != "active":
        said = failure(where)
        return f"the unit is {active}{': ' + said if said else ''}; expected active."
    try:
        return unwell(Api(params["url"], params["access_key_id"], params["secret_access_key"], fetch), params)
    except ApiError as exc:
        return str(exc)


def unwell(api: Api, params: Mapping[str, Any]) -> str:
    """Why the server is not what it should be, "" where it is. `params`: version, url, access_key_id."""
    version = params["version"]
    has_page = not version or forms.form(core_version.parse(version), "setup_state")
    state = http.setup_state(api.get("/setup_lakefs")) if has_page else http.UNKNOWN
    if state == http.NOT_INITIALIZED:
        # L01, L02: healthy by its own words, and empty.
        raise UpliftError(
            f"lakeFS {params['version']} on {params['url']} offers to set up a new installation: it does not see its"
            " data. Stop it at once, and set nothing up: that would strand the data."
        )
    if state == http.UNKNOWN:
        if has_page:
            return "the page that asks the database does not answer: it cannot be reached by the server."
        # L34: releases before 0.56 have no such page. The list of repositories decides; without a key, what listens.
        if not params["access_key_id"] and api.get("/healthcheck").status != http.ALIVE:
            expected = f"the status {http.ALIVE} of its health page"
            return f"{params['url']} answers, and not as lakeFS does; expected {expected}."
    if params["access_key_id"]:
        http.page(api.get("/repositories", amount=1), "Listing the repositories")  # L19: a wrong secret key
        said = http.version(api.get("/config/version"))
        if said and version and said != version:
            return f"it answers as {said}, expected {version}."
    return ""
