# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import steps
from ansible_collections.uplift.datastores.plugins.module_utils._plan import (
    estimate,
    hooks,
    planner,
    resume,
    rollback,
    serialise,
    verbs,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    Catalogue,
    Cluster,
    Node,
    Plan,
    Refusal,
    Request,
)
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES


class PlanRefused(UpliftError):
    """Why there is no plan: all refusals in one text, and each by its key in `facts`."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(" ".join(refusal["sentence"] for refusal in facts["refusals"]))
        self.facts = facts


def demanded(params: Mapping[str, Any]) -> dict[str, Any]:
    found = answer(params)
    if found["refusals"]:
        raise PlanRefused(found)
    return found


def answer(params: Mapping[str, Any]) -> dict[str, Any]:
    """The plan for a module's parameters: {plan, tree, resumed, refusals}."""
    known = list(verbs.all_of(_catalogue(params)))
    wrong = hooks.refused(params["product"], params.get("hooks") or [], known)
    if wrong:
        return _refused(wrong)
    if params["back"]:
        return _back(params)
    wishes = ("target", "strategy", "wave", "accept", "stop_after", "via", "forks", "created_with", "wants")
    request = Request(**{name: params[name] for name in wishes})
    found = resume.unfinished(params["records"], request)
    if found is None:
        return _fresh(params, request)
    if isinstance(found, Mapping):
        # A node that does not remember this operation has no hop of it behind it.
        mine = [one if one.get("id") == found["id"] else {} for one in params["records"].values()]
        behind = min(map(steps.behind, mine))
        return _going_on(found, params, resume.play(found, list(params["records"])), behind)
    return _refused(found)


def unit_of(product: str) -> str:
    """Where a product runs when nobody says where, in the notation of _runtime/place.py."""
    return _catalogue({"product": product}).unit or f"{product}.service"


def _catalogue(params: Mapping[str, Any]) -> Catalogue:
    name = params["product"]
    if name not in CATALOGUES:
        known = ", ".join(sorted(CATALOGUES))
        raise UpliftError(f"The product {name!r} is not known here; expected one of {known}. Correct its name.")
    return CATALOGUES[name]


def _fresh(params: Mapping[str, Any], request: Request) -> dict[str, Any]:
    nodes = [
        Node(one["name"], one["id"], one["zone"], version.parse(one["version"]), one.get("stores", True))
        for one in params["nodes"]
    ]
    cluster = Cluster(tuple(params["members"]), params["replication"], params.get("zone_redundancy", ""))
    made = planner.plan(_catalogue(params), nodes, cluster, request)
    return _said(_with_hooks(made, params), params) if isinstance(made, Plan) else _refused(made)


def _with_hooks(made: Plan, params: Mapping[str, Any]) -> dict[str, Any]:
    return serialise.to_dict(hooks.planned(made, params.get("hooks") or []))


def _back(params: Mapping[str, Any]) -> dict[str, Any]:
    half = resume.half_given_up(params["records"])
    if half:
        return _refused(half)
    begun = rollback.unfinished(params["records"])
    if begun:
        return _going_on(begun, params, _limited(params))
    seen = {one["name"]: one["version"] for one in params["nodes"]}
    cluster = Cluster(tuple(params["members"]), params["replication"])
    confirmed = "rollback" in params["confirm"]
    made = rollback.plan(_catalogue(params), params["records"], seen, cluster, confirmed)
    if not isinstance(made, Plan):
        return _refused(made)
    plan = _with_hooks(made, params)
    few = planner.told_at_once(serialise.agreed_waves(plan), params["forks"])
    return _refused(few) if few else _said(plan, params)


def _going_on(
    record: Mapping[str, Any], params: Mapping[str, Any], why: list[Refusal], behind: int = 0
) -> dict[str, Any]:
    """What was planned is not planned again, but who is there to do it may have changed."""
    plan = dict(record["plan"])
    why += planner.told_at_once(serialise.agreed_waves(plan), params["forks"])
    if why:
        return _refused(why)
    said = _said(plan, params, record["id"], behind)
    said["tree"] = [*hooks.not_planned(plan, params["product"], params.get("hooks") or []), *said["tree"]]
    return said


def _limited(params: Mapping[str, Any]) -> list[Refusal]:
    """A rollback may be one of some nodes alone: of the others the cluster tells, where every node says who it is."""
    here = {one["id"]: one["name"] for one in params["nodes"]}
    found = [] if "" in here else planner.membership(here, Cluster(tuple(params["members"]), params["replication"]))
    return [refusal for refusal in found if refusal.key == "nodes_missing"]


def _said(plan: dict[str, Any], params: Mapping[str, Any], resumed: str = "", behind: int = 0) -> dict[str, Any]:
    if params.get("sizes") is not None and not resumed:
        plan = estimate.of(plan, params["sizes"], params["forks"])
    order, tree = serialise.order(plan, behind), serialise.tree(plan, bool(params.get("explain")))
    return {"plan": plan, "order": order, "tree": tree, "resumed": resumed, "refusals": []}


def _refused(refusals: Sequence[Refusal]) -> dict[str, Any]:
    said = [{"key": refusal.key, "sentence": refusal.sentence} for refusal in refusals]
    return {"plan": {"hops": []}, "order": [], "tree": [], "resumed": "", "refusals": said}
