# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bench: when it refuses to measure, what it measures on, and its page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import engine, hop, idle, measured, page
from tests.bench.measured import Figure

IDLE = "cpu  100 0 100 1000 50 0 0 0 0 0"
FIGURES = [
    Figure("rolling", 3, 120.0, 30.0, 60, 1.5, 2, 2400),
    Figure("upgrade, all at once", 3, 20.0, 12.0, 61),
    Figure("upgrade, all at once", 30, 90.0, 117.0, 64),
]


@pytest.mark.parametrize(
    ("later", "used"),
    [("cpu  100 0 100 1100 50 0 0 0 0 0", 0.0), ("cpu  150 0 100 1050 50 0 0 0 0 0", 0.5), (IDLE, 1.0)],
)
def test_what_is_used_is_all_that_is_not_idle(later: str, used: float) -> None:
    assert idle.share(IDLE, later) == used


def test_a_busy_machine_is_refused_and_what_to_do_is_said() -> None:
    assert idle.refused(idle.ALLOWED) == ""
    said = idle.refused(0.61)
    assert "61%" in said and "Nothing was measured" in said and "--although-busy" in said


def test_a_run_that_fails_has_no_figure(tmp_path: Path) -> None:
    done = measured.timed("nothing", 3, [sys.executable, "-c", "sum(range(10**6))"], tmp_path / "log", {})
    assert done.nodes == 3 and done.memory > 0 and done.outage == -1
    with pytest.raises(SystemExit, match="nothing, 3 nodes: ended with 4, expected 0. See .*log"):
        measured.timed("nothing", 3, [sys.executable, "-c", "raise SystemExit(4)"], tmp_path / "log", {})


def test_the_toy_is_in_a_collection_of_its_own_and_each_host_has_a_home(tmp_path: Path) -> None:
    tree = engine.collection(tmp_path / "tree")
    registry = "ansible_collections.uplift.datastores.plugins.module_utils._products"
    asks = f"from {registry} import CATALOGUES; print(*sorted(CATALOGUES))"
    done = subprocess.run([sys.executable, "-c", asks], cwd=tree, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["garage", "lakefs", "pachyderm", "toy"]
    toys = json.loads(engine.hosts(tmp_path / "toys", 3).read_text(encoding="utf-8"))["toy"]["hosts"]
    assert len({toy["toy_home"] for toy in toys.values()} | {toy["operation_root"] for toy in toys.values()}) == 6
    assert all((Path(toy["toy_home"]) / "toy.json").exists() for toy in toys.values())


def test_everybody_who_competes_has_a_command() -> None:
    assert set(hop.CONTENDERS) == {"rolling", "all_at_once", "runbook", "plain"}
    subprocess.run(["bash", "-n", hop.HERE / "runbook"], check=True)


def test_the_page_shows_every_figure_and_names_what_is_not_measured() -> None:
    text = page.page(FIGURES, {"state": "BUSY: <61%>"})
    assert text.count("<polyline") == len(("rolling", "upgrade")) * 4 + 1, "a plot with a line for each, but the outage"
    assert "<td>117</td>" in text and "BUSY: &lt;61%&gt;" in text and "Not measured" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), "it fetches something"
    assert page.plot([one for one in FIGURES if one.outage < 0], *page.MEASURES[-1]) == ""


def test_who_waits_reads_what_a_client_met() -> None:
    assert page.line(FIGURES[0]).endswith("60 MiB, 1.5 s without service, 2 of 2400 requests failed")
    assert page.line(FIGURES[1]) == "upgrade, all at once, 3 nodes: 20 s, 12 s of processor time, 61 MiB"
