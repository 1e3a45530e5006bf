# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a plan will take, by the sizes of the cluster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._plan import api, estimate, verbs
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

GIB = 1 << 30
AWAY = ("stop", "backup", "prove", "activate", "start", "connect", "healthy")


def hop(**passes: Any) -> dict[str, Any]:
    """One hop: pass -> (waves, verbs)."""
    return {
        "source": "1", "target": "2", "strategy": "s", "irreversible": "", "guide": "",
        "passes": {
            name: {"waves": waves, "interrupts": "", "steps": [{"verb": verb, "scope": "node"} for verb in names]}
            for name, (waves, names) in passes.items()
        },
    }  # fmt: skip


def told(one: dict[str, Any], sizes: dict[str, Any] | None = None, forks: int = 0) -> dict[str, Any]:
    sizes = {"a1": GIB, "b1": GIB} if sizes is None else sizes
    verbs_ = verbs.as_data({name: verb for product in CATALOGUES.values() for name, verb in product.verbs.items()})
    plan = {"product": "garage", "leader": "a1", "notes": [], "verbs": verbs_, "hops": [one]}
    return dict(estimate.of(plan, sizes, forks)["hops"][0]["estimate"])


def fixed(*names: str) -> float:
    return sum(estimate.TAKES.get(name, estimate.Takes()).seconds for name in names)


@pytest.mark.parametrize(
    ("one", "sizes", "seconds"),
    [
        (hop(walk=([["a1"]], ["stop"])), None, fixed("stop")),
        (hop(walk=([["a1"], ["b1"]], ["stop"])), None, 2 * fixed("stop")),  # one wave after the other
        (hop(walk=([["a1", "b1"]], ["stop"])), None, fixed("stop")),  # those of a wave side by side
        (hop(walk=([["a1"]], ["backup"])), None, fixed("backup") + 20),
        (hop(walk=([["a1", "b1"]], ["backup"])), {"a1": GIB, "b1": 3 * GIB}, fixed("backup") + 60),  # the largest
        (hop(walk=([["a1"]], ["backup"])), {"a1": 0}, fixed("backup")),
        (hop(walk=([["a1"]], ["backup"])), {"a1": None}, None),
        (hop(walk=([["a1"]], ["backup"])), {}, None),
        (hop(walk=([["a1"]], ["stop", "start"])), {}, fixed("stop", "start")),  # it reads nothing of it
        (hop(before=([["a1"]], ["preflight"])), None, 0),
    ],
)
def test_a_hop_takes_what_its_waves_take(one: dict[str, Any], sizes: Any, seconds: float | None) -> None:
    found = told(one, sizes)
    assert found["seconds"] == seconds and bool(found["unknown"]) == (seconds is None)


def test_more_nodes_than_forks_are_told_in_batches() -> None:
    one = hop(together=([["a1", "b1", "c1"]], ["stop"]))
    assert told(one, forks=2)["seconds"] == fixed("stop") + estimate.BATCH
    assert told(one, forks=3)["seconds"] == told(one)["seconds"] == fixed("stop")


def test_what_nobody_can_tell_is_named() -> None:
    found = told(hop(before=([["a1"]], ["repair", "drain", "before_hop", "stage"])))
    assert found["open"] == ["repair", "drain", "before_hop"]


@pytest.mark.parametrize(
    ("one", "passes"),
    [
        (hop(walk=([["a1"], ["b1"]], AWAY)), {"walk": fixed(*AWAY) + 40 - fixed("connect", "healthy")}),
        (hop(before=([["a1"]], ["stage"]), after=([["a1"]], ["verify"])), {}),
        (hop(together=([["a1", "b1"]], ["prove", "activate", "restart", "connect"])), {"together": fixed("restart")}),
        (
            # What is closed in one pass stays so until another opens it.
            hop(
                before=([["a1"]], ["stage", "quiesce", "connect"]),
                together=([["a1"]], ["stop", "start"]),
                after=([["a1"]], ["healthy", "resume", "verify"]),
            ),
            {
                "before": fixed("quiesce", "connect"),
                "together": fixed("stop", "start"),
                "after": fixed("healthy", "resume"),
            },
        ),
    ],
)
def test_clients_notice_what_lies_between_closing_and_opening(one: dict[str, Any], passes: dict[str, float]) -> None:
    assert told(one)["passes"] == passes


def test_what_is_not_known_is_said_so() -> None:
    one = hop(walk=([["a1"], ["b1"]], AWAY))
    assert estimate.lines(one) == []
    assert estimate.lines({**one, "estimate": told(one, {"a1": GIB, "b1": None})}) == [
        "  takes: unknown, for how much there is at b1 is not known",
        "  closed to clients in walk: each of its waves in turn, unknown",
    ]
    whole = hop(before=([["a1"]], ["repair"]), together=([["a1", "b1"]], ["stop", "start"]))
    assert estimate.lines({**whole, "estimate": told(whole)}) == [
        "  takes: about 20 s, and as long as repair need",
        "  closed to clients in together: all its nodes, about 10 s",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "5 s"), (31, "35 s"), (90, "2 min"), (3599, "60 min"), (5400, "1 h 30 min"), (7300, "2 h 15 min")],
)
def test_a_time_is_said_as_an_estimate_is_meant(seconds: float, said: str) -> None:
    assert estimate.about(seconds) == said


@pytest.mark.parametrize("product", CATALOGUES)
def test_every_step_has_a_figure_of_its_own_or_is_quick(product: str) -> None:
    """A step that reads all there is may not pass for one of three seconds."""
    quick = {"activate", "adopt", "admit", "alone", "configure", "contents", "watch"}
    assert set(verbs.all_of(CATALOGUES[product])) <= {*estimate.TAKES, *quick}


def test_the_figures_are_stated_as_they_are_taken() -> None:
    page = (Path(__file__).resolve().parents[5] / "docs/docsite/rst/estimates.rst").read_text(encoding="utf-8")
    stated = re.findall(r"\* - ``(\w+)``\n     - (\S+)\n     - (\S+)\n     - (yes|no)\n", page)
    assert stated == [
        (name, f"{takes.seconds:g}", f"{takes.gib:g}", "yes" if takes.open else "no")
        for name, takes in estimate.TAKES.items()
    ]
    assert f"takes {estimate.Takes().seconds} s" in page and f"counts {estimate.BATCH} s" in page


def test_a_plan_has_it_where_sizes_are_given() -> None:
    params = {
        "product": "garage", "target": "0.8.7", "strategy": "", "wave": "", "accept": [], "stop_after": "",
        "back": False, "confirm": [], "via": [], "forks": 5, "created_with": "", "wants": [], "records": {},
        "nodes": [{"name": name, "id": name, "zone": name, "version": "0.8.0"} for name in ("a1", "b1", "c1")],
        "members": ["a1", "b1", "c1"], "replication": "3",
    }  # fmt: skip
    assert not [line for line in api.demanded(params)["tree"] if "takes:" in line]
    found = api.demanded({**params, "sizes": dict.fromkeys(("a1", "b1", "c1"), GIB)})
    assert found["plan"]["hops"][0]["estimate"]["seconds"] > 3 * 40
    assert [line for line in found["tree"] if "takes: about " in line]
    blind = api.demanded({**params, "sizes": {"a1": GIB, "b1": None, "c1": GIB}})
    assert "  takes: unknown, for how much there is at b1 is not known" in blind["tree"]
