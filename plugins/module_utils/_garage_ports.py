# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import hashlib
from typing import Any, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils import _systemd
from ansible_collections.uplift.datastores.plugins.module_utils._cli import Runner

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


def close(runner: Runner, unit_name: str, config_file: str, act: bool) -> dict[str, Any]:
    """Point the unit to the copy. In a file of /etc, not /run: a node that reboots meanwhile must stay shut."""
    unit = _systemd.read_unit(runner, unit_name)
    path = _systemd.drop_in_path(unit.name, NAME, runtime=False)
    if path in unit.drop_ins:
        with open(path, encoding="utf-8") as stream:
            wanted, changed = stream.read(), False
    else:
        wanted, changed = text(unit.argv, unit.binary, config_file), True
    if changed and act:
        _systemd.write_drop_in(runner, path, wanted)
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    left = {"slot": "ports", "kind": "file", "path": path, "size": len(wanted.encode()), "sha256": digest}
    return {"changed": changed, "evidence": [left], "diff": {"before": "", "after": wanted if changed else ""}}


def open_again(runner: Runner, unit_name: str, act: bool) -> dict[str, Any]:
    unit = _systemd.read_unit(runner, unit_name)
    path = _systemd.drop_in_path(unit.name, NAME, runtime=False)
    changed = path in unit.drop_ins
    if changed and act:
        _systemd.remove_drop_in(runner, path)
    return {"changed": changed, "evidence": [{"slot": "ports", "kind": "absent", "path": path}]}
