# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A unit that runs a container: its program is docker's or podman's, and so would be the version that is read there."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import Unit

_ENGINES: Mapping[str, str] = {
    "docker": "docker",
    "docker-compose": "docker",
    "nerdctl": "nerdctl",
    "podman": "podman",
    "podman-compose": "podman",
    "conmon": "podman",  # what podman leaves as the unit's process
}
_COMPOSES = ("docker-compose", "podman-compose")
_VERBS = ("run", "start", "create", "compose", "up")
_SHELLS = ("sh", "bash", "dash", "ash", "env", "sudo", "exec")


class NotItself(UpliftError):
    """The unit is not what the operator takes it for: nothing that it says is of the product. row: the finding."""

    def __init__(self, finding: Finding) -> None:
        saw, do = (f"{text[:1].upper()}{text[1:]}" for text in (finding.saw, finding.do))
        super().__init__(f"{saw}; expected {finding.expected}. {do}. Nothing was changed.")
        self.row = asdict(finding)

    @property
    def facts(self) -> dict[str, Any]:
        """What a module that fails by it says."""
        return {"not_itself": self.row}


@dataclass(frozen=True)
class Contained:
    """engine: docker, podman or nerdctl. verb: what it is told to do. name: of the container, "" where none is said."""

    engine: str
    verb: str
    name: str
    files: tuple[str, ...]
    """Where the image is written, or what it is made of."""


def script(unit: Unit, product: str) -> str:
    """What the unit starts, where that is a script, a shell with one, or a program that starts another one: it may lead
    to any program. "" else."""
    if os.path.basename(unit.binary) in _SHELLS or starts_another(unit, product):
        return unit.starts[0] if unit.starts else unit.binary
    return unit.binary if is_script(unit.binary) else ""


def starts_another(unit: Unit, product: str) -> bool:
    """Whether a word after the first is a program itself, as in `nice -n 5 /usr/local/bin/garage server`: nobody can
    list which programs start others, but what they start lies on the disk. A bare word counts if it is the product's.
    """
    words = [word for line in unit.starts for word in line.split()[1:]]
    bare = [shutil.which(word) or "" for word in words if "/" not in word and word.startswith(product)]
    paths = [*(word for word in words if os.path.isabs(word)), *bare]
    return any(os.path.isfile(path) and os.access(path, os.X_OK) and is_program(path) for path in paths)


def is_program(path: str) -> bool:
    """By its first bytes: a configuration file may have the mode of a program."""
    return _begin(path)[:2] == b"#!" or _begin(path) == b"\x7fELF"


def is_script(path: str) -> bool:
    """By its first bytes; what cannot be read is called by the kernel, which says why not."""
    return _begin(path)[:2] == b"#!"


def _begin(path: str) -> bytes:
    try:
        with open(path, "rb") as begin:
            return begin.read(4)
    except OSError:
        return b""


def contained(unit: Unit) -> Contained | None:
    """Pure. What container the unit runs; None where it starts a program of its own."""
    lines = [line.split() for line in unit.starts]
    ours = [words[at:] for words in lines for at in [_engine(words)] if at is not None]
    if ours:
        return _described(unit, [words for line in ours for words in line])
    process = os.path.basename(unit.exe)  # a script may hide it
    return Contained(_ENGINES[process], "", "", _files(unit, [])) if process in _ENGINES else None


def demand_own_program(unit: Unit, setting: str, docker: bool = True) -> None:
    """`setting`: the operator's, which named the unit. `docker`: whether the product is upgraded in containers, too."""
    found = contained(unit)
    if found:
        raise NotItself(_of_container(unit.name, found, setting, docker))


def _of_container(unit: str, found: Contained, setting: str, docker: bool) -> Finding:
    what = f"{found.engine} {found.verb}".strip() + (f", called {found.name}" if found.name else "")
    by_hand = (
        f"containers of {found.engine} are not built: write the next release there by hand, one node after the other"
    )
    to_docker = (
        "leave the container to docker: disable the unit, let the container be there without it (docker run -d"
        f" --restart unless-stopped, without --rm), and set {setting} to"
        f" docker:{found.name or 'NAME, as `docker ps` shows it'}. When the operation has ended, write the new release"
        " where the image comes from"
    )
    return Finding(
        "container_unit",
        True,
        f"the unit {unit} runs a container ({what}), whose image comes from {' and '.join(found.files)}",
        "a unit that starts the program itself: this one would bring its own image back",
        to_docker if found.engine == "docker" and docker else by_hand,
        final=True,
    )


def _engine(words: Sequence[str]) -> int | None:
    names = [os.path.basename(word) for word in words]
    if names and names[0] in _ENGINES:
        return 0
    if not names or names[0] not in _SHELLS:
        return None
    found = (at for at, name in enumerate(names) if name in _ENGINES and set(_VERBS) & set(names[at + 1 :]))
    return next(found, None)


def _described(unit: Unit, words: Sequence[str]) -> Contained:
    """words: of all its commands, from the first engine on."""
    program, rest = os.path.basename(words[0]), words[1:]
    verb = "compose" if program in _COMPOSES else next((word for word in rest if word in _VERBS), "")
    name = _value(rest, "--name") or (rest[-1] if verb == "start" else "")
    named = [path for path in (_value(rest, "-f"), _value(rest, "--file")) if path] if verb == "compose" else []
    return Contained(_ENGINES[program], verb, name, _files(unit, named, verb, any("$" in word for word in rest)))


def _files(unit: Unit, named: Sequence[str], verb: str = "", varies: bool = False) -> tuple[str, ...]:
    if verb == "compose":
        where = named[0] if named else f"the compose file in {unit.directory or '/'}"
        return (os.path.join(unit.directory or "/", where) if named else where,)
    # Of a quadlet systemd knows the .container file that the unit was made of.
    own = (unit.source_path or unit.fragment_path, *unit.drop_ins)
    return (*(path for path in own if path), *(unit.environment_files if varies else ()))


def _value(words: Sequence[str], option: str) -> str:
    for at, word in enumerate(words):
        if word == option and at + 1 < len(words):
            return words[at + 1]
        if word.startswith(f"{option}="):
            return word[len(option) + 1 :]
    return ""
