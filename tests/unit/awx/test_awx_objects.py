# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX gets of this collection: by tables, and by the argument specs of awx.awx's own modules."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.uplift.datastores.plugins.filter import awx_objects
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._awx import objects, questions

from tests.unit.awx import stand_in

ROOT = Path(__file__).resolve().parents[3]
PRODUCTS = ["garage", "lakefs", "pachyderm"]
SITE: dict[str, Any] = {
    **{
        name.removeprefix("awx_"): value
        for name, value in yaml.safe_load((ROOT / "roles/awx/defaults/main.yml").read_text()).items()
    },
    "inventory": "nodes",
    "report_dir": "/reports",
    "from_credential": ["pachyderm_aws"],
    "project_url": "https://git.example/uplift.git",
    "execution_environment": "uplift",
    "execution_environment_image": "registry.example/uplift:1",
    "notifications": [
        {"name": "channel", "notification_type": "webhook", "notification_configuration": {"url": "https://a.example"}}
    ],
}
MADE = awx_objects.awx_objects(SITE)
MODULES = {
    "controller_labels": "label",
    "controller_credential_types": "credential_type",
    "controller_notifications": "notification_template",
    "controller_execution_environments": "execution_environment",
    "controller_projects": "project",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
}
TEMPLATES = [pytest.param(one, id=one["name"]) for one in MADE["controller_templates"]]
SURVEYED = [
    pytest.param(one, id=one["name"])
    for one in [*MADE["controller_templates"], *MADE["controller_workflows"]]
    if "survey_spec" in one
]
TEXT = {"type": "str", "default": "", "description": "Where V(a) is."}
OPTIONS = {
    "a_text": TEXT,
    "a_choice": {**TEXT, "choices": ["", "lmdb"]},
    "a_kind": {**TEXT, "choices": ["zstd", "none"], "default": "zstd"},
    "a_list": {"type": "list", "default": ["x", "y"], "description": ["One.", "Two."]},
    "a_switch": {"type": "bool", "default": True, "description": "Whether."},
    "a_number": {"type": "int", "default": 3, "description": "How many."},
    "a_time": {"type": "float", "default": 0, "description": "How long."},
    "a_dict": {"type": "dict", "default": {}, "description": "What.", "no_log": True},
}


@pytest.mark.parametrize(
    ("name", "variable", "kind", "default", "required", "choices"),
    [
        ("a_text", "asked_a_text", "text", "", False, None),
        ("a_choice", "asked_a_choice", "multiplechoice", "default", True, "default\nlmdb"),
        ("a_kind", "asked_a_kind", "multiplechoice", "zstd", True, "zstd\nnone"),
        ("a_list", "asked_a_list", "textarea", "x\ny", False, None),
        ("a_switch", "asked_a_switch", "multiplechoice", "true", True, "false\ntrue"),
        ("a_number", "a_number", "integer", 3, True, None),
        ("a_time", "a_time", "float", 0.0, True, None),
        ("a_dict", "asked_a_dict", "textarea", "", False, None),
    ],
)
def test_a_setting_is_asked_by_its_type(
    name: str, variable: str, kind: str, default: Any, required: bool, choices: str | None
) -> None:
    (one,) = questions.survey("S", [name], OPTIONS)["spec"]
    assert (one["variable"], one["type"], one["default"], one["required"]) == (variable, kind, default, required)
    assert one.get("choices") == choices and one["question_name"] == name and type(one["default"]) is type(default)
    taken = questions.taken([name], OPTIONS)
    assert bool(taken) == (variable != name), "what is asked under another name has to come back under its own"


