# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What starts lakeFS and is not lakeFS: asked for its version or for a migration, it would start the server (L39)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import (
    NotItself,
    is_script,
    starts_another,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import children
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import Unit

_OTHERS = re.compile(
    r"(ba|da|a|k|z)?sh|busybox|env|nice|ionice|chrt|setpriv|runuser|su|sudo|gosu|su-exec|tini|dumb-init|timeout|python[\d.]*"
    r"|(docker|podman|nerdctl)([.-].*)?"
)
_STARTER = "a program that starts others"
AS_A_WORD = "start it as a word of its own, as in `/app/lakefs run`"
ENDS = (".sh", ".bash", ".py", ".pl", ".rb")


def demand_itself(unit: Unit) -> None:
    """Of a unit of whose program nobody has said anything, by what it is seen to start."""
    if starts_another(unit, "lakefs"):
        raise _of_program(unit.binary, unit.name, _STARTER)


def demand_program(path: str, unit: str) -> None:
    """The program of a unit, whoever has named it."""
    other = _other(path)
    if is_script(path) or other:
        raise _of_program(path, unit, _STARTER if other else "a script")


def _of_program(path: str, unit: str, kind: str) -> NotItself:
    return of_script(
        f"the program of the unit {unit} is {path}, {kind}, which may do anything when it is asked for its version",
        "name the program that it starts with lakefs_binary, and with lakefs_config_file the file that it hands over,"
        " if it does; with lakefs_user the account, where that is changed on the way",
    )


def leads(unit: Unit) -> bool:
    """Whether the unit starts something that leads to the program."""
    return bool(is_script(unit.binary) or _other(unit.binary) or starts_another(unit, "lakefs"))


def handed(unit: Unit) -> list[str]:
    """The words of the unit's command that the program gets: those before it are the launcher's, whose -c is another.

    A script is believed to hand over its own words.
    """
    words = unit.command()
    if is_script(unit.binary) or not leads(unit):
        return words[1:]
    later = [at for at, word in enumerate(words) if at and may_be_program(word)]
    paths = [at for at in later if os.path.isabs(words[at]) and os.access(words[at], os.X_OK)]
    first = next(iter(paths or [at for at in later if "/" not in words[at]]), len(words))
    return words[first + 1 :]


def runs_with(unit: Unit, proc: Path = Path("/proc")) -> list[str] | None:
    """The words that the program of the unit was started with, itself or as a child of what starts it; None where it
    does not run."""
    pids = [unit.main_pid, *children(unit.main_pid, proc)] if unit.main_pid else []
    return next((_words(proc / str(pid)) for pid in pids if _is_program(proc / str(pid))), None)


def led(unit: Unit, proc: Path = Path("/proc")) -> bool:
    """Whether the program runs as a child of what the unit has started: how that ends tells nothing of the program."""
    return runs_with(unit, proc) is not None and not _is_program(proc / str(unit.main_pid))


def demand_read(unit: str, seen: str, derived: str) -> None:
    """`seen`: what the program that runs was told to read. `derived`: the same by what the unit says."""
    if seen != derived:
        raise of_script(
            f"the unit {unit} starts lakeFS by another program, which tells it to read {seen or 'no file'}, where the"
            f" unit's own words say {derived or 'none'}",
            f"set lakefs_config_file to {seen}" if seen else "take the file out of the unit's command",
        )


def _is_program(process: Path) -> bool:
    try:
        return may_be_program(os.readlink(process / "exe").replace(" (deleted)", ""))
    except OSError:
        return False


def _words(process: Path) -> list[str]:
    return (process / "cmdline").read_text(encoding="utf-8", errors="surrogateescape").split("\0")[1:-1]


def _other(path: str) -> bool:
    return bool(_OTHERS.fullmatch(os.path.basename(path)))


def of_script(saw: str, do: str) -> NotItself:
    """What is started leads to the program, or may."""
    return NotItself(Finding("script_unit", True, saw, "the program lakeFS itself", do, final=True))


def may_be_program(word: str) -> bool:
    """A word of a container's command, by its name alone."""
    name = os.path.basename(word)
    return bool(re.fullmatch(r"lakefs[\w.-]*", name)) and not name.endswith(ENDS)


def demand_called(words: Sequence[str], name: str) -> None:
    """Of a pod: what stands before `run` is called with other words. Without a command the image has its own."""
    before = list(words)[: list(words).index("run")] if "run" in words else []
    if before and before[-1].endswith(ENDS):
        raise of_script(f"the pods of {name} are started by the script {before[-1]}", AS_A_WORD)
