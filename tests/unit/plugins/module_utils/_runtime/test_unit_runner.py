# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs in a unit's own terms (G29): which units need it, what systemd is given, and that nothing is left."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd, unit_runner
from hypothesis import given
from hypothesis import strategies as st

# As systemd 252 prints them of the makers' unit of Garage.
MAKERS = """Id=garage.service
LoadState=loaded
ActiveState=inactive
UMask=0022
RootDirectory=
User=garage
Group=garage
DynamicUser=yes
SupplementaryGroups=
StateDirectory=garage
CacheDirectory=
LogsDirectory=
ConfigurationDirectory=
BindPaths=
BindReadOnlyPaths=
TemporaryFileSystem=
LoadCredential=
SetCredential=
SetCredentialEncrypted=
"""
PLAIN = MAKERS.replace("DynamicUser=yes", "DynamicUser=no").replace("StateDirectory=garage", "StateDirectory=")
SECRETIVE = MAKERS.replace("LoadCredential=", "LoadCredential=[unprintable]")
UNIT = "# /etc/systemd/system/garage.service\n[Service]\nExecStart=/usr/local/bin/garage server\n"


class Systemd:
    """Answers what was asked of the unit; of a call keeps the words and what its environment was."""

    def __init__(self, show: str = MAKERS, cat: str = UNIT, said: Answer | None = None) -> None:
        self.show, self.cat, self.said = show, cat, said or Answer((), 0, "an answer", "")
        self.calls: list[list[str]] = []
        self.environment, self.mode, self.how = "", 0, dict[str, Any]()

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        self.calls.append(list(argv))
        if argv[0] == "systemd-run":
            path = next(word for word in argv if word.startswith("EnvironmentFile=")).partition("=")[2]
            self.environment, self.mode, self.how = Path(path).read_text(), stat.S_IMODE(os.stat(path).st_mode), how
            if how["timeout"] < 60:
                raise CliError("garage gave no answer within 5 s")
            return self.said
        text = self.show if argv[1] == "show" else self.cat if argv[1] == "cat" else ""
        return Answer(tuple(argv), 0, text, "")


def own_terms(runner: Systemd) -> Runner:
    return unit_runner.of(runner, systemd.read_unit(runner, "garage.service"), "garage")


@pytest.mark.parametrize(
    ("show", "cat", "own"),
    [
        (PLAIN, UNIT, False),
        (MAKERS, UNIT, True),
        (PLAIN.replace("SupplementaryGroups=", "SupplementaryGroups=secrets"), UNIT, True),
        (PLAIN.replace("User=garage\nGroup=garage", "User=daemon\nGroup=daemon"), UNIT, False),
        (PLAIN.replace("User=garage\nGroup=garage", "User=daemon\nGroup=mail"), UNIT, True),
        (PLAIN.replace("User=garage\nGroup=garage", "User=daemon\nGroup=8"), UNIT, True),
        (PLAIN.replace("User=garage\nGroup=garage", "User=0\nGroup=0"), UNIT, False),
        (
            PLAIN.replace("LoadCredential=", "LoadCredential=[unprintable]"),
            UNIT + "LoadCredential=rpc:/etc/rpc\n",
            True,
        ),
    ],
)
def test_which_units_are_asked_in_their_own_terms(show: str, cat: str, own: bool) -> None:  # trap G29
    runner = Systemd(show, cat)
    assert isinstance(own_terms(runner), unit_runner.UnitRunner) == own


@pytest.mark.parametrize("name", unit_runner.CREDENTIALS)
def test_every_way_of_giving_a_credential_is_the_units_own_terms(name: str) -> None:
    """A lab container lets no service load one: what systemd is asked for is all that is seen here."""
    shown = PLAIN.replace(f"\n{name}=\n", "\n") + f"{name}=[unprintable]\n"
    runner = Systemd(shown, f"{UNIT}{name}=rpc:/etc/rpc\n")
    own_terms(runner).run(["garage", "node", "id"], user="garage")
    asked = next(words for words in runner.calls if words[0] == "systemd-run")
    given = [word for word in asked if "Credential" in word]
    plain = name == "SetCredential"
    assert len(given) == 1 and given[0].startswith("LoadCredential=rpc:/" if plain else f"{name}=rpc:/etc/rpc")
    assert plain != given[0].endswith(":/etc/rpc")


