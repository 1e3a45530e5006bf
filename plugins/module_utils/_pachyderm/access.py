# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Who may do what in a cluster whose authentication is on: asked, compared, and demanded of a dump (P46).

Shape: {state: `off`, `on` or `closed`, admins: [NAME], lists: {REPO: [LINE]}}. The last two only from releases that
were seen to have the commands; lines are pachctl's own, such as `github:alice: WRITER`.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import some
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import forms
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl

Row = Mapping[str, Any]
ON = "on"
_ROOT = "pach:root"  # a restore switches authentication on as this one


def ask(pachctl: Pachctl, repos: Sequence[Row]) -> dict[str, Any]:
    """Empty where the release has no authentication."""
    if not pachctl.knows("whoami"):
        return {}
    state = pachctl.auth()
    if state != ON or not pachctl.knows("admins"):
        return {"state": state, "admins": [], "lists": {}}
    lists = {row["name"]: _lines(pachctl.ask("access", row["name"])) for row in repos}
    return {"state": state, "admins": _lines(pachctl.ask("admins")), "lists": lists}


def _lines(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines() if line.strip())


def differences(before: Row, after: Row) -> Iterator[dict[str, str]]:
    """Between two answers of `ask`; what the older one does not tell is not compared."""
    if before.get("state") != ON:
        return
    if after.get("state") != ON:
        lists = sorted(name for name, lines in before["lists"].items() if lines)
        yield {
            "key": "auth_lost",
            "sentence": f"Authentication was on and is {after.get('state') or 'unknown'}: whoever reaches the server"
            f" reads and writes everything (admins before: {some(before['admins']) or 'unknown'}; repos with an access"
            f" list before: {some(lists) or 'unknown'}).",
        }
        return
    if before["admins"]:
        yield from _changed("admins_changed", "The admins", before["admins"], after["admins"])
    for repo, lines in sorted(before["lists"].items()):
        if repo in after["lists"]:  # a repo that is gone is told as such
            yield from _changed("access_changed", f"The access list of {repo}", lines, after["lists"][repo])


def _changed(key: str, what: str, was: Sequence[str], is_: Sequence[str]) -> Iterator[dict[str, str]]:
    rows = (("without", sorted(set(was) - set(is_))), ("with", sorted(set(is_) - set(was) - {_ROOT})))
    said = [f"{word} {some(names)}" for word, names in rows if names]
    if said:
        yield {"key": key, "sentence": f"{what} changed: now {' and '.join(said)}."}


def carried(state: str, version: Version) -> bool:
    """Whether a dump of this release has authentication in it, where that is on."""
    return state == ON and bool(forms.of(forms.AUTH_CARRIED, version))


def demand_carried(pachctl: Pachctl, version: Version, has_auth: bool) -> None:
    if not has_auth and pachctl.knows("whoami") and carried(pachctl.auth(), version):
        raise UpliftError(
            "Authentication is on, and the dump holds nothing of it; expected the admins and access lists that"
            f" {version} writes for an administrator. Give pachyderm_token one of an administrator. The dump was thrown"
            " away."
        )
