# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.missing import DELETED, LOST, Verdict, judge
from ansible_collections.uplift.datastores.plugins.module_utils._garage.names import new_name, ours

Row = Mapping[str, Any]
Difference = Dict[str, str]

_SECTIONS = ("keys", "buckets", "objects")
NOTES = ("objects_deleted", "objects_overwritten")
_MAY = ("read", "write", "owner")


@dataclass(frozen=True)
class Compared:
    """differences stop an upgrade unless they are accepted by key; notes tell what clients have done meanwhile."""

    differences: Sequence[Difference]
    notes: Sequence[Difference]


def compare(before: Row, after: Row, clients_shut_out: bool) -> Compared:
    """What `after` has lost or has changed, as keys and sentences; nothing when all is as it was.

    An inventory has the time `taken` and the sections `keys`, `buckets` (module garage_info) and `objects` (module
    garage_inventory); a section that `before` has not is not compared. `after` may have `recounted`: the buckets once
    more, asked after the objects. With clients at work, new and more objects are no difference, and objects that they
    have deleted or written anew are notes. Buckets and keys with the mark of an operation (uplift-OPERATION-probe)
    never are either.
    """
    for section in _SECTIONS:
        if section in before and section not in after:
            raise UpliftError(f"The inventory after the upgrade has no {section}; whether any is lost is unknown.")
    found = [*_keys(before, after), *_buckets(before, after), *_objects(before, after, clients_shut_out)]
    told = [row for at, row in enumerate(found) if row not in found[:at]]
    return Compared([row for row in told if row["key"] not in NOTES], [row for row in told if row["key"] in NOTES])


def listed(before: Row, lists: Row) -> list[Difference]:
    """What lists of buckets and keys lack of an inventory, by ids of which the lists may have but the beginning."""
    gone = {
        name: [row for row in before.get(name, []) if not any(row["id"].startswith(one["id"]) for one in lists[name])]
        for name in ("keys", "buckets")
    }
    theirs = [row for row in gone["buckets"] if not _probes(row)]
    return [*_keys(gone, {}), *(_bucket_gone(row["id"]) for row in theirs)]


def _probes(bucket: Row) -> bool:
    return bool(bucket["global_aliases"]) and all(map(ours, bucket["global_aliases"]))


def _keys(before: Row, after: Row) -> Iterator[Difference]:
    now = _by_id(after.get("keys", []))
    for key in before.get("keys", []):
        if ours(key["name"]):
            continue
        if key["id"] not in now:
            yield _difference("key_gone", f"The access key {key['id']} ({key['name']}) is gone")
        elif now[key["id"]]["name"] != key["name"]:
            name = now[key["id"]]["name"]
            yield _difference("key_changed", f"The access key {key['id']} was named {key['name']!r} and is {name!r}")


def _buckets(before: Row, after: Row) -> Iterator[Difference]:
    now = _by_id(after.get("buckets", []))
    not_theirs = _our_keys(before) | _our_keys(after)
    for bucket in before.get("buckets", []):
        if _probes(bucket):
            continue
        if bucket["id"] not in now:
            yield _bucket_gone(bucket["id"])
            continue
        name = _bucket_name(bucket["id"])
        was, is_ = _aliases(bucket, not_theirs), _aliases(now[bucket["id"]], not_theirs)
        if was != is_:
            yield _difference("alias_changed", f"{name} had the aliases {_list(was)} and has {_list(is_)}")
        if bucket["website"] != now[bucket["id"]]["website"]:
            yield _difference("website_changed", f"{name} was {_website(bucket)} and is {_website(now[bucket['id']])}")
        was, is_ = _permissions(bucket, not_theirs), _permissions(now[bucket["id"]], not_theirs)
        for key in sorted(set(was) ^ set(is_)):
            state = "was allowed and is not" if key in was else "was not allowed and is"
            yield _difference("permission_changed", f"{name}: {key} {state}")


def _objects(before: Row, after: Row, clients_shut_out: bool) -> Iterator[Difference]:
    now = _by_id(after.get("objects", []))
    for bucket in before.get("objects", []):
        if ours(bucket.get("alias", "")):
            continue
        if bucket["id"] not in now:
            yield _bucket_gone(bucket["id"])
            continue
        changed = list(_sample(bucket, now[bucket["id"]], _counted(after, now[bucket["id"]]), not clients_shut_out))
        yield from changed
        if clients_shut_out:
            yield from _whole(bucket, now[bucket["id"]], bool(changed))


