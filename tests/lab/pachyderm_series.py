# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second series of Pachyderm's captures: few bytes, pipelines that a worker can run, and each state by its name."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from tests.lab.pachyderm_states import FILES, Maker
from tests.lab.proc import wait_for

PATCH = json.dumps([{"op": "add", "path": "/metadata/labels/x", "value": "y"}])
TUNED: dict[str, Any] = {
    "description": "tuned, of all kinds", "parallelism_spec": {"constant": "2"},
    "resource_requests": {"memory": "128M"}, "resource_limits": {"cpu": 1, "memory": "128M"}, "cache_size": "128M",
    "max_queue_size": "2", "chunk_spec": {"number": "3"}, "datum_timeout": "30s", "job_timeout": "60s",
    "standby": True, "datum_tries": "5",
    "scheduling_spec": {"node_selector": {"disk": "ssd"}, "priority_class_name": "high"},
}  # fmt: skip
TUNED_LATER: dict[str, Any] = {"hashtree_spec": {"constant": "2"}, "pod_patch": PATCH}
SERVED: dict[str, Any] = {
    "egress": {"URL": "s3://bucket/dir"},
    "service": {"internal_port": 8080, "external_port": 30080},
}


def small(make: Maker) -> None:
    make.do("create", "repo", "data", "--description", "raw input")
    make.do("create", "repo", "lookup")
    make.commit("data", "master", "/a.txt")
    make.commit("data", "master", "/dir/b.txt")
    make.commit("data", "staging", "/only-staging.txt", parent="master")
    make.commit("lookup", "master", "/table.csv")


def edges(make: Maker) -> None:
    small(make)
    make.pipeline("edges")


def branched(make: Maker) -> None:
    edges(make)
    make.do("create", "branch", *make.place("data", "empty"))
    make.do("create", "branch", *make.place("data", "rel"), "--head", "master")


def writing(make: Maker) -> None:
    branched(make)
    make.do("start", "commit", *make.place("data", "master"), "-m", "why")


def busy(make: Maker) -> None:
    writing(make)
    make.do("finish", "commit", *make.place("data", "master"))


def edited(make: Maker) -> None:
    busy(make)
    make.do("delete", "file", *make.place("data", "master", "/a.txt"))


def second(make: Maker) -> None:
    edited(make)
    make.pipeline("second")


def seconded(make: Maker) -> None:
    second(make)
    make.pipeline("second", verb="update", description="two")


def unseconded(make: Maker) -> None:
    seconded(make)
    make.do("delete", "pipeline", "second")
    make.do("delete", "branch", *make.place("data", "rel"))


def bare(make: Maker) -> None:
    make.do("create", "repo", "data")
    make.commit("data", "master", "/a.txt")
    make.do("delete", "repo", "data")


def cron(make: Maker) -> None:
    """It began two ticks ago: that it made them at once, nobody sees."""
    small(make)
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 21))
    tick = {"name": "tick", "spec": "@every 10s", "start": start}
    make.pipeline("clock", transform={"image": "alpine:3", "cmd": ["true"]}, input={"cron": tick})
    wait_for(
        "the cron has ticked twice", lambda: "" if len(make.listed("commit", "clock_tick")) >= 2 else "not yet", 20
    )


def derive(make: Maker) -> None:
    make.do("create", "repo", "derived")
    make.do("create", "branch", *make.place("derived", "master"), "-p", "data/master")


def free(make: Maker, repo: str, branch: str) -> None:
    make.do("create", "branch", *make.place(repo, branch), "--head", branch)


def message(make: Maker) -> None:
    make.do("create", "repo", "data", "--description", "raw input")
    place = make.place("data", "master")
    make.do("start", "commit", *place, "-m", "why this was loaded")
    make.do("put", "file", *make.place("data", "master", "/a.txt"), "-f", "-", stdin=FILES["/a.txt"])
    make.do("finish", "commit", *place)
    make.do("start", "commit", *place)
    make.do("put", "file", *make.place("data", "master", "/dir/b.txt"), "-f", "-", stdin=FILES["/dir/b.txt"])
    make.do("finish", "commit", *place, "-m", "said at the end")


def tagged(make: Maker, *branches: str) -> None:
    make.do("create", "repo", "tagged")
    for branch in branches:
        path = {"v1.0": "/x.txt", "feature/x": "/y.txt"}.get(branch, "/m.txt")
        make.do("put", "file", *make.place("tagged", branch, path), "-f", "-", stdin=FILES[path])


def renamed(make: Maker, delete: bool = True) -> None:
    tagged(make, "master", "v1.0")
    make.do("create", "branch", *make.place("tagged", "v1-0"), "--head", "v1.0")
    if delete:
        make.do("delete", "branch", *make.place("tagged", "v1.0"))


def settings(make: Maker) -> None:
    small(make)
    later = make.number >= (1, 8, 1)
    make.pipeline("tuned", **TUNED, **(TUNED_LATER if later else {}))
    make.pipeline("podded", pod_spec='{"hostname": "worker"}')
    make.pipeline("served", **SERVED)
    if later:
        make.pipeline("spouty", transform={"image": "alpine:3", "cmd": ["sh"]}, input=None, spout={"overwrite": True})
    make.settle("PIPELINE_RUNNING")


def stats(make: Maker, alone: bool = False) -> None:
    small(make)
    make.pipeline("statsy", enable_stats=True)
    if not alone:
        derive(make)
        make.commit("data", "master", "/c.txt")


