# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What systemd gives the program of a unit: environment, home and working directory (L31).

A program that looks for files in its home, or where it runs, finds others when this task's own are left to it.
"""

from __future__ import annotations

import os
import pwd
from typing import Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import accounts, place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import Unit, read_unit

_ROOTS = ("RootDirectory", "RootImage")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(unit: Unit, user: str) -> dict[str, str]:
    """All that it is given. Without User= systemd names no home, and programs ask the password file. Secret."""
    if not user:
        return {"PATH": PATH, **unit.environment}
    entry = _entry(user, unit.dynamic)
    login = {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name, "SHELL": entry.pw_shell}
    return {"PATH": PATH, **login, **unit.environment}


def directory(unit: Unit, user: str) -> str:
    """Where it runs; / where nothing is said, or where the one named need not be there (`!`) and is not."""
    named = unit.directory.lstrip("!-")
    path = _entry(user, unit.dynamic).pw_dir if named == "~" else named or "/"
    return path if path == unit.directory or os.path.isdir(path) else "/"


def home(given: Mapping[str, str], user: str) -> str:
    return given.get("HOME") or _entry(user).pw_dir


def demand_own(unit: Unit, asked: str, setting: str) -> None:
    """A unit by its own name, in the host's root and with an account. `setting`: what named it as `asked`.

    What is kept of a unit lies by its name: under an alias there would be a second record, and a second lease.
    """
    if unit.load_state != "loaded":
        return
    if unit.name != place.key(asked):
        saw = f"the unit {asked} is another name of {unit.name}"
        expected = "the unit's own name, by which its record and its lease are kept"
        raise NotItself(Finding("unit_alias", True, saw, expected, f"set {setting} to {unit.name}", final=True))
    root = [f"{name}={unit.terms[name]}" for name in _ROOTS if unit.terms.get(name, "/") != "/"]
    if root:
        raise NotItself(
            Finding(
                "unit_root",
                True,
                f"the unit {unit.name} runs in a root of its own ({', '.join(root)}): the paths of its program, its"
                " configuration and its data are others for this host",
                "a unit that sees the host's files",
                "let the unit start the program without it, with BindPaths= or ProtectSystem= where that is wanted;"
                " else upgrade this one by hand",
                final=True,
            )
        )
    gone = "" if unit.dynamic else accounts.gone(unit.user, unit.group)
    if gone:
        raise NotItself(
            Finding(
                "account_gone",
                True,
                f"the unit {unit.name} runs as the {gone}, which is not there: systemd would not start it again",
                "an account and a group of this host, also where the unit names them by number",
                "make it again with the same number, or correct User= and Group= of the unit",
                final=True,
            )
        )


def mounting(runner: Runner, units: Mapping[str, str]) -> list[str]:
    """What systemd mounts and unmounts around these: while they are down it is not there (G31)."""
    return [words for unit in own(runner, units) for words in unit.mounting()]


def own(runner: Runner, units: Mapping[str, str]) -> list[Unit]:
    """Those of systemd, each read by its own name. units: name -> the setting that names it."""
    found = []
    for name, setting in units.items():
        if place.kind_of(name) == place.SYSTEMD:
            unit = read_unit(runner, name)
            demand_own(unit, name, setting)
            found.append(unit)
    return found


def sees(runner: Runner, path: str, user: str) -> bool:
    """Whether its account finds a file there: in a directory that it may not enter, it does not."""
    return os.path.isfile(path) and (not user or runner.run(["test", "-f", path], user=user).rc == 0)


def elsewhere(unit: Unit, path: str, proc: str = "/proc") -> bool:
    """Whether the running service finds another directory there than this host does, since its unit mounts one for it
    alone (BindPaths=, TemporaryFileSystem=). Asked of the kernel, since units lead to it in many ways."""
    if not unit.main_pid or not os.path.isdir(f"{proc}/{unit.main_pid}/root/"):
        return False
    own = os.path.realpath(path)  # a link that is absolute would lead back to this host
    try:
        return not os.path.samefile(f"{proc}/{unit.main_pid}/root{own}", own)
    except FileNotFoundError:
        return os.path.exists(own)


def made_anew(unit: Unit, path: str) -> str:
    """When a file is made again by others, so that what is written to it is lost: at each start of the unit (what runs
    before its program has made it), or at each boot (it lies in memory). "" where neither is seen."""
    try:
        written = os.stat(path).st_mtime
    except OSError:
        return ""
    # The kernel's clock for files is some milliseconds behind.
    if unit.around and unit.began and unit.began - 0.01 <= written <= unit.started:
        return "at each start of the unit, by what it runs before its program"
    return "at each boot, since /run lies in memory" if os.path.realpath(path).startswith("/run/") else ""


def may_not_make(runner: Runner, path: str, user: str) -> str:
    """The directory that is there and in which the account may make nothing, on the way to this one; "" when it may."""
    there = path
    while runner.run(["test", "-e", there], user=user).rc and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    return there if runner.run(["test", "-d", there, "-a", "-w", there, "-a", "-x", there], user=user).rc else ""


def _entry(user: str, dynamic: bool = False) -> pwd.struct_passwd:
    """One that systemd makes (DynamicUser=) has / as its home."""
    try:
        return pwd.getpwnam(user or "root")
    except KeyError as exc:
        if dynamic:
            return pwd.struct_passwd((user, "", -1, -1, "", "/", "/usr/sbin/nologin"))
        raise UpliftError(f"The account {user} of the service is not there; expected one of this host.") from exc
