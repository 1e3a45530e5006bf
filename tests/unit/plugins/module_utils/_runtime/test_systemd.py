# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures: `systemctl show` of systemd 252 on real units, asked for the properties that _systemd asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "systemd"


class Says:
    """A runner that answers each call from a list, and remembers what it was asked."""

    def __init__(self, *answers: str, rc: int = 0) -> None:
        self.answers = list(answers)
        self.rc = rc
        self.asked: list[list[str]] = []

    def run(self, argv: Sequence[str], **_ignored: Any) -> Answer:
        self.asked.append(list(argv))
        return Answer(tuple(argv), self.rc, self.answers.pop(0) if self.answers else "", "")


def shown(name: str, proc: Path = Path("/nowhere")) -> systemd.Unit:
    return systemd.read_unit(Says((FIXTURES / f"show_{name}-252.txt").read_text()), name, proc)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("quoting", {"active": "active", "sub_state": "running", "kill_signal": "SIGINT", "timeout_stop": 90.0}),
        ("quoting", {"name": "t1.service", "main_pid": 76, "environment_files": ("/etc/default/t1", "/etc/t1.env")}),
        ("quoting", {"argv": ("/bin/sleep", "1000"), "binary": "/bin/sleep", "restart": "no", "exit_code": ""}),
        ("words", {"user": "daemon", "timeout_stop": 0.0}),
        ("failed", {"active": "failed", "exit_code": "exited", "exit_status": 1, "result": "exit-code", "main_pid": 0}),
        ("killed", {"exit_code": "killed", "exit_status": 9, "result": "timeout", "timeout_stop": 1.0}),
        ("killed", {"drop_ins": ("/etc/systemd/system/t5.service.d/a.conf",)}),
        ("not_found", {"load_state": "not-found", "active": "inactive", "argv": (), "binary": "", "started": 0.0}),
    ],
)
def test_what_is_read(name: str, expected: dict[str, object]) -> None:
    unit = shown(name)
    assert {key: getattr(unit, key) for key in expected} == expected


def test_what_a_unit_mounts_itself() -> None:  # trap G31
    assert shown("mounting").mounting() == ["/bin/mount /srv/meta", "/usr/bin/env umount -l /srv/a b"]
    assert shown("quoting").mounting() == []


def test_environment_is_read_as_systemd_quotes_it_and_never_shown() -> None:
    unit = shown("quoting")
    assert unit.environment == {
        "A": "1", "B": "x y", "C": 'quote"q', "D": "dollar$x", "E": "back\\slash", "F": "tab\there", "G": "",
        "H": "it's",
    }  # fmt: skip
    assert "quote" not in repr(unit)


def test_variables_are_put_in_only_when_asked() -> None:
    unit = shown("variables")
    assert unit.argv == ("/bin/sleep", "${T}", "$U")
    assert unit.command() == ["/bin/sleep", "1000", "1"]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("$T", ["1000"]),
        ("${T}s", ["1000s"]),
        ("$$T", ["$T"]),
        ("a$T", ["a$T"]),
        ("$/x", []),
        ("$", []),
        ("$${T}", ["${T}"]),
        ("${NO}", [""]),
    ],
)
def test_a_word_of_the_command_as_systemd_252_makes_it(word: str, words: list[str]) -> None:
    """Seen on a host, of a program that writes down its arguments."""
    assert replace(shown("variables"), argv=(word,)).command() == words


VALUES = st.text("aZ9é '\"\\$`=#;,%\t/", max_size=8)
ESCAPED = re.compile(r"""([\s"'\\$`])""")


def in_file(draw: Any, value: str) -> str:
    """A value as an EnvironmentFile= may have it."""
    double = '"' + re.sub(r'(["\\$`])', r"\\\1", value) + '"'
    parted = f'{double[:-1]}\\\n"'  # a line that goes on
    bare = ESCAPED.sub(r"\\\1", value)
    single = [f"'{value}'"] if "'" not in value else []
    return str(draw(st.sampled_from([double, parted, bare, f"{double}''", *single])))


