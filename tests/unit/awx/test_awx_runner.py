# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project for AWX, played by AWX's engine: the definitions' own variables, a survey's answers, no terminal.

The product is tests/toy, whose nodes are this machine; everything else is real. What AWX does to the answers is done
here: it checks them against the survey, fills in the defaults, and marks them as no templates.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.plugin_utils._awx import objects

from tests import made
from tests.unit.awx import stand_in

ROOT = Path(__file__).resolve().parents[3]
TOY = ROOT / "tests" / "toy"
END = """
- name: Write the report
  ansible.builtin.include_role:
    name: uplift.datastores.operation
    tasks_from: report
  vars:
    operation_probe_dir: ""
    operation_report_dir: "{{ toy_report_dir }}"
"""


class _Unsafe(str):
    """An answer: not a template."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, said: dumper.represent_scalar("!unsafe", str(said)))


def launched(template: dict[str, Any], answers: dict[str, Any]) -> str:
    """The file of variables that a job gets."""
    questions = {one["variable"]: one for one in template.get("survey_spec", {"spec": []})["spec"]}
    assert set(answers) <= set(questions), "not allowed on launch"
    given = {name: answers.get(name, one["default"]) for name, one in questions.items()}
    for name, one in questions.items():
        assert isinstance(given[name], stand_in.KINDS[one["type"]]), f"{name} expected to be {one['type']}"
        assert given[name] != "" or not one["required"], f"'{name}' value missing"
    marked = {name: _Unsafe(value) if isinstance(value, str) else value for name, value in given.items()}
    return yaml.dump({**template["extra_vars"], **marked}, Dumper=_Dumper)


class Project:
    """A private data directory of ansible-runner, and a collection that has the toy in it."""

    def __init__(self, place: Path) -> None:
        self.place, self.data = place, place / "data"
        ours = place / "collections" / "ansible_collections" / "uplift" / "datastores"
        for name in ("plugins", "roles", "playbooks", "meta"):
            shutil.copytree(ROOT / name, ours / name)
        shutil.copy(ROOT / "galaxy.yml", ours)
        shutil.copytree(TOY / "package", ours / "plugins" / "module_utils" / "_toy")
        shutil.copytree(TOY / "roles" / "toy", ours / "roles" / "toy")
        tasks = ours / "roles" / "toy" / "tasks"
        (tasks / "end.yml").write_text(END, encoding="utf-8")
        discover = (tasks / "discover.yml").read_text(encoding="utf-8")
        (tasks / "discover.yml").write_text(
            discover.replace('reports: "{{ toy_home }}"', 'reports: "{{ toy_report_dir }}"'), encoding="utf-8"
        )
        with (ours / "plugins" / "module_utils" / "_products.py").open("a", encoding="utf-8") as stream:
            base = "ansible_collections.uplift.datastores.plugins.module_utils._toy.catalogue"
            stream.write(f"\nfrom {base} import TOY  # noqa: E402\n\nCATALOGUES['toy'] = TOY\n")
        shutil.copytree(ROOT / "docs" / "examples" / "awx-project", self.data / "project")
        says = {}
        for path in sorted((TOY / "playbooks").glob("*.yml")):
            shutil.copy(path, ours / "playbooks")
            (self.data / "project" / "playbooks" / path.name).write_text(made.imported(path), encoding="utf-8")
            says[path.stem] = yaml.safe_load(path.read_text(encoding="utf-8"))[0]["name"]
        self.templates = self._templates(says)
        self._nodes()

    def _templates(self, says: dict[str, str]) -> dict[str, dict[str, Any]]:
        text = {"type": "str", "default": "", "description": "The release."}
        words = {"type": "list", "default": [], "description": "What is wanted all the same."}
        specs = {
            "toy": {"toy_version": text, "toy_confirm": words},
            "operation": {"operation_explain": {**text, "type": "bool", "default": False}},
        }
        defaults = yaml.safe_load((ROOT / "roles" / "awx" / "defaults" / "main.yml").read_text(encoding="utf-8"))
        site = {name.removeprefix("awx_"): value for name, value in defaults.items()}
        site.update(products=["toy"], inventory="nodes", report_dir=str(self.place / "reports"))
        made_ = objects.objects(says, specs, site)
        return {one["name"].split()[-1]: one for one in made_["controller_templates"]}

    def _nodes(self) -> None:
        hosts: dict[str, Any] = {}
        for name in ("t1", "t2"):
            home = self.place / name
            home.mkdir()
            toy = {"release": "1.0.0", "runs": "1.0.0", "form": "1", "words": ["hello"]}
            (home / "toy.json").write_text(json.dumps(toy), encoding="utf-8")
            hosts[name] = {"toy_home": str(home), "operation_root": str(home / "records")}
        common = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "toy_program": str(TOY / "program.py"),
        }
        (self.data / "inventory").mkdir(parents=True)
        groups = {"toy": {"hosts": hosts, "vars": common}}
        (self.data / "inventory" / "nodes.yml").write_text(yaml.safe_dump(groups), encoding="utf-8")

    def job(self, verb: str, **answers: Any) -> tuple[str, dict[str, Any], str]:
        """How the job ended, its artifacts, and what it said."""
        template = self.templates[verb]
        (self.data / "env").mkdir(exist_ok=True)
        (self.data / "env" / "extravars").write_text(launched(template, answers), encoding="utf-8")
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(self.place / "collections"),
            "ANSIBLE_HOME": str(self.place / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        argv = [str(Path(sys.executable).parent / "ansible-runner"), "run", str(self.data), "--ident", verb]
        argv += ["-p", template["playbook"], "--rotate-artifacts", "1"]
        done = subprocess.run(
            argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600
        )
        artifacts = self.data / "artifacts" / verb
        said = (artifacts / "stdout").read_text(encoding="utf-8") if (artifacts / "stdout").exists() else done.stderr
        return (artifacts / "status").read_text(encoding="utf-8"), self._kept(artifacts), said

    def _kept(self, artifacts: Path) -> dict[str, Any]:
        """As AWX takes it from the last event."""
        events = [json.loads(path.read_text(encoding="utf-8")) for path in (artifacts / "job_events").glob("*.json")]
        stats = [one["event_data"] for one in events if one["event"] == "playbook_on_stats"]
        return dict(stats[0].get("artifact_data") or {}) if stats else {}

    def runs(self) -> list[str]:
        return [
            json.loads((self.place / name / "toy.json").read_text(encoding="utf-8"))["runs"] for name in ("t1", "t2")
        ]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_jobs_plan_upgrade_and_keep_what_they_tell(project: Project) -> None:
    status, _kept, said = project.job("plan", asked_toy_version="2.0.0", asked_operation_explain="true")
    assert status == "successful", said
    assert "toy 1.0.0 -> 2.0.0" in said and "What the steps do" in said and project.runs() == ["1.0.0", "1.0.0"]
    status, kept, said = project.job("upgrade", asked_toy_version="2.0.0")
    assert status == "successful", said
    assert project.runs() == ["2.0.0", "2.0.0"]
    report = kept["uplift_report"]
    assert report["result"] == "finished" and Path(report["path"]).is_file() and report["summary"]
    assert str(project.place / "reports") in report["path"]
    status, _kept, said = project.job("rollback")
    assert status == "failed" and "toy_confirm: [rollback]" in said and project.runs() == ["2.0.0", "2.0.0"]
    status, _kept, said = project.job("rollback", asked_toy_confirm="rollback\n")
    assert status == "successful" and project.runs() == ["1.0.0", "1.0.0"], said


def test_an_answer_of_another_kind_is_a_sentence_and_nothing_is_begun(project: Project) -> None:
    status, _kept, said = project.job("rollback", asked_toy_confirm="[rollback")
    flat = " ".join(said.split())
    assert status == "failed" and "The answer to toy_confirm is no YAML; expected one a line. Nothing was done." in flat
    assert not list(project.place.rglob("record.json"))


def test_a_report_that_cannot_be_written_is_said_by_the_plan(project: Project) -> None:
    (project.place / "reports").write_text("", encoding="utf-8")
    status, _kept, said = project.job("plan", asked_toy_version="2.0.0")
    assert status == "failed" and "toy_report_dir is" in said and "is no directory; expected one" in said
