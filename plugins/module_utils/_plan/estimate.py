# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""How long a plan will take, from the cluster's own sizes, and for how long clients notice it. Pure.

The figures are assumptions: seconds of real runs on small hosts, and for each GiB what an ordinary disk does. They are
stated in docs/docsite/rst/estimates.rst.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._plan import verbs

GIB = float(1 << 30)
BATCH = 1.5  # seconds for each further batch of nodes that Ansible tells: `forks` at once
_CLOSING = {"service", "ports"}


@dataclass(frozen=True)
class Takes:
    """seconds: whatever there is. gib: seconds more for each GiB of what is backed up. open: nobody can tell how long
    it takes besides: others' work, or the operator's own."""

    seconds: float = 2
    gib: float = 0
    open: bool = False


_USUAL = Takes()
# Step -> what it takes; all others take what is usual.
TAKES: Mapping[str, Takes] = {
    "preflight": Takes(0),
    "stage": Takes(14),
    "inventory": Takes(5),
    "quiesce": Takes(15),
    "drain": Takes(5, open=True),
    "stop": Takes(7),
    "backup": Takes(3, 20),
    "prove": Takes(2, 20),
    "migrate": Takes(10, 60),
    "restore": Takes(5, 30),
    "start": Takes(3),
    "healthy": Takes(8),
    "resume": Takes(6),
    "verify": Takes(8),
    "connect": Takes(3),
    "repair": Takes(10, open=True),
    "snapshot": Takes(4, 20),
    "backup_live": Takes(5, 40),
    "count": Takes(4, 20),
    "renew": Takes(5),
    "complete": Takes(5, open=True),
    "convert": Takes(6, 60),
    "readable": Takes(9, 40),
    "offline_repair": Takes(6, 60),
    "restart": Takes(10),
    "rehearse": Takes(10, 100),
    "uncommitted": Takes(3, 5),
    "commit_uncommitted": Takes(5, open=True),
    "move_objects": Takes(open=True),
    "pause": Takes(20, open=True),
    "extract": Takes(15, 30),
    "try_restore": Takes(20, 60),
    "recount": Takes(15, 30),
    "amend": Takes(40),
    "undeploy": Takes(12),
    "redeploy": Takes(25),
    "deploy_parallel": Takes(30),
    "recall": Takes(30),
    "switch": Takes(25),
    "unpause": Takes(20),
}


def of(plan: Mapping[str, Any], sizes: Mapping[str, Any], forks: int = 0) -> dict[str, Any]:
    """The plan with an `estimate` for each hop, {seconds, open, unknown, passes}.

    sizes: node -> bytes of what a backup of it reads, None where that is not known. seconds: of the whole hop, None
    where it is not known; unknown: the nodes for which it is not. open: steps that take as long as others need.
    passes: name -> seconds in which clients notice something, for each wave, or None; only of those that they notice.
    """
    return {**plan, "hops": [{**hop, "estimate": _hop(plan, hop, sizes, forks)} for hop in plan["hops"]]}


def _hop(plan: Mapping[str, Any], hop: Mapping[str, Any], sizes: Mapping[str, Any], forks: int) -> dict[str, Any]:
    rows = list(_rows(hop["passes"], sizes, forks))
    names = dict.fromkeys(name for _pass, _wave, name, _took in rows)
    # Of a hop that reads nothing of it, the size does not matter.
    blind = sorted(
        {node for _pass, wave, name, took in rows if took is None for node in wave if sizes.get(node) is None}
    )
    return {
        "seconds": _sum(took for _pass, _wave, _name, took in rows),
        "open": [name for name in names if name in verbs.HOOKS or TAKES.get(name, _USUAL).open],
        "unknown": blind,
        "passes": _noticed(plan, hop, sizes, forks),
    }


def _rows(
    passes: Mapping[str, Any], sizes: Mapping[str, Any], forks: int
) -> Iterator[tuple[str, Sequence[str], str, float | None]]:
    """(pass, wave, step, seconds): one for each step of each wave."""
    for name, one in passes.items():
        for wave in one["waves"]:
            for step in one["steps"]:
                yield name, wave, step["verb"], _takes(step["verb"], wave, sizes, forks)


def _takes(name: str, wave: Sequence[str], sizes: Mapping[str, Any], forks: int) -> float | None:
    """The nodes of a wave work side by side: the largest is what they wait for."""
    takes = TAKES.get(name, _USUAL)
    batches = BATCH * (math.ceil(len(wave) / forks) - 1 if forks else 0)
    if not takes.gib:
        return takes.seconds + batches
    known = [sizes.get(node) for node in wave]
    return None if None in known else takes.seconds + batches + takes.gib * max(map(float, known)) / GIB  # type: ignore[arg-type]


def _noticed(
    plan: Mapping[str, Any], hop: Mapping[str, Any], sizes: Mapping[str, Any], forks: int
) -> dict[str, float | None]:
    """From the first step that closes something to clients to the last that opens it again, for the longest wave."""
    out: dict[str, float | None] = {}
    shut: set[str] = set()
    for name, one in hop["passes"].items():
        names = [step["verb"] for step in one["steps"]]
        places, shut = _closed(plan, names, shut)
        if places:
            away = names[min(places) : max(places) + 1]
            spans = [_sum(_takes(verb, wave, sizes, forks) for verb in away) for wave in one["waves"]]
            out[name] = None if None in spans else max(float(span or 0) for span in spans)
    return out


def _closed(plan: Mapping[str, Any], names: Sequence[str], shut: set[str]) -> tuple[list[int], set[str]]:
    """The places of the steps during which something is closed, and what still is after the last of them."""
    places = []
    for place, name in enumerate(names):
        verb = verbs.verb(plan, name)
        touched = (set(verb.closes) | set(verb.opens)) & _CLOSING
        if shut or touched:
            places.append(place)
        shut = (shut | set(verb.closes) & _CLOSING) - set(verb.opens)
    return places, shut


def _sum(seconds: Iterator[float | None]) -> float | None:
    found = list(seconds)
    return None if None in found else round(sum(one or 0.0 for one in found), 1)


def lines(hop: Mapping[str, Any]) -> list[str]:
    """What an operator reads of it, below the hop; none where nothing was estimated."""
    told = hop.get("estimate")
    if told is None:
        return []
    besides = f", and as long as {', '.join(told['open'])} need" if told["open"] else ""
    if told["seconds"] is None:
        out = [f"  takes: unknown, for how much there is at {', '.join(told['unknown'])} is not known"]
    else:
        out = [f"  takes: about {about(told['seconds'])}{besides}"]
    for name, seconds in told["passes"].items():
        waves = hop["passes"][name]["waves"]
        who = "each of its waves in turn" if len(waves) > 1 else "all its nodes"
        long = "unknown" if seconds is None else f"about {about(seconds)}"
        more = [step["verb"] for step in hop["passes"][name]["steps"] if step["verb"] in told["open"]]
        out.append(f"  closed to clients in {name}: {who}, {long}" + (f", and {', '.join(more)}" if more else ""))
    return out


def about(seconds: float) -> str:
    """Rounded as an estimate is meant: to 5 seconds, minutes, or a quarter of an hour."""
    if seconds < 90:
        return f"{max(5, math.ceil(seconds / 5) * 5)} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    quarters = math.ceil(seconds / 900)
    return f"{quarters // 4} h {quarters % 4 * 15} min"
