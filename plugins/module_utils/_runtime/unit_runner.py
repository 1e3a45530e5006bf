# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Programs run in a unit's own terms while it is down: its account, its directories, its credentials.

A unit with DynamicUser= has no account in the password file, and none at all while it is down; its state lies below a
directory that root alone may enter; its credentials are there for its own processes only. systemd gives all of that to
a transient service that is described as the unit is. Source: systemd.exec(5), systemd-run(1).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from typing import Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import (
    Answer,
    Call,
    CallRunner,
    CliError,
    Runner,
    demand,
)
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import write_atomic
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import accounts
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import Unit, plain

# `systemctl show` says that there are some; `systemctl cat` has the lines. An empty one takes back those before it.
CREDENTIALS = (
    "LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted", "ImportCredential",
)  # fmt: skip
CALLS_SETTLE = 30.0  # seconds that systemd has to end a call beyond its time
_STARTING = range(200, 244)  # exit statuses of systemd's own: what comes before the program
_CREDENTIALS_AT = "/run/credentials"
_PLAIN = "SetCredential"
_SPECIAL = re.compile(r'["\\$`]')


@dataclass(frozen=True)
class UnitRunner(CallRunner):
    """Runs as the unit would what is to run as its account, and everything else as `runner` does."""

    runner: Runner
    unit: str
    account: str
    terms: tuple[str, ...]
    """Properties as systemd-run takes them by -p. No secret is among them."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Credentials whose value stands in the unit itself, by name. Secret: they go by file."""

    def perform(self, call: Call) -> Answer:
        if not call.user or call.user != self.account:
            return call.by(self.runner)
        ident = f"uplift-{secrets.token_hex(6)}"
        environment = quoted(elsewhere({"LC_ALL": "C", **(call.env or {})}, self.unit, ident))
        with _private({"environment": environment, **self.values}) as place:
            own = [f"LoadCredential={name}:{place}/{name}" for name in self.values]
            before = words(ident, [*self.terms, *own], f"{place}/environment", call.timeout, call.cwd)
            asked, limit = [*before, "--", *call.argv], call.timeout + CALLS_SETTLE
            try:
                answer = self.runner.run(asked, timeout=limit, stdin=call.stdin, enough=call.enough)
            finally:
                # Gone by itself unless this process was cut off from it, or had seen enough.
                self.runner.run(["systemctl", "stop", f"{ident}.service"], timeout=60)
        if answer.rc in _STARTING and not answer.out:
            raise CliError(
                f"{call.argv[0]} could not be begun in the terms of {self.unit} (systemd's status {answer.rc});"
                f" expected an account that may run it. See `journalctl -u {ident}`."
            )
        return Answer(tuple(call.argv), answer.rc, answer.out, answer.err)


def of(runner: Runner, unit: Unit, account: str) -> Runner:
    """In the terms of this unit where its account, groups or credentials are there for itself alone; else `runner`."""
    has = [name for name in CREDENTIALS if unit.terms.get(name)]
    alone = unit.terms.get("SupplementaryGroups") or has or accounts.own_group(unit.user, unit.group)
    if not unit.dynamic and not alone:
        return runner
    given: list[str] = []
    values: dict[str, str] = {}
    if has:
        text = demand(
            runner.run(["systemctl", "cat", "--", unit.name], timeout=30), f"Reading the files of {unit.name}"
        )
        given, values = credentials(text.out)
    return UnitRunner(runner, unit.name, account or unit.user or "root", (*terms(unit.terms), *given), values)


def terms(shown: Mapping[str, str]) -> list[str]:
    """Pure: the properties of a transient service that runs as this unit does, but for credentials."""
    return [f"{name}={value}" for name, value in shown.items() if name not in CREDENTIALS]


def credentials(text: str) -> tuple[list[str], dict[str, str]]:
    """Pure: the lines of `systemctl cat` that give credentials; by name the values of those that stand in the unit."""
    found: dict[str, list[str]] = {name: [] for name in CREDENTIALS}
    for line in re.sub(r"\\\n", " ", text).splitlines():
        name, sign, value = (part.strip() for part in line.partition("="))
        if sign and name in found:
            found[name] = [*found[name], value] if value else []
    values = dict(value.partition(":")[::2] for value in found.pop(_PLAIN))
    return [f"{name}={value}" for name, given in found.items() for value in given], {
        name: plain(value) for name, value in values.items()
    }


def elsewhere(env: Mapping[str, str], unit: str, ident: str) -> dict[str, str]:
    """Pure: the environment with the unit's own credentials where they lie for another service."""
    here, there = (f"{_CREDENTIALS_AT}/{name}/" for name in (unit, f"{ident}.service"))
    return {name: value.replace(here, there) for name, value in env.items()}


def words(ident: str, given: Sequence[str], file: str, timeout: float, cwd: str) -> list[str]:
    """Pure: the words before the program's own. It ends by itself when nobody is left who waits for it."""
    own = [
        f"EnvironmentFile={file}",
        f"RuntimeMaxSec={max(1.0, timeout):.0f}",
        *([f"WorkingDirectory={cwd}"] if cwd else []),
    ]
    run = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", f"--unit={ident}"]
    return [*run, *(word for one in (*given, *own) for word in ("-p", one))]


def quoted(env: Mapping[str, str]) -> str:
    """Pure: an EnvironmentFile= that systemd reads as these values, whatever is in them."""
    return "".join(f'{name}="{re.sub(_SPECIAL, _escaped, value)}"\n' for name, value in sorted(env.items()))


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


@contextlib.contextmanager
def _private(texts: Mapping[str, str]) -> Iterator[str]:
    """Files that are read by systemd itself, as root: nobody else sees what they hold."""
    with tempfile.TemporaryDirectory(prefix="uplift-", dir="/run" if os.geteuid() == 0 else None) as place:
        for name, text in texts.items():
            write_atomic(f"{place}/{name}", text.encode(), 0o600)
        yield place
