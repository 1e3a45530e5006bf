# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that show pipelines and jobs."""

from __future__ import annotations

import json
from typing import Any

from .client import ask
from .release import Failed, V, proved
from .text import Row, ago, camel, dump_json, id_of, plain_time, prune, table, timeout

JOBS = ("JOB_STARTING", "JOB_RUNNING", "JOB_FAILURE", "JOB_SUCCESS")
# What a dump carries and `extract-pipeline` tells: settings_extract_pipeline.
TOLD = ("parallelism_spec", "hashtree_spec", "egress", "output_branch", "resource_requests", "resource_limits", "input",
        "description", "cache_size", "enable_stats", "max_queue_size", "service", "chunk_spec", "datum_timeout",
        "job_timeout")  # fmt: skip


def with_names(spec: Any) -> Any:
    """The fields of an input in the order of the real ones, and with their defaults."""
    found: Row = {}
    for key, value in (spec or {}).items():
        if key in ("atom", "pfs"):
            read = {"name": value["repo"], "repo": value["repo"], "branch": value.get("branch", "master")}
            found[key] = {**read, "glob": value["glob"]}
        elif key == "cron":
            found[key] = {part: value[part] for part in ("name", "repo", "spec", "start")}
        else:
            found[key] = [with_names(part) for part in value]
    return found


def settings(one: Row) -> Row:
    """Those of the specification, with the server's defaults: list_pipeline_raw, settings_list_pipeline_raw."""
    spec = one["spec"]
    new = V >= (1, 7, 0)
    transform = {key: spec["transform"][key] for key in ("image", "cmd", "env") if key in spec["transform"]}
    defaults: Row = {"output_branch": "master"}
    if new:
        defaults |= {"resource_requests": {"memory": "64M"}, "cache_size": "64M", "max_queue_size": "1"}
    given = {key: str(spec[key]) for key in ("max_queue_size", "datum_tries") if key in spec}
    times = {key: timeout(spec[key]) for key in ("datum_timeout", "job_timeout") if key in spec}
    others = {key: value for key, value in spec.items() if key not in ("pipeline", "transform", "input")}
    tries = {"datum_tries": "3"} if new else {}
    if "parallelism_spec" in spec:
        others["parallelism_spec"] = {key: str(value) for key, value in spec["parallelism_spec"].items()}
    for key in ("hashtree_spec", "chunk_spec"):
        if key in spec:
            others[key] = {name: str(value) for name, value in spec[key].items()}
    return {
        "pipeline": spec["pipeline"], "transform": transform, **defaults, **tries, **others, **given, **times,
        "input": with_names(spec.get("input")) or None,
    }  # fmt: skip


def reason(one: Row) -> str:
    """1.8.8/settings_list_pipeline_raw."""
    if "pod_patch" not in one["spec"] or one["state"] != "PIPELINE_STARTING":
        return ""
    path = json.loads(one["spec"]["pod_patch"])[0]["path"]
    words = "jsonpatch add operation does not apply: doc is missing path:"
    return f'failed to create workers: {words} "{path}"'


def counts(one: Row) -> dict[str, int]:
    """worker_list_pipeline_raw: those that a job went through are there, if only with 0."""
    if not one["jobs"]:
        return {}
    if V < (1, 7, 0):
        return {str(number): one["jobs"].count(name) for number, name in enumerate(JOBS) if name in one["jobs"]}
    shown = {"0": 0, "1": 0} | {str(JOBS.index(name)): one["jobs"].count(name) for name in one["jobs"]}
    return shown | ({"5": 0} if V >= (1, 8, 0) else {})


