# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What one question after the other tells of a cluster; what is unknown is null, with the reason."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understanding
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation.recovery import held_rows
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dial, forms, inventory
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import spelling as cli
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import called
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.outputs import (
    cron_repos,
    history,
    without_tree,
)
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import (
    Pachctl,
    connected,
    demand_cluster,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import held as runtime_held
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd, unit_place, workload
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself, demand_own_program

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
    "ticks": {},
    "asked": "",
    "jobs": None,
    "problem": "",
    "not_itself": {},
}
SETTINGS = ("pachyderm_unit", "pachyderm_etcd_unit")  # which name the units that are asked, in their order
MOVED = "zz-uplift-quiet.conf"  # what systemd_environment writes for the other port


def run(runner: Runner, params: Mapping[str, Any]) -> dict[str, Any]:
    """What `pachyderm_info` does."""
    found = dict(EMPTY)
    try:
        with understanding("Pachyderm"), connected(runner, params) as pachctl:
            if params["tolerant"]:
                dial.demand_names(dial.of(params))
            _ask(pachctl, params, found)
            demand_cluster(pachctl, params["cluster"])
    except UpliftError as exc:
        if not params["tolerant"]:
            raise
        found["problem"] = str(exc)
    closed_here = _closed_here(runner, params["units"])
    own: list[systemd.Unit] = []
    try:
        own = unit_place.own(runner, dict(zip(_units(params["units"]), SETTINGS)))
        for unit in own:
            demand_own_program(unit, "pachyderm_unit", docker=False)
    except NotItself as exc:
        if not params["tolerant"]:
            raise
        found["not_itself"] = exc.row
    mounting = [words for unit in own for words in unit.mounting()]
    return {"changed": False, **found, "closed": closed_here, "mounting": mounting}


def _units(units: Sequence[str]) -> list[str]:
    """The units of systemd that are asked. None where pachd is a workload: etcd then is one as well, and whoever asks
    kubectl need not have a systemd."""
    kinds = {runtime_place.kind_of(unit) for unit in units}
    return list(units) if kinds == {runtime_place.SYSTEMD} else []


def _closed_here(runner: Runner, units: Sequence[str]) -> list[dict[str, str]]:
    places = [runtime_place.read(unit) for unit in units]
    docker = [str(place) for place in places if place.kind == runtime_place.DOCKER]
    if docker:
        raise UpliftError(
            f"Pachyderm is said to run as {docker[0]}, and Pachyderm in docker containers is not built; expected"
            " pachyderm_unit to be a systemd unit, or kubernetes:NAMESPACE/pachd. Nothing was changed."
        )
    held = [*runtime_held.everything(), *(row for unit in units for row in workload.held(runner, unit))]
    return closed([str(place) for place in places], held)


def closed(units: Sequence[str], held: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """What this collection has closed to clients at this node, whoever answers. Rows as of `_recovery`."""
    rows = [row for unit in units for row in held_rows(unit, held)]
    paths = [systemd.drop_in_path(unit, MOVED, runtime=False) for unit in units]
    return rows + [
        {"thing": "ports", "what": f"another port by {path}", "operation": ""} for path in paths if os.path.exists(path)
    ]


def _ask(pachctl: Pachctl, params: Mapping[str, Any], found: dict[str, Any]) -> None:
    found["address"], found["asked"] = pachctl.address, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    found["client_version"] = str(pachctl.version())
    server = pachctl.server()
    found["version"] = str(server)
    found["release"] = str(named(server, params["expected"], os.path.realpath(params["pachctl"])))
    found["cluster"] = pachctl.cluster()
    if pachctl.knows("whoami"):
        found["auth"] = pachctl.auth()
    if "enterprise" in params["gather"] and pachctl.knows("enterprise"):
        found["enterprise"] = pachctl.ask("enterprise").strip().splitlines()[0]
    if found["auth"] != "closed":
        _contents(pachctl, params["gather"], found)


def _contents(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    """Each part by itself: what cannot be read of one leaves the others reported."""
    problems = []
    for part in (_repos, _pipelines, _ticks, _branches, _commits, _jobs):
        try:
            part(pachctl, gather, found)
        except UpliftError as exc:
            if any(word in str(exc) for word in cli.REFUSED):
                raise
            problems.append(str(exc))
    if problems:
        raise UpliftError(" ".join(problems))


def _repos(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    if "repos" in gather:
        found["repos"] = pachctl.repos()


def _pipelines(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    if "pipelines" in gather:
        found["pipelines"] = [asdict(one) for one in pachctl.pipelines()]


def _ticks(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    """The newest tick of each cron input, where the release names the file of a tick by its time."""
    if "branches" not in gather or not pachctl.knows("branches") or forms.of(forms.TICK_FILES, pachctl.version()):
        return
    for repo in sorted(cron_repos(found["pipelines"] or []) & {row["name"] for row in found["repos"] or []}):
        heads = {row["name"]: row["head"] for row in pachctl.branches(repo)}
        paths = [row["path"] for row in pachctl.files(repo, "master")] if heads.get("master") else []
        found["ticks"] = {**found["ticks"], repo: max((path.lstrip("/") for path in paths), default="")}


def _branches(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    if "branches" in gather and pachctl.knows("branches"):
        found["branches"] = [branch for row in found["repos"] or [] for branch in pachctl.branches(row["name"])]


def _commits(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    if "commits" in gather:
        commits = inventory.commits(pachctl, found["repos"] or [])
        found["open_commits"] = [f"{row['repo']}@{row['id']}" for row in commits if not row["finished"]]
        found["without_tree"] = without_tree(commits)
        found["messages"] = sum(bool(row["message"]) for row in commits)
        found["history"] = history(found["branches"] or [], commits)


def _jobs(pachctl: Pachctl, gather: list[str], found: dict[str, Any]) -> None:
    if "jobs" in gather and pachctl.knows("jobs"):
        found["jobs"] = pachctl.busy_jobs()


def named(said: version.Version, expected: str, program: str = "") -> version.Version:
    """The release by the name that its program has, or in the operator's words: several call themselves one (P18)."""
    by_name = version.find(os.path.basename(program).replace("-", " "))
    for asked in (by_name, version.parse(expected) if expected else None):
        if asked and called(asked) == said:
            return asked
    return said
