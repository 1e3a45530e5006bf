# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks as ansible-playbook runs them: which run may act, where, and what stops it before it begins."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._operation import operation

sys.path.insert(0, str(Path(__file__).parent))
from real_plays import FAIL, ROOT, WAIT, Stage  # noqa: E402

GARAGE = {"garage_version": "0.8.7"}
STRANGER = {
    "machine": "m",
    "boot": "another-boot",
    "pidns": "pid:[1]",
    "pid": 4711,
    "ticks": 99,
    "user": "anna",
    "host": os.uname().nodename,
    "since": "2026-11-21T03:00:00Z",
}


def stranger(stage: Stage, state: str, host: str, product: str = "garage", **params: Any) -> Any:
    """What another controller does at a node."""
    texts = dict.fromkeys(("product", "cluster", "reason", "dead", "finish", "begin", "result"), "")
    asked = {"id": "other", "done": [], "evidence": [], "save": {}, "node": host, "lease_seconds": 600, **texts}
    plan = {"product": product, "target": "0.8.7", "undoes": "", "hops": []}
    asked.update(directory=str(stage.directory(host, product)), state=state, owner=STRANGER, plan=plan, token="t")
    return operation.perform({**asked, **params}, lambda item: "")


def until(what: Callable[[], Any], why: str) -> Any:
    limit = time.monotonic() + 300
    while time.monotonic() < limit:
        found = what()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{why} never came")


def test_every_play_is_linear_whatever_the_configuration_says() -> None:
    plays = [play for path in (ROOT / "playbooks").glob("*.yml") for play in yaml.safe_load(path.read_text())]
    with_hosts = [play for play in plays if "hosts" in play]
    assert len(with_hosts) > 4
    assert [play["name"] for play in with_hosts if play.get("strategy") != "linear"] == []


PARTS = [
    (["--tags", "stop"], "--tags was given"),
    (["--skip-tags", "always"], "--skip-tags was given"),
    (["--start-at-task", "End the operation and write its report"], "--start-at-task was given"),
    (["--start-at-task", "no task is called so"], "--start-at-task was given"),
]


@pytest.mark.parametrize(("words", "said"), PARTS)
def test_a_part_of_an_operation_is_refused(tmp_path: Path, words: list[str], said: str) -> None:
    stage = Stage(tmp_path, {"garage": 1})
    was = stage.listing()
    ended = stage.play("garage_upgrade", *words, **GARAGE)
    assert ended.rc != 0 and ended.says(said, "Run the playbook as a whole"), ended.out
    assert stage.listing() == was and "TASK" not in ended.out


def test_tags_of_others_may_be_skipped(tmp_path: Path) -> None:
    """Molecule and job templates skip tags that no task here has: nothing of ours is left out."""
    ended = Stage(tmp_path, {"garage": 1}).play("garage_status", "--skip-tags", "molecule-notest,notest", **GARAGE)
    assert ended.rc == 0 and "TASK" in ended.out, ended.out


@pytest.mark.parametrize("product", ["garage", "lakefs", "pachyderm"])
def test_a_slice_of_a_job_is_refused(tmp_path: Path, product: str) -> None:
    """The inventory of a slice has but its own hosts: the servers of lakeFS do not miss the rest."""
    stage = Stage(tmp_path, {product: 1})
    given = {f"{product}_version": "9.9.9", "awx_job_template_name": "upgrade", "awx_job_launch_type": "workflow"}
    was = stage.listing()
    ended = stage.play(f"{product}_upgrade", **given, awx_workflow_job_name="upgrade")
    assert ended.rc != 0 and ended.says("is a slice of the job template 'upgrade'", "job_slice_count"), ended.out
    assert stage.listing() == was and "TASK" not in ended.out
    ended = stage.play(f"{product}_status", **given, awx_workflow_job_name="upgrade with approvals")
    assert not ended.says("is a slice") and "TASK" in ended.out, ended.out


@pytest.mark.parametrize("playbook", ["garage_upgrade", "garage_status", "garage_unlock", "garage_verify"])
def test_a_group_without_hosts_is_no_success(tmp_path: Path, playbook: str) -> None:
    ended = Stage(tmp_path, {"garage": 1}).play(playbook, **GARAGE, garage_group="garbage")
    assert ended.rc != 0 and ended.says("has no host in a group 'garbage'", "such as garage_group"), ended.out


def test_a_limited_play_is_refused_at_first_and_on_resume(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"garage": 2}, {"stop": FAIL})
    first = stage.play("garage_upgrade", "--limit", "garage1", **GARAGE)
    assert first.rc != 0 and first.says("The play has 1 nodes and the cluster 2", "Run without --limit"), first.out
    failed = stage.play("garage_upgrade", **GARAGE, fail_at="garage1", garage_strategy="all_at_once")
    assert failed.rc != 0 and stage.record("garage2")["state"] == "open", failed.out
    was = stage.listing()
    resumed = stage.play("garage_upgrade", "--limit", "garage1", **GARAGE)
    assert resumed.rc != 0 and resumed.says("garage2 are not in this play. Run without --limit"), resumed.out
    assert stage.listing() == was


def test_a_second_run_asks_every_node_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """The other controller has the same host name, and only the last node."""
    stage = Stage(tmp_path, {"garage": 3})
    stranger(stage, "opened", "garage3")
    (stage.directory("garage3") / "record.json").unlink()
    was = stage.listing()
    ended = stage.play("garage_upgrade", **GARAGE)
    assert ended.rc != 0 and ended.says("locked by anna on", "process 4711, since 2026-11-21T03:00:00Z"), ended.out
    assert stage.listing() == was and "Take the lease" not in ended.out


