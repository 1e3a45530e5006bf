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
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, summary
from ansible_collections.uplift.datastores.plugins.module_utils._garage import info as garage_info
from ansible_collections.uplift.datastores.plugins.module_utils._garage import node as garage_node
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import info as lakefs_info
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import info
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import (
    Contained,
    NotItself,
    contained,
    demand_own_program,
    script,
    starts_another,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.unit_findings import of_not_itself

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
        "The unit compose.service runs a container (docker compose), whose image comes from"
        " /srv/garage/docker-compose.yml; expected a unit that starts the program itself: this one would bring its own"
        " image back. Leave the container to docker: disable the unit, let the container be there without it (docker"
        " run -d --restart unless-stopped, without --rm), and set garage_unit to docker:NAME, as `docker ps` shows it."
        " When the operation has ended, write the new release where the image comes from. Nothing was changed."
    )
    assert said.value.facts == {"not_itself": said.value.row}
    with pytest.raises(NotItself, match="from /etc/containers/systemd/garage.container; .* of podman are not built"):
        demand_own_program(replace(unit("container_quadlet"), drop_ins=()), "garage_unit")


def test_preflight_says_it_whatever_was_accepted() -> None:
    with pytest.raises(NotItself) as said:
        demand_own_program(unit("container_shell"), "garage_unit")
    others = [Finding(key, True, "it is", "is not", "see") for key in ("down", "clock")]
    found = summary(of_not_itself(said.value.row, others, ["down"]), "a1", ["container_unit", "clock"])
    assert [row["key"] for row in found["findings"]] == ["container_unit", "clock"]
    assert found["stopping"] == ["container_unit"]
    assert found["said"][0].startswith("container_unit (stops): a1: the unit shell.service runs a container (docker ")
    assert of_not_itself({}, others, ["down"]) == of_not_itself(None, iter(others)) == others


@pytest.mark.parametrize("name", ["container_run", "container_compose", "container_quadlet", "container_shell"])
def test_no_product_reads_docker_as_itself(name: str) -> None:
    own = unit(name).name
    told = {"unit": own, "binary": None, "config_file": None, "user": None, "call_timeout": 1.0}
    with pytest.raises(NotItself):
        garage_node.from_unit(Says(name), told)
    with pytest.raises(NotItself):
        where.AsUnit(Says(name), own).program({})
    pachd = {"units": [own], "tolerant": True, "pachctl": "/nowhere", "addresses": [], "cluster": ""}
    row = info.run(Says(name), pachd)["not_itself"]
    assert row["key"] == "container_unit" and "are not built: write the next release there by hand" in row["do"]


@pytest.mark.parametrize("name", ["container_run", "container_quadlet"])
def test_a_look_that_tolerates_much_gives_the_finding(name: str) -> None:
    own = unit(name).name
    given = {"unit": own, "dsn": "", "url": "", "database_type": "local", "discarded": False}
    found = lakefs_info.gather(Says(name), given)
    assert found["not_itself"]["key"] == "container_unit" and not found["running"]
    assert [one["key"] for one in found["problems"]] == ["database_cannot_tell"]
    asked = garage_info.nothing(["version"], NotItself(Finding("container_unit", True, "seen", "other", "do")))
    assert asked["not_itself"]["key"] == "container_unit" and asked["problem"].startswith("Seen; expected other. Do.")
    assert garage_info.nothing(["version"], UpliftError("No such unit."))["not_itself"] == {}


@pytest.mark.parametrize(
    ("words", "another"),
    [
        ("/usr/bin/nice -n 5 {garage} server", True),
        ("/opt/no-list-has-it exec-env /etc/secrets.yaml {garage} server", True),
        ("/usr/bin/numactl --interleave=all garage server", True),
        ("/usr/local/bin/garage -c {config} server", False),
        ("/usr/local/bin/garage server", False),
        ("/usr/bin/nice -n 5 /gone/garage server", False),
    ],
)
def test_a_program_that_starts_another_is_not_the_program(
    words: str, another: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its own version counts, and the next release would be put in its place: `nice` would be Garage."""
    (tmp_path / "garage").write_bytes(b"\x7fELF\x02")
    (tmp_path / "config").write_text("metadata_dir = '/m'\n", encoding="utf-8")
    for file in tmp_path.iterdir():
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    line = words.format(garage=tmp_path / "garage", config=tmp_path / "config")
    one = replace(unit("not_found"), binary=line.split()[0], starts=(line,))
    assert starts_another(one, "garage") == another
    assert script(one, "garage") == (line if another else "")
