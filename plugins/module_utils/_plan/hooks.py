# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Where the operator's own tasks come in a plan. They are steps of it, so that the record knows of them what it knows
of every step; a plan without any has no step for them. Pure, but for the look whether a file is there.

A hook is {at, tasks, steps, on_error}: the moment, a file on the controller or one of READY, for the moments of a step
which steps ([] for all), and `stop` or `go_on`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Callable, Iterator, Mapping, Sequence, Tuple

from ansible_collections.uplift.datastores.plugins.module_utils._operation import steps as operation_steps
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    WALKS,
    Plan,
    PlannedHop,
    PlannedPass,
    Refusal,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import HOOKS, as_data, verb

ON_FAILURE = "on_failure"
AT = (*HOOKS, ON_FAILURE)
# The task files of the role hooks that may be named without a path.
READY = (
    "alertmanager_expire",
    "alertmanager_silence",
    "haproxy_drain",
    "haproxy_ready",
    "keepalived_lower",
    "keepalived_raise",
    "webhook",
)
_FIRST = "preflight"  # made before there is a record, so nothing of the record comes before it

Hook = Mapping[str, Any]
Row = Tuple[str, str]  # a step as a plan has it before it has keys: verb, scope


def planned(plan: Plan, hooks: Sequence[Hook]) -> Plan:
    """The plan with a step for each moment that has a hook.

    What is taken out of a load balancer comes back: the moments of a wave are there both, or neither.
    """
    wanted = {str(hook["at"]) for hook in hooks}
    if not plan.hops or wanted <= {ON_FAILURE}:
        return plan
    hops = [_hop(plan, hop, hooks, wanted) for hop in plan.hops]
    hops[0] = _around(hops[0], "before_operation", "", wanted)
    hops[-1] = _around(hops[-1], "", "after_operation", wanted)
    return replace(plan, hops=tuple(hops))


def _hop(plan: Plan, hop: PlannedHop, hooks: Sequence[Hook], wanted: set[str]) -> PlannedHop:
    passes = [replace(one, steps=tuple(_stepwise(one.steps, hooks))) for one in hop.passes]
    if wanted & {"before_wave", "after_wave"}:
        passes = _wavewise(plan, passes)
    return _around(replace(hop, passes=tuple(passes)), "before_hop", "after_hop", wanted)


def _stepwise(rows: Sequence[Row], hooks: Sequence[Hook]) -> Iterator[Row]:
    """Each step between the hooks that are before and after it, done where it is."""
    for name, scope in rows:
        mine = {hook["at"] for hook in hooks if name != _FIRST and name in (hook["steps"] or [name])}
        yield from [("before_step", scope)] if "before_step" in mine else []
        yield (name, scope)
        yield from [("after_step", scope)] if "after_step" in mine else []


def _wavewise(plan: Plan, passes: Sequence[PlannedPass]) -> list[PlannedPass]:
    """Around each pass that takes nodes away; where all go together, from the first step that closes to the last that
    opens."""
    data = {"verbs": as_data(plan.verbs)}
    if any(one.name in WALKS for one in passes):
        return [_enclosed(one) if one.name in (*WALKS, "together") and _leaves(data, one) else one for one in passes]
    where = [(number, place) for number, one in enumerate(passes) for place in range(len(one.steps))]
    gates = set(operation_steps.GATES)
    inside = [spot for spot in where if passes[spot[0]].name == "together"]
    for number, place in where:
        name = passes[number].steps[place][0]
        if name not in HOOKS and gates & {*verb(data, name).closes, *verb(data, name).opens}:
            inside.append((number, place))
    if not inside:
        return list(passes)
    first, last = _with_its_hooks(passes, min(inside), max(inside))
    out = list(passes)
    out[last[0]] = _put(out[last[0]], last[1] + 1, ("after_wave", "node"))
    out[first[0]] = _put(out[first[0]], first[1], ("before_wave", "node"))
    return out


def _with_its_hooks(
    passes: Sequence[PlannedPass], first: tuple[int, int], last: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """A hook of a step stays next to its step."""
    (number, place), (end, ended) = first, last
    before, after = passes[number].steps, passes[end].steps
    if place and before[place - 1][0] == "before_step":
        place -= 1
    if ended + 1 < len(after) and after[ended + 1][0] == "after_step":
        ended += 1
    return (number, place), (end, ended)


def _leaves(plan: Mapping[str, Any], one: PlannedPass) -> bool:
    """Is there anything in the pass that clients could notice? Not where nodes are backed up while they serve."""
    verbs = [verb(plan, name) for name, _scope in one.steps if name not in HOOKS]
    return any(each.closes or each.opens or each.bars for each in verbs)


def _enclosed(one: PlannedPass) -> PlannedPass:
    return replace(one, steps=(("before_wave", "node"), *one.steps, ("after_wave", "node")))


def _put(one: PlannedPass, place: int, row: Row) -> PlannedPass:
    return replace(one, steps=(*one.steps[:place], row, *one.steps[place:]))


def _around(hop: PlannedHop, before: str, after: str, wanted: set[str]) -> PlannedHop:
    """Once, at the leader: before everything but the preflight, after everything."""
    passes = list(hop.passes)
    if after in wanted:
        passes[-1] = _put(passes[-1], len(passes[-1].steps), (after, HOOKS[after].scope))
    if before in wanted:
        place = 1 if passes[0].steps[:1] and passes[0].steps[0][0] == _FIRST else 0
        passes[0] = _put(passes[0], place, (before, HOOKS[before].scope))
    return replace(hop, passes=tuple(passes))


def refused(
    product: str, hooks: Sequence[Hook], known: Sequence[str], there: Callable[[str], bool] = os.path.isfile
) -> list[Refusal]:
    """What an operator would else learn in the middle of the night. known: the verbs of the product."""
    out = []
    for hook in hooks:
        at, tasks = hook["at"], str(hook["tasks"])
        strange = [name for name in hook["steps"] if name not in known or name == _FIRST]
        if tasks not in READY and not (os.path.isabs(tasks) and there(tasks)):
            seen = "is not there" if os.path.isabs(tasks) else "is no absolute path"
            out.append(
                Refusal(
                    "hook_missing",
                    f"The tasks {tasks!r} of {product}_hooks, {at}: this {seen}; expected a file on the controller by"
                    f" its absolute path, or one of {', '.join(READY)}. Correct it, or take the hook away.",
                )
            )
        if strange or (hook["steps"] and not at.endswith("_step")):
            seen = ", ".join(map(str, strange or hook["steps"]))
            out.append(
                Refusal(
                    "hook_steps",
                    f"The steps {seen} of {product}_hooks, {at}: expected steps of {product} as the plan shows them, at"
                    f" before_step or after_step; {_FIRST} has none. Correct it.",
                )
            )
    return out


def not_planned(plan: Mapping[str, Any], product: str, hooks: Sequence[Hook]) -> list[str]:
    """An operation goes on with the moments that it was begun with: those that came later are said."""
    names = {step["verb"] for hop in plan["hops"] for one in hop["passes"].values() for step in one["steps"]}
    new = sorted({str(hook["at"]) for hook in hooks} - names - {ON_FAILURE})
    if not new:
        return []
    return [
        f"note: {product}_hooks has {', '.join(new)}, and this operation was begun without: they are played from the"
        " next operation on"
    ]
