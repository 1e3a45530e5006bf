# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One answer to where a service runs: the notation chooses, and each place refuses what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    container_state,
    runtime,
    systemd_service,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import docker as runtime_docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place

ORDER = runtime.Order(signal="SIGINT", start_timeout=7.0, if_stale=True, at=12.5, settle=0.25, hold="op-1")


class Empty:
    """A host with none of it: what systemd 252 and kubectl 1.31.0 say then."""

    def run(self, argv: Sequence[str], **_how: Any) -> Answer:
        said = "Id=garage.service\nLoadState=not-found\nActiveState=inactive\n" if argv[0] == "systemctl" else ""
        return Answer(tuple(argv), 0, said, "")


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("garage.service", runtime.OnSystemd),
        ("docker:garage", runtime.InDocker),
        ("kubernetes:store/statefulset/garage", runtime.OnKubernetes),
    ],
)
def test_the_notation_chooses(unit: str, expected: type) -> None:
    assert isinstance(runtime.of(Empty(), unit), expected)


@pytest.mark.parametrize(
    ("unit", "sentence"),
    [
        ("garage.service", "The unit garage.service is not-found, expected loaded"),
        ("docker:garage", "There is no container garage; expected one, running or not"),
        ("kubernetes:store/garage", "There is no deployment garage in store; expected the one that serves"),
        ("podman:garage", "The unit is 'podman:garage', which cannot be read"),
    ],
)
@pytest.mark.parametrize("order", ["stop", "start", "restart"])
def test_what_is_not_there_is_refused_before_anything_is_done(unit: str, sentence: str, order: str) -> None:
    with pytest.raises(UpliftError, match=sentence):
        one = runtime.of(Empty(), unit)
        if isinstance(one, runtime.InDocker):
            one.docker = runtime_docker.Docker(lambda *_call: (404, b'{"message": "No such container: garage"}'))
        getattr(one, order)(runtime.Order(), False)


@pytest.mark.parametrize(("order", "state"), [("stop", "stopped"), ("start", "started"), ("restart", "restarted")])
def test_an_order_is_passed_on_whole(monkeypatch: pytest.MonkeyPatch, order: str, state: str) -> None:
    seen: list[Any] = []

    def bring(_of: Any, wish: Any, check: bool) -> dict[str, Any]:
        seen.append((wish, check))
        return {}

    monkeypatch.setattr(systemd_service, "bring", bring)
    monkeypatch.setattr(container_state, "bring", bring)
    for unit in ("garage.service", "docker:garage"):
        getattr(runtime.of(Empty(), unit), order)(ORDER, True)
    (unit_wish, check), (wish, _check) = seen
    assert check and (unit_wish.unit, wish.container) == ("garage.service", "garage")
    for one in (unit_wish, wish):
        assert (one.state, one.signal, one.start_timeout, one.at) == (state, "SIGINT", 7.0, 12.5)
        assert (one.if_stale, one.settle, one.hold, one.clean) == (True, 0.25, "op-1", True)
    assert (unit_wish.stop_timeout, wish.stop_timeout) == (0.0, runtime.GRACE), "a unit knows its own limit"


def test_a_unit_has_no_image() -> None:
    one = runtime.OnSystemd(Empty(), runtime_place.read("garage.service"))
    with pytest.raises(UpliftError, match="The unit garage.service runs a program, no image"):
        one.activate(runtime.Image("1.0.0"), False)
