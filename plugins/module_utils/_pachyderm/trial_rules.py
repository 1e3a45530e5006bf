# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: whether a dump can be restored into a scratch server before the teardown, what it takes, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, some
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import access, dumps, forms

Seen = Mapping[str, Any]
SYSTEMD_RUN = "systemd-run"
METADATA = 256 << 20
"""Bytes for an etcd, which takes 128 MiB before it holds anything, and the logs; the objects of a full dump besides."""
MEMORY = 512 << 20
"""Bytes for etcd and pachd with a cache of 64 MiB. Measured: 30 MiB at a small cluster; operations are up to 20 MiB."""
# Measured on 1.8.7 and later. 1.7.14 and 1.8.0 ask etcd at 2379 whatever they are told: that is the cluster's own.
TAKES_A_PORT = Version(1, 8, 7)
LEAVE_OUT = "leave the trial out with pachyderm_try_restore: false"

UNLIKE = (
    "Restoring is not tried while clients work: a dump of {source} that is made while pipelines run ({pipelines})"
    " leaves their output out, and is another than the one that will be restored. It is tried once they are stopped."
)


@dataclass(frozen=True)
class Asked:
    """One hop by a dump. full: whether the dump holds objects. missing: programs that the node has not."""

    source: Version
    target: Version
    full: bool
    on: bool = True
    platform: str = "systemd"
    auth: bool = False
    missing: Sequence[str] = ()


def untried(asked: Asked) -> str:
    """The sentence of the plan where restoring is not tried beforehand; "" where it is."""
    why = _why(asked)
    return f"Restoring is not tried beforehand ({asked.source} -> {asked.target}): {why}." if why else ""


def _why(asked: Asked) -> str:
    if not asked.on:
        return "pachyderm_try_restore is false"
    if asked.platform != "systemd":
        return "on Kubernetes a server of the new release is deployed there or not at all (side_by_side does so)"
    if asked.auth:
        return "authentication is on, and a scratch server would hold its tokens"
    if asked.target < TAKES_A_PORT:
        return f"pachd of {asked.target} asks for etcd at port 2379 alone, and that one is the cluster's own"
    if not asked.full and forms.of(forms.NEEDS_TREE, asked.source):
        return (
            f"a dump of {asked.source} without objects is restored over the cluster's own object store alone, and"
            " nothing is let write there beforehand"
        )
    if asked.missing:
        return f"there is no program {', '.join(asked.missing)} at the node"
    return ""


def needed(sizes: int, full: bool) -> int:
    """Bytes on disk that a trial takes while it lasts. `sizes`: of what the dump holds of objects."""
    return METADATA + (sizes if full else 0)


def hops(info: Seen, targets: Sequence[str], trial: Seen) -> Iterator[Asked]:
    """The hops by a dump that undeploy. In parallel with the old cluster nothing is torn down before the restore."""
    if not info.get("version") or trial["strategy"] == "side_by_side":
        return
    source = version.parse(info["version"])
    for name in targets:
        target = version.parse(name)
        if (source.major, source.minor) != (target.major, target.minor) and dumps.writes(source):
            full = dumps.form(source, target, trial["objects"], parallel=False) == dumps.FULL
            missing = [program for program, path in sorted(trial["programs"].items()) if not path]
            auth = access.carried(info.get("auth") or "", source)
            yield Asked(source, target, full, trial["on"], trial["platform"], auth, missing)
        source = target


def of_trial(info: Seen, targets: Sequence[str], trial: Seen, free: int | None, need: int) -> Iterator[Finding]:
    """What the plan says of the trial. trial: {on, platform, objects, strategy, programs, memory}.

    free: bytes where dumps lie. need: bytes that the dump takes there besides.
    """
    asked = list(hops(info, targets, trial)) if trial else []
    said = [sentence for sentence in map(untried, asked) if sentence]
    if said:
        yield Finding(
            "restore_untried",
            False,
            " ".join(said).rstrip("."),
            "a restore into a scratch server, before anything is torn down",
            "nothing: a restore that fails is gone back from with the playbook uplift.datastores.pachyderm_rollback",
        )
    tried = [one for one in asked if not untried(one)]
    if not tried:
        return
    sizes = sum(int(row["size"] or 0) for row in info.get("repos") or [])
    more = max(needed(sizes, one.full) for one in tried)
    if free is not None and need <= free < need + more:
        yield Finding(
            "no_trial_space",
            True,
            f"{free} bytes free where dumps lie",
            f"{need} bytes for the dump and the snapshot, and {more} more while restoring is tried",
            f"make free space, name another directory with pachyderm_backup_dir, or {LEAVE_OUT}",
        )
    memory = trial.get("memory")
    if memory not in (None, "") and int(memory) < MEMORY:  # before ansible-core 2.19 nothing is ""
        yield Finding(
            "no_trial_memory",
            True,
            f"{memory} bytes of memory available at the node",
            f"{MEMORY} bytes for a second etcd and pachd, next to the first ones, while restoring is tried",
            f"stop what is not needed, or {LEAVE_OUT}",
        )


def refused(target: Version, dump: str, cause: str) -> str:
    """The restore was tried, and failed."""
    return (
        f"Restoring was tried beforehand, and {target} does not take the dump {dump}: {cause} Nothing was torn down:"
        " the old cluster has all that it had. Fix there what is named, and run the same command again: the dump is"
        f" taken and tried again. Where it is the scratch server that is wrong and not the dump, {LEAVE_OUT}."
    )


def refused_live(target: Version, cause: str, unfinished: Sequence[str]) -> str:
    """A dump of the cluster in use was tried, and failed. unfinished: commits that were open meanwhile."""
    if unfinished:
        return (
            f"Restoring was tried while clients work, and {target} does not take a dump of the cluster as it is:"
            f" {cause} {len(unfinished)} commits were open meanwhile ({some(unfinished)}), which may be why: it is"
            " tried again once clients are shut out and every commit is finished."
        )
    return (
        f"Restoring was tried while clients work, and {target} does not take a dump of the cluster as it is:"
        f" {cause} Nothing was changed, and clients are served. Fix there what is named, and run the same command"
        " again. Where it is the scratch server that is wrong and not the dump, leave this out with"
        " pachyderm_rehearse: false."
    )


def undumped(cause: str) -> str:
    """There was no dump of the cluster in use."""
    return (
        f"Restoring could not be tried while clients work: {cause} Nothing was changed, and clients are served. Run the"
        " same command again. Where it is the work of clients that hinders the dump, leave this out with"
        " pachyderm_rehearse: false; it is then made and tried once they are shut out."
    )


def unstarted(target: Version, cause: str) -> str:
    """There was no server to try it on."""
    return (
        f"Restoring could not be tried beforehand, as there was no scratch server of {target}: {cause} Nothing was torn"
        f" down. The new release may not run at this node at all: fix that, or {LEAVE_OUT}."
    )
