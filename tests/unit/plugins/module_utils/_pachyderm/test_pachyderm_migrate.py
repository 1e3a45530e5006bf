# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import migrate

from tests.unit import pachyderm_replay as replay


def log(case: str) -> str:
    return replay.answer("1.5.0", case).err


def test_a_success_has_error_lines_of_index_keys() -> None:
    """trap P31"""
    found = migrate.judge(log("pod_migrate"))
    assert found.finished == ["repos", "commits", "branches", "pipelines", "jobs"]
    assert (found.harmless, found.errors, found.refused) == (2, [], "")
    migrate.demand_done(found, False)


def test_objects_that_were_left_out_are_a_failure_although_it_exits_0() -> None:
    """trap P16"""
    assert replay.kept("1.5.0", "pod_migrate_again")["rc"] == 0
    found = migrate.judge(log("pod_migrate_again"))
    assert len(found.errors) == 9 and found.harmless == 2
    with pytest.raises(UpliftError, match="left 9 objects out, although it exits 0: pachyderm_pfs/repos/data"):
        migrate.demand_done(found, False)
    migrate.demand_done(found, True)  # a run died inside it: what is migrated cannot be read as the old form


@pytest.mark.parametrize("case", ["pod_migrate_wrong_from", "pod_migrate_wrong_to", "pod_migrate_pre_release"])
def test_a_pod_that_refused(case: str) -> None:
    with pytest.raises(UpliftError, match="did not end"):
        migrate.demand_done(migrate.judge(log(case)), False)


@pytest.mark.parametrize(
    ("source", "target"), [("1.4.8", "1.5.1"), ("1.3.12", "1.5.0"), ("1.5.0", "1.4.8"), ("1.6.2", "1.6.10")]
)
def test_pairs_that_pachctl_takes_and_the_pod_refuses(source: str, target: str) -> None:
    """trap P31: exit 0, and the Job fails later."""
    with pytest.raises(UpliftError, match="the only one is from 1.4 to exactly 1.5.0"):
        migrate.demand_pair(version.parse(source), version.parse(target))


PARAMS: dict[str, Any] = {
    "source": "1.4.8",
    "target": "1.5.0",
    "pachctl": "/bin/pachctl",
    "pachd": None,
    "environment_file": None,
    "user": None,
    "kube_context": "",
    "timeout": 100.0,
    "again": False,
}


class Kubectl:
    """The Job as a real API server told of it: not there, running, ended."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self.states, self.asked = list(states), []  # type: ignore[var-annotated]

    def run(self, argv: Any, **how: Any) -> Answer:
        self.asked.append(list(argv))
        if argv[0] == "/bin/pachctl":
            return replay.answer("1.5.0", "migrate")
        if "logs" in argv:
            return Answer(tuple(argv), 0, log("pod_migrate"), "")
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return Answer(tuple(argv), 0, json.dumps({"status": state}) if state else "", "")


def test_the_job_is_followed_to_its_end() -> None:
    """trap P16: launched is not done; --namespace is not used, so it is not given."""
    runner = Kubectl({}, {"active": 1}, {"active": 1}, {"succeeded": 1})
    waited: list[float] = []
    text = migrate.by_job(runner, PARAMS, Progress(), waited.append)
    migrate.demand_done(migrate.judge(text), False)
    assert len(waited) == 2
    launched = [argv for argv in runner.asked if argv[0] == "/bin/pachctl"]
    assert launched == [["/bin/pachctl", "migrate", "--from", "1.4.8", "--to", "1.5.0", "--no-metrics"]]


def test_a_job_of_a_run_that_died_is_not_launched_again() -> None:
    runner = Kubectl({"succeeded": 1})
    migrate.by_job(runner, PARAMS, Progress(), lambda seconds: None)
    assert not any(argv[0] == "/bin/pachctl" for argv in runner.asked)


def test_as_a_program_with_the_servers_environment(tmp_path: Any) -> None:
    (tmp_path / "env").write_text("# etcd\nETCD_SERVICE_HOST=127.0.0.1\nA=b=c\n", encoding="utf-8")

    class Pachd:
        def run(self, argv: Any, **how: Any) -> Answer:
            assert list(argv) == ["/pachd", "--migrate=1.4.8-1.5.0"]
            assert how["env"] == {"ETCD_SERVICE_HOST": "127.0.0.1", "A": "b=c"}
            return replay.answer("1.5.0", "pod_migrate")

    params = {**PARAMS, "pachd": "/pachd", "environment_file": str(tmp_path / "env")}
    assert migrate.run(Pachd(), params, Progress(), False)["harmless"] == 2
    assert migrate.run(Pachd(), params, Progress(), True)["finished"] == []
