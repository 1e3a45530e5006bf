# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Accounts and groups as a unit names them: User= and Group= take numbers, and any group (systemd.exec(5))."""

from __future__ import annotations

import grp
import pwd
from contextlib import suppress
from typing import Callable


def named(user: str) -> str:
    """The account's name where the unit has its number; a number that is no account of this host stays one."""
    if user.isdigit():
        with suppress(KeyError):
            return pwd.getpwuid(int(user)).pw_name
    return user


def gone(user: str, group: str) -> str:
    """Which of the two is not there, as `account lakefs`; "" where both are. A number has to be there as well: systemd
    asks for the account's group."""
    if not _there(user, pwd.getpwuid, pwd.getpwnam):
        return f"account {user}"
    return "" if _there(group, grp.getgrgid, grp.getgrnam) else f"group {group}"


def own_group(user: str, group: str) -> bool:
    """Whether the service runs with another group than the account's own, by which it may read its files."""
    if not user or not group:
        return False
    with suppress(KeyError):  # of what is not there preflight says so
        return pwd.getpwnam(named(user)).pw_gid != (int(group) if group.isdigit() else grp.getgrnam(group).gr_gid)
    return False


def _there(name: str, by_number: Callable[[int], object], by_name: Callable[[str], object]) -> bool:
    with suppress(KeyError):
        return not name or bool(by_number(int(name)) if name.isdigit() else by_name(name))
    return False
