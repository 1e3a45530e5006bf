# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan foretells, and what the record and the report keep of each run."""

from __future__ import annotations

from stage import Stage, failed


def test_the_plan_says_how_long_it_takes_or_that_it_is_unknown(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    run = pair.playbook("garage_plan")
    assert run.ok and "  takes: about " in run.said and "closed to clients in " in run.said, run.why
    gone = failed("no such directory")
    pair.on("node_space", lambda call: None if call.args.get("paths") else gone, host="b1")
    run = pair.playbook("garage_plan")
    assert run.ok and "takes: unknown, for how much there is at b1 is not known" in run.said, run.why


def test_each_product_has_sizes_of_its_own(lakefs: Stage, pachyderm: Stage) -> None:
    for stage, size in ((lakefs, 11181415), (pachyderm, 2 * 4096)):
        one = stage.only(stage.hosts[0])
        run = one.playbook(f"{stage.product}_plan")
        (asked,) = run.of("upgrade_plan")
        assert asked.args["sizes"] == {one.hosts[0]: size}, run.why


def test_the_record_keeps_how_each_run_has_ended(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    pair.on("service", failed("it hangs"), state="stopped", host="b1")
    assert not pair.steps(["stop", "start"]).ok
    (first,) = pair.record("a1")["runs"]
    assert "b1, " in first["how"] and "it hangs" in first["how"] and first["ended"] >= first["began"]
    pair.rules.pop()
    assert pair.steps(["stop", "start"]).ok
    assert [one["who"] for one in pair.record("b1")["runs"]] == ["operator@controller"] * 2


def test_where_the_report_is_put_is_looked_at_with_the_plan(garage: Stage) -> None:
    one = garage.only("a1")
    access = {"headers": {"Authorization": "Bearer 4425f5c2"}}
    run = one.playbook("garage_plan", garage_report_url="https://web.example.org/reports", garage_report_access=access)
    (asked,) = run.of("operation_report", state="possible")
    assert (asked.args["url"], asked.args["access"]) == ("https://web.example.org/reports", access), run.why
    assert "4425f5c2" not in run.shown
