# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens by itself: workers end the jobs of pipelines, and crons tick.

No worker is emulated: `worker` is what one tells the server, and the lab asks for it in the worker's place.
"""

from __future__ import annotations

import os
import re
import sys
import time
import uuid
from calendar import timegm
from typing import Any

from .commits import SPECS, total
from .pipelines import Pipelines, crons, inputs
from .reading import Made
from .release import Uncaptured, V, proved
from .store import now

DATUM = "8b05" + "0" * 60
# How a pipeline's command that copies begins: what it reads is what it puts out.
COPIES = "cp -r /pfs/"


def clock() -> float:
    """LAB_LATER: how many seconds later than others this server lives, so that nobody waits for missed ticks."""
    return time.time() + float(os.environ.get("LAB_LATER") or 0)


def stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def moment(text: str) -> float:
    return timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


class Lives(Pipelines):
    # -- workers

    def worker(self, repo: str, commit: str, succeeds: bool) -> None:
        """The end of a job. trap P36: from 1.8 such a commit has `trees` and `datums`, and no `tree`; trap P37."""
        found = self.commit(repo, commit)
        one = self.pipeline(repo, "InspectPipeline")
        if found["finished"] or not found["provenance"]:
            raise Uncaptured(f"a worker that ends {repo}@{commit}, which is no open output")
        if list(one["spec"].get("input") or {}) not in (["atom"], ["pfs"]):
            raise Uncaptured(f"a worker of {repo}, which reads a cron or several repos")
        proved("a job that " + ("succeeds" if succeeds else "fails"),
               "worker_list_commit_raw" if succeeds else "failed_list_commit_raw")  # fmt: skip
        files = self.copied(found) if succeeds and COPIES in " ".join(one["spec"]["transform"]["cmd"]) else {}
        if succeeds:
            tree = self.kept_tree(files)
            later = {"trees": [{"hash": tree}], "datums": {"hash": self.store.put(DATUM.encode())}}
            found.update({"tree": tree} if V < (1, 8, 0) else later)
            self.state["tags"][DATUM[:12]] = tree
        found.update(finished=now(), size=total(files), grown=total(files), files={}, worker=True)
        self.state["jobs"].append(self.job(one, found, succeeds, total(files)))

    def copied(self, commit: Made) -> dict[str, Any]:
        files: dict[str, Any] = {}
        for repo, _branch, number in commit["provenance"]:
            if repo != SPECS:
                files |= self.tree(self.commit(repo, number))
        return files

    def job(self, one: Made, commit: Made, succeeds: bool, size: int) -> Made:
        read = next(([repo, number] for repo, _branch, number in commit["provenance"] if repo != SPECS), ["", ""])
        data = {path.split("/")[1] for path in self.tree(self.commit(*read))}
        return {
            "id": uuid.uuid4().hex, "pipeline": one["spec"]["pipeline"]["name"], "commit": commit["id"],
            "read": read[1],
            "spec": one["spec"], "salt": one["salt"], "version": one["version"], "started": commit["started"],
            "finished": commit["finished"], "state": "JOB_SUCCESS" if succeeds else "JOB_FAILURE", "size": size,
            "data": len(data), "reason": "" if succeeds else f"failed to process datum: {DATUM}",
        }  # fmt: skip

    def begin_jobs(self, name: str) -> None:
        """What the master of 1.4 does by itself, and did not in the first series: one for each commit that is read."""
        proved("the jobs of a pipeline that no worker has run", "rich_list_job_raw")
        one = self.pipeline(name, "InspectPipeline")
        ((repo, branch),) = inputs(one["spec"]["input"])
        parent, at, line = "", self.resolve(repo, branch), []
        while at:
            line.append(at["id"])
            at = self.resolve(repo, at["parent"]) if at["parent"] else None
        for number in reversed(line):
            state = "JOB_STARTING" if parent else "JOB_RUNNING"
            job = {"id": str(uuid.uuid4()), "pipeline": name, "read": number, "parent": parent, "state": state}
            self.state["jobs"].append({**job, "spec": one["spec"], "salt": one["salt"], "started": now()})
            parent = job["id"]

    # -- crons

    def tick(self) -> None:
        """Every tick that is due, those that were missed too: 1.9.0/cron_list_commit_from_1_8_8."""
        for one in self.state["pipelines"].values():
            if not one["stopped"]:
                for cron in crons(one["spec"].get("input")):
                    self.tick_one(cron)

    def tick_one(self, cron: dict[str, Any]) -> None:
        found = re.fullmatch(r"@every (\d+)s", cron["spec"])
        if not found:
            raise Uncaptured(f"a cron {cron['spec']}")
        head = self.resolve(cron["repo"], "master")
        names = [path.lstrip("/") for path in self.tree(head)] if head else []
        if V < (1, 8, 0):
            last = max([moment(cron["start"]), *(moment(one["due"]) for one in self.ticks(cron["repo"]))])
        elif "time" in names:
            # trap P39, the log of a real server; 1.8.8/cron_list_commit_from_1_7_14: no tick comes any more.
            why = 'parsing time "time" as "2006-01-02T15:04:05Z07:00": cannot parse "time" as "2006"'
            print(f"error in cron for tick: {why}: retrying in: 1s", file=sys.stderr, flush=True)
            return
        else:
            last = max([moment(cron["start"]), *map(moment, names)])
        while last + int(found[1]) <= clock():
            last += int(found[1])
            self.write_tick(cron["repo"], stamp(last))

    def ticks(self, repo: str) -> list[Made]:
        return [one for one in self.repo(repo)["commits"] if "due" in one]

    def write_tick(self, repo: str, due: str) -> None:
        """1.7.14/cron_list_file: one file, of 26 bytes; 1.8.8/cron_list_file: an empty one for each."""
        commit = self.commit(repo, self.start_commit(repo, "master"))
        name, data = ("/time", due[:-1] + ".00000Z") if V < (1, 8, 0) else (f"/{due}", "")
        commit["files"][name] = [self.store.put(data.encode()), len(data)]
        commit["due"] = due
        self.close(repo, commit)
