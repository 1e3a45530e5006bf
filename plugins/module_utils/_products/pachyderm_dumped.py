# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what is no difference between two inventories, since the dump between them has left it out."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils import _version
from ansible_collections.uplift.datastores.plugins.module_utils._products import pachyderm_forms as forms
from ansible_collections.uplift.datastores.plugins.module_utils._products import pachyderm_outputs as outputs
from ansible_collections.uplift.datastores.plugins.module_utils._version import Version

Row = Mapping[str, Any]


def _source(before: Row, after: Row) -> Version | None:
    """The release whose dump lies between; None inside a series, where the metadata stayed."""
    versions = [_version.parse(row["version"]) for row in (before, after) if row.get("version")]
    series = {(one.major, one.minor) for one in versions}
    return versions[0] if len(series) == 2 else None


def anew(before: Row, after: Row) -> set[str]:
    """The repos that were left out as outputs: what they held is computed again."""
    source = _source(before, after)
    return outputs.left_out(source, before.get("branches", [])) if source else set()


def lost_settings(source: Version, spec: Row) -> list[str]:
    """The settings of a pipeline that a dump of this release leaves out, and that are not the default."""
    usual = set(forms.of(forms.DEFAULTS, source))
    names = forms.of(forms.SETTINGS_LEFT_OUT, source)
    return [name for name in names if spec.get(name) and f"{name}={spec[name]}" not in usual]


def carried(before: Row, after: Row, spec: Row) -> dict[str, Any]:
    """A pipeline's spec without what the dump has left out."""
    source = _source(before, after)
    lost = lost_settings(source, spec) if source else []
    return {name: value for name, value in spec.items() if name not in lost}


def left_out(before: Row, after: Row) -> list[str]:
    """Sentences on what the dump between has not carried; each was a finding beforehand."""
    source, said = _source(before, after), []
    if not source:
        return []
    for repo in sorted(anew(before, after)):
        said.append(f"The output of {repo} was not in the dump of {source}: it is computed anew.")
    now = {row["name"]: row["spec"] for row in after["pipelines"]}
    for row in before["pipelines"]:
        lost = [
            name
            for name in lost_settings(source, row["spec"])
            if now.get(row["name"], {}).get(name) != row["spec"][name]
        ]
        if lost:
            said.append(f"The pipeline {row['name']} has lost {', '.join(lost)}: update it from its spec.")
    count = _lost_messages(before, after)
    return said + ([f"{count} commits have lost their message."] if count else [])


def _lost_messages(before: Row, after: Row) -> int:
    now = {(row["repo"], row["id"]): row.get("message", "") for row in after.get("commits", [])}
    rows = [row for row in before.get("commits", []) if row.get("message") and (row["repo"], row["id"]) in now]
    return sum(not now[(row["repo"], row["id"])] for row in rows)
