# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trap L39: a script that starts lakeFS is never called in its place."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import launcher
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import contained


class Never:
    def run(self, argv: Any, **_how: Any) -> Any:
        raise AssertionError(f"{argv} was called")


@pytest.mark.parametrize("named", ["", "binary"])
def test_a_unit_that_is_started_by_a_script_is_refused_before_anything_is_called(named: str, tmp_path: Path) -> None:
    entry = tmp_path / "lakefs-start.sh"
    entry.write_text("#!/bin/sh\nexec /usr/local/bin/lakefs run\n", encoding="utf-8")
    found = lakefs_where.AsUnit(Never(), "lakefs.service")
    found.__dict__["unit"] = SimpleNamespace(name="lakefs.service", user="", binary=str(entry), starts=())
    with pytest.raises(
        UpliftError, match="lakefs-start.sh, a script, .* with lakefs_binary, and with lakefs_config_file"
    ):
        found.program({"binary": str(entry) if named else ""})


def test_a_program_that_no_list_has_and_that_starts_lakefs_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "lakefs"
    program.write_bytes(b"\x7fELF\x02")
    program.chmod(0o755)
    found = lakefs_where.AsUnit(Never(), "lakefs.service")
    line = f"/usr/bin/numactl --interleave=all {program} run"
    found.__dict__["unit"] = SimpleNamespace(name="lakefs.service", user="", binary="/usr/bin/numactl", starts=(line,))
    with pytest.raises(contained.NotItself, match="is /usr/bin/numactl, a program that starts others"):
        found.program({"binary": ""})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/bin/sh", "a program that starts others"),
        ("/usr/bin/env", "a program that starts others"),
        ("/usr/bin/docker", "a program that starts others"),
        ("/usr/local/bin/lakefs", ""),
        ("/usr/local/bin/lakefs-1.84.0", ""),
    ],
)
def test_what_starts_others_is_not_the_program(path: str, said: str) -> None:
    if not said:
        launcher.demand_program(path, "lakefs.service")
        return
    with pytest.raises(UpliftError, match=said):
        launcher.demand_program(path, "lakefs.service")


def test_a_script_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "lakefs").write_bytes(b"#!/bin/bash\n")
    (tmp_path / "lakefs-1.84.0").write_bytes(b"\x7fELF\x02")
    assert contained.is_script(str(tmp_path / "lakefs"))
    assert not contained.is_script(str(tmp_path / "lakefs-1.84.0")) and not contained.is_script(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ([], False),
        (["/app/lakefs", "run"], False),
        (["/app/wait-for", "db:5432", "--", "/app/lakefs", "run"], False),
        (["/entry/lakefs-start.sh", "run"], True),
    ],
)
def test_a_pod_that_is_started_by_a_script_is_refused(words: list[str], refused: bool) -> None:
    if not refused:
        launcher.demand_called(words, "lakefs")
        return
    with pytest.raises(contained.NotItself, match="The pods of lakefs are started by the script /entry/") as said:
        launcher.demand_called(words, "lakefs")
    assert said.value.row["key"] == "script_unit"
