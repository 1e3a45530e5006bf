# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pachctl that plays answers from a script: a program, since streams go through pipes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl

PLAYER = """#!/usr/bin/env python3
import base64, json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
words = " ".join(w for w in sys.argv[1:] if w != "--no-metrics")
with open(here + "/asked", "a") as asked:
    asked.write(words + "\\n")
said = json.load(open(here + "/script.json"))[words]
if words.startswith("restore"):
    data = sys.stdin.buffer.read(said.get("reads", -1))
    open(here + "/restored", "wb").write(data)
sys.stdout.buffer.write(base64.b64decode(said["out"]))
sys.stdout.flush()
sys.stderr.write(said.get("err", ""))
os._exit(said.get("rc", 0))
"""


def text(value: str | bytes, **more: Any) -> dict[str, Any]:
    data = value if isinstance(value, bytes) else value.encode()
    return {"out": base64.b64encode(data).decode(), **more}


def table(version: str) -> str:
    return f"COMPONENT           VERSION\npachctl             {version}\npachd               {version}\n"


def row(**fields: Any) -> str:
    return json.dumps(fields)


def listings(contents: dump.Contents) -> dict[str, Any]:
    """What a cluster lists that holds just what a dump does."""
    out = {
        "list repo --raw": text("".join(row(repo={"name": name}) for name in contents.repos)),
        "list pipeline --raw": text(
            "".join(row(pipeline={"name": n}, state="PIPELINE_PAUSED", stopped=True) for n in contents.pipelines)
        ),
    }
    left = contents.branches
    for number, (repo, count) in enumerate(sorted(contents.commits.items())):
        branches = left if number == len(contents.commits) - 1 else 1
        left -= branches
        named = [{"repo": {"name": repo}, "name": f"b{at}"} for at in range(branches)]
        out[f"list branch {repo} --raw"] = text("".join(row(branch=one) for one in named))
        commits = [{"commit": {"repo": {"name": repo}, "id": f"{at}"}, "finished": "x"} for at in range(count)]
        out[f"list commit {repo} --raw"] = text("".join(json.dumps(one) for one in commits))
    return out


class Player:
    """A cluster of a release, as its pachctl tells of it."""

    def __init__(self, home: Path, release: str, **script: Any) -> None:
        self.home, self.program = home, home / "pachctl"
        self.program.write_text(PLAYER, encoding="utf-8")
        self.program.chmod(0o755)
        calls_itself = {"1.11.9": "1.12.0"}.get(release, release)
        self.script: dict[str, Any] = {
            "version --client-only": text(calls_itself),
            "version": text(table(calls_itself)),
            "inspect cluster": text("b03c829d\n"),
            **script,
        }
        self.write()

    def write(self, **more: Any) -> None:
        self.script.update(more)
        (self.home / "script.json").write_text(json.dumps(self.script), encoding="utf-8")

    def client(self) -> Pachctl:
        return Pachctl(LocalRunner(), str(self.program), str(self.home / "conf"), "127.0.0.1:1")

    def asked(self) -> list[str]:
        return (self.home / "asked").read_text(encoding="utf-8").splitlines()
