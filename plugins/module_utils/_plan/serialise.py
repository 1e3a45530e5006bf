# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._plan import estimate, verbs
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    CLUSTER,
    Plan,
    PlannedHop,
    PlannedPass,
    Verb,
)

# A plan as plain data: what playbooks, the record and reports read.


def to_dict(plan: Plan) -> dict[str, Any]:
    return {
        "product": plan.product,
        "leader": plan.leader,
        "target": str(plan.target),
        "notes": list(plan.notes),
        "undoes": plan.undoes,
        "undoes_hop": plan.undoes_hop,
        "created_with": plan.created_with,
        "retracts": list(plan.retracts),
        "verbs": verbs.as_data({name: plan.verbs[name] for name in _used(plan) if name in plan.verbs}),
        "hops": [_hop(number, hop) for number, hop in enumerate(plan.hops)],
    }


def _used(plan: Plan) -> list[str]:
    return sorted({name for hop in plan.hops for one in hop.passes for name, _scope in one.steps})


def _hop(number: int, hop: PlannedHop) -> dict[str, Any]:
    return {
        "source": str(hop.source),
        "target": str(hop.target),
        "strategy": hop.strategy,
        "irreversible": hop.irreversible,
        "guide": hop.guide,
        "passes": {one.name: _pass(number, one) for one in hop.passes},
    }


def _pass(number: int, one: PlannedPass) -> dict[str, Any]:
    return {
        "waves": [list(wave) for wave in one.waves],
        "interrupts": one.interrupts,
        "steps": [
            {"key": f"{number}/{one.name}/{place}/{verb}", "verb": verb, "scope": scope, **_whose(verb)}
            for place, (verb, scope) in enumerate(one.steps)
        ],
    }


def _whose(name: str) -> dict[str, str]:
    """The role of a step that is not the product's."""
    return {"role": verbs.HOOKS[name].role} if name in verbs.HOOKS else {}


def keys(plan: Mapping[str, Any]) -> list[str]:
    """The keys of all steps in plan order."""
    return [step["key"] for hop in plan["hops"] for one in hop["passes"].values() for step in one["steps"]]


def agreed_waves(plan: Mapping[str, Any]) -> list[list[str]]:
    """The waves whose nodes have to be told of a moment at once."""
    return [
        wave
        for hop in plan["hops"]
        for one in hop["passes"].values()
        if any(verbs.verb(plan, step["verb"]).agreed for step in one["steps"])
        for wave in one["waves"]
    ]


def order(plan: Mapping[str, Any], behind: int = 0) -> list[list[Any]]:
    """Hop number, pass and node, in the order in which the nodes are taken, without the hops behind all of them.

    To ask each node about each step of those again would take a resumed run longer than the hop that is left.
    """
    return [
        [number, name, node]
        for number, hop in enumerate(plan["hops"])
        if number >= behind
        for name, one in hop["passes"].items()
        for wave in one["waves"]
        for node in wave
    ]


def tree(plan: Mapping[str, Any], explain: bool = False) -> list[str]:
    """The plan as an operator reads it: hop, pass, wave, steps; what interrupts clients; what cannot be undone; and,
    when it is asked to explain, what each step does.
    """
    out = [f"note: {note}" for note in plan["notes"]]
    for hop in plan["hops"]:
        out.append(f"{plan['product']} {hop['source']} -> {hop['target']}, {hop['strategy']} ({hop['guide']})")
        for name, one in hop["passes"].items():
            out.append(f"  {name}" + (f"   ! {one['interrupts']}" if one["interrupts"] else ""))
            steps = ", ".join(_shown(step, plan["leader"]) for step in one["steps"])
            for number, wave in enumerate(one["waves"], 1):
                out.append(f"    wave {number} of {len(one['waves'])}: {' '.join(wave)}: {steps}")
        out += estimate.lines(hop)
        if hop["irreversible"]:
            out.append(f"  no rollback except from the backup: {hop['irreversible']}")
    return [*out, *_explained(plan)] if explain else out


def _explained(plan: Mapping[str, Any]) -> list[str]:
    """Each step once, in the order in which it first comes, with what it takes from clients and gives back to them."""
    names = dict.fromkeys(
        step["verb"] for hop in plan["hops"] for one in hop["passes"].values() for step in one["steps"]
    )
    return ["What the steps do:", *(f"  {name}: {said(verbs.verb(plan, name))}" for name in names)] if names else []


def said(verb: Verb) -> str:
    """What a step does, and what clients notice of it, in a line."""
    notes = [f"closed to clients: {', '.join(verb.closes)}"] if verb.closes else []
    notes += [f"given back to clients: {', '.join(verb.opens)}"] if verb.opens else []
    return f"{verb.what} ({'; '.join(notes)})" if notes else verb.what


def _shown(step: Mapping[str, str], leader: str) -> str:
    return f"{step['verb']} (at {leader})" if step["scope"] == CLUSTER else step["verb"]
