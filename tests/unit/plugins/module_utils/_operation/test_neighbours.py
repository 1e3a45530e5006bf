# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the other units of a product keep on the same node."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._operation import directory
from ansible_collections.uplift.datastores.plugins.module_utils._operation.neighbours import neighbours

RECORD = {"format": 1, "id": "op1", "state": "open", "who": "a@b", "plan": {}, "saved": {}, "steps": {}}


def test_the_others_are_told_and_this_one_is_not(tmp_path: Path) -> None:
    for unit, text in (("a.service", json.dumps(RECORD)), ("b.service", json.dumps(RECORD)), ("c.service", "no")):
        (tmp_path / unit).mkdir()
        (tmp_path / unit / "record.json").write_text(text)
    (tmp_path / "d.service").mkdir()
    first, second = neighbours(str(tmp_path / "a.service"))
    assert first == {"unit": "b.service", "operation": "op1", "state": "open", "lease_holder": "none"}
    assert second["unit"] == "c.service" and "cannot be read as a record" in second["state"]


def test_alone_there_is_none(tmp_path: Path) -> None:
    assert neighbours(str(tmp_path / "a.service")) == []


@pytest.mark.parametrize("make", [directory.make, files.make_private])
def test_two_nodes_of_a_machine_make_their_directories_at_one_moment(
    tmp_path: Path, make: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """trap G35: the first one comes between the second one's look and its order."""
    real = os.mkdir

    def late(path: str, mode: int) -> None:
        if not os.path.exists(path) and not str(path).endswith(".service"):
            real(path, mode)
        real(path, mode)

    monkeypatch.setattr(os, "mkdir", late)
    make(str(tmp_path / "uplift" / "garage" / "a.service"))
    assert (tmp_path / "uplift" / "garage" / "a.service").is_dir()
    assert (tmp_path / "uplift" / "garage").stat().st_mode & 0o777 == 0o700
