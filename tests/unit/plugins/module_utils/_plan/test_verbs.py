# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a verb is said once, and how a plan carries those that one product has."""

from __future__ import annotations

import json

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._plan import serialise, verbs
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import THINGS, Catalogue, Verb
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES


def used(catalogue: Catalogue) -> set[str]:
    """Every verb of every way of the product, forth and back."""
    ways = [way for hop in catalogue.hops for way in (*hop.shapes, *(hop.renewal.shapes if hop.renewal else ()))]
    ways += [*catalogue.patch, *catalogue.back]
    return {name for way in ways for row in way.passes.values() for name in row}


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=list(CATALOGUES))
def test_a_products_own_verbs_are_its_own_and_used(catalogue: Catalogue) -> None:
    others = set().union(*(used(one) for one in CATALOGUES.values() if one is not catalogue))
    own = used(catalogue) - set(verbs.SHARED)
    assert set(catalogue.verbs) == own, "a way has a verb that nobody says, or one is unused"
    assert not set(catalogue.verbs) & others, "what a second product has is shared"


def test_what_is_shared_several_products_have() -> None:
    for name in verbs.SHARED:
        assert sum(name in used(catalogue) for catalogue in CATALOGUES.values()) > 1, f"{name} is one product's own"


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=list(CATALOGUES))
def test_every_verb_says_what_it_does_and_takes_what_there_is(catalogue: Catalogue) -> None:
    for name, verb in verbs.all_of(catalogue).items():
        assert verb.what and not {*verb.closes, *verb.opens, *verb.bars} - set(THINGS), name


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=list(CATALOGUES))
def test_a_plan_brings_them_through_a_record_as_they_are(catalogue: Catalogue) -> None:
    plan = json.loads(json.dumps({"verbs": verbs.as_data(catalogue.verbs)}))
    for name, verb in verbs.all_of(catalogue).items():
        assert verbs.verb(plan, name) == verb


def test_what_is_as_usual_is_not_written_down() -> None:
    assert verbs.as_data({"polish": Verb(slots=("shine",))}) == {"polish": {"slots": ("shine",)}}


def test_a_verb_that_the_plan_does_not_bring_is_refused() -> None:
    with pytest.raises(UpliftError, match="has the step 'polish' and does not say what it does; expected a plan"):
        verbs.verb({"verbs": {}}, "polish")


def test_a_plan_is_explained_when_it_is_asked_for() -> None:
    """Each step once, the product's own too, with what clients notice."""
    steps = [
        {"verb": name, "key": f"0/together/0/{name}", "scope": "node"} for name in ("stop", "polish", "start", "stop")
    ]
    hop = {
        "source": "1", "target": "2", "strategy": "all_at_once", "guide": "g", "irreversible": "",
        "passes": {"together": {"waves": [["t1"]], "interrupts": "", "steps": steps}},
    }  # fmt: skip
    own = verbs.as_data({"polish": Verb(what="write the words anew")})
    plan = {"product": "toy", "leader": "t1", "notes": [], "hops": [hop], "verbs": own}
    assert serialise.tree(plan, explain=True)[-4:] == [
        "What the steps do:",
        "  stop: stop the service properly, and hold it down (closed to clients: service)",
        "  polish: write the words anew",
        "  start: start the service (given back to clients: service)",
    ]
    assert not [line for line in serialise.tree(plan) if "What the steps do" in line]
    assert serialise.tree({**plan, "hops": []}, explain=True) == []
