# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role `awx` through the modules of awx.awx, against a stand-in for the API: all is there, and twice is once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SETTINGS = {
    "awx_inventory": "nodes",
    "awx_report_dir": "/reports",
    "awx_products": ["pachyderm"],  # it has all there is: secrets, lists, choices
    "awx_credentials": ["ssh"],
    "awx_project_url": "https://git.example/uplift.git",
    "awx_execution_environment": "uplift",
    "awx_execution_environment_image": "registry.example/uplift:1",
    "awx_notifications": [
        {"name": "channel", "notification_type": "webhook", "notification_configuration": {"url": "https://a.example"}}
    ],
    "awx_notify_error": ["channel"],
    "awx_notify_approvals": ["channel"],
}


class Site:
    """An AWX, and an operator who applies the role to it."""

    def __init__(self, place: Path, port: str) -> None:
        self.place, self.address = place, f"http://127.0.0.1:{port}"

    def apply(self, entry: str = "main", **more: Any) -> subprocess.CompletedProcess[str]:
        include = {"name": "uplift.datastores.awx", "tasks_from": entry}
        task = {"name": "Apply", "ansible.builtin.include_role": include, "vars": {**SETTINGS, **more}}
        play = {"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": [task]}
        path = self.place / "play.yml"
        path.write_text(yaml.safe_dump([play]), encoding="utf-8")
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
            "ANSIBLE_HOME": str(self.place / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "CONTROLLER_HOST": self.address,
            "CONTROLLER_OAUTH_TOKEN": "stand-in",
        }
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), str(path)]
        return subprocess.run(
            argv, env=environment, cwd=self.place, capture_output=True, text=True, check=False, timeout=600
        )

    def dump(self) -> dict[str, Any]:
        asked = urllib.request.Request(f"{self.address}/api/v2/dump/", headers={"Authorization": "Bearer stand-in"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return dict(json.load(answer))


def changed(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.findall(r"changed=(\d+)", done.stdout)[-1])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    argv = [sys.executable, str(HERE / "stand_in.py")]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Site(tmp_path, server.stdout.readline().strip())
        finally:
            server.terminate()


def test_all_of_it_is_defined_and_defined_again_it_is_the_same(site: Site) -> None:
    assert changed(site.apply()) > 0
    there = site.dump()
    items, related = there["items"], {(kind, number, what): ids for kind, number, what, ids in there["related"]}
    templates = {one["name"]: one for one in items["job_templates"]}
    nodes = {one["identifier"]: one for one in items["workflow_job_template_nodes"]}
    assert "uplift pachyderm upgrade" in templates and set(nodes) >= {"plan", "approve_run", "verify", "recover"}
    upgrade = templates["uplift pachyderm upgrade"]
    variables = json.loads(upgrade["extra_vars"])
    assert variables["pachyderm_report_dir"] == "/reports"
    # What AWX is to template has come to it as it is.
    assert variables["pachyderm_accept"].startswith("{{ asked_pachyderm_accept")
    (secret,) = [one for one in items["credential_types"] if one["name"] == "uplift pachyderm_token"]
    assert secret["injectors"] == {"extra_vars": {"pachyderm_token": "{{ pachyderm_token }}"}}
    surveys = {(kind, number): spec for kind, number, spec in there["surveys"]}
    asked = {one["variable"]: one for one in surveys["job_templates", upgrade["id"]]["spec"]}
    assert (
        asked["asked_pachyderm_version"]["required"] and asked["asked_pachyderm_approve_after"]["default"] == "default"
    )
    assert len(related["job_templates", upgrade["id"], "labels"]) == 2
    assert related["workflow_job_template_nodes", nodes["upgrade"]["id"], "failure_nodes"] == [nodes["recover"]["id"]]
    assert len(items["workflow_approval_templates"]) == 2
    assert changed(site.apply()) == 0, "applied again, it changes something"
    assert site.dump() == there
    assert changed(site.apply(awx_forks=9)) == 1, "one task defines all the job templates"


def test_it_is_written_as_variables(site: Site) -> None:
    assert changed(site.apply("data", awx_data_file=str(site.place / "data.yml"))) == 1
    text = (site.place / "data.yml").read_text(encoding="utf-8")
    assert "controller_templates:" in text and "!unsafe" in text
    assert changed(site.apply("data", awx_data_file=str(site.place / "data.yml"))) == 0


def test_what_only_the_site_knows_is_missing(site: Site) -> None:
    done = site.apply(awx_inventory="", awx_report_dir="")
    assert done.returncode != 0 and "awx_inventory and awx_report_dir is empty; expected the inventory" in done.stdout
    assert not site.dump()["items"]["labels"]


def test_the_execution_environment_is_one_that_can_be_built_on_any_base(tmp_path: Path) -> None:
    project = ROOT / "docs" / "examples" / "awx-project"
    argv = [str(Path(sys.executable).parent / "ansible-builder"), "create", "-c", str(tmp_path / "context")]
    argv += ["--output-filename", "Containerfile"]
    done = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    said = (tmp_path / "context" / "Containerfile").read_text(encoding="utf-8")
    assert re.search(r"(?m)^ARG EE_BASE_IMAGE=.*\n(.*\n)*FROM \$EE_BASE_IMAGE", said)
    wanted = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert {"name": "uplift.datastores"} in wanted["collections"]
    own = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert all((ROOT / path).is_file() for path in own.values())
