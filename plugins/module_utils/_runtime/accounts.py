# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Accounts and groups as a unit names them: User= and Group= take numbers, and any group (systemd.exec(5))."""

from __future__ import annotations

import grp
import pwd
from contextlib import suppress


def named(user: str) -> str:
    """The account's name where the unit has its number; a number that is no account of this host stays one."""
    if user.isdigit():
        with suppress(KeyError):
            return pwd.getpwuid(int(user)).pw_name
    return user


def known(user: str) -> bool:
    """Whether it is an account of this host."""
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def own_terms(user: str, group: str) -> bool:
    """Whether the service runs as what the account's name alone does not lead to: as a number that is no account, or
    with another group than the account's own, by which it may read its files."""
    if user.isdigit() and not known(named(user)):
        return True
    if not user or not group:
        return False
    with suppress(KeyError):  # of what is not there systemd says so at the start
        return pwd.getpwnam(named(user)).pw_gid != (int(group) if group.isdigit() else grp.getgrnam(group).gr_gid)
    return False
