# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, read_only
from ansible_collections.uplift.datastores.plugins.module_utils._garage.hop_findings import hop_findings
from ansible_collections.uplift.datastores.plugins.module_utils._operation.left_closed import left_closed
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.release_findings import of_release
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.unit_findings import (
    of_mounting,
    of_not_itself,
)

Seen = Mapping[str, Any]
_FOLLOWS = ("daemon_down", "config_missing", "release", "engine_missing", "space_unknown", "s3_nowhere")


def findings(seen: Seen) -> list[Finding]:
    """Everything at one node that would stop the hop, at once. `seen` holds the modules' answers by their names."""
    found = [
        *left_closed("garage", seen.get("closed") or []),
        *_service(seen["info"], [row["thing"] for row in seen.get("closed") or []]),
        *of_mounting(seen["info"].get("mounting") or (), "metadata"),
        *_script(seen["info"], seen.get("closes") or False),
        *_cluster(seen["info"]),
        *_contents(seen["info"], seen.get("contents") or {}),
        *_work(seen["info"]),
        *_settings(seen["settings"]),
        *_space(seen["space"], seen["metadata_dir"], seen["backup_dir"], bool(seen.get("live"))),
        *_outside(seen),
        *hop_findings(seen),
    ]
    return of_not_itself(seen["info"].get("not_itself"), found, _FOLLOWS)


def _contents(info: Seen, contents: Seen) -> Iterator[Finding]:
    """What the inventory will ask: it is asked once for all nodes."""
    problem = contents.get("problem") or ""
    if info.get("running") and problem and problem not in (info.get("problem") or ""):
        yield Finding(
            "no_answer",
            True,
            f"buckets and keys are unknown ({problem})",
            "an answer to every question",
            "fix what it names; without it nothing can be compared afterwards",
        )
    yield from _unknown(contents)


def _unknown(answered: Seen) -> Iterator[Finding]:
    if answered.get("unparsed"):
        yield Finding(
            "unknown_answer",
            True,
            f"lines of the CLI that no rule knows: {answered['unparsed'][:3]}",
            "answers that this collection knows",
            "report them, with the release; an answer that is not understood is no answer",
        )


def _service(info: Seen, closed: Sequence[str]) -> Iterator[Finding]:
    if not info.get("running") and "service" in closed:
        pass  # it cannot be started: that is said, with what to do instead
    elif not info.get("running"):
        yield Finding(
            "daemon_down",
            True,
            f"the service does not run ({info.get('problem') or 'no process'})",
            "a running node",
            "start it and wait until the cluster is healthy",
        )
    elif info.get("problem"):
        yield Finding(
            "no_answer",
            True,
            f"the service runs and does not answer everything ({info['problem']})",
            "an answer to every question",
            "fix what it names; what is unknown is not taken to be well",
        )
    yield from _unknown(info)
    if info.get("version") and info.get("binary_version") and info["version"] != info["binary_version"]:
        yield Finding(
            "restart_pending",
            True,
            f"{info['version']} runs and {info['binary_version']} lies at the unit's path",
            "one release in both places",
            "find out who changed the binary; restart the service or put the old one back",
        )


def _script(info: Seen, closes: bool) -> Iterator[Finding]:
    """While clients are shut out the program is started without it."""
    if closes and info.get("script"):
        yield Finding(
            "script_closed",
            True,
            f"the unit starts its program by another ({info['script']}); while clients are shut out,"
            f" {info.get('binary')} is started in its place, with a copy of the configuration",
            "a program that needs nothing of what starts it, such as variables",
            "let the unit start the program itself; or accept this where nothing is set on the way",
        )


def _cluster(info: Seen) -> Iterator[Finding]:
    down = sorted(node["id"][:16] for node in info.get("nodes") or [] if not node["up"] and node["role"] != "none")
    if down:
        yield Finding(
            "nodes_down",
            True,
            f"{', '.join(down)} not connected to this node",
            "every node of the layout connected",
            "start them, or remove them from the layout",
        )
    if info.get("staged"):
        yield Finding(
            "staged_layout",
            True,
            "layout changes that are staged and not applied",
            "nothing staged",
            "apply them with their version or revert them; an apply in the middle of an upgrade would move data",
        )


def _work(info: Seen) -> Iterator[Finding]:
    if info.get("block_errors"):
        yield Finding(
            "block_errors",
            True,
            f"{info['block_errors']} blocks in error",
            "0",
            "find and fix them (garage block list-errors where the release has it) before anything is stopped",
        )
    failing = [worker["name"] for worker in info.get("workers") or [] if worker.get("consecutive_errors")]
    if failing:
        yield Finding(
            "worker_errors",
            True,
            f"workers that fail again and again: {', '.join(failing)}",
            "no consecutive errors",
            "look at the service's journal and fix the cause",
        )
    queues = info.get("queues") or {}
    waiting = {name: queues[name] for name in ("merkle", "gc", "resync") if queues.get(name)}
    if waiting:
        yield Finding(
            "queues_not_empty",
            False,
            f"queues {waiting}; entries may merely wait for their time, ten minutes after a delete",
            "0, or settled",
            "nothing: the repair and drain steps wait for what is due",
        )


