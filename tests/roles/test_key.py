# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key and the bucket that an operation of Garage has of its own: when it is made, and how it goes."""

from __future__ import annotations

from stage import Stage, failed

MADE = {"module": "garage_access", "state": "present"}
GONE = {"module": "garage_access", "state": "absent"}


def test_an_operation_that_was_begun_goes_on_without_a_key_at_every_node(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    pair.on("garage_settled", failed("it does not settle"))
    assert not pair.playbook("garage_upgrade").ok
    pair.rules.clear()
    pair.on("garage_access", failed("no quorum"), nth=1)
    pair.on("garage_connect", failed("refused"))
    run = pair.playbook("garage_upgrade")
    assert run.ok and "does not give this operation a key: no quorum" in run.said, run.why
    assert run.hosts("garage_connect", timeout=5) == ["a1"], "the leader may have been away a moment ago"
    assert {pair.record(host)["state"] for host in pair.hosts} == {"finished"}


def test_a_key_is_asked_of_a_node_that_runs(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("service", failed("it fell"), state="started")
    assert "it fell" in one.playbook("garage_upgrade").why
    one.rules.clear()
    run = one.playbook("garage_upgrade")
    assert run.ok and run.place("service", state="started") < run.place(**MADE), run.why


def test_no_bucket_is_made_while_clients_are_shut_out(garage: Stage) -> None:
    """It would blocks those that a migration moves."""
    one = garage.only("a1")
    one.on("garage_settled", failed("it does not settle"))
    assert not one.playbook("garage_upgrade").ok
    one.rules.clear()
    one.on("garage_info", {"and": {"config_file": "/etc/garage.toml.uplift-quiesced"}})
    run = one.playbook("garage_upgrade")
    assert run.ok and run.place("garage_settled") < run.place(**MADE), run.why
    assert not run.of("client_probe", state="started")


def test_a_way_back_makes_no_key_that_the_backup_would_take_away(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_settled", failed("it does not settle"))
    assert not one.playbook("garage_upgrade").ok
    one.rules.clear()
    one.on("garage_info", {"and": {"node_id": None}})  # one that does not run cannot say who it is
    run = one.playbook("garage_rollback", garage_confirm=["rollback"])
    assert run.ok and not run.of("garage_findings"), run.why
    stopped = run.place("service", state="stopped")
    assert all(run.calls.index(call) > stopped for call in run.of(**MADE))


def test_a_key_that_stays_hides_no_cause(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("metadata_backup", failed("disk full"))
    one.on("garage_access", failed("no quorum"), state="absent")
    run = one.steps(["stop", "backup"])
    assert run.of(**GONE) and "disk full" in run.why.splitlines()[-1], run.why
    one.begun["garage_key"] = {}
    run = one.steps(["stop", "backup"], fresh=True)
    assert not run.of(**GONE) and "disk full" in run.why.splitlines()[-1], "what was not made was removed"


def test_a_key_that_stays_is_told_at_the_end(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_access", failed("no quorum"), state="absent")
    run = one.playbook("garage_upgrade")
    assert run.ok and one.record()["state"] == "finished", run.why
    assert "the key of this run was not removed, nor its bucket: no quorum" in run.said
    assert "removes them; by hand: garage key delete" in run.said
