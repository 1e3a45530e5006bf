# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Iterator, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.verbs import VERBS
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Catalogue, Hop, Series, Shape

_AWAY = "one wave is away at a time: behind a load balancer clients notice nothing"
_DOWN = "no instance answers from the stop to the start"
_LOOK = ("preflight", "stage", "inventory")
_SWITCH = ("stop", "activate", "configure", "start", "healthy")

# Old and new release agree on the schema: no migration, one instance after another (guide 003, "usually just requires
# re-deploying").
PATCH = (
    Shape("rolling", {"before": _LOOK, "walk": _SWITCH, "after": ("verify",)}, {"walk": _AWAY}),
    Shape("all_at_once", {"before": _LOOK, "together": _SWITCH, "after": ("verify",)}, {"together": _DOWN}),
)


def _migration(before: Sequence[str] = (), after: Sequence[str] = (), proved: Sequence[str] = ()) -> Sequence[Shape]:
    """Guide 003: stop all, run `lakefs migrate` with the new binary once, start all. What a hop has around that.

    The new binary is called by its path, with the configuration that was staged for it: until the database is as it
    wants it, it is nobody's next start. proved: what the tables have to say when nobody writes any more.
    """
    # What is committed and noted down before is of the last moment: a rehearsal takes long, and clients work meanwhile.
    last = ("commit_uncommitted", "inventory", "stop", "alone", *proved)
    back_up, switch = (*last, "backup", "prove"), ("activate", "configure")
    return (
        Shape(
            "all_at_once",
            {
                "before": ("preflight", "stage", "commit_uncommitted", "rehearse"),
                "together": (*back_up, *before, "migrate", *after, *switch, "start", "healthy"),
                "after": ("verify",),
            },
            {"together": _DOWN},
        ),
    )


# Going back over a hop: the database of before, or (where nothing was switched) only the old release's start, or (where
# old and new agree on the schema) only the old release.
RESTORE = Shape(
    "all_at_once",
    {
        "together": ("stop", "alone", "restore", "activate", "configure", "start", "healthy"),
        "after": ("verify",),
    },
    {"together": "no instance answers from the stop to the start; what was written since the backup is lost"},
)
REOPEN = Shape("all_at_once", {"together": ("start", "healthy"), "after": ("verify",)})
RETURN = Shape("all_at_once", {"together": _SWITCH, "after": ("verify",)}, {"together": _DOWN})

_BACK = "{}: the older release neither reads nor refuses what the migration has written; going back means the backup"
_TO_KV_GUIDE = "KV migration by 0.80.2 (guide 003)"
_ACL = (
    "the releases 0.98 to 0.102 migrate only from the schema right before their own, and fail or do nothing on others."
    " Choose 0.103.0 or a newer one."
)
_NOT_THE_MIGRATOR = "the migration to KV is fixed in 0.80.2, and its makers want it done by that release."


def _name(since: Version, taken: Sequence[str]) -> str:
    short = f"{since.major}.{since.minor}"
    return str(since) if short in taken else short


def _series() -> list[Series]:
    """One series for each schema, and where releases of one schema part in what they can do."""
    starts = [since for since, _number in (*schema.SQL_SCHEMAS, *schema.KV_SCHEMAS)]
    stops = {Version(0, 80, 0): schema.TO_KV, schema.BASIC_AUTH: schema.LAST_IMPORT, schema.GRAVELER: schema.GRAVELER}
    found: list[Series] = []
    for since, after in zip(starts, [*starts[1:], schema.UNKNOWN]):
        newest = max([one for one in schema.SEEN if since <= one < after], default=since)
        found.append(Series(_name(since, [series.name for series in found]), since, newest, stops.get(since)))
    return found


def _hops(series: Sequence[Series]) -> Iterator[Hop]:
    for place, here in enumerate(series):
        for there in series[place + 1 :]:
            hop = _hop(here, there)
            if hop:
                yield hop


def _hop(here: Series, there: Series) -> Hop | None:
    old, new = schema.expected(here.since), schema.expected(there.since)
    if old.era == schema.MVCC:
        guide, lost = "Prior to lakeFS 0.30.0 (guide 003)", "0.30.0 takes over what is committed, nothing else"
        only = there.since == schema.GRAVELER
        way = _migration(proved=("uncommitted",))
        return Hop(here.name, there.name, way, _BACK.format(lost), guide) if only else None
    if old.era == schema.SQL:
        return _from_sql(here, there, new)
    if old.number < 4 and there.since in (Version(0, 98, 0), Version(0, 99, 0), schema.REFUSES_NEWER):
        return Hop(here.name, there.name, refusal=_ACL)
    return _from_kv(here, there, old, new)


def _from_sql(here: Series, there: Series, new: schema.Schema) -> Hop | None:
    """From SQL schema to SQL schema, or by 0.80.2 to KV: it runs all outstanding SQL migrations itself."""
    if there.since >= schema.ONLY_KV:
        return None
    move = ("move_objects",) if here.since < schema.MOVED <= there.since else ()
    guide = _TO_KV_GUIDE if new.era == schema.KV else "lakeFS 0.30.0 or greater (guide 003)"
    return Hop(here.name, there.name, _migration(before=move), _BACK.format(f"{new} is new"), guide)


def _from_kv(here: Series, there: Series, old: schema.Schema, new: schema.Schema) -> Hop:
    guide = "lakeFS 0.103.0 or greater (guide 003)"
    users = here.since < schema.BASIC_AUTH <= there.since
    if old == new and not users:
        return Hop(here.name, there.name, PATCH, "", guide)
    extra = ("admit",) if users and there.since == schema.BASIC_AUTH else ()
    lost = "users become one" if old == new else f"{new} is new"
    return Hop(here.name, there.name, _migration(after=extra), _BACK.format(lost), guide)


_SERIES = _series()
LAKEFS = Catalogue(
    product="lakefs",
    series=_SERIES,
    until=schema.UNKNOWN,
    hops=tuple(_hops(_SERIES)),
    back=(RESTORE, REOPEN, RETURN),
    verbs=VERBS,
    patch=PATCH,
    alike=True,
    never={
        Version(1, 48, 0): "its squash merge default is wrong; its makers say that 1.48.1 takes its place.",  # L29
        Version(0, 80, 0): _NOT_THE_MIGRATOR,
        Version(0, 80, 1): _NOT_THE_MIGRATOR,
    },
)
