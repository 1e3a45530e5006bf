# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What one question after the other tells of a cluster; what cannot be told is null, with the reason."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils import _held, _systemd, _version
from ansible_collections.uplift.datastores.plugins.module_utils import _pachyderm_inventory as inventory
from ansible_collections.uplift.datastores.plugins.module_utils._cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import Pachctl, connected, demand_cluster
from ansible_collections.uplift.datastores.plugins.module_utils._parse.answered import understanding
from ansible_collections.uplift.datastores.plugins.module_utils._products.pachyderm import called
from ansible_collections.uplift.datastores.plugins.module_utils._products.pachyderm_outputs import history, without_tree
from ansible_collections.uplift.datastores.plugins.module_utils._recovery import held_rows

EMPTY: Mapping[str, Any] = {
    "address": "",
    "version": None,
    "client_version": None,
    "release": None,
    "cluster": "",
    "auth": "",
    "enterprise": "",
    "repos": None,
    "pipelines": None,
    "branches": None,
    "open_commits": None,
    "without_tree": None,
    "messages": 0,
    "history": {},
    "jobs": None,
    "problem": "",
}
MOVED = "zz-uplift-quiet.conf"  # what systemd_environment writes for the other port


def run(runner: Runner, params: Mapping[str, Any]) -> dict[str, Any]:
    """What `pachyderm_info` does."""
    found = dict(EMPTY)
    try:
        with understanding("Pachyderm"), connected(runner, params) as pachctl:
            _ask(pachctl, params, found)
            demand_cluster(pachctl, params["cluster"])
    except UpliftError as exc:
        if not params["tolerant"]:
            raise
        found["problem"] = str(exc)
    return {"changed": False, **found, "closed": closed(params["units"], _held.everything())}


def closed(units: Sequence[str], held: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """What this collection has closed to clients at this node, whoever answers. Rows as of `_recovery`."""
    rows = [row for unit in units for row in held_rows(unit, held)]
    paths = [_systemd.drop_in_path(unit, MOVED, runtime=False) for unit in units]
    return rows + [
        {"thing": "ports", "what": f"another port by {path}", "operation": ""} for path in paths if os.path.exists(path)
    ]


def _ask(pachctl: Pachctl, params: Mapping[str, Any], found: dict[str, Any]) -> None:
    found["address"] = pachctl.address
    found["client_version"] = str(pachctl.version())
    server = pachctl.server()
    found["version"] = str(server)
    found["release"] = str(named(server, params["wanted"], os.path.realpath(params["pachctl"])))
    found["cluster"] = pachctl.cluster()
    if pachctl.knows("whoami"):
        found["auth"] = pachctl.auth()
    if "enterprise" in params["gather"] and pachctl.knows("enterprise"):
        found["enterprise"] = pachctl.ask("enterprise").strip().splitlines()[0]
    if found["auth"] != "closed":
        _contents(pachctl, params["gather"], found)


def _contents(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    if "repos" in gather:
        found["repos"] = pachctl.repos()
    if "pipelines" in gather:
        found["pipelines"] = [asdict(one) for one in pachctl.pipelines()]
    repos = found["repos"] or []
    if "branches" in gather and pachctl.knows("branches"):
        found["branches"] = [branch for row in repos for branch in pachctl.branches(row["name"])]
    if "commits" in gather:
        commits = inventory.commits(pachctl, repos)
        found["open_commits"] = [f"{row['repo']}@{row['id']}" for row in commits if not row["finished"]]
        found["without_tree"] = without_tree(commits)
        found["messages"] = sum(bool(row["message"]) for row in commits)
        found["history"] = history(found["branches"] or [], commits)
    if "jobs" in gather and pachctl.knows("jobs"):
        found["jobs"] = pachctl.busy_jobs()


def named(said: _version.Version, wanted: str, program: str = "") -> _version.Version:
    """The release by the name that its program has, or in the operator's words: several call themselves one (P18)."""
    by_name = _version.find(os.path.basename(program).replace("-", " "))
    for asked in (by_name, _version.parse(wanted) if wanted else None):
        if asked and called(asked) == said:
            return asked
    return said
