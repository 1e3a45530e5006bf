# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Who is in the cluster: `node id`, `status`, `layout show`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understood
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.text import Reader, Row

_ID = re.compile(r"[0-9a-f]{16,64}…?")  # 0.5 and 0.6 end a cut id in an ellipsis (G25)
_NODE_ID = re.compile(r"([0-9a-f]{64})(?:@(\S+))?")
_HINTS = [
    re.compile(text)
    for text in (
        r"Please use `garage layout show`", r"See `garage status`", r"No nodes currently have a role",
        r"Error while trying to compute the assignment", r"This new layout cannot yet be applied",
        r"You can also revert all proposed changes", r"Zone redundancy: ",
        r"Your cluster is expecting to drain data", r"If these nodes are definitely dead", r"`garage layout history`",
    )
]  # fmt: skip
_STAGED = "==== STAGED ROLE CHANGES ===="
_REDUNDANCY = {
    title: re.compile(rf"^==== {title} ====$(?:\n(?!====).*)*?\nZone redundancy: (\S+)", re.MULTILINE)
    for title in ("CURRENT CLUSTER LAYOUT", "STAGED ROLE CHANGES")
}
# Up to 0.9 in the column of tags, from 1.0 in that of capacities.
_NO_ROLE = {"NO ROLE ASSIGNED": "none", "(pending)": "pending", "pending...": "pending"}
_LAYOUT_VERSION = re.compile(r"Current cluster layout version: (\d+)")
_PROPOSAL = re.compile(r"^==== NEW CLUSTER LAYOUT.*", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Peer:
    """What a node answers to `node id`."""

    id: str
    address: str | None


@dataclass(frozen=True)
class Node:
    id: str
    hostname: str | None
    address: str | None
    up: bool
    role: str
    zone: str | None
    tags: tuple[str, ...]
    capacity: str | None
    last_seen: str | None


@dataclass(frozen=True)
class Status:
    nodes: tuple[Node, ...]
    staged: bool
    unparsed: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """A node's place in the layout; as a staged change it may also be a removal."""

    id: str
    zone: str | None
    tags: tuple[str, ...]
    capacity: str | None
    removed: bool = False


@dataclass(frozen=True)
class Layout:
    """A change that is staged may also be one of no role, but of how many zones have to hold a copy (from 0.9 on).

    redundancy: "maximum" or a number; None where the release does not have it, or nobody has a role yet.
    """

    version: int
    roles: tuple[Role, ...]
    staged: tuple[Role, ...]
    redundancy: str | None
    staged_redundancy: str | None
    unparsed: tuple[str, ...]


@understood("`garage node id`")
def node_id(text: str) -> Peer:
    match = _NODE_ID.fullmatch(text.strip())
    if not match:
        raise UpliftError(
            f"`garage node id -q` said {text.strip()!r}; expected 64 hexadecimal digits, an @ and an address."
        )
    return Peer(match[1], match[2])


@understood("`garage status`")
def status(text: str) -> Status:
    reader, nodes = Reader(text, _HINTS), []
    for title, row in reader.sections("ID"):
        if title == "STAGED ROLE CHANGES":
            continue
        if title in ("HEALTHY NODES", "FAILED NODES") and _ID.fullmatch(row["ID"]):
            nodes.append(_node(row, up=title == "HEALTHY NODES"))
        else:
            reader.unparsed.append(" ".join(row.values()))
    return Status(tuple(nodes), _STAGED in text.splitlines(), reader.done())


@understood("`garage layout show`")
def layout(text: str) -> Layout:
    # The proposal is computed from the two tables above it: nothing to learn, and a partition plan to stumble over.
    current_text = _PROPOSAL.sub("", text)
    reader = Reader(current_text, [*_HINTS, _LAYOUT_VERSION])
    version = _LAYOUT_VERSION.search(text)
    if not version:
        raise UpliftError(f"`garage layout show` names no layout version; it said: {text.strip()[:200]!r}.")
    tables: dict[str, list[Role]] = {"CURRENT CLUSTER LAYOUT": [], "STAGED ROLE CHANGES": []}
    for title, row in reader.sections("ID"):
        if title in tables and _ID.fullmatch(row["ID"]):
            tables[title].append(_role(row))
        else:
            reader.unparsed.append(" ".join(row.values()))
    current, staged = tables.values()
    found = [pattern.search(current_text) for pattern in _REDUNDANCY.values()]
    now, then = (match[1] if match else None for match in found)
    return Layout(int(version[1]), tuple(current), tuple(staged), now, then, reader.done())


def _node(row: Row, up: bool) -> Node:
    tags, capacity = row["Tags"], row["Capacity"]
    kind = _NO_ROLE.get(tags) or _NO_ROLE.get(capacity)
    if capacity.startswith("draining"):
        kind = "draining"  # out of the layout already, and not yet done with handing over what it holds
    kind = kind or ("gateway" if capacity == "gateway" else "storage")
    return Node(
        id=row["ID"].rstrip("…"),
        hostname=_known(row["Hostname"]),
        address=_known(row.get("Address", "")),
        up=up,
        role=kind,
        zone=row["Zone"] or None,
        tags=_tags(tags[1:-1]) if tags.startswith("[") else (),
        capacity=capacity if kind == "storage" else None,
        last_seen=row.get("Last seen"),
    )


def _role(row: Row) -> Role:
    identity, tags = row["ID"].rstrip("…"), row["Tags"]
    if tags == "REMOVED" and not row["Zone"]:
        return Role(identity, None, (), None, removed=True)
    # 2.x puts brackets around them here too.
    tags = tags[1:-1] if re.fullmatch(r"\[.*\]", tags) else tags
    return Role(identity, row["Zone"], _tags(tags), None if row["Capacity"] == "gateway" else row["Capacity"])


def _tags(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _known(text: str) -> str | None:
    return None if text in ("", "?", "??") else text
