# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the steps of a record say of a node: what is closed to clients, what was changed, what may be done again. Pure.

A step is {state: running|done|undone, run, started, finished, why, evidence}. One that was undone counts as not done.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._plan import serialise, verbs
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import WALKS, Verb

RUNNING, DONE, UNDONE = "running", "done", "undone"
GATES = ("service", "ports")  # while one of these is closed no client writes
BALANCER = "balancer"

Record = Mapping[str, Any]
Step = Mapping[str, Any]


@lru_cache(maxsize=None)
def hop_of(key: str) -> int:
    return int(key.split("/", 1)[0])


@lru_cache(maxsize=None)
def pass_of(key: str) -> str:
    """`0/walk` of `0/walk/2/start`."""
    return key.rsplit("/", 2)[0]


def verb_name(key: str) -> str:
    return key.rsplit("/", 1)[1]


def verb_of(record: Record, key: str) -> Verb:
    return verbs.verb(record["plan"], verb_name(key))


def backs_up(record: Record, key: str) -> bool:
    """Does the step leave what a rollback goes back to?"""
    return "backup" in verb_of(record, key).slots


def bars(record: Record, key: str) -> tuple[str, ...]:
    """What a step that has begun keeps closed when the run fails."""
    verb = verb_of(record, key)
    return verb.bars if verb.bars_walks or pass_of(key).split("/")[1] not in WALKS else ()


def begun(record: Record, number: int | None = None) -> list[str]:
    """The keys of the steps that have begun here and were not undone, in plan order; those of one hop, or of all."""
    steps = record.get("steps") or {}
    return [
        key
        for key in serialise.keys(record["plan"])
        if key in steps and steps[key]["state"] != UNDONE and number in (None, hop_of(key))
    ]


def did(record: Record, number: int | None = None) -> dict[str, Any]:
    """{strategies, walks, planned, begun} of one hop, or of all: see the filter operation_did."""
    hops = record["plan"]["hops"]
    passes = [one for hop in (hops if number is None else hops[number : number + 1]) for one in hop["passes"].items()]
    found: dict[str, list[Any]] = {}
    for key in begun(record, number):
        found.setdefault(verb_name(key), []).extend(record["steps"][key].get("evidence") or ())
    return {
        "strategies": [hop["strategy"] for hop in (hops if number is None else hops[number : number + 1])],
        "walks": any(name in WALKS for name, _one in passes),
        "planned": [step["verb"] for _name, one in passes for step in one["steps"]],
        "begun": found,
    }


def last(record: Record) -> str:
    """The key of the step that was begun last, "" where none was."""
    begun_at = {key: step["started"] for key, step in (record.get("steps") or {}).items()}
    return max(begun_at, key=begun_at.__getitem__, default="")


def is_past(record: Record, number: int) -> bool:
    """Has the node begun a later hop?"""
    steps = record.get("steps") or {}
    return any(hop_of(key) > number and step["state"] != UNDONE for key, step in steps.items())


def later(record: Record, key: str) -> list[str]:
    """The steps after `key` that have begun."""
    order = serialise.keys(record["plan"])
    after = set(order[order.index(key) + 1 :])
    return [other for other in begun(record) if other in after]


def closed(record: Record, number: int) -> dict[str, str]:
    """What of the hop is closed to clients at this node, each with the key of the step that closed it.

    What a run died in counts as closed: a stop may have been made, a start may not.
    """
    found: dict[str, str] = {}
    for key in begun(record, number):
        for thing in verb_of(record, key).closes:
            found.setdefault(thing, key)
        if record["steps"][key]["state"] == DONE:
            for thing in verb_of(record, key).opens:
                found.pop(thing, None)
    return found


def clients_since(record: Record, key: str) -> bool:
    """May clients have written after the step? A later hop has begun, or its hop has let them in again since."""
    shut: set[str] = set()
    passed = False
    for other in begun(record, hop_of(key)):
        shut |= set(verb_of(record, other).closes)
        opened = bool(shut & set(verb_of(record, other).opens) & set(GATES))
        shut -= set(verb_of(record, other).opens)
        if passed and opened and not shut & set(GATES):
            return True
        passed = passed or other == key
    return is_past(record, hop_of(key))


def proves(record: Record, key: str) -> Iterator[Mapping[str, Any]]:
    """The step's evidence, as long as no later step has begun to put something else in its place."""
    replaced = {slot for other in later(record, key) for slot in verb_of(record, other).slots}
    return (item for item in record["steps"][key]["evidence"] if item.get("slot") not in replaced)


def stale(record: Record, key: str, run: str) -> bool:
    """Did an earlier run look at data that clients change? Not while they are shut out, or the new release has come."""
    number, step = hop_of(key), record["steps"][key]
    if not verb_of(record, key).fresh or step["run"] == run or step["state"] != DONE:
        return False
    changed = any(verb_of(record, other).bars for other in begun(record, number))
    return not changed and not set(closed(record, number)) & set(GATES)


def leads(record: Record, key: str, run: str) -> bool:
    """Was this hook played by an earlier run, and is not yet done what it goes before?"""
    step = record["steps"][key]
    if not verb_of(record, key).spans or step["run"] == run or step["state"] != DONE:
        return False
    return any((record["steps"].get(other) or {}).get("state") != DONE for other in _spanned(record, key))