def in_unit(draw: Any, name: str, value: str) -> str:
    """An assignment as `systemctl show` has it, and as Environment= takes it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return str(draw(st.sampled_from([f'"{name}={escaped}"', f'{name}="{escaped}"'])))


@given(st.data(), st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,3}", fullmatch=True), VALUES, max_size=4))
def test_an_environment_in_every_spelling_is_read_alike(data: Any, environment: dict[str, str]) -> None:
    """On a host, 300 random units and files were read as systemd 252 itself read them."""
    blank = st.sampled_from(["", " ", "\t"])
    rows = [
        f"{data.draw(blank)}{name}{data.draw(blank)}={data.draw(blank)}{in_file(data.draw, value)}{data.draw(blank)}\n"
        for name, value in environment.items()
    ]
    assert (
        systemd.environment_file("# by hand\n" + data.draw(st.sampled_from(["", "\n", "; x\n"])).join(rows))
        == environment
    )
    line = " ".join(in_unit(data.draw, name, value) for name, value in environment.items())
    assert dict(word.partition("=")[::2] for word in systemd.words(line)) == environment


def test_where_a_word_ends_is_known_by_the_kernel(tmp_path: Path) -> None:
    argv = ("/bin/bash", "-c", 'trap : INT; sleep 1000; echo "a b" $HOME', "", "semi ; colon", "arg sp")
    (tmp_path / "122").mkdir()
    (tmp_path / "122" / "cmdline").write_bytes("".join(f"{word}\0" for word in argv).encode())
    assert shown("words", tmp_path).argv == argv
    (tmp_path / "122" / "cmdline").write_bytes(b"something\0else\0")  # another process by now
    assert shown("words", tmp_path).argv[:3] == ("/bin/bash", "-c", "trap")


def test_environment_file_as_systemd_itself_read_it() -> None:
    expected = json.loads((FIXTURES / "environment_file-252.json").read_text())
    assert systemd.environment_file((FIXTURES / "environment_file-252.env").read_text()) == expected


@pytest.mark.parametrize("text", ["# A=1", "; A=1", "", "nonsense", "1A=2", "export A=1"])
def test_what_is_no_assignment(text: str) -> None:
    assert systemd.environment_file(text) == {}


def test_a_later_file_wins_over_the_unit(tmp_path: Path) -> None:
    for name, text in {"a.env": "T=2\nX=1", "b.env": "X=2"}.items():
        (tmp_path / name).write_text(text)
    show = (FIXTURES / "show_variables-252.txt").read_text()
    show += f"EnvironmentFiles={tmp_path}/[ab].env (ignore_errors=no)\n"
    show += "EnvironmentFiles=/not/there (ignore_errors=yes)\n"
    unit = systemd.read_unit(Says(show), "t2", Path("/nowhere"))
    assert unit.environment == {"T": "2", "U": "1", "X": "2"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1min 30s", 90), ("500ms", 0.5), ("1h", 3600), ("infinity", 0), ("1d 2h 3min 4.5s", 93784.5), ("1w", 604800)],
)
def test_timespan(text: str, seconds: float) -> None:
    assert systemd.timespan(text) == pytest.approx(seconds)


def test_a_host_without_systemd_is_a_sentence() -> None:
    with pytest.raises(UpliftError, match="expected LoadState"):
        systemd.read_unit(Says(""), "x")
    with pytest.raises(CliError, match="Reading the unit x.service failed"):
        systemd.read_unit(Says("", rc=1), "x")


def test_drop_in_only_when_it_differs(tmp_path: Path) -> None:
    runner, path = Says(), tmp_path / "x.service.d" / "zz.conf"
    assert systemd.write_drop_in(runner, str(path), "[Service]\n", 0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not systemd.write_drop_in(runner, str(path), "[Service]\n", 0o600)
    assert systemd.write_drop_in(runner, str(path), "[Service]\n")
    assert len(runner.asked) == 2
    assert systemd.remove_drop_in(runner, str(path))
    assert not path.parent.exists()
    assert not systemd.remove_drop_in(runner, str(path))
    assert runner.asked == [["systemctl", "daemon-reload"]] * 3


def test_the_operators_drop_ins_stay(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "x.service.d" / "zz.conf", tmp_path / "x.service.d" / "a.conf"
    systemd.write_drop_in(Says(), str(ours), "[Service]\n")
    theirs.write_text("[Service]\nNice=1\n")
    systemd.remove_drop_in(Says(), str(ours))
    assert theirs.read_text() == "[Service]\nNice=1\n"
