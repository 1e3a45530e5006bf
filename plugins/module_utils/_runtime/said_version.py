# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A program asked which release it is: as the service's account, for it may be any program."""

from __future__ import annotations

import os
import platform
import pwd
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

NOBODY = "nobody"
_MAY_NOT = 126  # the exit status of env and of shells for a program that is there and may not be run


def said_version(runner: Runner, file: str, asks: Sequence[str] = ("--version",), user: str = "") -> str:
    """The release that a program says it is, asked on this very machine with nothing in its environment.

    `user` is the account of its service. Without one, or where this task is not root, it is asked as whom the task is.
    """
    if not asks:
        return _named_version(file)
    who = account(user)
    try:
        answer = runner.run(["env", "-i", "PATH=/usr/bin:/bin", file, *asks], timeout=20, user=who)
        _demand_allowed(answer, file, who)
        said = demand(answer, f"Asking {file} for its version on this machine ({platform.machine()})").out.strip()
    except CliError as exc:
        raise UpliftError(f"{exc} Expected a program for this machine; nothing was changed.") from exc
    found = version.find(said)
    if not found:
        raise UpliftError(f"{file} said {said[:80]!r} when asked for its version; expected a release number.")
    return str(found)


def account(user: str) -> str:
    """As whom to ask; "" for as whom the task is. A DynamicUser has no account while its unit is down: nobody then."""
    if not user or os.geteuid() != 0:
        return ""
    for name in (user, NOBODY):
        try:
            return name if pwd.getpwnam(name).pw_uid else ""
        except KeyError:
            continue
    raise UpliftError(f"This machine has neither the account {user} of the service nor {NOBODY}; expected one of them.")


def _demand_allowed(answer: Answer, file: str, who: str) -> None:
    if who and answer.rc == _MAY_NOT:
        raise UpliftError(
            f"The account {who} may not run {file}; expected a program that the service's account may run, in a"
            " directory that it may enter. Fix the modes. Nothing was changed."
        )


def _named_version(file: str) -> str:
    found = version.find(os.path.basename(os.path.realpath(file)).replace("-", " "))
    if not found:
        raise UpliftError(
            f"{file} cannot be asked for its version, and its name has none; expected a link to a file such as"
            f" {os.path.basename(file)}-1.13.4. Put it so. Nothing was changed."
        )
    return str(found)
