# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operations have left: cleanup.yml of the role operation, by the playbooks of the products."""

from __future__ import annotations

import os
from pathlib import Path

from stage import UNREACHABLE, Stage

OLD = "20260101T031500Z-garage-0.7.0"


def kept(stage: Stage) -> dict[str, Path]:
    """A backup of each node of long ago, where the role keeps them."""
    found = {}
    for host in stage.hosts:
        place = stage.place / host / "backups"
        stage.host_variables[host]["garage_backup_dir"] = str(place)
        found[host] = place / "garage" / "garage.service" / OLD
        found[host].mkdir(parents=True)
        (found[host] / "meta.tar").write_text("0123456789", encoding="utf-8")
        os.utime(found[host] / "meta.tar", (1767237300,) * 2)
    return found


def test_it_lists_and_leaves_all_where_nobody_asks_for_more(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    backups = kept(pair)
    run = pair.playbook("garage_cleanup")
    assert run.ok and f"backup of {OLD}, 10 bytes" in run.said and "; may go. At b1." in run.said, run.why
    assert "20 bytes may go: set garage_cleanup_remove to true" in run.said
    assert not run.of("operation_leftovers", state="removed") and all(path.exists() for path in backups.values())


def test_it_removes_what_may_go_and_in_check_mode_says_so_alone(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    backups = kept(pair)
    run = pair.playbook("garage_cleanup", check=True, garage_cleanup_remove=True)
    assert run.ok and "Would be removed: /" in run.said and all(path.exists() for path in backups.values()), run.why
    run = pair.playbook("garage_cleanup", garage_cleanup_remove=True, garage_cleanup_days=1000000)
    assert run.ok and "Removed: nothing." in run.said and all(path.exists() for path in backups.values()), run.why
    run = pair.playbook("garage_cleanup", garage_cleanup_remove=True)
    assert run.ok and "Removed: /" in run.said and not any(path.exists() for path in backups.values()), run.why


def test_one_unfinished_operation_keeps_all_nodes_from_it(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    backups = kept(pair)
    pair.record_call("b1", owner=pair.owner("another"), state="opened", plan=pair.plan({}), token="a" * 16)
    run = pair.playbook("garage_cleanup", garage_cleanup_remove=True)
    assert not run.ok and "b1: It is locked by operator on controller" in run.why and "Nothing was removed." in run.why
    assert all(path.exists() for path in backups.values())
    assert pair.playbook("garage_cleanup").ok, "to look is not refused"


def test_a_node_that_is_away_keeps_the_others_from_it(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    backups = kept(pair)
    pair.on("garage_info", UNREACHABLE, host="b1")
    run = pair.playbook("garage_cleanup", garage_cleanup_remove=True)
    assert not run.ok and "b1: " in run.why and not run.of("operation_leftovers", state="removed")
    assert all(path.exists() for path in backups.values())


def test_every_product_says_where_it_leaves_things(lakefs: Stage, pachyderm: Stage) -> None:
    for stage, beside in ((lakefs, "/etc/lakefs/config.yaml"), (pachyderm, "/var/lib/etcd/default")):
        one = stage.only(stage.hosts[0])
        one.on("operation_leftovers", {"left": [], "refused": "", "removed": []})
        run = one.playbook(f"{stage.product}_cleanup")
        (asked,) = run.of("operation_leftovers")
        assert run.ok and asked.args["leaves"]["beside"] == [beside], run.why
        assert f"/{stage.product}/" in asked.args["leaves"]["backups"] and asked.args["days"] == 30


def test_a_database_is_asked_by_one_node_and_docker_and_kubernetes_by_each(lakefs: Stage) -> None:
    pair = lakefs.only(*lakefs.hosts[:2])
    pair.variables["lakefs_unit"] = "docker:lakefs"
    pair.on("operation_leftovers", {"left": [], "refused": "", "removed": []})
    run = pair.playbook("lakefs_cleanup", lakefs_cleanup_remove=True)
    first, second = pair.hosts
    for state in ("listed", "removed"):
        asked = {call.host: call.args for call in run.of("operation_leftovers", state=state)}
        assert asked[first]["dsn"].startswith("postgres://") and asked[second]["dsn"] == "", run.why
        assert {args["unit"] for args in asked.values()} == {"docker:lakefs"}


def test_what_a_pod_calls_its_own_is_not_looked_for_here(garage: Stage) -> None:
    pods = garage.only("a1", "b1")
    for number, host in enumerate(pods.hosts):
        pods.host_variables[host]["garage_unit"] = f"kubernetes:store/pod/garage-{number}"
    pods.on("operation_leftovers", {"left": [], "refused": "", "removed": []})
    run = pods.playbook("garage_cleanup")
    beside = [call.args["leaves"]["beside"] for call in run.of("operation_leftovers")]
    assert [[path.endswith("/garage.toml") and "/store.pod.garage-" in path for path in paths] for paths in beside] == [
        [True], [True]
    ], (beside, run.why)  # fmt: skip
