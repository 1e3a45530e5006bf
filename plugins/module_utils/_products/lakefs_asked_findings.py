# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the API tells beforehand of repositories and rights that a later release treats otherwise."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._products import lakefs_forms as forms
from ansible_collections.uplift.datastores.plugins.module_utils._products.lakefs_schema import Hop

_SHOWN = 10


def without_commit(seen: Mapping[str, Any]) -> Iterator[Finding]:
    """Migrations keep such branches as they are; newer releases have no page of what is uncommitted on them (L36)."""
    branches = seen.get("without_commit") or []
    if branches:
        yield Finding(
            "no_commit",
            False,
            f"branches without any commit: {_list(branches)}",
            "a first commit, as releases since 0.31.1 make it",
            "nothing: what they hold stays, and is counted by listing it. Commit it, and they are as all others",
        )


def access(seen: Mapping[str, Any], hop: Hop) -> Iterator[Finding]:
    """The basic authentication has one user, and neither groups nor policies (L37)."""
    groups, policies = seen.get("groups") or [], seen.get("policies") or []
    gone = forms.form(hop.source, "groups") and not forms.form(hop.target, "groups")
    if gone and seen.get("access_problem"):
        do = "give the access key of an administrator, or accept it"
        yield Finding(
            "access_lost", True, seen["access_problem"], f"the groups and policies, which {hop.target} drops", do
        )
        return
    if not gone or not (groups or policies):
        return
    made = [one for one in [*groups, *policies] if one not in (*forms.OWN_GROUPS, *forms.OWN_POLICIES)]
    yield Finding(
        "access_lost",
        bool(made),
        f"{hop.target} keeps neither groups nor policies; gone will be the groups {_list(groups)} and the policies"
        f" {_list(policies)}" + (f"; made by its operators: {_list(made)}" if made else ""),
        "that nobody relies on them: the one user may do everything",
        "write down who may do what, and accept it; or keep users and rights in a server of their own (auth.api)",
    )


def _list(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "") or "(none)"
