# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what pachctl prints -> plain rows. `--raw` is one JSON object after another, with nothing between (P13)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understood
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

Row = Dict[str, Any]

_SPACE = re.compile(r"\s*")
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
# What a server makes anew, or changes by itself: no part of what an operator has asked for.
_OWN = {
    "pipeline", "version", "id", "created_at", "state", "stopped", "reason", "salt", "spec_commit", "job_counts",
    "last_job_state", "recent_error", "githook_url", "workers_requested", "workers_available", "capability",
}  # fmt: skip
# What is below these is the operator's own words, such as the names of variables.
_THEIRS = ("env", "node_selector", "annotations", "labels")
# Zero values are left out (P13): these are the names of the zeros.
_PIPELINE_ZERO, _JOB_ZERO = "starting", "starting"
ENDED = ("success", "failure", "killed")


@dataclass(frozen=True)
class Pipeline:
    name: str
    state: str
    stopped: bool
    spec: Row = field(default_factory=dict)

    @property
    def rests(self) -> bool:
        """Stopped is what was asked for, paused is what has come of it (P14). A failed one has no workers.

        Nor has one in standby, and 1.9.12 leaves a stopped one in that state for good (seen on a real server).
        """
        return self.stopped and self.state in ("paused", "failure", "standby")


@dataclass(frozen=True)
class Commit:
    repo: str
    id: str
    branch: str
    parent: str
    size: int
    finished: bool
    tree: bool = True
    """Whether it has the one that dumps carry; what workers of 1.8 end has `trees` instead."""
    message: str = ""


def stream(text: str) -> list[Row]:
    """Concatenated JSON objects. What is not one is reported, never swallowed."""
    decoder, rows = json.JSONDecoder(), []
    at = _SPACE.match(text).end()  # type: ignore[union-attr]  # it matches nothing at all as well
    while at < len(text):
        try:
            row, end = decoder.raw_decode(text, at)
        except ValueError as exc:
            said = text[at : at + 60]
            raise CliError(f"pachctl --raw said {said!r}; expected JSON objects one after another.") from exc
        if not isinstance(row, dict):
            raise CliError(f"pachctl --raw said {row!r}; expected a JSON object.")
        rows.append({str(key): value for key, value in _snake(row).items()})
        at = _SPACE.match(text, end).end()  # type: ignore[union-attr]
    return rows


def _snake(value: Any) -> Any:
    """Keys are camelCase in some lists and releases, and snake_case in others (P33)."""
    if isinstance(value, Mapping):
        named = {_CAPITAL.sub(r"_\1", key).lower(): inner for key, inner in value.items()}
        return {key: inner if key in _THEIRS else _snake(inner) for key, inner in named.items()}
    return [_snake(inner) for inner in value] if isinstance(value, list) else value


@understood("`pachctl extract-pipeline`")
def request(text: str) -> Row:
    """The one object that made the pipeline, in the very words."""
    return {str(key): value for key, value in json.loads(text).items()}


def client_version(text: str) -> Version | None:
    """Of `version --client-only`; a first call may print other lines above it (P32)."""
    lines = text.strip().splitlines()
    return core_version.find(lines[-1]) if lines else None


def versions(text: str) -> dict[str, Version]:
    """The table that `version` prints: pachctl, and pachd where it answers."""
    rows = [line.split() for line in text.splitlines()]
    found = {row[0]: core_version.find(row[1]) for row in rows if len(row) == 2 and row[0] in ("pachctl", "pachd")}
    return {name: version for name, version in found.items() if version}


@understood("`pachctl list-repo --raw`")
def repos(text: str) -> list[Row]:
    return [
        {"name": row["repo"]["name"], "description": row.get("description", ""), "size": int(row.get("size_bytes", 0))}
        for row in stream(text)
    ]


@understood("`pachctl list-branch --raw`")
def branches(text: str) -> list[Row]:
    return [
        {
            "repo": row["branch"]["repo"]["name"],
            "name": row["branch"]["name"],
            "head": row.get("head", {}).get("id", ""),
            "provenance": sorted(f"{one['repo']['name']}@{one['name']}" for one in row.get("direct_provenance", [])),
        }
        for row in stream(text)
    ]


@understood("`pachctl list-commit --raw`")
def commits(text: str) -> list[Commit]:
    return [
        Commit(
            row["commit"]["repo"]["name"],
            row["commit"]["id"],
            row.get("branch", {}).get("name", ""),
            row.get("parent_commit", {}).get("id", ""),
            int(row.get("size_bytes", 0)),
            "finished" in row,
            "tree" in row,
            row.get("description", ""),
        )
        for row in stream(text)
    ]


@understood("`pachctl list-pipeline --raw`")
def pipelines(text: str) -> list[Pipeline]:
    return [
        Pipeline(
            row["pipeline"]["name"],
            _state(row.get("state"), "PIPELINE_", _PIPELINE_ZERO),
            bool(row.get("stopped", False)),
            _spec(row),
        )
        for row in stream(text)
    ]


def _spec(row: Row) -> Row:
    """What was asked for. `atom` of 1.8.0 and older is the `pfs` of later ones."""
    spec = {key: value for key, value in row.items() if key not in _OWN}
    return {**spec, "input": _renamed(spec["input"])} if "input" in spec else spec


def _renamed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {("pfs" if key == "atom" else key): _renamed(inner) for key, inner in value.items()}
    return [_renamed(inner) for inner in value] if isinstance(value, list) else value


@understood("`pachctl list-file --raw`")
def files(text: str) -> list[Row]:
    return [
        {
            "path": "/" + row["file"]["path"].lstrip("/"),
            "type": row.get("file_type", "").lower(),
            "size": int(row.get("size_bytes", 0)),
        }
        for row in stream(text)
    ]


@understood("`pachctl list-job --raw`")
def jobs(text: str) -> list[Row]:
    return [
        {
            "id": row["job"]["id"],
            "pipeline": row.get("pipeline", {}).get("name", ""),
            "state": _state(row.get("state"), "JOB_", _JOB_ZERO),
        }
        for row in stream(text)
    ]


def _state(value: Any, prefix: str, zero: str) -> str:
    return str(value)[len(prefix) :].lower() if value else zero


def table(text: str) -> list[dict[str, str]]:
    """A list as releases print it that know no --raw: columns begin where their names do."""
    lines = text.splitlines()
    if not lines:
        return []
    heads = [(match.group().lower(), match.start()) for match in re.finditer(r"\S+", lines[0])]
    ends = [start for _name, start in heads[1:]] + [None]
    return [{name: line[start:end].strip() for (name, start), end in zip(heads, ends)} for line in lines[1:]]


@understood("`pachctl list-repo`")
def table_repos(text: str) -> list[Row]:
    return [{"name": row["name"], "description": "", "size": None} for row in table(text)]


@understood("`pachctl list-pipeline`")
def table_pipelines(text: str) -> list[Pipeline]:
    return [
        Pipeline(row["name"], row["state"], row["state"] == "paused", {"input": row["input"]}) for row in table(text)
    ]
