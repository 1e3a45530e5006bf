# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What `garage_info` returns: plain values out of parsed answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understanding
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.connect import addresses
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import LINGERING, STOP_SIGNAL
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself

REDUNDANCY_SINCE = Version(0, 9, 0)
"""From here on an operator says in how many zones a copy must lie; before, it always was in as many as there can be."""


def gather(garage: Garage, expected: Sequence[str], known_ids: Iterable[str], tolerant: bool = False) -> dict[str, Any]:
    """Asks for the parts. One that cannot be had is a failure, or when `tolerant` null, and `problem` says why."""
    facts: dict[str, Any] = {
        "running": garage.running,
        "binary": garage.next_binary or None,
        "cli": garage.binary,
        "config_file": garage.config_file,
        "user": garage.user,
        "mounting": list(garage.mounting),
        "config_made": garage.config_made,
        "script": garage.script,
        "stray_config": daemon.stray(garage.config_file) if garage.unit and not garage.pod else "",
        "stop_signal": STOP_SIGNAL,
        "pod": garage.pod,
        "unparsed": [],
        "problem": "",
        "not_itself": {},
    }
    ids = {one.partition("@")[0][:16]: one.partition("@")[0] for one in known_ids}
    for name in ["version", *(part for part in expected if part != "version")]:
        part = _PARTS[name]
        try:
            with understanding(f"Garage ({name})"):
                new = part.ask(garage, ids)
        except UpliftError as exc:
            if not tolerant:
                raise
            new = dict.fromkeys(part.keys)
            if str(exc) not in facts["problem"]:
                facts["problem"] = f"{facts['problem']} {exc}".strip()
        facts["unparsed"] += new.pop("unparsed", [])
        facts.update(new)
        if facts.get("node_id"):
            ids.setdefault(facts["node_id"][:16], facts["node_id"])
    return facts


def nothing(expected: Sequence[str], why: UpliftError) -> dict[str, Any]:
    """The answer where not even the service can be found, or where it is another."""
    names = [
        "binary",
        "cli",
        "config_file",
        "user",
        *(key for name in ["version", *expected] for key in _PARTS[name].keys),
    ]
    return {
        **dict.fromkeys(names),
        "container": {},
        "pod": "",
        "running": False,
        "mounting": [],
        "config_made": "",
        "script": "",
        "stray_config": "",
        "stop_signal": STOP_SIGNAL,
        "unparsed": [],
        "problem": str(why),
        "not_itself": why.row if isinstance(why, NotItself) else {},
    }


def _version_of(garage: Garage, ids: Mapping[str, str]) -> dict[str, Any]:
    peer = garage.node_id()
    runs = garage.version() if garage.running else None
    return {
        "version": str(runs) if runs else None,
        # Kubernetes ends it when its pod's own time is over, whatever a client keeps.
        "lingers": runs is not None and not garage.pod and LINGERING[0] <= runs < LINGERING[1],
        "binary_version": str(garage.version(garage.next_binary)) if garage.next_binary else None,
        "node_id": peer.id,
        # Without rpc_public_addr `node id` names none (G30).
        "rpc_address": peer.address or (addresses(garage).get(peer.id[:16]) if garage.running else None),
    }


def _status(garage: Garage, ids: Mapping[str, str]) -> dict[str, Any]:
    garage.demand_running()
    status = garage.status()
    return {"nodes": [_named(asdict(node), ids) for node in status.nodes], "unparsed": list(status.unparsed)}


def _layout(garage: Garage, ids: Mapping[str, str]) -> dict[str, Any]:
    garage.demand_running()
    layout = garage.layout()
    if layout.roles and layout.redundancy is None and garage.version() >= REDUNDANCY_SINCE:
        raise UpliftError(
            f"`garage layout show` of {garage.version()} names no zone redundancy;"
            " cannot tell how many copies a zone holds."
        )
    roles = [_named(asdict(role), ids) for role in layout.roles]
    staged = [_named(asdict(role), ids) for role in layout.staged]
    for role in roles:
        del role["removed"]
    return {
        "layout": {
            "version": layout.version,
            "roles": roles,
            "staged": staged,
            "zone_redundancy": layout.redundancy or "",
            "staged_redundancy": layout.staged_redundancy,
        },
        "staged": bool(staged or layout.staged_redundancy),
        "unparsed": list(layout.unparsed),
    }


def _stats(garage: Garage, ids: Mapping[str, str]) -> dict[str, Any]:
    garage.demand_running()
    stats = garage.stats()
    version = core_version.find(stats.version or "")
    if stats.resync_queue is None or not stats.tables:
        raise UpliftError("`garage stats` names no resync queue or no tables; cannot tell what the node has to do.")
    return {
        "stats": {
            "version": str(version) if version else None,
            "engine": stats.engine,
            "tables": [asdict(table) for table in stats.tables],
        },
        "queues": {
            "resync": stats.resync_queue,
            "merkle": sum(table.merkle_todo for table in stats.tables),
            "gc": sum(table.gc_todo for table in stats.tables),
        },
        "block_errors": stats.block_errors,
        "unparsed": list(stats.unparsed),
    }


def _workers(garage: Garage, ids: Mapping[str, str]) -> dict[str, Any]:
    garage.demand_running()
    workers, blocks = garage.workers(), garage.blocks_in_error()
    return {
        "workers": None if workers is None else [asdict(worker) for worker in workers.workers],
        "blocks_in_error": None if blocks is None else [asdict(block) for block in blocks.blocks],
        "unparsed": [*(workers.unparsed if workers else ()), *(blocks.unparsed if blocks else ())],
    }


def _inventory(garage: Garage, ids: Mapping[str, str]) -> dict[str, Any]:
    garage.demand_running()
    listed, keys = garage.buckets(), garage.keys()
    rows = sorted(listed.rows, key=lambda row: row.id)
    buckets = [(row, garage.bucket(row)) for row in rows]
    described = [garage.key(row.id) for row in sorted(keys.rows, key=lambda row: row.id)]
    return {
        "buckets": [
            {
                "id": one.id,
                "s3_name": row.word,
                "global_aliases": list(one.global_aliases),
                "local_aliases": [{"key": key, "alias": alias} for key, alias in one.local_aliases],
                "website": one.website,
                "keys": [{"id": g.key, "read": g.read, "write": g.write, "owner": g.owner} for g in one.grants],
                "quotas": dict(one.quotas),
                "objects": one.objects,
                "size": one.size,
            }
            for row, one in buckets
        ],
        "keys": [{"id": one.id, "name": one.name, "create_buckets": one.create_buckets} for one in described],
        "unparsed": [*listed.unparsed, *keys.unparsed, *(line for _row, one in buckets for line in one.unparsed)],
    }


def _named(facts: dict[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """Garage prints 16 digits of an id: put the whole one where it is known."""
    return {**facts, "id": ids.get(facts["id"][:16], facts["id"]), "tags": list(facts["tags"])}


@dataclass(frozen=True)
class _Part:
    ask: Callable[[Garage, Mapping[str, str]], dict[str, Any]]
    keys: tuple[str, ...]


_PARTS: Mapping[str, _Part] = {
    "version": _Part(_version_of, ("version", "lingers", "binary_version", "node_id", "rpc_address")),
    "status": _Part(_status, ("nodes",)),
    "layout": _Part(_layout, ("layout", "staged")),
    "stats": _Part(_stats, ("stats", "queues", "block_errors")),
    "workers": _Part(_workers, ("workers", "blocks_in_error")),
    "inventory": _Part(_inventory, ("buckets", "keys")),
}
