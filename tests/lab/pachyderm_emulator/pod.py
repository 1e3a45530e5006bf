# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of the pod of 1.5's migration: what it logs, and that it ends well whatever it has met (P16, P31)."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from typing import Any

from .pipelines import inputs
from .release import proved
from .store import Store


def migrate_etcd(pair: str) -> int:
    found = re.fullmatch(r"(\d+\.\d+\.\d+)-(\d+\.\d+\.\d+)", pair)
    if not found:
        proved("a migration of such a pair", "pod_migrate_pre_release")
        return complain("the migration flag needs to be of the format FROM_VERSION-TO_VERSION; e.g. 1.4.8-1.5.0")
    source, target = found.groups()
    unable = f"error from migration: unable to find a migration routine that migrates from version {source}"
    if not source.startswith("1.4."):
        proved("a migration from there", "pod_migrate_wrong_from")
        return complain(unable)
    if target != "1.5.0":
        proved("a migration to there", "pod_migrate_wrong_to")
        return complain(f"{unable} to version {target}")
    store = Store()
    state = store.load()
    again = state["layout"] != "1.4"
    proved("a migration", *(("pod_migrate_again",) if again else ("pod_migrate", "rich_pod_migrate")))
    if again and state["jobs"]:
        proved("a second migration of jobs", "rich_pod_migrate_again")
    lines = list(migration_log(state, again))
    state["layout"] = "1.5"
    store.save(state)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stderr.write("".join(f"{stamp} {line}\n" for line in lines))
    return 0


def complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


def bad(key: str, why: str) -> str:
    return f"ERROR error unmarshalling object {key}: {why}"


def migration_log(state: dict[str, Any], again: bool) -> Iterator[str]:
    for name, one in state["pipelines"].items():
        for repo, _branch in inputs(one["spec"]["input"]):
            key = f'pachyderm_pfs/repos__index_{{Provenance %!s(bool=true)}}/name:"{repo}" /{name}'
            yield bad(key, f'line 1.0: unknown field name "{name}" in pfs.RepoInfo')
    if again:
        for name in state["repos"]:
            yield bad(f"pachyderm_pfs/repos/{name}", "line 2: unexpected byte 0x6")
    yield "INFO  finished migrating repos"
    if again:
        for name, held in state["repos"].items():
            for commit in held["commits"]:
                yield bad(f"pachyderm_pfs/commits/{name}/{commit['id']}", "line 2: unexpected byte 0x2a")
    yield "INFO  finished migrating commits"
    if again:
        for name, held in state["repos"].items():
            for branch in held["branches"]:
                yield bad(f"pachyderm_pfs/branches/{name}/{branch}", "line 2: unexpected byte 0x6")
    yield "INFO  finished migrating branches"
    for name, one in state["pipelines"].items():
        flag = f"%!s(bool={str(one['stopped']).lower()})"
        key = f"pachyderm_pps/pipelines__index_{{Stopped %!s(bool=false)}}/{flag}/{name}"
        yield bad(key, f'line 1.0: unknown field name "{name}" in pps.PipelineInfo')
        if again:
            yield bad(f"pachyderm_pps/pipelines/{name}", "line 2: unexpected byte 0x7")
    yield "INFO  finished migrating pipelines"
    for job in state["jobs"]:
        yield from job_lines(job)
    yield "INFO  finished migrating jobs"


def job_lines(job: dict[str, Any]) -> Iterator[str]:
    """rich_pod_migrate: three of each job."""
    why = f'line 1.0: unknown field name "{job["id"]}" in pps.JobInfo'
    ((repo, branch),) = inputs(job["spec"]["input"])
    read = f'atom:<name:"{repo}" repo:"{repo}" branch:"{branch}" commit:"{job["read"]}" glob:"/*" > '
    yield bad(f"pachyderm_pps/jobs__index_{{Input %!s(bool=false)}}/{read}/{job['id']}", why)
    yield bad(f'pachyderm_pps/jobs__index_{{Pipeline %!s(bool=false)}}/name:"{job["pipeline"]}" /{job["id"]}', why)
    yield bad(f"pachyderm_pps/jobs__index_{{Stopped %!s(bool=false)}}/%!s(bool=false)/{job['id']}", why)
