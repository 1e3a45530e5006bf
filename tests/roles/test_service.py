# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles service, release and backup: one task each, whatever the unit is."""

from __future__ import annotations

import pytest
from stage import Stage, failed

UNITS = ("garage.service", "docker:garage", "kubernetes:shop/lake")


@pytest.fixture
def one(lakefs: Stage) -> Stage:
    return lakefs.only("l1")


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_is_stopped_started_and_looked_at(one: Stage, unit: str) -> None:
    for entry, state in (("stop", "stopped"), ("start", "started"), ("restart", "restarted")):
        more = {"service_hold": "op-1", "service_signal": "SIGINT"} if entry == "stop" else {}
        run = one.role("service", entry, service_unit=unit, **more)
        (call,) = run.calls
        assert run.ok and (call.module, call.args["state"], call.args["unit"]) == ("service", state, unit), run.failures
        assert (call.args["hold"], call.args["signal"]) == (("op-1", "SIGINT") if entry == "stop" else ("", ""))
        assert bool(call.args["if_stale"]) == (entry == "restart")
    assert [call.module for call in one.role("service", "look", service_unit=unit).calls] == ["service_info"]


def test_a_restart_may_have_a_moment(one: Stage) -> None:
    run = one.role("service", "restart", service_unit=UNITS[0], service_at="1795230800.5")
    assert run.calls[0].args["at"] == 1795230800.5


RELEASE = {"release_version": "2", "release_path": "/bin/x", "release_source": "/srv", "release_name": "lake"}


@pytest.mark.parametrize("unit", ["", *UNITS])
def test_a_release_is_looked_for_without_changing_anything(one: Stage, unit: str) -> None:
    one.on("release", failed("not to be had"))
    run = one.role("release", "look", release_unit=unit, **RELEASE)
    assert run.ok, f"what cannot be had is a finding, not a failure: {run.failures}"
    assert run.calls[0].check, "it was staged by a look"


@pytest.mark.parametrize("unit", ["", *UNITS])
def test_a_release_is_staged_and_made_active(one: Stage, unit: str) -> None:
    for entry, state in (("stage", "staged"), ("activate", "activated")):
        run = one.role("release", entry, release_unit=unit, release_image="own/lake:{version}", **RELEASE)
        (call,) = run.calls
        assert run.ok and (call.module, call.args["state"], call.args["unit"]) == ("release", state, unit), run.failures
        assert (call.args["image"], call.args["name"], call.args["path"]) == ("own/lake:{version}", "lake", "/bin/x")


def test_backups_are_taken_proved_and_restored(one: Stage) -> None:
    for entry, state in (("take", "present"), ("prove", "proved"), ("restore", "restored")):
        run = one.role("backup", entry, backup_src="/var/lib/x", backup_dest="/b/x.tar.zst")
        assert run.ok and [(call.module, call.args["state"]) for call in run.calls] == [("metadata_backup", state)]