def _settings(settings: Seen) -> Iterator[Finding]:
    for problem in settings.get("findings") or []:
        yield Finding(
            problem["key"],
            problem["severity"] == "error",
            problem["sentence"],
            "a configuration that can be read and understood",
            "fix the file, or name the right one",
        )


def _space(space: Seen, metadata: str, backups: str, live: bool) -> Iterator[Finding]:
    need = (space.get("sizes") or {}).get(metadata)
    free = ((space.get("paths") or {}).get(backups) or {}).get("free")
    if not metadata:
        pass  # the finding of the configuration says why
    elif need is None or free is None:
        yield Finding(
            "space_unknown",
            True,
            f"the size of {metadata} ({need}) or the free space at {backups} ({free}) is unknown",
            "both numbers",
            "see that both directories can be read and made",
        )
    elif free < need * 2:
        # The archive (at worst as large as its source), and its proof unpacked next to it.
        yield Finding(
            "no_space",
            True,
            f"{free} bytes free at {backups}, {need} bytes of metadata",
            f"{need * 2} bytes: the archive and the proof of it",
            "make free space, or name another directory with garage_backup_dir",
        )
    yield from _written(space, metadata, backups, live)
    missing = sorted(name for name, path in (space.get("programs") or {}).items() if not path)
    if missing:
        yield Finding(
            "program_missing",
            True,
            f"no program {', '.join(missing)} at the node",
            "it is installed",
            "install it, or choose another garage_backup_compression",
        )


def _written(space: Seen, metadata: str, backups: str, live: bool) -> Iterator[Finding]:
    """Where the steps write: archives, the next program, the next configuration, and Garage its own snapshot."""
    named = "garage_backup_dir for archives and with garage_binary for the program"
    yield from read_only(space, f"{named}; where a link leads there, put the file itself in its place")
    own, need = space.get("snapshots") or "", (space.get("sizes") or {}).get(metadata)
    copies = 2 if live else 1
    free = ((space.get("paths") or {}).get(own) or {}).get("free")
    if own and own != backups and need is not None and free is not None and free < need * copies:
        yield Finding(
            "no_space",
            True,
            f"{free} bytes free at {own}, where Garage puts its snapshot, {need} bytes of metadata",
            f"{need * copies} bytes: a copy of the database" + (", and what the proof opens" if live else ""),
            "make free space there, or remove old snapshots",
        )
    beside = space.get("copies") or ""
    free = ((space.get("paths") or {}).get(beside) or {}).get("free")
    if beside and beside not in (own, backups) and need is not None and free is not None and free < need:
        yield Finding(
            "no_space",
            True,
            f"{free} bytes free at {beside}, where the new release reads a copy of the database, {need} bytes of"
            " metadata",
            f"{need} bytes: the copy, which is removed again",
            "make free space there, or choose garage_strategy all_at_once where the hop has it",
        )


def _outside(seen: Seen) -> Iterator[Finding]:
    release, clock, s3 = seen["release"], seen["clock"], seen["s3"]
    yield from of_release(release, "garage")
    if clock.get("failed") or clock.get("msg"):
        expected = "a clock that can be compared"
        yield Finding("clock", True, str(clock.get("msg")), expected, "see to the connection or the clock")
    for problem in s3.get("silent") or []:
        yield Finding(
            "s3_silent",
            True,
            f"the S3 address {problem['address']} does not answer: {problem['reason']}",
            "an answer of the S3 API",
            "see to the service, the firewall, or s3_api.api_bind_addr; or name in garage_s3_addresses where the"
            " controller reaches S3, and in garage_s3_ca_file the certificates to trust there",
        )
    yield from _asked(s3)


def _asked(s3: Seen) -> Iterator[Finding]:
    """Where S3 can be asked at all: for the inventory, and by the probe, which is a client on the controller."""
    if s3.get("nowhere"):
        yield Finding(
            "s3_nowhere",
            True,
            "no node has an s3_api.api_bind_addr that it or the controller reaches",
            "one address of S3, to compare objects before and after",
            "name it in garage_s3_addresses",
        )
    elif s3.get("blind"):
        yield Finding(
            "probe_blind",
            True,
            f"S3 answers the nodes alone (at {s3['local'] or 'another node'}), so that no probe sees what clients see",
            "an address that the controller reaches",
            "name in garage_s3_addresses the proxy that clients use; or set garage_probe to false: a node reads the"
            " objects itself, and nobody measures an outage",
        )
