# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What operations have left on a node: what of it may go, and why the rest stays. Pure.

Only what bears our own mark, or what a record says that we staged, is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.files import human
from ansible_collections.uplift.datastores.plugins.module_utils._operation import lease as operation_lease
from ansible_collections.uplift.datastores.plugins.module_utils._operation.record import ABANDONED, unfinished

BACKUP, RELEASE, IMAGE, CONFIGURATION = "backup", "release", "image", "configuration"
RENAMED, CONVERTED, SCRATCH = "renamed", "converted", "scratch"
FORGET = "forget_rollback"  # what an operator confirms who will never go back over the last operation
FORGOTTEN = "forgotten"  # in the record: when it was
DAY = 86400.0


@dataclass(frozen=True)
class Left:
    """One thing that lies on the node, or that the node reaches: an image, a database, an object of Kubernetes.

    operation, release: what it is of, "" where its name says neither. size: in bytes, None where nobody can say.
    changed: seconds since 1970.
    used: who uses it now, as the end of a sentence, or "". names: of a backup, its notes on what lies elsewhere.
    """

    path: str
    kind: str
    size: int | None
    changed: float
    operation: str = ""
    release: str = ""
    used: str = ""
    names: Sequence[str] = ()

    @property
    def about(self) -> str:
        said = {
            BACKUP: f"backup of {self.operation}" if self.operation else "backup that no operation took",
            RELEASE: f"release {self.release}",
            IMAGE: f"image of {self.release}",
            CONFIGURATION: f"configuration for {self.release}",
            RENAMED: f"data that {self.operation or 'an operation'} has renamed",
            CONVERTED: "database of which another was made for the engine that is used now",
            SCRATCH: "copy that a run was killed in",
        }
        return said[self.kind]


def refused(record: Mapping[str, Any], lease: Mapping[str, Any]) -> str:
    """Why nothing may be removed at this node now, as a sentence; "" where it may."""
    if operation_lease.alive(lease):
        return f"It is locked by {operation_lease.owner_of(lease).shown}."
    if unfinished(record):
        return f"The operation {record['id']} of {record['who']} is not finished."
    return ""


def stays(left: Left, record: Mapping[str, Any], days: float, now: float, forget: bool = False) -> str:
    """Why it stays, as the end of a sentence; "" where nothing needs it any more.

    record: of the last operation, {} for none. forget: whether nobody will go back over it.
    """
    if left.used:
        return left.used
    if left.names:
        return (
            f"it names what lies elsewhere ({', '.join(left.names)}): remove that first, and then these notes by hand"
        )
    if needed(left, record) and not forget:
        return f"a rollback of {record['id']} needs it ({record['plan']['product']}_confirm: [{FORGET}] gives that up)"
    age = now - left.changed
    if age < days * DAY:
        return f"it is {days_of(age)} old, and {days:g} days are kept"
    return ""


def needed(left: Left, record: Mapping[str, Any]) -> bool:
    """Whether a rollback of the last operation would need it."""
    ends = bool(record) and (record["state"] == ABANDONED or record["plan"].get("undoes") or FORGOTTEN in record)
    return bool(record) and not ends and _is_of(left, record)


def _is_of(left: Left, record: Mapping[str, Any]) -> bool:
    if left.operation or left.kind == SCRATCH:
        return bool(left.operation == record["id"])
    if left.release:
        hops = record["plan"]["hops"]
        return left.release in {hop[end] for hop in hops for end in ("source", "target")}
    return bool(left.changed >= record["opened"])


def days_of(seconds: float) -> str:
    number = max(0, int(seconds // DAY))
    return "1 day" if number == 1 else f"{number} days"


def row(left: Left, why: str, now: float) -> dict[str, Any]:
    """{path, kind, about, size, age_days, stays}, as a module answers."""
    told = {"path": left.path, "kind": left.kind, "about": left.about, "size": left.size, "stays": why}
    return {**told, "age_days": max(0, int((now - left.changed) // DAY))}


def told(by_host: Mapping[str, Sequence[Mapping[str, Any]]], product: str) -> list[str]:
    """What all nodes have, as lines for a person; nodes that have the same are named together, with all its bytes."""
    groups: dict[tuple[str, str, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for host, rows in by_host.items():
        for one in rows:
            groups.setdefault((one["path"], one["about"], one["stays"]), []).append((host, one))
    if not groups:
        return ["No operation has left anything at these nodes."]
    lines = [_line(group, rows) for group, rows in sorted(groups.items())]
    free = [one for rows in by_host.values() for one in rows if not one["stays"]]
    size = human(sum(one["size"] or 0 for one in free))
    said = f"{size} may go: set {product}_cleanup_remove to true to remove it." if free else "Nothing may go."
    return [*lines, said]


def _line(group: tuple[str, str, str], rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    path, about, why = group
    hosts, ones = ", ".join(host for host, _one in rows), [one for _host, one in rows]
    oldest = days_of(max(one["age_days"] for one in ones) * DAY)
    sizes = [one["size"] for one in ones if one["size"] is not None]
    size = f", {human(sum(sizes))}" if sizes else ""
    what = f"{path}: {about}{size}, {oldest} old"
    return f"{what}; {'stays, for ' + why if why else 'may go'}. At {hosts}."
