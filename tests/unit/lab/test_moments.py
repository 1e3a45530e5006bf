# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scenarios end runs at tasks, by what Ansible prints of them: tasks of these names have to be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import VERBS

ROOT = Path(__file__).parents[3]
MOMENTS = sorted(
    {
        found
        for path in (ROOT / "extensions" / "molecule").glob("*/**/test_*.py")
        for found in re.findall(r'"TASK \[(.+)\]"', path.read_text(encoding="utf-8"))
    }
)


def test_there_are_moments() -> None:
    assert len(MOMENTS) > 8


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_is_a_task(moment: str) -> None:
    role, _colon, name = moment.rpartition(" : ")
    if not role:
        assert name in VERBS
        return
    tasks = (ROOT / "roles" / role.rpartition(".")[2] / "tasks").glob("**/*.yml")
    assert any(re.search(rf"^ *- name: {re.escape(name)}$", one.read_text(encoding="utf-8"), re.M) for one in tasks)
