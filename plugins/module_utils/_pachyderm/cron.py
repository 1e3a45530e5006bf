# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: how often a cron input ticks, as the parser that Pachyderm 1.x has reads it (robfig/cron 1, ParseStandard)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Mapping, Sequence

_EVERY = re.compile(r"@every\s+((?:[0-9.]+(?:ns|us|µs|ms|s|m|h))+)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = {
    name: number + 1
    for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))
}
_NO_NAMES: Mapping[str, int] = {}
_BOUNDS: Sequence[tuple[int, int, Mapping[str, int]]] = (
    (0, 59, _NO_NAMES),
    (0, 23, _NO_NAMES),
    (1, 31, _NO_NAMES),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_STARS = ("*", "?")


@dataclass(frozen=True)
class Times:
    """minutes, hours, days of the month, months, days of the week (0: Sunday); `either`: one sort of day will do."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def has(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        sorts = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return any(sorts) if self.either else all(sorts)

    def between(self, since: datetime, until: datetime) -> int:
        """How many lie after `since` and up to `until`."""
        count, day = 0, since.replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= until:
            if self.has(day):
                whole = since < day and day + timedelta(days=1) <= until
                count += len(self.hours) * len(self.minutes) if whole else self._of(day, since, until)
            day += timedelta(days=1)
        return count

    def _of(self, day: datetime, since: datetime, until: datetime) -> int:
        times = (day + timedelta(hours=hour, minutes=minute) for hour in self.hours for minute in self.minutes)
        return sum(since < one <= until for one in times)


def moment(text: str) -> datetime | None:
    """A time as Pachyderm prints it, to the second; None when it is none."""
    found = re.match(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$", text
    )
    if not found:
        return None
    try:
        return datetime.fromisoformat(found[1] + found[2].replace("Z", "+00:00")).astimezone(timezone.utc)
    except ValueError:
        return None


def ticks(spec: str, since: datetime, until: datetime) -> int | None:
    """How many ticks lie after `since` and up to `until`, in UTC as a server has it; None when the spec is none."""
    every = _EVERY.fullmatch(spec.strip())
    if every:
        parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", every[1])
        seconds = max(1, int(sum(float(number) * _UNITS[unit] for number, unit in parts)))
        return max(0, int((until - since).total_seconds()) // seconds)
    times = _times(_NAMED.get(spec.strip(), spec))
    return times.between(since, until) if times else None


def _times(spec: str) -> Times | None:
    words = spec.split()
    if len(words) != len(_BOUNDS):
        return None
    try:
        sets = [_field(word, low, high, names) for word, (low, high, names) in zip(words, _BOUNDS)]
    except ValueError:
        return None
    minutes, hours, days, months, weekdays = sets
    either = not any(words[place].startswith(_STARS) for place in (2, 4))
    return Times(minutes, hours, days, months, weekdays, either)


def _field(word: str, low: int, high: int, names: Mapping[str, int]) -> frozenset[int]:
    return frozenset(number for part in word.split(",") for number in _part(part, low, high, names))


def _part(part: str, low: int, high: int, names: Mapping[str, int]) -> Sequence[int]:
    """`*`, `3`, `1-5`, each with a step behind `/`; a single number with a step goes on to the end."""
    span, slash, step = part.lower().partition("/")
    if span in _STARS:
        first, last = low, high
    else:
        begin, dash, end = span.partition("-")
        first = names.get(begin, -1) if begin in names else int(begin)
        last = (names[end] if end in names else int(end)) if dash else (high if slash else first)
    if not low <= first <= last <= high:
        raise ValueError(part)
    return range(first, last + 1, int(step) if slash else 1)