def test_nothing_is_compared_while_a_run_acts_or_without_a_record(tmp_path: Path) -> None:
    """It takes no lease itself, and leaves nothing behind."""
    stage = Stage(tmp_path, {"garage": 2})
    none = stage.play("garage_verify", **GARAGE)
    assert none.rc != 0 and none.says("There is no record of an operation at any node", "Nothing was compared"), (
        none.out
    )
    assert stage.listing() == dict.fromkeys(("garage1", "garage2"), "")
    stranger(stage, "opened", "garage2")
    was = stage.listing()
    ended = stage.play("garage_verify", **GARAGE)
    assert ended.rc != 0 and ended.says("locked by anna on", "process 4711"), ended.out
    assert stage.listing() == was


def test_a_run_that_cannot_begin_gives_back_what_it_took(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"garage": 2}, {"begin": FAIL})
    was = stage.listing()
    ended = stage.play("garage_upgrade", **GARAGE, fail_at="garage2")
    assert ended.rc != 0, ended.out
    assert ended.says("was not begun, and what it had taken is given back. the test wants it to fail here"), ended.out
    assert stage.listing() == was


def test_operations_in_one_run_do_not_meet(tmp_path: Path) -> None:
    """Two products, one product at two groups, one group twice; the configuration wants the strategy `free`."""
    stage = Stage(tmp_path, {"lakefs": 1, "east": 1, "garage": 1})
    site = [
        ("lakefs_upgrade", {"lakefs_version": "1.83.0"}),
        ("garage_upgrade", {"garage_version": "0.8.4", "garage_group": "east"}),
        ("garage_upgrade", {"garage_version": "0.8.7"}),
        ("lakefs_upgrade", {"lakefs_version": "1.84.0"}),
    ]
    plays = [{"import_playbook": f"uplift.datastores.{name}", "vars": expected} for name, expected in site]
    (tmp_path / "site.yml").write_text(yaml.safe_dump(plays))
    ended = stage.play(str(tmp_path / "site.yml"))
    assert ended.rc == 0, ended.out
    assert stage.runs() == {"lakefs1": "1.84.0", "east1": "0.8.4", "garage1": "0.8.7"}
    hosts = {"lakefs1": "lakefs", "east1": "garage", "garage1": "garage"}
    assert {stage.record(host, product)["state"] for host, product in hosts.items()} == {"finished"}
    assert "lease.json" not in str(stage.listing()) and "heartbeat" not in str(stage.listing())
    until(lambda: not stage.keepers(), "the end of what keeps the leases")


def test_a_lease_outlives_its_length_while_its_run_lives_and_no_longer(tmp_path: Path) -> None:
    """One task that takes longer than the lease; then the run is killed, and the next takes over at once."""
    stage = Stage(tmp_path, {"garage": 1}, {"stop": WAIT})
    run = stage.begin("garage_upgrade", **GARAGE, operation_lease_seconds=8)
    assert run.stdout is not None
    assert any("stop garage1" in line for line in run.stdout), "it never came to the step"
    (beat,) = stage.directory("garage1").glob("heartbeat-*/uptime")
    first = beat.read_text()

    def uptime(text: str) -> float:
        return float((text.split() or ["0"])[0])

    until(lambda: uptime(beat.read_text()) > uptime(first) + 10, "a heartbeat after the lease would have ended")
    with pytest.raises(operation.Held):
        stranger(stage, "free", "garage1")
    assert len(stage.keepers()) == 1
    run.send_signal(signal.SIGKILL)
    run.communicate()
    until(lambda: not stage.keepers(), "the end of what keeps the lease of a run that was killed")
    (tmp_path / "go-on").touch()
    went_on = stage.play("garage_upgrade", **GARAGE)
    assert went_on.rc == 0 and stage.record("garage1")["number"] == 2, went_on.out


def test_status_and_unlock(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"garage": 1})
    stranger(stage, "opened", "garage1")
    seen = stage.play("garage_status", **GARAGE)
    assert seen.rc == 0 and seen.says('"lease_holder": "anna on', '"lease_number": 1', '"last_step": "none"'), seen.out
    living = stage.play("garage_unlock", operation_unlock_reason="the laptop is gone")
    assert living.rc != 0 and living.says("is alive: it was last seen", "kill -INT 4711 on"), living.out
    (beat,) = stage.directory("garage1").glob("heartbeat-*/uptime")
    beat.write_text("0.00 0.00\n")
    unreasoned = stage.play("garage_unlock")
    assert unreasoned.rc != 0 and unreasoned.says("give it: operation_unlock_reason"), unreasoned.out
    done = stage.play("garage_unlock", operation_unlock_reason="the laptop is gone")
    assert done.rc == 0 and done.says("The lease was taken away from anna on"), done.out
    assert stage.record("garage1")["unlocked"][0]["reason"] == "the laptop is gone"
    assert stage.play("garage_status", **GARAGE).says('"lease_holder": "none"')


def test_a_record_of_another_cluster_is_refused_before_anything_is_taken(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"garage": 1})
    stranger(stage, "opened", "garage1", cluster="563e")
    stranger(stage, "closed", "garage1")
    was = stage.listing()
    ended = stage.play("garage_upgrade", **GARAGE, identity="86f0")
    assert ended.rc != 0 and ended.says("of another cluster (563e); expected one of this one (86f0)"), ended.out
    assert stage.listing() == was