def _sample(was: Row, is_: Row, counted: bool | None, live: bool) -> Iterator[Difference]:
    now = {row["key"]: row for row in is_["sample"]}
    asked = {row["key"]: row["asked"] for row in is_.get("missing", [])}
    gone = [row["key"] for row in was["sample"] if row["key"] not in now]
    most = len(gone) > 1 and 2 * len(gone) > len(was["sample"])
    verdicts = {key: judge(asked.get(key, {}), live, counted, most) for key in gone}
    yield from _gone(_bucket_name(was["id"]), verdicts)
    yield from _changed(_bucket_name(was["id"]), [row for row in was["sample"] if row["key"] in now], now, live)


def _gone(name: str, verdicts: Mapping[str, Verdict]) -> Iterator[Difference]:
    for key, verdict in verdicts.items():
        if verdict.kind == LOST:
            yield _difference("objects_gone", f"{name}: the object {key!r} is gone: {verdict.why}")
        elif verdict.kind != DELETED:
            said = f"the object {key!r} is missing, and whether it was deleted or lost is unknown"
            yield _difference("objects_missing", f"{name}: {said}: {verdict.why}")
    deleted = [key for key, verdict in verdicts.items() if verdict.kind == DELETED]
    if deleted:
        said = f"{name}: clients have deleted {len(deleted)} of the objects that were read before ({_some(deleted)})"
        yield _difference("objects_deleted", said)


def _changed(name: str, rows: Sequence[Row], now: Mapping[str, Row], live: bool) -> Iterator[Difference]:
    """A client's new version has a later time by the cluster's own clock. Times have one form: text can be compared."""
    anew = []
    for row in rows:
        found = now[row["key"]]
        parts = [part for part in ("size", "etag", "sha256") if row[part] != found[part]]
        if parts and live and found["last_modified"] > row["last_modified"]:
            anew.append(row["key"])
        elif parts:
            text = ", ".join(f"{part} {row[part]} is {found[part]}" for part in parts)
            yield _difference("objects_changed", f"{name}: the object {row['key']!r} has changed ({text})")
    if anew:
        said = f"{name}: clients have written {len(anew)} of the objects that were read before anew ({_some(anew)})"
        yield _difference("objects_overwritten", said)


def _counted(after: Row, bucket: Row) -> bool | None:
    """Whether the cluster counts no more objects than it lists, before or after it lists them: clients may work."""
    rows = [row for row in (*after.get("buckets", []), *after.get("recounted", [])) if row["id"] == bucket["id"]]
    counts = [row["objects"] for row in rows if row.get("objects") is not None]
    return min(counts) <= bucket["objects"] if counts and bucket["complete"] else None


def _whole(was: Row, is_: Row, reported: bool) -> Iterator[Difference]:
    name = _bucket_name(was["id"])
    if (was["objects"], was["complete"]) != (is_["objects"], is_["complete"]):
        yield _difference("count_changed", f"{name} had {_count(was)} and has {_count(is_)}")
    elif was["digest"] != is_["digest"] and not reported:
        yield _difference("objects_changed", f"{name}: the list of its {_count(was)} with sizes and ETags has changed")


def _by_id(rows: Any) -> dict[str, Row]:
    return {row["id"]: row for row in rows}


def _our_keys(inventory: Row) -> set[str]:
    return {key["id"] for key in inventory.get("keys", []) if ours(key["name"])}


def _aliases(bucket: Row, not_theirs: set[str]) -> list[str]:
    """A name of 0.5 that S3 does not allow counts as the one that the migration to 0.6 puts in its place (G14)."""
    local = [f"{row['alias']} of {row['key']}" for row in bucket["local_aliases"] if row["key"] not in not_theirs]
    return sorted([*map(new_name, bucket["global_aliases"]), *local])


def _permissions(bucket: Row, not_theirs: set[str]) -> list[str]:
    return [
        f"{row['id']} to {may}" for row in bucket["keys"] if row["id"] not in not_theirs for may in _MAY if row[may]
    ]


def _website(bucket: Row) -> str:
    return "a website" if bucket["website"] else "no website"


def _count(bucket: Row) -> str:
    return f"{bucket['objects']} objects" if bucket["complete"] else f"more than {bucket['objects']} objects"


def _list(rows: list[str]) -> str:
    return ", ".join(rows) or "none"


def _some(keys: Sequence[str]) -> str:
    return ", ".join(map(repr, keys[:5])) + (", ..." if len(keys) > 5 else "")


def _bucket_name(identity: str) -> str:
    return f"Bucket {identity[:16]}"


def _bucket_gone(identity: str) -> Difference:
    return _difference("bucket_gone", f"{_bucket_name(identity)} is gone")


def _difference(key: str, sentence: str) -> Difference:
    return {"key": key, "sentence": f"{sentence}."}
