# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the API tells beforehand of repositories and rights that a later release treats otherwise, or does not."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, some
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import forms
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.schema import Hop

# Why the API did not answer what it was asked (`ApiError.why`): the key, what is wanted, what to do.
_WHY = {
    "refused": (
        "credentials",
        "an access key of this installation that may read everything",
        "give one (lakefs_access_key_id, lakefs_secret_access_key); where it is one, see that auth.encrypt.secret_key"
        " is the one that it was made with, and that the database answers",
    ),
    "stranger": (
        "not_lakefs",
        "the API of lakeFS itself at this address",
        "name the server, and no proxy that answers in its place (lakefs_url)",
    ),
    "gone": (
        "repository_gone",
        "what was listed a moment ago: somebody deletes repositories or branches now, or the server lists what it does"
        " not have",
        "run again when nobody does; where it stays, see what it lists and cannot give",
    ),
}
_OTHER = ("api_unclear", "an answer of the API of lakeFS", "see to what it says, and run again")


def unanswered(seen: Mapping[str, Any], needed: bool) -> Iterator[Finding]:
    """What could not be asked of the API, and why. `needed`: without it data would be lost unseen."""
    if not seen.get("asked"):
        yield Finding(
            "no_credentials",
            needed,
            "no access key is given: uncommitted changes, repositories and objects cannot be compared",
            "lakefs_access_key_id and lakefs_secret_access_key",
            "give them; without them only the counts of the database prove the upgrade",
        )
    elif seen.get("failed") or seen.get("msg"):  # the role's failed_when takes the first away
        key, expected, do = _WHY.get(str(seen.get("why")), _OTHER)
        yield Finding(key, True, str(seen.get("msg")), expected, do)


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
    return some(names) or "(none)"
