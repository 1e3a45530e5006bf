# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.release import Wish, stage
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.said_version import account, said_version

RUN = LocalRunner()
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root asks as somebody else")


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def program(path: Path, mode: int = 0o755) -> Path:
    """Notes who asks it, with which environment and where."""
    path.write_text('#!/bin/sh\necho "tool 0.8.7"; (id -u; id -G; env; pwd) > "$0.said"\n')
    path.chmod(mode)
    said = path.with_name(f"{path.name}.said")
    said.touch()
    said.chmod(0o666)
    return path


def told(path: Path) -> list[str]:
    return path.with_name(f"{path.name}.said").read_text().splitlines()


@root
def test_a_program_is_asked_as_the_services_account(open_to_all: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "canary")
    path, nobody = program(open_to_all / "tool"), pwd.getpwnam("nobody")
    assert said_version(RUN, str(path), user="nobody") == "0.8.7"
    uid, groups, *rest = told(path)
    assert (uid, groups) == (str(nobody.pw_uid), str(nobody.pw_gid)) and rest[-1] == "/"
    assert not [line for line in rest if line.startswith(("SECRET", "HOME"))]


@root
def test_a_release_that_is_staged_is_asked_as_that_account(open_to_all: Path) -> None:
    """So it is found beforehand that the service could not run it."""
    for version, who in (("0.8.7", pwd.getpwnam("nobody").pw_uid), ("0.9.4", 0)):
        sent = open_to_all / f"sent-{version}"
        sent.write_text(f'#!/bin/sh\n[ "$(id -u)" = {who} ] && echo {version}\n')
    wishes = [
        Wish(str(open_to_all / "bin" / "tool"), version, upload=str(open_to_all / f"sent-{version}"), user="nobody")
        for version in ("0.8.7", "0.9.4")
    ]
    assert stage(RUN, wishes[0], lambda *_: None, False)["changed"]
    with pytest.raises(UpliftError, match="Asking .* failed"):
        stage(RUN, wishes[1], lambda *_: None, False)


@root
def test_an_account_that_may_not_run_it(tmp_path: Path, open_to_all: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    for path in (program(tmp_path / "closed" / "tool"), program(open_to_all / "tool", 0o700)):
        with pytest.raises(UpliftError, match=f"account nobody may not run {path}; expected .* Fix the modes"):
            said_version(RUN, str(path), user="nobody")


@root
@pytest.mark.parametrize(
    ("user", "asks"), [("", ""), ("root", ""), ("nobody", "nobody"), ("of-a-dynamic-user", "nobody")]
)
def test_as_whom(user: str, asks: str) -> None:
    assert account(user) == asks


def test_who_is_not_root_asks_as_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account("garage") == ""


@root
def test_a_machine_without_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_there(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody_there)
    with pytest.raises(UpliftError, match="neither the account garage of the service nor nobody"):
        account("garage")
