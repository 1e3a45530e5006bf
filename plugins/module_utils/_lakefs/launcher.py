# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What starts lakeFS and is not lakeFS: asked for its version or for a migration, it would start the server (L39)."""

from __future__ import annotations

import os
import re
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import is_script

_CONTAINERS = re.compile(r"(docker|podman|nerdctl)([.-].*)?")
_OTHERS = re.compile(
    r"(ba|da|a|k|z)?sh|busybox|env|nice|ionice|chrt|setpriv|runuser|su|sudo|gosu|su-exec|tini|dumb-init|timeout|python[\d.]*"
)
ENDS = (".sh", ".bash", ".py", ".pl", ".rb")


def demand_program(path: str, unit: str) -> None:
    """The program of a unit, whoever has named it."""
    name, kind = os.path.basename(path), ""
    if _CONTAINERS.fullmatch(name):
        raise UpliftError(
            f"The unit {unit} starts {path}, which runs lakeFS in a container; expected the container itself. Name it:"
            " lakefs_unit: docker:NAME. Nothing was changed."
        )
    if is_script(path):
        kind = "a script"
    elif _OTHERS.fullmatch(name):
        kind = "a program that starts others"
    if kind:
        raise UpliftError(
            f"The program of the unit {unit} is {path}, {kind}, which may do anything when it is asked for its version;"
            " expected lakeFS itself. Name the program that it starts with lakefs_binary, and with lakefs_config_file"
            " the file that it hands over, if it does. Nothing was changed."
        )


def may_be_program(word: str) -> bool:
    """A word of a container's command, by its name alone."""
    name = os.path.basename(word)
    return bool(re.fullmatch(r"lakefs[\w.-]*", name)) and not name.endswith(ENDS)


def demand_called(words: Sequence[str], name: str) -> None:
    """Of a pod: what stands before `run` is called with other words. Without a command the image has its own."""
    before = list(words)[: list(words).index("run")] if "run" in words else []
    if before and before[-1].endswith(ENDS):
        raise UpliftError(
            f"The pods of {name} are started by the script {before[-1]}, which is not lakeFS; expected the program as a"
            " word of its own, as in `/app/lakefs run`. Start it so. Nothing was changed."
        )
