# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two clusters on the same hosts, and two nodes on one machine: what is kept of one is not taken for the other's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._garage import names
from conftest import CATALOGUES
from stage import Run, Stage, failed

BLUE, GREEN = "garage-blue.service", "garage-green.service"
UNITS = {
    "garage": ("garage-blue", "garage-green"),
    "lakefs": ("lakefs@a", "lakefs@b"),
    "pachyderm": ("pachd-a", "pachd-b"),
}


def kept(stage: Stage, unit: str, host: str = "a1") -> dict[str, object]:
    path = stage.records / host / "garage" / unit / "record.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def upgraded(stage: Stage, unit: str) -> Run:
    stage.found(garage_unit=unit)
    stage.world.active = dict.fromkeys(stage.hosts, stage.world.version)
    stage.world.runs = dict(stage.world.active)
    return stage.playbook("garage_upgrade")


def test_the_record_of_one_is_not_gone_on_with_by_the_other(garage: Stage) -> None:
    """trap G35"""
    garage.on("garage_settled", failed("not connected"))
    assert not upgraded(garage, "garage-blue").ok and kept(garage, BLUE)["state"] == "open"
    was = kept(garage, BLUE)
    garage.rules.clear()
    run = upgraded(garage, "garage-green")
    assert run.ok, run.failures
    assert kept(garage, GREEN)["state"] == "finished" and kept(garage, BLUE) == was
    assert len({str(one["id"]).rpartition("-")[2] for one in (was, kept(garage, GREEN))}) == 2
    for one in (was, kept(garage, GREEN)):  # else a bucket that is left would be taken for somebody's
        assert names.ours(names.mark(str(one["id"]))) and len(names.mark(str(one["id"]))) < 55


def test_two_spellings_of_a_unit_are_one(garage: Stage) -> None:
    assert garage.playbook("garage_upgrade").ok
    ident = kept(garage, "garage.service")["id"]
    for spelling in ("garage", "garage.service"):
        garage.found(garage_unit=spelling)
        run = garage.playbook("garage_status")
        assert run.ok and str(ident) in run.shown, run.shown


def test_nodes_of_one_machine_have_a_record_and_an_archive_each(garage: Stage) -> None:
    """trap G35: one daemon a disk, with a name in the inventory each."""
    for number, host in enumerate(garage.hosts):
        garage.host_variables[host] = {"garage_unit": f"garage@{number}"}
    run = garage.steps(["stop", "backup", "prove"], in_pass="together")
    taken = run.of("metadata_backup", state="present")
    assert len({call.args["dest"] for call in taken}) == len(taken) == len(garage.hosts)
    units = [f"garage@{one}.service" for one in range(3)]
    assert [call.args["dest"].split("/")[5] for call in taken] == units
    assert sorted({Path(call.args["directory"]).name for call in run.of("operation")}) == units


@pytest.mark.parametrize("product", sorted(UNITS))
def test_what_is_kept_lies_below_the_unit(product: str, tmp_path: Path) -> None:
    """trap G35: no path below the backups or the records is the same for two units."""
    seen: dict[str, set[str]] = {}
    for unit in UNITS[product]:
        place = tmp_path / unit
        place.mkdir()
        stage = Stage(place, product, ["a1"])
        stage.records = tmp_path / "records"
        stage.found(**{f"{product}_unit": unit, "lakefs_access_key_id": "AKIA", "lakefs_secret_access_key": "x"})
        run = stage.playbook(f"{product}_upgrade", **{f"{product}_strategy": CATALOGUES[product].patch[0].strategy})
        words = json.dumps([call.args for call in run.calls])
        seen[unit] = {
            word.strip('"\\,:{}[]')
            for word in words.replace('"', " ").split()
            if "/backups/uplift/" in word or "/records/" in word
        }
        assert seen[unit], run.failures
        odd = [word for word in seen[unit] if f"/{unit}.service" not in word and not word.endswith("/records/a1")]
        assert not odd, odd
    first, second = (seen[unit] for unit in sorted(seen))
    assert not {one for one in first & second if not one.endswith("/records/a1")}


def test_a_node_tells_of_its_other_units(garage: Stage) -> None:
    assert upgraded(garage, "garage-green").ok
    garage.found(garage_unit="garage-blue")
    run = garage.playbook("garage_status")
    assert run.ok and "other_units_here" in run.shown and GREEN in run.shown and "finished" in run.shown
