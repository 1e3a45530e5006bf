# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what is no difference between two inventories, since the dump between them has left it out."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import forms, outputs

Row = Mapping[str, Any]


def _source(before: Row, after: Row) -> Version | None:
    """The release whose dump lies between; None inside a series, where the metadata stayed."""
    versions = [version.parse(row["version"]) for row in (before, after) if row.get("version")]
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


def settings(before: Row, after: Row) -> dict[str, dict[str, Any]]:
    """What the dump between has left out of each pipeline's spec, as it was; pipelines that lack nothing are not in."""
    source = _source(before, after)
    found = {row["name"]: lost_settings(source, row["spec"]) for row in before["pipelines"]} if source else {}
    specs = {row["name"]: row["spec"] for row in before["pipelines"]}
    return {name: {one: specs[name][one] for one in lost} for name, lost in found.items() if lost}


def tick_file(before: Row, after: Row) -> str:
    """The file that keeps the cron inputs of before from ticking at the release of after; "" when none does."""
    versions = [version.parse(row["version"]) for row in (before, after)]
    was, is_ = (next(iter(forms.of(forms.TICK_FILES, one)), "") for one in versions)
    return was if was != is_ else ""


def left_out(before: Row, after: Row) -> list[str]:
    """Sentences on what the dump between has not carried; each was a finding beforehand."""
    source, said = _source(before, after), []
    if not source:
        return []
    counts = Counter(row["repo"] for row in after.get("commits", []) if not row["finished"])
    for repo in sorted(anew(before, after)):
        said.append(
            f"The output of {repo} was not in the dump of {source}: it is computed anew, and {counts[repo]} output"
            " commits of it are open."
        )
    for name, lost in sorted(settings(before, after).items()):
        said.append(f"The settings {', '.join(lost)} of {name} were not in the dump of {source}.")
    count = _lost_messages(before, after)
    said += [f"{count} commits have lost their message."] if count else []
    return said + list(_ticked(before, after))


def _ticked(before: Row, after: Row) -> Iterator[str]:
    """P39: missed ticks that came at once, before anybody could stop the pipeline."""
    known = {(row["repo"], row["id"]) for row in before.get("commits", [])}
    for repo in sorted(outputs.cron_repos(before["pipelines"])):
        came = sum(row["repo"] == repo and (repo, row["id"]) not in known for row in after.get("commits", []))
        if came:
            yield f"The cron input {repo} has {came} commits more than before: missed ticks, or the end of its /time."


COMPARED = (
    "names and descriptions of repos",
    "ids, parents, sizes and the end of commits",
    "names and heads of branches",
    "the specs of pipelines, and whether they are stopped",
    "a file of every branch head, read",
)
LEFT = (
    "when repos were created",
    "when commits began and ended",
    "jobs and their logs",
    "salts and spec commits of pipelines",
)


def compared(before: Row) -> list[str]:
    """What is compared of this inventory with a later one, and what no restore keeps, as sentences."""
    parts = [
        text for part, text in zip(("repos", "commits", "branches", "pipelines", "reads"), COMPARED) if part in before
    ]
    if before.get("auth", {}).get("state") == "on":
        parts.append("authentication, its admins and access lists")
    counts = ", ".join(f"{len(rows)} {part}" for part, rows in before.items() if isinstance(rows, list))
    return [
        f"Compared were {'; '.join(parts)} ({counts}).",
        f"Not compared, since no restore keeps it: {'; '.join(LEFT)}.",
    ]


def _lost_messages(before: Row, after: Row) -> int:
    now = {(row["repo"], row["id"]): row.get("message", "") for row in after.get("commits", [])}
    rows = [row for row in before.get("commits", []) if row.get("message") and (row["repo"], row["id"]) in now]
    return sum(not now[(row["repo"], row["id"])] for row in rows)
