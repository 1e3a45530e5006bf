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
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import launcher, program
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


def started(words: str, tmp_path: Path, pid: int = 0) -> Any:
    """A unit whose ExecStart= these words are; `LAKEFS` among them is a program on the disk."""
    program = tmp_path / "lakefs"
    program.write_bytes(b"\x7fELF\x02")
    program.chmod(0o755)
    argv = words.replace("LAKEFS", str(program)).split()
    return SimpleNamespace(
        name="lakefs.service", binary=argv[0], starts=(" ".join(argv),), command=lambda: argv, main_pid=pid
    )


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("LAKEFS -c /etc/l.yaml run", "/etc/l.yaml"),
        ("LAKEFS --config=/etc/l.yaml run", "/etc/l.yaml"),
        ("/usr/bin/nice -n5 LAKEFS -c /etc/l.yaml run", "/etc/l.yaml"),
        ("/usr/bin/taskset -c 0-3 LAKEFS -c /etc/l.yaml run", "/etc/l.yaml"),
        ("/usr/bin/taskset -c 0-3 LAKEFS run", ""),
        ("/usr/sbin/runuser -u lakefs -- LAKEFS --config /etc/lakefs/lakefs.yaml run", "/etc/lakefs/lakefs.yaml"),
        ("/bin/sh -c lakefs -c /etc/l.yaml run", "/etc/l.yaml"),
        ("/bin/sh -c exec LAKEFS run", ""),
        ("/bin/bash -c . /etc/default/lakefs; LAKEFS -c /etc/l.yaml run", "/etc/l.yaml"),
        ("/bin/bash -c start_it", ""),
    ],
)
def test_of_a_launchers_words_only_the_programs_name_its_file(words: str, named: str, tmp_path: Path) -> None:
    assert program.named_config(launcher.handed(started(words, tmp_path))) == named


def test_a_script_is_believed_to_hand_on_its_words(tmp_path: Path) -> None:
    script = tmp_path / "lakefs-start.sh"
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    assert launcher.handed(started(f"{script} -c /etc/l.yaml", tmp_path)) == ["-c", "/etc/l.yaml"]


def process(proc: Path, pid: int, exe: str, words: str, children: str = "") -> None:
    (proc / f"{pid}" / "task" / f"{pid}").mkdir(parents=True)
    (proc / f"{pid}" / "exe").symlink_to(exe)
    (proc / f"{pid}" / "cmdline").write_text("\0".join([*words.split(), ""]), encoding="utf-8")
    (proc / f"{pid}" / "task" / f"{pid}" / "children").write_text(children, encoding="utf-8")


@pytest.mark.parametrize(
    ("main", "children", "words", "led"),
    [
        ("/usr/local/bin/lakefs (deleted)", "", ["-c", "/a.yaml", "run"], False),
        ("/usr/sbin/runuser", "8 ", ["-c", "/b.yaml", "run"], True),
        ("/usr/sbin/runuser", "", None, False),
    ],
)
def test_what_the_program_was_told_is_asked_of_the_kernel(
    main: str, children: str, words: list[str] | None, led: bool, tmp_path: Path
) -> None:
    """runuser stays, and kills its child two seconds after a stop: its own end tells nothing of the server's."""
    process(tmp_path, 7, main, "lakefs -c /a.yaml run", children)
    process(tmp_path, 8, "/usr/local/bin/lakefs", "/usr/local/bin/lakefs -c /b.yaml run")
    assert launcher.runs_with(started("LAKEFS run", tmp_path, pid=7), tmp_path) == words
    assert launcher.led(started("LAKEFS run", tmp_path, pid=7), tmp_path) == led
    assert launcher.runs_with(started("LAKEFS run", tmp_path), tmp_path) is None


def test_a_file_that_the_unit_does_not_name_has_to_be_told() -> None:
    launcher.demand_read("lakefs.service", "/etc/l.yaml", "/etc/l.yaml")
    with pytest.raises(contained.NotItself, match="Set lakefs_config_file to /etc/l.yaml") as said:
        launcher.demand_read("lakefs.service", "/etc/l.yaml", "")
    assert said.value.row["key"] == "script_unit"
    with pytest.raises(contained.NotItself, match="Take the file out"):
        launcher.demand_read("lakefs.service", "", "/etc/l.yaml")


def test_the_file_of_a_launched_program_is_compared_with_what_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lakefs_where.AsUnit(Never(), "lakefs.service")
    found.__dict__["unit"] = started("/usr/bin/nice LAKEFS -c conf.yaml run", tmp_path, pid=7)
    lakefs = program.Lakefs(Never(), "/usr/local/bin/lakefs", directory="/srv")
    monkeypatch.setattr(launcher, "runs_with", lambda _unit: ["-c", "conf.yaml", "run"])
    assert found.read_by(lakefs) == "/srv/conf.yaml"
    monkeypatch.setattr(launcher, "runs_with", lambda _unit: ["-c", "/other.yaml", "run"])
    with pytest.raises(contained.NotItself, match="/other.yaml"):
        found.read_by(lakefs)
