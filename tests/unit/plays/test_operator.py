# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the callback `operator` leaves on the screen of a real run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from real_plays import FAIL, Stage  # noqa: E402

CALLBACK = "uplift.datastores.operator"
NOISE = ("PLAY [", "TASK [", "skipping:", "ok: [", "included:", "PLAY RECAP", "no hosts matched")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path, {"garage": 2}, {"healthy": FAIL})
    made.callback = CALLBACK
    return made


def test_a_run_that_fails_and_the_one_that_goes_on(stage: Stage) -> None:
    ended = stage.play("garage_upgrade", garage_version="0.8.7", fail_at="garage2")
    assert ended.rc == 2
    assert not [word for word in NOISE if word in ended.out]
    lines = ended.out.splitlines()
    assert lines[0].startswith("garage 0.8.0 -> 0.8.7, all_at_once")
    steps = re.findall(r"^\d\d:\d\d:\d\d    (\w+) +[\d.]+ s  (.*)$", ended.out, re.MULTILINE)
    assert steps[0] == ("stage", "garage1, garage2")
    assert steps[-1] == ("connect", "garage1, garage2")
    at = lines.index("FAILED  garage2: Fail where the test wants it")
    assert lines[at + 1] == "    the test wants it to fail here"
    assert ended.says("STOPPED The operation", "Correct the cause and run the same command again")
    assert ended.says(
        "garage1: in the step healthy of 0.8.0 -> 0.8.7 (0/together/6/healthy)",
        "garage2: failed in the step healthy",
        f"To see the state: ansible-playbook -i {stage.place}/inventory.json uplift.datastores.garage_status",
    )
    again = stage.play("garage_upgrade", garage_version="0.8.7", fail_at="nobody")
    assert again.rc == 0
    assert again.out.splitlines()[-1][8:].startswith("  Done after ")


def test_all_is_shown_where_it_is_asked_for_and_of_the_tasks_of_others(stage: Stage) -> None:
    ended = stage.play("garage_plan", "-v", garage_version="0.8.7")
    assert ended.rc == 0
    assert "TASK [" in ended.out and "PLAY RECAP" in ended.out
    mine = stage.place / "site.yml"
    own = {"hosts": "garage1", "gather_facts": False, "tasks": [{"name": "My own", "ansible.builtin.ping": {}}]}
    mine.write_text(yaml.safe_dump([own, {"import_playbook": "uplift.datastores.garage_plan"}]))
    ended = stage.play(str(mine), garage_version="0.8.7")
    assert ended.rc == 0
    assert ended.out.count("TASK [") == 1
    assert "ok: [garage1]" in ended.out and "PLAY RECAP" in ended.out
    assert "\ngarage 0.8.0 -> 0.8.7, all_at_once" in ended.out