def failing(make: Maker) -> None:
    small(make)
    make.pipeline("edges", transform={"image": "alpine:3", "cmd": ["false"]})
    make.work("edges", succeeds=False)


def rich(make: Maker) -> None:
    """1.4 lists first what was changed last."""
    make.do("create", "repo", "data", "--description", "raw input")
    make.do("create", "repo", "lookup")
    make.commit("data", "master", "/a.txt")
    make.commit("data", "master", "/dir/b.txt")
    make.commit("lookup", "master", "/table.csv")
    make.commit("data", "staging", "/only-staging.txt", parent="master")
    make.pipeline("edges", parallelism_spec={"constant": "2"}, description="edges of pictures")
    make.world.tell("begin_jobs", name="edges")


Step = Callable[[Maker], None]


def after(*steps: Step) -> Step:
    def run(make: Maker) -> None:
        for step in steps:
            step(make)

    return run


def finished(*repos: str) -> Step:
    return after(*(lambda make, repo=repo: make.finish(repo) for repo in repos))


def stopping(make: Maker) -> None:
    make.stop()


def worked(make: Maker) -> None:
    edges(make)
    make.work("edges", succeeds=True)


def freed(make: Maker) -> None:
    free(make, "statsy", "stats")
    free(make, "derived", "master")


def derived_freed(make: Maker) -> None:
    small(make)
    derive(make)
    make.finish("derived")
    free(make, "derived", "master")


def again(make: Maker) -> None:
    """A second commit of the input, whose output was finished by hand."""
    make.commit("data", "master", "/c.txt")
    make.finish("edges")


def updated(make: Maker) -> None:
    edges(make)
    make.pipeline("edges", verb="update", description="second")
    make.settle("PIPELINE_RUNNING")


def named(*branches: str) -> Step:
    return lambda make: tagged(make, *branches)


def alone(make: Maker) -> None:
    stats(make, alone=True)


FINISHED_STATS = after(stats, stopping, finished("statsy", "derived"))
FINISHED_ALONE = after(alone, stopping, finished("statsy"))


def _deleted(make: Maker) -> None:
    make.do("delete", "branch", *make.place("statsy", "stats"))


# state -> how it is made
STATES: dict[str, Step] = {
    "small": edges, "branched": branched, "writing": writing, "busy": busy, "edited": edited, "second": second,
    "seconded": seconded, "unseconded": unseconded, "bare": bare, "cron": cron,
    "cron_stopped": after(cron, stopping, finished("clock")), "derived_freed": derived_freed, "failed": failing,
    "failed_stopped": after(failing, stopping), "failed_parent_stopped": after(failing, again, stopping),
    "message": message, "names": named("master", "v1.0", "feature/x"), "names_0": named(), "names_1": named("master"),
    "names_2": named("master", "v1.0"), "names_3": lambda make: renamed(make, delete=False), "names_renamed": renamed,
    "settings": settings, "settings_stopped": after(settings, stopping),
    "settings_finished": after(settings, stopping, finished("tuned", "podded", "served")),
    "stats": stats, "stats_stopped": after(stats, stopping), "stats_finished": FINISHED_STATS,
    "stats_freed": after(FINISHED_STATS, freed), "stats_alone": FINISHED_ALONE,
    "stats_one": after(FINISHED_ALONE, lambda make: free(make, "statsy", "stats")),
    "stats_deleted": after(FINISHED_ALONE, _deleted),
    "updated": updated, "updated_stopped": after(updated, finished("edges"), stopping),
    "worker": worked, "worker_stopped": after(worked, stopping), "rich": rich,
}  # fmt: skip


# name of a case -> the state that it was asked in; the first that fits.
ASKED: tuple[tuple[str, str], ...] = (
    (r"create_branch_|create_repo_dot", "small"),
    (r"start_commit_message", "branched"),
    (r"finish_commit$", "writing"),
    (r"create_pipeline_stdin|delete_repo_provenance|list_job_raw$", "edited"),
    (r"create_pipeline_exists|update_pipeline_stdin", "second"),
    (r"delete_pipeline", "seconded"),
    (r"provenance_", "unseconded"),
    (r"auth_whoami|delete_|fsck$|get_file_|list_branch$|list_\w+_unknown_|list_file_table|put_file_output|finish_commit_f"
     r"|start_commit_output", "busy"),
    (r"names_create_branch_dot", "names_0"),
    (r"names_put_file_dot", "names_1"),
    (r"names_put_file_slash|names_renamed_create_branch", "names_2"),
    (r"names_renamed_delete_branch", "names_3"),
    (r"settings_stopped_extract", "settings_finished"),
    (r"stats_create_branch_head", "stats_finished"),
    (r"stats_delete_branch", "stats_alone"),
    (r"(bare|cron_stopped|derived_freed|failed_parent_stopped|failed_stopped|message|names_renamed|settings_stopped"
     r"|stats_freed|stats_stopped|stats_one|stats_deleted|updated_stopped|worker_stopped)_", r"\1"),
    (r"(cron|failed|names|settings|stats|updated|worker)_", r"\1"),
    (r"rich_(?!pod)(?!\w+migrated)", "rich"),
)  # fmt: skip


def asked(name: str) -> str:
    """The state of a case of the second series, "" of others."""
    for pattern, state in ASKED:
        if found := re.match(pattern, name):
            return found.expand(state)
    return ""