def pipeline_json(one: Row) -> Row:
    state = "" if one["state"] == "PIPELINE_STARTING" else one["state"]
    whole = {
        **settings(one), "version": str(one["version"]), "created_at": one["created"], "state": state,
        "reason": reason(one), "stopped": one["stopped"], "job_counts": counts(one) or None,
        "last_job_state": one["jobs"][-1] if one["jobs"] and V >= (1, 8, 0) else "",
    }  # fmt: skip
    if V >= (1, 7, 0):
        whole |= {"salt": one["salt"], "spec_commit": id_of("__spec__", one["spec_commit"])}
    else:
        whole["id"] = one["salt"]
    found: Row = camel(whole)
    return found


def shown_input(spec: Any) -> str:
    if not spec:
        return "none"
    for kind in ("atom", "pfs"):
        if kind in spec:
            return f"{spec[kind]['repo']}:{spec[kind]['glob']}"
    if "cron" in spec:
        proved("list-pipeline of a cron", "cron_list_pipeline")
    return "(" + " ⨯ ".join(shown_input(part) for part in spec.get("cross", [])) + ")"


def list_pipeline(raw: bool) -> None:
    cases = ("list_pipeline_raw", "rich_list_pipeline_raw", "rich_list_pipeline_raw_migrated")
    tables = (
        "list_pipeline", "list_pipeline_after_patch_from_1_8_0", "list_pipeline_not_migrated", "rich_list_pipeline",
        "list_pipeline_started_on_1_7_14",
    )  # fmt: skip
    proved("list-pipeline --raw" if raw else "list-pipeline", *(cases if raw else tables))
    try:
        listed = ask("list-pipeline")
    except Failed as error:
        # The other commands say it without these words.
        words = "error connecting to pachd: " if str(error).startswith("could not") else ""
        raise Failed(f"{words}{error}") from None
    if raw:
        return dump_json([pipeline_json(one) for one in listed])
    rows = [["NAME", "INPUT", "OUTPUT", "CREATED", "STATE"]]
    for one in listed:
        name, state = one["spec"]["pipeline"]["name"], one["state"].rpartition("_")[2].lower()
        read = shown_input(one["spec"].get("input"))
        rows.append([name, old_input(read, one), f"{name}/master", ago(one["created"]), state])
    if V >= (1, 8, 1):
        rows = [[row[0], row[1], row[3], f"{row[4]} / starting"] for row in rows]
        rows[0][3] = "STATE / LAST JOB"
        if any(one["jobs"] for one in listed):
            proved("list-pipeline of one with a job", "worker_list_pipeline")
    if V >= (1, 9, 0):
        rows = [[row[0], str(listed[i - 1]["version"]) if i else "VERSION", *row[1:]] for i, row in enumerate(rows)]
    return table(rows)


def old_input(read: str, one: Row) -> str:
    """1.4.8/list_pipeline and rich_list_pipeline: in parentheses, unless the pipeline has a number of workers."""
    return f"({read})" if V < (1, 6, 0) and "parallelism_spec" not in one["spec"] else read


def extract_pipeline(name: str) -> None:
    """trap P38: what it lacks against list-pipeline is what a dump loses."""
    proved("extract-pipeline", "settings_extract_pipeline")
    one = ask("inspect-pipeline", name=name)
    held = settings(one)
    kept = {key: held[key] for key in ("pipeline", "transform", *TOLD) if key in held}
    dump_json([camel({**kept, "salt": one["salt"]})])


def inspect_pipeline(name: str) -> None:
    proved("inspect-pipeline", "settings_inspect_pipeline", "settings_inspect_pipeline_from_1_8_8",
           "rich_inspect_pipeline", "rich_inspect_pipeline_migrated")  # fmt: skip
    one = ask("inspect-pipeline", name=name)
    held, blank = settings(one), "\n"
    lines = [f"Name: {name}"]
    lines += [f"Description: {held['description']}"] if held.get("description") else []
    lines += [f"Created: {ago(one['created'])}", f"State: {one['state'].rpartition('_')[2].lower()}"]
    if V >= (1, 7, 0):
        lines += [f"Stopped: {str(one['stopped']).lower()}", f"Reason: {reason(one)}"]
    lines += ["Parallelism Spec: " + "".join(f"{key}:{value}" for key, value in held["parallelism_spec"].items())]
    lines += limits(held) if V >= (1, 7, 0) else [""]
    lines += [
        "Input:",
        json.dumps(camel(held["input"]), indent=2),
        *([""] if V < (1, 7, 0) else ["", ""]),
    ]
    lines += ["Output Branch: master", "Transform:", json.dumps(held["transform"], indent=2), "", "", "Job Counts:"]
    done = [f"{word[4:].lower()}: {one['jobs'].count(word)}" for word in JOBS]
    print("\n".join(lines) + blank + "\t".join(done) + "\t\n")


