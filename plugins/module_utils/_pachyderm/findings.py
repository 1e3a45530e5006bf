# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, read_only
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._operation.left_closed import left_closed
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumps
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import spelling as cli
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.kubernetes_findings import of_kubernetes
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.state_findings import of_state
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.trial_rules import of_trial
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.release_findings import of_release
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.unit_findings import (
    of_mounting,
    of_not_itself,
)

Seen = Mapping[str, Any]
_STOPPED_IS_CARRIED = Version(1, 9, 12)
_MIGRATED = Version(1, 5, 0)
_BACKUP_NEEDS: Mapping[str, Sequence[str]] = {
    "ebs": ("volume",),
    "gce": ("disk", "zone", "project"),
    "s3": ("bucket", "to"),
    "csi": ("claim",),
}


def findings(seen: Seen) -> list[Finding]:
    """Everything that would stop the hop, at once. `seen` holds the modules' answers by their names."""
    info = seen["info"]
    found = [
        *left_closed("pachyderm", seen.get("closed") or []),
        *_answer(info),
        *_rest(info),
        *_way(info, seen),
        *of_state(info, _targets(seen), seen["cron_again"]),
        *_store(info, seen),
        *_space(info, seen),
        *of_trial(info, _targets(seen), seen["trial"], _free(seen), _need(info, seen)),
        *_backups(seen["backup"]),
        *of_kubernetes(seen),
        *_outside(seen),
    ]
    return of_not_itself(info.get("not_itself"), found)


def _answer(info: Seen) -> Iterator[Finding]:
    problem = info.get("problem") or ""
    bare = sorted(row["name"] for row in info.get("pipelines") or [] if not _specified(row, info))
    if bare or any(word in problem for word in cli.NO_SPEC):
        yield Finding(
            "spec_unreadable",
            True,
            f"pipelines whose spec the server cannot read: {', '.join(bare) or problem}",
            "none: neither is a dump made of such a one, nor can it be made anew from anything else",
            "put the object that it names back into the object store, or delete the pipeline (delete-pipeline) and"
            " create it anew from its owner's file",
        )
    elif problem:
        yield Finding(
            "no_answer",
            True,
            f"the server does not answer everything ({problem})",
            "a running cluster at the address",
            "fix what it names; what is unknown is not taken to be well",
        )
    if info.get("auth") == "closed":
        yield Finding(
            "auth_closed",
            True,
            "authentication is on, and the token does not open it",
            "an administrator's token",
            "give one with pachyderm_token",
        )
    if info.get("version") and info.get("client_version") and info["version"] != info["client_version"]:
        yield Finding(  # P21: they talk without complaint
            "client_skew",
            True,
            f"the server is {info['version']} and pachctl is {info['client_version']}",
            "one release",
            "put the server's pachctl at pachyderm_pachctl",
        )


def _specified(row: Seen, info: Seen) -> bool:
    """Whether a pipeline was listed with its spec; the oldest releases list none."""
    return "transform" in row["spec"] or version.parse(info["version"]) < cli.HISTORY


def _rest(info: Seen) -> Iterator[Finding]:
    outputs = {row["name"] for row in info.get("pipelines") or []}
    open_ones = info.get("open_commits") or []
    loading = [name for name in open_ones if name.rsplit("@", 1)[0] not in outputs]
    if loading:
        yield Finding(  # P05, P28
            "open_commits",
            True,
            f"{len(loading)} commits that somebody writes: {', '.join(loading[:5])}",
            "none",
            "finish or delete them: a dump leaves them out without a word",
        )
    if len(open_ones) > len(loading) or info.get("jobs"):
        yield Finding(
            "jobs_running",
            False,
            f"{len(open_ones) - len(loading)} open output commits and {len(info.get('jobs') or [])} jobs",
            "none",
            "nothing: loading is shut out first, then their end is waited for",
        )
    failed = sorted(row["name"] for row in info.get("pipelines") or [] if row["state"] in ("failure", "crashing"))
    if failed:
        yield Finding(
            "pipelines_failed",
            False,
            f"pipelines that have failed: {', '.join(failed)}",
            "running or stopped pipelines",
            "nothing, or fix them first: they come along as they are",
        )


def _way(info: Seen, seen: Seen) -> Iterator[Finding]:
    if not info.get("version") or not seen["target"]:
        return
    source, target = version.parse(info["version"]), version.parse(seen["target"])
    if (source.major, source.minor) == (target.major, target.minor):
        return
    if target == _MIGRATED:
        yield Finding(
            "env_reprocess",
            False,
            "pipelines with environment variables process all their data again after the migration (guide 002)",
            "time for it",
            "nothing",
        )
    elif source < _STOPPED_IS_CARRIED:
        yield Finding(  # P06, P27
            "pipelines_reprocess",
            False,
            f"a dump of {source} does not carry what is stopped, and makes the pipelines' specs anew",
            "time for the pipelines to process their data again",
            "nothing: what comes back running is stopped again until the comparison is done",
        )


def _store(info: Seen, seen: Seen) -> Iterator[Finding]:
    if not info.get("version") or not seen["target"]:
        return
    source, target = version.parse(info["version"]), version.parse(seen["target"])
    if seen["nested"] and source < dumps.NESTED_UNTIL <= target:
        yield Finding(  # P22
            "local_store_nested",
            True,
            f"the local object store keeps its files below {seen['nested']}, as releases before 1.9.12 do",
            "object and block right below PACH_ROOT, where the target looks for them",
            "stop the server, move both directories up, and leave links at the old place",
        )


def _targets(seen: Seen) -> list[str]:
    return list(seen["targets"] or [one for one in (seen["target"],) if one])


def _free(seen: Seen) -> int | None:
    found: int | None = ((seen["space"].get("paths") or {}).get(seen["backup_dir"]) or {}).get("free")
    return found


def _need(info: Seen, seen: Seen) -> int:
    objects = sum(int(row["size"] or 0) for row in info.get("repos") or []) if seen["full"] else 0
    return objects + int(seen["free_bytes"])


def _space(info: Seen, seen: Seen) -> Iterator[Finding]:
    free, need = _free(seen), _need(info, seen)
    if free is None:
        yield Finding(
            "space_unknown",
            True,
            f"the free space at {seen['backup_dir']} is unknown",
            "a number",
            "see that the directory can be read and made",
        )
    elif free < need:
        yield Finding(
            "no_space",
            True,
            f"{free} bytes free at {seen['backup_dir']}",
            f"{need} bytes for the dump and the snapshot",
            "make free space, or name another directory with pachyderm_backup_dir",
        )
    yield from read_only(seen["space"], "pachyderm_backup_dir for dumps, or with pachyderm_pachctl and pachyderm_pachd")
    missing = sorted(name for name, path in (seen["space"].get("programs") or {}).items() if not path)
    if missing:
        yield Finding(
            "program_missing",
            True,
            f"no program {', '.join(missing)} at the node",
            "it is installed",
            "install it",
        )


def _backups(expected: Sequence[Seen]) -> Iterator[Finding]:
    for one in expected:
        missing = [name for name in _BACKUP_NEEDS[one["kind"]] if not one.get(name)]
        if missing:
            yield Finding(
                "backup_unclear",
                True,
                f"a backup of the kind {one['kind']} without {', '.join(missing)}",
                ", ".join(_BACKUP_NEEDS[one["kind"]]),
                "complete it in pachyderm_backup",
            )


def _outside(seen: Seen) -> Iterator[Finding]:
    yield from of_mounting(seen["info"].get("mounting") or (), "metadata")
    for release in seen["releases"]:
        yield from of_release(release, "pachyderm")
