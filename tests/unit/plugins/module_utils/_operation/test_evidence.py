# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import evidence


class Seen:
    """A host of which everything is told beforehand."""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts

    def _fact(self, name: str) -> Any:
        if isinstance(self.facts.get(name), Exception):
            raise self.facts[name]
        return self.facts[name]

    def state(self, unit: str) -> str:
        return str(self._fact("state"))

    def container(self, name: str) -> str:
        return str(self._fact("container"))

    def unit_held(self, unit: str) -> str:
        return str(self._fact("held"))

    def container_held(self, name: str) -> str:
        return str(self._fact("held"))

    def workload(self, unit: str) -> dict[str, str]:
        return {"active": self._fact("active"), "held": self._fact("held")}

    def image(self, name: str) -> str:
        return str(self._fact("image"))

    def made(self, name: str) -> str:
        return str(self._fact("made"))

    def target(self, path: str) -> str:
        return str(self._fact("target"))

    def size(self, path: str) -> int:
        return int(self._fact("size"))

    def sha256(self, path: str) -> str:
        return str(self._fact("sha256"))

    def there(self, path: str) -> bool:
        return bool(self._fact("there"))

    def port(self, host: str, port: int) -> str:
        return str(self._fact("port"))


UP = {"slot": "service", "kind": "unit", "name": "g.service", "active": True}
BOX = {"slot": "service", "kind": "container", "name": "garage", "active": True}
IMAGE = {"slot": "stage", "kind": "image", "name": "g:1", "id": "sha256:1"}
MADE = {"slot": "release", "kind": "made", "name": "garage", "id": "sha256:1"}
DOWN = {**UP, "active": False}
HELD = {**DOWN, "held": "op1"}
BOX_HELD = {**BOX, "active": False, "held": "op1"}
PODS = {"slot": "service", "kind": "workload", "name": "kubernetes:a/b", "active": True}
PODS_HELD = {**PODS, "active": False, "held": "op1"}
LINK = {"slot": "release", "kind": "link", "path": "/b/g", "target": "g-1"}
FILE = {"slot": "backup", "kind": "file", "path": "/b/x", "size": 3, "sha256": "abc"}
GONE = {"slot": "stage", "kind": "absent", "path": "/b/x"}
SHUT = {"slot": "ports", "kind": "closed", "host": "127.0.0.1", "port": 30650}


@pytest.mark.parametrize(
    ("item", "seen", "word", "sentence"),
    [
        (UP, {"state": "active"}, "yes", ""),
        (UP, {"state": "failed"}, "no", "is failed, it was left active"),
        (UP, {"state": "inactive"}, "no", "is inactive"),
        (UP, {"state": "activating"}, "unknown", "Wait until it is at rest"),
        (DOWN, {"state": "inactive"}, "yes", ""),
        (DOWN, {"state": "failed"}, "yes", ""),
        (DOWN, {"state": "active"}, "no", "is active, it was left down"),
        (HELD, {"state": "inactive", "held": "op1"}, "yes", ""),
        (HELD, {"state": "inactive", "held": ""}, "no", "is down but no longer held; .* may have run meanwhile"),
        (HELD, {"state": "inactive", "held": "op2"}, "no", "is down but held for op2; it was left held for op1"),
        (HELD, {"state": "active", "held": "op1"}, "no", "is active, it was left down"),
        (HELD, {"state": "inactive", "held": OSError(5, "Input/output error")}, "unknown", "Input/output"),
        (BOX_HELD, {"container": "inactive", "held": "op1"}, "yes", ""),
        (BOX_HELD, {"container": "inactive", "held": ""}, "no", "container garage is down but no longer held"),
        (PODS, {"active": "active", "held": ""}, "yes", ""),
        (PODS_HELD, {"active": "inactive", "held": "op1"}, "yes", ""),
        (PODS_HELD, {"active": "inactive", "held": ""}, "no", "workload kubernetes:a/b is down but no longer held"),
        (PODS_HELD, {"active": "active", "held": "op1"}, "no", "is active, it was left down"),
        (BOX, {"container": "active"}, "yes", ""),
        (BOX, {"container": "inactive"}, "no", "The container garage is inactive, it was left active"),
        (BOX, {"container": UpliftError("no such")}, "unknown", "no such"),
        (IMAGE, {"image": "sha256:1"}, "yes", ""),
        (IMAGE, {"image": "sha256:2"}, "no", "is another"),
        (IMAGE, {"image": ""}, "no", "is gone"),
        (MADE, {"made": "sha256:1"}, "yes", ""),
        (MADE, {"made": "sha256:2"}, "no", "next start of the container garage is of another image"),
        (MADE, {"made": UpliftError("no such")}, "unknown", "no such"),
        (DOWN, {"state": "deactivating"}, "unknown", "deactivating; expected down"),
        (UP, {"state": UpliftError("systemctl is not there.")}, "unknown", "g.service .* systemctl is not there"),
        (LINK, {"target": "g-1"}, "yes", ""),
        (LINK, {"target": "g-2"}, "no", "leads to g-2"),
        (LINK, {"target": ""}, "no", "is no link any more"),
        (LINK, {"target": PermissionError(13, "no")}, "unknown", "/b/g is as it was left"),
        (FILE, {"size": 3, "sha256": "abc"}, "yes", ""),
        (FILE, {"size": 3, "sha256": "abd"}, "no", "another SHA-256"),
        (FILE, {"size": 4}, "no", "is 4 bytes, it was left with 3"),
        (FILE, {"size": -1}, "no", "is not there"),
        ({**FILE, "sha256": ""}, {"size": 3}, "yes", ""),
        (FILE, {"size": 3, "sha256": OSError(5, "Input/output error")}, "unknown", "Input/output"),
        (GONE, {"there": False}, "yes", ""),
        (GONE, {"there": True}, "no", "is there again"),
        (SHUT, {"port": "closed"}, "yes", ""),
        (SHUT, {"port": "open"}, "no", "127.0.0.1:30650 takes connections again; it was left closed to clients"),
        (SHUT, {"port": UpliftError("no route to host")}, "unknown", "no route to host"),
        ({"kind": "omen"}, {}, "unknown", "kind 'omen'; known are absent, closed, container, file"),
        ({"kind": "link", "path": "/b"}, {"target": "x"}, "unknown", "without 'target'"),
        ({}, {}, "unknown", "kind ''"),
    ],
)
def test_three_answers(item: dict[str, Any], seen: dict[str, Any], word: str, sentence: str) -> None:
    import re

    answer = evidence.holds(item, Seen(**seen))
    assert answer.word == word
    assert bool(answer.sentence) == (word != "yes")
    assert re.search(sentence, answer.sentence)


def test_on_a_real_host(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    (tmp_path / "l").symlink_to("x")
    file = {"kind": "file", "path": str(tmp_path / "x"), "size": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    assert evidence.lost(file) == ""
    assert evidence.lost({"kind": "link", "path": str(tmp_path / "l"), "target": "x"}) == ""
    assert evidence.lost({"kind": "absent", "path": str(tmp_path / "y")}) == ""
    assert "another SHA-256" in evidence.lost({**file, "sha256": "0" * 64})
    (tmp_path / "l").unlink()
    (tmp_path / "l").symlink_to("nowhere")
    host = evidence.Host(LocalRunner())
    assert host.there(str(tmp_path / "l"))  # a dangling link is there
    assert not host.target(str(tmp_path / "x"))


def test_cannot_tell_stops() -> None:
    with pytest.raises(UpliftError, match="known are"):
        evidence.lost({"kind": "omen"})
