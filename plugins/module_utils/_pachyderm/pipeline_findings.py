# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a dump does to the settings and to the cron inputs of pipelines. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, some
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import cron, forms
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.dumped import lost_settings
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.outputs import Outputs, crons

Seen = Mapping[str, Any]
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def of_pipelines(info: Seen, writer: Version, first: Version, found: Outputs, cron_again: bool) -> Iterator[Finding]:
    """writer: the release that writes the dump; first: the one that reads it."""
    yield from _settings(info, writer, first)
    rows = list(crons(info.get("pipelines") or []))
    if rows:
        yield from _cron(info, rows, writer, first, cron_again)
        yield from _unstopped(rows, found)


def _settings(info: Seen, writer: Version, first: Version) -> Iterator[Finding]:
    taken = forms.of(forms.SETTINGS_TAKEN, first)
    rows = {row["name"]: lost_settings(writer, row["spec"]) for row in info.get("pipelines") or []}
    again = [f"{name} ({', '.join(lost)})" for name, lost in sorted(rows.items()) if lost and set(lost) <= set(taken)]
    gone = [
        f"{name} ({', '.join(one for one in lost if one not in taken)})"
        for name, lost in sorted(rows.items())
        if set(lost) - set(taken)
    ]
    if gone:
        yield Finding(  # P38
            "settings_lost",
            True,
            f"settings of pipelines that a dump of {writer} leaves out and {first} does not take: {'; '.join(gone)}",
            "none",
            "accept it with pachyderm_accept: [settings_lost], and do without them",
        )
    if again:
        yield Finding(  # P38
            "settings_again",
            False,
            f"settings that a dump of {writer} leaves out of pipelines: {'; '.join(again)}",
            "the same afterwards",
            "nothing: they are set again after the restore, before the pipelines are started. That ends the output"
            " commits that the restore has begun for these, empty; the newest is computed when they are started",
        )


def _cron(
    info: Seen, rows: Sequence[tuple[str, Seen]], writer: Version, first: Version, cron_again: bool
) -> Iterator[Finding]:
    file = next(iter(forms.of(forms.TICK_FILES, writer)), "")
    names = some(sorted({name for name, _value in rows}))
    if not file or forms.of(forms.TICK_FILES, first):
        said = "; ".join(f"{name} ({_foretold(info, value)})" for name, value in sorted(rows, key=_name))
        yield Finding(  # P39
            "cron_catches_up",
            False,
            f"pipelines with a cron input: {said}",
            "one commit for each tick missed while the upgrade runs",
            "nothing: they come back running and make them up at once",
        )
        return
    stuck = f"pipelines with a cron input: {names}; {writer} writes ticks to /{file}, which {first} takes for a time"
    all_ = "; ".join(
        f"{name}: {_since(info, value, str(value.get('start', '')))}" for name, value in sorted(rows, key=_name)
    )
    if cron_again:
        yield Finding(  # P39
            "cron_ticks_again",
            False,
            f"{stuck}. Ticks since each was created: {all_}",
            "ticks after the upgrade",
            f"nothing: pachyderm_cron_again is set, so /{file} is deleted after the restore, and all of these are made"
            " at once when the pipelines are started",
        )
        return
    yield Finding(  # P39
        "cron_never_ticks",
        True,
        stuck,
        "ticks after the upgrade: as it is there would be none, and the pipeline would be said to run",
        f"set pachyderm_cron_again: true, and /{file} is deleted after the restore; then all ticks since the pipeline"
        f" was created are made at once ({all_}). Or accept it with pachyderm_accept: [cron_never_ticks]",
    )


def _name(row: tuple[str, Seen]) -> str:
    return row[0]


def _since(info: Seen, value: Seen, begin: str) -> str:
    """How many ticks from there to now, in words."""
    since, now = cron.moment(begin), cron.moment(str(info.get("asked", "")))
    count = cron.ticks(str(value.get("spec", "")), since, now) if since and now else None
    return f"{value.get('spec', '')}, {'an unknown number' if count is None else count}"


def _foretold(info: Seen, value: Seen) -> str:
    """The rule, the ticks missed by now, and how many each hour or day more will cost."""
    last = (info.get("ticks") or {}).get(value["repo"], "")
    begin = last if cron.moment(last) else str(value.get("start", ""))
    now = cron.moment(str(info.get("asked", "")))
    said = f"{_since(info, value, begin)} missed by now"
    for name, long in (("hour", _HOUR), ("day", _DAY)):
        more = cron.ticks(str(value.get("spec", "")), now, now + long) if now else 0
        if more:
            return f"{said} and {more} more each {name}"
    return said


def _unstopped(rows: Sequence[tuple[str, Seen]], found: Outputs) -> Iterator[Finding]:
    ticking = sorted({name for name, _value in rows} & set(found.keep))
    if ticking:
        yield Finding(  # P36, P39
            "cron_ticks",
            False,
            f"pipelines with a cron input that cannot be stopped while the dump is made: {some(ticking)}",
            "no tick between the stop of the others and the end of the dump",
            "nothing, or choose a time between two ticks: one that comes is seen, the dump is refused, and nothing is"
            " thrown away",
        )