def limits(held: Row) -> list[str]:
    found = []
    for title, key in (("ResourceRequests:", "resource_requests"), ("ResourceLimits:", "resource_limits")):
        found += [title, f"  CPU: {held[key].get('cpu', 0)}", f"  Memory: {held[key]['memory']}"]
    found += ["  GPU: 0"] if V < (1, 8, 0) else [""]
    return found + [f"Datum Timeout: {plain_time(raw_time(held['datum_timeout']))}",
                    f"Job Timeout: {plain_time(raw_time(held['job_timeout']))}"]  # fmt: skip


def raw_time(text: str) -> str:
    return text.replace(".000s", "s")


def list_job(raw: bool) -> None:
    cases = ("list_job_raw", "rich_list_job_raw", "rich_list_job_raw_migrated")
    proved("list-job --raw" if raw else "list-job", *(cases if raw else ("list_job",)))
    dump_json([camel(prune(job_json(one))) for one in ask("list-job")])


def job_json(one: Row) -> Row:
    """1.7 tells the specification along with it: worker_list_job_raw, failed_list_job_raw, rich_list_job_raw."""
    if V < (1, 7, 0):
        return old_job(one)
    good = one["state"] == "JOB_SUCCESS"
    fine = dict.fromkeys(("download_time", "process_time", "upload_time"), "0.000s" if V < (1, 8, 0) else "0s")
    told: Row = {
        "job": {"id": one["id"]}, "pipeline": {"name": one["pipeline"]}, "started": one["started"],
        "finished": one["finished"], "output_commit": id_of(one["pipeline"], one["commit"]), "state": one["state"],
        "reason": one["reason"], "output_repo": {"name": one["pipeline"]},
        "data_processed" if good else "data_failed": str(one["data"]), "data_total": str(one["data"]),
        "stats": {**fine, **({"download_bytes": str(one["size"]), "upload_bytes": str(one["size"])} if good else {})},
    }  # fmt: skip
    if V < (1, 8, 0):
        held = settings({"spec": one["spec"]})
        told |= {
            "transform": held["transform"], "pipeline_version": str(one["version"]), "output_branch": "master",
            "resource_requests": held["resource_requests"], "input": read_by(held["input"], one), "salt": one["salt"],
            "datum_tries": held["datum_tries"],
        }  # fmt: skip
    return told


def read_by(spec: Row, one: Row) -> Row:
    return {kind: {**value, "commit": one["read"]} for kind, value in spec.items()}


def old_job(one: Row) -> Row:
    held = settings({"spec": one["spec"]})
    started = one["state"] == "JOB_RUNNING"
    ((_kind, read),) = held["input"].items()
    head = {"name": read["branch"], "head": id_of(read["repo"], one["read"])}
    return {
        "job": {"id": one["id"]}, "transform": held["transform"], "pipeline_id": one["salt"],
        "pipeline": {"name": one["pipeline"]}, "pipeline_version": "1", "parallelism_spec": held["parallelism_spec"],
        "parent_job": {"id": one["parent"]} if one["parent"] else None, "started": one["started"],
        "state": one["state"] if started else "", "output_repo": {"name": one["pipeline"]}, "output_branch": "master",
        "restart": "1" if started else "", "data_total": "1" if started else "", "input": read_by(held["input"], one),
        "new_branch": head,
    }  # fmt: skip
