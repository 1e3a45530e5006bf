# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: how each release of pachctl spells what is asked of it, and what its refusals mean."""

from __future__ import annotations

from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

SPACES = Version(1, 9, 0)
"""From here on `list repo R@B:/p`; before it `list-repo`, and `R B /p` as words of their own."""
CONTEXTS = Version(1, 9, 1)
"""From here on the configuration has contexts, and a switch for the usage metrics."""
ALONE = Version(1, 6, 0)
"""From here on `version --client-only`."""
RAW = Version(1, 5, 0)
"""The oldest release whose --raw has been seen."""
HISTORY = Version(1, 7, 0)
"""From here on branches and commits are listed as JSON, and clusters have an id."""

# What is asked -> (the first release that knows it, its words with spaces).
COMMANDS: Mapping[str, tuple[Version, Sequence[str]]] = {
    "version": (Version(1, 0, 0), ("version",)),
    "repos": (Version(1, 0, 0), ("list", "repo")),
    "pipelines": (Version(1, 0, 0), ("list", "pipeline")),
    "jobs": (Version(1, 5, 0), ("list", "job")),
    "branches": (HISTORY, ("list", "branch")),
    "commits": (HISTORY, ("list", "commit")),
    "files": (HISTORY, ("list", "file")),
    "file": (HISTORY, ("get", "file")),
    "stop": (Version(1, 0, 0), ("stop", "pipeline")),
    "start": (Version(1, 0, 0), ("start", "pipeline")),
    "spec": (HISTORY, ("extract", "pipeline")),
    "update": (HISTORY, ("update", "pipeline")),
    "delete": (HISTORY, ("delete", "file")),
    "cluster": (HISTORY, ("inspect", "cluster")),
    "whoami": (Version(1, 6, 0), ("auth", "whoami")),
    "admins": (Version(1, 9, 12), ("auth", "list-admins")),
    "access": (Version(1, 9, 12), ("auth", "get")),
    "enterprise": (Version(1, 6, 0), ("enterprise", "get-state")),
    "extract": (Version(1, 6, 9), ("extract",)),
    "restore": (Version(1, 6, 9), ("restore",)),
    "migrate": (Version(1, 5, 0), ("migrate",)),
}
GONE: Mapping[str, Version] = {
    "migrate": Version(1, 7, 0),
    "extract": Version(2, 0, 0),
    "restore": Version(2, 0, 0),
}
_JOINED = ("list", "get", "stop", "start", "inspect", "extract", "update", "delete")
_FLAGS: Mapping[str, Version] = {
    "--no-objects": Version(1, 7, 0),  # P19
    "--no-enterprise": Version(1, 11, 0),
    "--no-auth": Version(1, 11, 0),
    "--no-token": Version(1, 11, 0),
    "--state": Version(1, 11, 0),
}

REFUSED = ("could not connect", "context deadline exceeded", "connection refused", "transport is closing")
NO_OBJECT = "objectInfoGetter"
AUTH_OFF = "the auth service is not activated"
WRONG_CLUSTER = "connected to the wrong cluster"
# What is said of a pipeline whose spec the object store does not have: up to 1.9.12 nothing is listed then, later
# releases list it without one.
NO_SPEC = ("could not read existing PipelineInfo", "could not retrieve pipeline spec")
# What 1.5.0 says over metadata of 1.4.
NOT_MIGRATED = ("unexpected EOF", "wrong wireType")


def spell(version: Version, name: str, *more: str) -> list[str]:
    """The words of a command with its arguments, as this release wants them."""
    since, words = COMMANDS[name]
    if version < since or version >= GONE.get(name, Version(9, 0, 0)):
        raise UpliftError(f"pachctl {version} has no `{' '.join(words)}`.")
    for flag in more:
        if flag in _FLAGS and version < _FLAGS[flag]:
            raise UpliftError(f"pachctl {version} has no {flag} at `{' '.join(words)}`.")
    joined = ["-".join(words)] if version < SPACES and words[0] in _JOINED else list(words)
    return [*joined, *more, *(["--no-metrics"] if version < SPACES else [])]


def asked(version: Version | None) -> str:
    """How pachctl tells its version without a server. Before 1.6 it cannot: the file is taken by its name then."""
    return "none" if version and version < ALONE else "version --client-only"


def has(version: Version, flag: str) -> bool:
    return version >= _FLAGS[flag]


def place(version: Version, repo: str, commit: str, path: str = "") -> list[str]:
    """Where a file is: `repo@commit:/path`, or three words."""
    if version < SPACES:
        return [repo, commit, *([path] if path else [])]
    return [f"{repo}@{commit}" + (f":{path}" if path else "")]
