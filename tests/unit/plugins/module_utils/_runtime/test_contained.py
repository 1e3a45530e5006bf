# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures: what systemd 252 shows of units of these forms. That of the quadlet is as quadlet writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._garage import node as garage_node
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import info
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import (
    Contained,
    NotItself,
    contained,
    demand_own_program,
)

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "systemd"
ETC = "/etc/systemd/system"


class Says:
    """A runner that answers whatever it is asked with the fixture."""

    def __init__(self, name: str) -> None:
        self.text = (FIXTURES / f"show_{name}-252.txt").read_text()

    def run(self, argv: Sequence[str], **_ignored: Any) -> Answer:
        return Answer(tuple(argv), 0, self.text, "")


def unit(name: str) -> systemd.Unit:
    return systemd.read_unit(Says(name), name, Path("/nowhere"))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("container_run", Contained("docker", "run", "run", (f"{ETC}/run.service", "/etc/default/garage"))),
        ("container_compose", Contained("docker", "compose", "", ("/srv/garage/docker-compose.yml",))),
        (
            "container_quadlet",
            Contained("podman", "run", "systemd-quadlet", ("/etc/containers/systemd/garage.container",)),
        ),
        ("container_shell", Contained("docker", "start", "garage", (f"{ETC}/shell.service",))),
        *((name, None) for name in ("wrapper", "quoting", "words", "mounting", "not_found")),
    ],
)
def test_what_container_a_unit_runs(name: str, found: Contained | None) -> None:
    shown = unit(name)
    own = tuple(path for path in found.files if not path.startswith("/run/")) if found else ()
    assert contained(shown) == (replace(found, files=(*own[:1], *shown.drop_ins, *own[1:])) if found else None)


@pytest.mark.parametrize(
    ("line", "engine", "name"),
    [
        ("/usr/bin/env docker run --name=garage x", "docker", "garage"),
        ("/usr/local/bin/docker-compose -f /srv/c.yml up", "docker", ""),
        ("/bin/bash -c sleep 2; exec podman start -a garage", "podman", "garage"),
        ("/usr/bin/nerdctl run x", "nerdctl", ""),
        ("/usr/local/bin/garage -c /srv/docker run server", "", ""),  # a place that is called so
        ("/bin/sh -c exec garage -c /srv/docker server", "", ""),
        ("", "", ""),
    ],
)
def test_spellings(line: str, engine: str, name: str) -> None:
    found = contained(replace(unit("quoting"), starts=(line,)))
    assert (found.engine if found else "", found.name if found else "") == (engine, name)


def test_a_script_that_hides_it_is_known_by_its_process() -> None:
    hidden = replace(unit("quoting"), starts=("/usr/local/bin/start-garage",), exe="/usr/bin/docker")
    assert (contained(hidden) or Contained("", "", "", ())).engine == "docker"
    assert contained(replace(hidden, exe="/usr/local/bin/garage")) is None


def test_the_sentence() -> None:
    with pytest.raises(NotItself) as said:
        demand_own_program(replace(unit("container_compose"), drop_ins=()), "garage_unit")
    assert str(said.value) == (
        "The unit compose.service runs a container (docker compose); expected a unit that starts the program itself,"
        " since this one brings its own image back. Its image comes from /srv/garage/docker-compose.yml. Leave the"
        " container to docker: disable the unit, let the container be there without it (docker run -d --restart"
        " unless-stopped, without --rm), and set garage_unit to docker:NAME, as `docker ps` shows it. When the"
        " operation has ended, write the new release there. Nothing was changed."
    )
    with pytest.raises(NotItself, match="from /etc/containers/systemd/garage.container. Containers of podman are not"):
        demand_own_program(replace(unit("container_quadlet"), drop_ins=()), "garage_unit")


@pytest.mark.parametrize("name", ["container_run", "container_compose", "container_quadlet", "container_shell"])
def test_no_product_reads_docker_as_itself(name: str) -> None:
    own = unit(name).name
    told = {"unit": own, "binary": None, "config_file": None, "user": None, "call_timeout": 1.0}
    with pytest.raises(NotItself):
        garage_node.from_unit(Says(name), told)
    with pytest.raises(NotItself):
        where.AsUnit(Says(name), own).program({})
    with pytest.raises(NotItself, match="are not built: write the next release there by hand"):
        info.run(Says(name), {"units": [own], "tolerant": True, "pachctl": "/nowhere", "addresses": [], "cluster": ""})