def test_a_description_is_one_line_without_marks() -> None:
    assert questions.plain(["As V(rolling) or\n  C(x y).", "See O(a=b)."]) == "As rolling or x y. See a=b."


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (None, "text", ""),
        (None, "list", []),
        (" default ", "text", "default"),
        ("default", "choice", ""),
        ("first_wave", "choice", "first_wave"),
        ("true", "bool", True),
        ("", "bool", False),
        ("", "list", []),
        ("a b\n\n  c \n", "list", ["a b", "c"]),
        ('["a", "b"]', "list", ["a", "b"]),
        ("", "dict", {}),
        ("region: x", "dict", {"region": "x"}),
        (["as", "it", "is"], "list", ["as", "it", "is"]),
        ({"region": "x"}, "dict", {"region": "x"}),
    ],
)
def test_an_answer_is_what_the_setting_takes(text: Any, kind: str, value: Any) -> None:
    assert questions.answer(text, "a_setting", kind) == value


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("yes, please", "bool", "is yes, please; expected true or false"),
        ("[a, b", "list", "is no YAML; expected one a line"),
        ("hunter2", "dict", "is of the type str; expected names and values as YAML"),
        ("password: [hunter2", "dict", "is no YAML; expected names and values as YAML"),
    ],
)
def test_an_answer_of_another_kind_is_refused_in_a_sentence(text: str, kind: str, said: str) -> None:
    with pytest.raises(UpliftError) as refused:
        questions.answer(text, "garage_x", kind)
    assert str(refused.value).startswith(f"The answer to garage_x {said}. Nothing was done.")
    assert "hunter2" not in str(refused.value)


def test_the_filter_says_the_same() -> None:
    from ansible.errors import AnsibleFilterError
    from ansible_collections.uplift.datastores.plugins.filter.answer import FilterModule

    with pytest.raises(AnsibleFilterError, match="expected true or false"):
        FilterModule().filters()["answer"]("x", "a", "bool")


def test_every_secret_has_a_type_of_credential_that_is_filled_as_a_whole() -> None:
    types = {one["name"].split()[-1]: one for one in MADE["controller_credential_types"]}
    assert {"lakefs_secret_access_key", "pachyderm_token", "pachyderm_aws", "pachyderm_deploy_arguments"} <= set(types)
    for name, one in types.items():
        fields = {field["label"]: field for field in one["inputs"]["fields"]}
        assert fields[name]["secret"] and [field["id"] for field in fields.values()] == one["inputs"]["required"]
        ids = one["inputs"]["required"]
        assert one["injectors"] == {"extra_vars": {field: f"{{{{ {field} }}}}" for field in ids}}
    fields = {field["label"]: field["secret"] for field in types["lakefs_secret_access_key"]["inputs"]["fields"]}
    assert fields == {"lakefs_access_key_id": False, "lakefs_secret_access_key": True}


