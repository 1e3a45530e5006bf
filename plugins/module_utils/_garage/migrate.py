# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""`garage migrate`, which must run once in a cluster's life: again, it gives back what was taken away since (G13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage, form
from ansible_collections.uplift.datastores.plugins.module_utils._garage.names import new_name, ours
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import MIGRATIONS

DONE = "Migration successful"  # 0.6 spells it with one letter more
_RELEASE = re.compile(r"^Garage version: \S*?(\d+\.\d+\.\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What a cluster holds: names of buckets, ids of keys, and the keys that may enter a bucket."""

    buckets: tuple[str, ...]
    keys: tuple[str, ...]
    permitted: tuple[str, ...] = ()


def needed(seen: Seen, buckets: Sequence[str], keys: Sequence[str]) -> bool:
    """Exactly once: yes on a cluster with keys and no buckets, no on one that has them all, else a sentence."""
    lost = sorted(set(keys) - set(seen.keys))
    if lost:
        raise UpliftError(
            f"The cluster does not know the key {lost[0]} ({len(lost)} of {len(keys)} are missing); expected those of"
            " the time before. It may have opened an empty database: stop it and look at db_engine. Nothing was"
            " migrated."
        )
    if seen.buckets:
        away = missing(seen.buckets, buckets)
        if away:
            raise UpliftError(
                f"The cluster has {len(seen.buckets)} buckets and not {away[0]}; expected none, or all of the time"
                " before. A second migration would give back what was taken away since: restore the metadata of every"
                " node to migrate again."
            )
        return False
    if seen.permitted:
        raise UpliftError(
            f"There is no bucket, but the key {seen.permitted[0]} may enter one; expected keys without permissions. The"
            " cluster was migrated before: look at its metadata. Nothing was migrated."
        )
    return bool(buckets) if (buckets or keys) else True


def missing(there: Sequence[str], expected: Sequence[str]) -> list[str]:
    """Names that are gone. One that S3 does not allow was given another (G14)."""
    return sorted(name for name in expected if name not in there and new_name(name) not in there)


def run(garage: Garage, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """What `garage_migrate` does."""
    words = form(MIGRATIONS, params["migration"], garage.version(), "migration").words
    buckets = [name for name in params["expect"] or () if not ours(name)]
    keys = [one["id"] for one in params["keys"] or () if not ours(one["name"])]
    before = look(garage, permissions=True)
    result = {"changed": False, "version": str(garage.version()), "migrated": False, "buckets": list(before.buckets)}
    if not needed(before, buckets, keys):
        return result
    demand_all_up(garage)
    result.update(
        changed=True, migrated=True, renamed={name: new_name(name) for name in buckets if new_name(name) != name}
    )
    if check_mode:
        return result
    answer = demand(garage.call(*words), f"The migration {params['migration']}")
    if DONE not in answer.out:
        raise UpliftError(
            f"The migration ended with 0 and said {answer.out.strip()!r}; expected `{DONE}`. Look at the buckets."
        )
    after = look(garage)
    away = missing(after.buckets, buckets)
    if away or (buckets and len(after.buckets) != len(set(buckets))):
        raise UpliftError(
            f"After the migration there are {len(after.buckets)} buckets ({', '.join(away) or 'none'} missing);"
            f" expected {len(set(buckets))}. Do not migrate again: restore the metadata of every node, and look why."
        )
    return {**result, "buckets": list(after.buckets)}


def look(garage: Garage, permissions: bool = False) -> Seen:
    buckets, keys = garage.buckets(), garage.keys()
    unknown = (*buckets.unparsed, *keys.unparsed)
    if unknown:
        raise UpliftError(
            f"The list of buckets and keys has a line that cannot be read: {unknown[0]!r}. Nothing was migrated."
        )
    # This collection's own throw-away bucket and key come and go next to the operator's.
    names = [name for row in buckets.rows for name in row.aliases or (row.id,) if not ours(name)]
    ids = tuple(row.id for row in keys.rows if not ours(row.name))
    permitted = tuple(
        key for key in ids if permissions and grants(demand(garage.call("key", "info", key), f"Asking for {key}").out)
    )
    return Seen(tuple(sorted(names)), ids, permitted)


def grants(text: str) -> bool:
    """Does a description of a key name a bucket?"""
    if "Authorized buckets:" not in text:
        raise UpliftError(
            "`garage key info` tells nothing of buckets; cannot tell whether the cluster was migrated before."
        )
    return bool(text.partition("Authorized buckets:")[2].strip())


def demand_all_up(garage: Garage) -> None:
    """Every node of the layout answers now: a node that is down misses a migration that exits with 0 all the same."""
    up = {node.id[:16] for node in garage.status().nodes if node.up}
    roles = {role.id.rstrip("…")[:16] for role in garage.layout().roles}
    away = sorted(roles - up)
    if away or not roles:
        raise UpliftError(
            f"Of the layout's {len(roles)} nodes {', '.join(away) or 'none'} are not up; expected some, and every one"
            " up. Start them. Nothing was migrated."
        )
    # A node that stopped a moment ago still counts as up (G18), and one of the series before joins, too (G03): this
    # goes out to every one of them.
    said = demand(garage.call("stats", "-a"), "Asking every node for its state").out
    releases = sorted(set(_RELEASE.findall(said)))
    if releases != [str(garage.version())]:
        raise UpliftError(
            f"The nodes run {', '.join(releases) or 'what they do not tell'}; expected {garage.version()} on every one."
            " Nothing was migrated."
        )