def _spanned(record: Record, key: str) -> list[str]:
    order = serialise.keys(record["plan"])
    after = order[order.index(key) + 1 :]
    spans = verb_of(record, key).spans
    if spans == "step":
        return after[:1]
    if spans == "wave":
        ends = next((place for place, other in enumerate(after) if verb_name(other) == "after_wave"), len(after))
        return after[: ends + 1]
    return [other for other in after if spans == "operation" or hop_of(other) == hop_of(key)]


def redone_before(record: Record, key: str, run: str) -> bool:
    """Did this run do an earlier step of the pass again? One that only looked anew changes nothing for those after."""
    order = [other for other in serialise.keys(record["plan"]) if pass_of(other) == pass_of(key)]
    earlier = [record["steps"].get(other) for other in order[: order.index(key)]]
    return any(step is not None and step["run"] == run and not step.get("looked") for step in earlier)


def is_final(record: Record, key: str) -> bool:
    """Has the new release taken the place of what the step looked at? Then it is kept as it is, or refused."""
    barrier = set(verb_of(record, key).final_after)
    return any(barrier & set(verb_of(record, other).slots) for other in later(record, key))


def demand_possible(record: Record, key: str, why: str) -> None:
    """Refuse to do again what would lose data, with what to do instead."""
    verb, after = verb_of(record, key), later(record, key)
    if is_final(record, key):
        raise UpliftError(_never(key, why, "the new release has been made active, or has changed the data, after it"))
    if verb.discards and clients_since(record, key):
        raise UpliftError(_never(key, why, "clients may have written after it, and it would throw that away"))
    changed = [other for other in after if bars(record, other)]
    if set(verb.closes) - {BALANCER} and any(pass_of(other) != pass_of(key) for other in changed):
        raise UpliftError(_never(key, why, f"{verb_name(changed[0])} has begun after it"))
    converted = [other for other in changed if "service" in bars(record, other) and verb_name(other) != "activate"]
    if "service" in verb.closes and converted and not any("release" in verb_of(record, other).slots for other in after):
        sentence = f"{verb_name(converted[0])} has begun after it, and what the old release wrote since is not in it"
        raise UpliftError(_never(key, why, sentence))


def missing(record: Record, node: str) -> list[str]:
    """The steps of the plan that this node has not done, in plan order."""
    plan, steps = record["plan"], record["steps"]
    expected = [
        step["key"]
        for hop in plan["hops"]
        for one in hop["passes"].values()
        if any(node in wave for wave in one["waves"])
        for step in one["steps"]
    ]
    return [key for key in expected if (steps.get(key) or {}).get("state") != DONE]


def behind(record: Record) -> int:
    """How many hops the node has behind it: it has begun the next, and has done all that it began of these."""
    steps = record.get("steps") or {}
    hops = [hop_of(key) for key, step in steps.items() if step["state"] != UNDONE]
    unfinished = [hop_of(key) for key, step in steps.items() if step["state"] != DONE]
    return min([max(hops, default=0), *unfinished])


def barred(record: Record, number: int, retracts: Sequence[str]) -> dict[str, str]:
    """What of the hop has to stay closed when a run fails, each with the verb that has begun and is the reason.

    Clients are sent to no node whose service or ports stay closed.
    """
    keys = [key for key in begun(record, number) if verb_name(key) not in retracts]
    found = {thing: f"{verb_name(key)} has begun" for key in reversed(keys) for thing in bars(record, key)}
    gates = [found[gate] for gate in GATES if gate in found]
    return {BALANCER: gates[0], **found} if gates else found


def undo(record: Record, number: int, retracts: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a failing run may give back to clients in this hop at this node, and the steps that are undone by that.

    What is given back makes everything stale that came after its closing, except what only the old release could do and
    the new one has replaced (a backup): that is kept. Nothing is given back by a rollback, or of a hop that is past.
    """
    mine = begun(record, number)
    if record["plan"].get("undoes") or is_past(record, number):
        return [], []
    stays = barred(record, number, retracts)
    given = {thing: key for thing, key in closed(record, number).items() if thing not in stays}
    if not given:
        return [], []
    first = min(mine.index(key) for key in given.values())
    undone = [key for key in mine[first:] if not _kept(record, key, given, retracts)]
    return sorted(given), undone


def _kept(record: Record, key: str, given: Mapping[str, str], retracts: Sequence[str]) -> bool:
    """What closed a thing that stays closed, what nobody takes back, and what only the old release could do."""
    still = verb_of(record, key).closes and not set(verb_of(record, key).closes) & set(given)
    if verb_of(record, key).bars and verb_name(key) not in retracts:
        return True
    barrier = set(verb_of(record, key).final_after)
    replaced = [other for other in later(record, key) if barrier & set(verb_of(record, other).slots)]
    return bool(still) or any(verb_name(other) not in retracts for other in replaced)


def _never(key: str, why: str, because: str) -> str:
    return (
        f"The step {key} no longer holds: {why} It cannot be done again, since {because}. Put back what is missing, or"
        " go back with the rollback playbook. Nothing was changed."
    )