def test_no_survey_asks_for_a_secret() -> None:
    secret = {
        name
        for product in PRODUCTS
        for name, option in awx_objects._specs([product])[product].items()
        if option.get("no_log")
    }
    assert secret and not secret & {
        one["question_name"] for case in SURVEYED for one in case.values[0]["survey_spec"]["spec"]
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_runs_a_playbook_of_the_project_whole_and_alone(template: dict[str, Any]) -> None:
    assert (ROOT / "docs/examples/awx-project" / template["playbook"]).is_file(), "python tests/made.py"
    product = template["name"].split()[1]
    assert not template["allow_simultaneous"] and template["job_slice_count"] == 1
    assert not any(value for name, value in template.items() if name.startswith("ask_"))
    assert template["extra_vars"][f"{product}_report_dir"] == "/reports" and product in template["labels"]


def test_every_playbook_of_a_product_has_a_template() -> None:
    there = {path.stem for product in PRODUCTS for path in (ROOT / "playbooks").glob(f"{product}_*.yml")}
    assert {Path(one["playbook"]).stem for one in MADE["controller_templates"]} == there


def test_what_is_asked_is_a_setting_of_some_product() -> None:
    known = {name for options in awx_objects._specs([*PRODUCTS, "operation"]).values() for name in options}
    asked = {name for names in objects.ASKS.values() for name in names}
    assert not [one for one in asked if one not in known and not {f"{product}_{one}" for product in PRODUCTS} & known]


@pytest.mark.parametrize("one", SURVEYED)
def test_awx_takes_the_survey(one: dict[str, Any]) -> None:
    stand_in.check_survey(one["survey_spec"])
    asked = {question["variable"] for question in one["survey_spec"]["spec"]}
    known = {name for options in awx_objects._specs([*PRODUCTS, "operation"]).values() for name in options}
    assert {name.removeprefix("asked_") for name in asked} <= known
    for text in one.get("extra_vars", {}).values():
        assert set(re.findall(r"asked_\w+", text)) <= asked | {"asked_pachyderm_aws"}


@pytest.mark.parametrize("workflow", [pytest.param(one, id=one["name"]) for one in MADE["controller_workflows"]])
def test_a_workflow_asks_before_it_acts_and_ends_where_it_is_safe(workflow: dict[str, Any]) -> None:
    nodes = {one["identifier"]: one for one in workflow["simplified_workflow_nodes"]}
    way = ["plan"]
    while nodes[way[-1]]["success_nodes"]:
        way += nodes[way[-1]]["success_nodes"]
    assert way == ["plan", "approve_plan", "prepare", "approve_run", "upgrade", "verify"]
    assert nodes["upgrade"]["failure_nodes"] == ["recover"] and nodes["recover"]["always_nodes"] == ["status"]
    assert all(nodes[name]["failure_nodes"] == ["status"] for name in ("prepare", "approve_run", "verify"))
    templates = {one["name"] for one in MADE["controller_templates"]}
    assert {one["unified_job_template"] for one in nodes.values() if "approval_node" not in one} <= templates
    # What a workflow was asked counts more than what a node says: a point to stop at would stop the upgrade, too.
    assert not [one for one in workflow["survey_spec"]["spec"] if "approve" in one["variable"]]


class _Asked(Exception):
    pass


def _argument_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """As the module itself gives it to its base."""
    import ansible_collections

    site = next(Path(path) for path in sys.path if (Path(path) / "ansible_collections" / "awx" / "awx").is_dir())
    monkeypatch.setattr(
        ansible_collections, "__path__", [*ansible_collections.__path__, str(site / "ansible_collections")]
    )
    module = importlib.import_module(f"ansible_collections.awx.awx.plugins.modules.{name}")

    def asked(argument_spec: dict[str, Any], **_more: Any) -> None:
        raise _Asked(argument_spec)

    monkeypatch.setattr(module, "ControllerAPIModule", asked)
    with pytest.raises(_Asked) as told:
        module.main()
    return dict(told.value.args[0])


@pytest.mark.parametrize("which", MODULES)
def test_the_modules_of_awx_take_it(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    validator = ArgumentSpecValidator(_argument_spec(MODULES[which], monkeypatch))
    assert MADE[which]
    for one in MADE[which]:
        given = {name: value for name, value in one.items() if name != "simplified_workflow_nodes"}
        assert not validator.validate(given).error_messages, one["name"]


def test_the_module_of_awx_takes_each_node(monkeypatch: pytest.MonkeyPatch) -> None:
    validator = ArgumentSpecValidator(_argument_spec("workflow_job_template_node", monkeypatch))
    for workflow in MADE["controller_workflows"]:
        for node in workflow["simplified_workflow_nodes"]:
            result = validator.validate(
                {**node, "workflow": workflow["name"], "organization": workflow["organization"]}
            )
            assert not result.error_messages, node["identifier"]


def test_the_file_of_variables_is_the_same_and_marks_what_is_for_awx() -> None:
    text = awx_objects.awx_objects(SITE, as_yaml=True)
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_constructor("!unsafe", lambda one, node: one.construct_scalar(node))  # type: ignore[attr-defined]
    assert yaml.load(text, Loader=loader) == MADE
    assert all("!unsafe" in line for line in text.splitlines() if re.search(r": .*\{\{", line))


def test_what_the_site_has_already_is_not_defined() -> None:
    bare = {
        **SITE,
        "project_url": "",
        "execution_environment": "",
        "execution_environment_image": "",
        "notifications": [],
    }
    made = awx_objects.awx_objects(bare)
    empty = ("controller_projects", "controller_execution_environments", "controller_notifications")
    assert not [name for name in empty if made[name]] and "execution_environment" not in made["controller_templates"][0]


def test_the_role_gives_every_setting_to_the_filter() -> None:
    """A setting that nobody hands over would have no effect."""
    given = yaml.safe_load((ROOT / "roles/awx/vars/main.yml").read_text())["awx_site"]
    settings = {
        name.removeprefix("awx_") for name in yaml.safe_load((ROOT / "roles/awx/defaults/main.yml").read_text())
    }
    assert set(given) == settings - {"data_file"}
    assert all(value == f"{{{{ awx_{name} }}}}" for name, value in given.items())
