# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import hashlib
import os
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.daemon import QUIET, config_of
from ansible_collections.uplift.datastores.plugins.module_utils._operation.recovery import held_rows
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container as runtime_container
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_state, systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import script
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import (
    Container,
    host_path,
    inside_path,
    read,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

NAME = "zz-uplift-quiesce.conf"
HEAD = "# Written by uplift.datastores while clients are shut out; removed by its step `resume`.\n"


def command(argv: Sequence[str], binary: str, config_file: str) -> list[str]:
    """The unit's own command line with another configuration file. For Garage an option precedes the environment."""
    words, out = list(argv[1:]), [binary]
    while words:
        word = words.pop(0)
        if word in ("-c", "--config"):
            words = words[1:]
        elif not word.startswith(("--config=", "-c=")):
            out.append(word)
    return [out[0], "-c", config_file, *out[1:]]


def quoted(word: str) -> str:
    """A word as ExecStart= reads it back. A dollar stays what it was in the unit: a variable."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def text(argv: Sequence[str], binary: str, config_file: str) -> str:
    line = " ".join(quoted(word) for word in command(argv, binary, config_file))
    return f"{HEAD}[Service]\nExecStart=\nExecStart={line}\n"


def started(unit: systemd.Unit, binary: str) -> tuple[Sequence[str], str]:
    """The command line and its program; in place of a script, which takes no other file, the program it leads to.

    binary: what the operator names; the unit's own is taken where it starts a program.
    """
    return ((binary, "server"), binary) if binary and script(unit, "garage") else (unit.argv, unit.binary)


def close(runner: Runner, unit_name: str, config_file: str, act: bool, binary: str = "") -> dict[str, Any]:
    """Point the unit to the copy. In a file of /etc, not /run: a node that reboots meanwhile must stay shut."""
    unit = systemd.read_unit(runner, unit_name)
    path = systemd.drop_in_path(unit.name, NAME, runtime=False)
    if path in unit.drop_ins:
        with open(path, encoding="utf-8") as stream:
            expected, changed = stream.read(), False
    else:
        expected, changed = text(*started(unit, binary), config_file), True
    if changed and act:
        systemd.write_drop_in(runner, path, expected)
    digest = hashlib.sha256(expected.encode()).hexdigest()
    left = {"slot": "ports", "kind": "file", "path": path, "size": len(expected.encode()), "sha256": digest}
    return {"changed": changed, "evidence": [left], "diff": {"before": "", "after": expected if changed else ""}}


def open_again(runner: Runner, unit_name: str, act: bool) -> dict[str, Any]:
    unit = systemd.read_unit(runner, unit_name)
    path = systemd.drop_in_path(unit.name, NAME, runtime=False)
    changed = path in unit.drop_ins
    if changed and act:
        systemd.remove_drop_in(runner, path)
    return {"changed": changed, "evidence": [{"slot": "ports", "kind": "absent", "path": path}]}


def turn(docker: Docker, name: str, own: str, quiet: str, state: str, check: bool) -> dict[str, Any]:
    """The same for a container: it is made again with the other file, and takes its name at the next start."""
    service = runtime_container.Service(docker, runtime_container.Wish(name, "started"))
    found = service.find()
    following = service.pending()
    now = read(following) if following else found
    before, after = (own, quiet) if state == "closed" else (quiet, own)
    if reads(now) == after:
        return {"changed": False, "evidence": _left(state, quiet)}
    if now.image_id != (docker.image(now.image) or {}).get("Id"):
        raise UpliftError(
            f"{now.image} means another image than the one that the container {name} was made of; expected the same:"
            " making it again would be an upgrade. Give the image its name back (docker tag). Nothing was changed."
        )
    wish = runtime_container.Wish(name, "activated", now.image, moved(now, before, after))
    container_state.bring(docker, wish, check)
    return {"changed": True, "diff": {"before": before, "after": after}, "evidence": _left(state, quiet)}


def reads(container: Container) -> str:
    """The machine's file that the container reads as its configuration."""
    return host_path(container.mounts, config_of(list(container.command[1:]), dict(container.environment)))


def moved(container: Container, before: str, after: str) -> dict[str, str]:
    """Which words of the container have to be others, so that it reads the file `after` in place of `before`."""
    if before in container.mounts.values():
        return {before: after}
    old, new = inside_path(container.mounts, before), inside_path(container.mounts, after)
    words = {*container.command, *container.environment.values()}
    found = {f"{start}{old}": f"{start}{new}" for start in ("", "--config=", "-c", "-c=") if f"{start}{old}" in words}
    if not (old and new and found):
        raise UpliftError(
            f"The container {container.name} reads {before} without naming it; expected its place in the command (-c),"
            " in GARAGE_CONFIG_FILE, or the file itself mounted. Nothing was changed."
        )
    return found


def closed(name: str, config_file: str, held: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """What keeps clients out of the service `name`, as rows {thing, what, operation}. held: all that the node holds."""
    rows = held_rows(name, held)
    if config_file.endswith(QUIET):
        rows.append({"thing": "ports", "what": f"it reads {config_file}", "operation": ""})
    return rows


def _left(state: str, quiet: str) -> list[dict[str, Any]]:
    if state == "open" or not os.path.isfile(quiet):
        return [{"slot": "ports", "kind": "absent", "path": quiet}] if state == "open" else []
    size, digest = os.path.getsize(quiet), files.sha256_of(quiet)
    return [{"slot": "ports", "kind": "file", "path": quiet, "size": size, "sha256": digest}]