def test_a_call_is_described_as_the_unit_is() -> None:  # trap G29
    runner = Systemd(SECRETIVE, UNIT + "LoadCredential=rpc:/gone\nLoadCredential=\nLoadCredential=rpc:/etc/rpc\n")
    one = own_terms(runner)
    given_env = {"GARAGE_RPC_SECRET_FILE": "/run/credentials/garage.service/rpc", "SECRET": "hush"}
    answer = one.run(["garage", "node", "id"], env=given_env, user="garage", cwd="/srv", timeout=90)
    assert (answer.argv, answer.rc, answer.out) == (("garage", "node", "id"), 0, "an answer")
    asked = next(words for words in runner.calls if words[0] == "systemd-run")
    properties = [asked[at + 1] for at, word in enumerate(asked) if word == "-p"]
    assert {
        "User=garage", "Group=garage", "DynamicUser=yes", "StateDirectory=garage", "LoadCredential=rpc:/etc/rpc",
        "RuntimeMaxSec=90", "WorkingDirectory=/srv",
    } <= set(properties)  # fmt: skip
    assert asked[asked.index("--") + 1 :] == ["garage", "node", "id"]
    assert "hush" not in " ".join(asked) and runner.mode == 0o600
    name = next(word for word in asked if word.startswith("--unit=")).partition("=")[2]
    assert systemd.environment_file(runner.environment) == {
        "GARAGE_RPC_SECRET_FILE": f"/run/credentials/{name}.service/rpc", "LC_ALL": "C", "SECRET": "hush",
    }  # fmt: skip
    assert runner.calls[-1] == ["systemctl", "stop", f"{name}.service"]


def test_what_is_not_for_the_account_runs_as_ever() -> None:
    runner = Systemd()
    own_terms(runner).run(["garage", "status"])
    assert runner.calls[-1] == ["garage", "status"]


def test_a_unit_of_roots_runs_alone_what_is_to_run_as_root() -> None:
    """Without User= a call without an account is not the unit's: systemctl and the running daemon are asked so."""
    shown = SECRETIVE.replace("User=garage\n", "User=\n").replace("DynamicUser=yes", "DynamicUser=no")
    runner = Systemd(shown, UNIT + "LoadCredential=a:/b\n")
    one = unit_runner.of(runner, systemd.read_unit(runner, "garage.service"), "")
    one.run(["garage", "status"])
    assert runner.calls[-1] == ["garage", "status"]
    one.run(["garage", "offline-repair"], user="root")
    assert runner.calls[-2][0] == "systemd-run"


def test_a_call_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    runner = Systemd()
    with pytest.raises(CliError, match="gave no answer"):
        own_terms(runner).run(["garage"], user="garage", timeout=5)
    assert runner.calls[-1][:2] == ["systemctl", "stop"]


def test_what_systemd_could_not_begin_is_told_apart_from_the_program() -> None:
    one = own_terms(Systemd(said=Answer((), 217, "", "")))
    with pytest.raises(CliError, match=r"could not be begun in the terms of garage\.service \(systemd's status 217\)"):
        one.run(["garage"], user="garage")


def test_a_credential_with_its_value_in_the_unit_goes_by_file() -> None:
    cat = UNIT + "SetCredential=rpc:hu\\x73h\nLoadCredential=a:/b\nSetCredentialEncrypted=c:k6iUCUh0RJ\n"
    assert unit_runner.credentials(cat) == (
        ["LoadCredential=a:/b", "SetCredentialEncrypted=c:k6iUCUh0RJ"],
        {"rpc": "hush"},
    )
    runner = Systemd(SECRETIVE, cat)
    own_terms(runner).run(["garage"], user="garage")
    asked = " ".join(next(words for words in runner.calls if words[0] == "systemd-run"))
    assert "LoadCredential=rpc:/" in asked and "hush" not in asked


@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), st.text(st.characters(codec="ascii"))))
def test_systemd_reads_every_environment_as_it_was(env: dict[str, str]) -> None:
    env = {name: value.replace("\0", "").replace("\r", "") for name, value in env.items()}
    assert systemd.environment_file(unit_runner.quoted(env)) == env


def test_a_number_is_the_account_that_has_it() -> None:
    """User=990 is the account garage: its home, its files and its groups are found by its name."""
    shown = PLAIN.replace("User=garage", f"User={pwd.getpwnam('daemon').pw_uid}")
    assert systemd.read_unit(Systemd(shown), "garage.service").user == "daemon"
    assert systemd.read_unit(Systemd(PLAIN.replace("User=garage", "User=60999")), "garage.service").user == "60999"
