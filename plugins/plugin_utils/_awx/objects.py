# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""All that AWX has of this collection, as data: in the shape of infra.aap_configuration, with the arguments of awx.awx.

A playbook of a product makes a job template, whatever it does; what it asks is in ASKS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.plugin_utils._awx import questions

_WANTED = ("version", "strategy", "wave", "stop_after", "via", "created_with", "accept", "confirm")
# Verb -> what its survey asks: settings of the product without its name, or the operation's own in full.
ASKS: dict[str, tuple[str, ...]] = {
    "plan": (*_WANTED, "operation_explain"),
    "prepare": _WANTED,
    "upgrade": (*_WANTED, "approve_after", "approve", "max_unavailable_seconds"),
    "rollback": ("confirm", "accept"),
    "verify": ("accept",),
    "unlock": ("operation_unlock_reason",),
    "pause": ("operation_reason",),
    "abort": ("operation_reason",),
    "cleanup": ("cleanup_remove", "cleanup_days", "confirm"),
    "drop_tables": ("confirm", "discard_data"),
}
_REQUIRED = ("version", "operation_unlock_reason")
# Node -> what comes after it, by how it ended. Each is a verb, or the name of an approval.
NODES: dict[str, dict[str, list[str]]] = {
    "plan": {"success": ["approve_plan"]},
    "approve_plan": {"success": ["prepare"]},
    "prepare": {"success": ["approve_run"], "failure": ["status"]},
    "approve_run": {"success": ["upgrade"], "failure": ["status"]},
    "upgrade": {"success": ["verify"], "failure": ["recover"]},
    "verify": {"failure": ["status"]},
    "recover": {"always": ["status"]},
    "status": {},
}
APPROVALS = {
    "approve_plan": "Read the plan in the output of the job. Approved, the release is staged and an inventory taken.",
    "approve_run": "All is prepared, nothing is changed for clients. Approved, nodes are taken down as planned.",
}
_FLAGS = ("inventory", "variables", "limit", "tags", "skip_tags", "job_slice_count")


def objects(
    playbooks: Mapping[str, str], specs: Mapping[str, questions.Options], site: Mapping[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """Name of a variable of infra.aap_configuration -> its list.

    playbooks: name -> what it says of itself. specs: product, and `operation` -> settings. site: the settings of the
    role `awx`, without that prefix.
    """
    makers = [_Product(product, playbooks, specs, site) for product in site["products"]]
    return {
        "controller_labels": [_of_site(site, name=name) for name in _labels(site)],
        "controller_credential_types": [one for maker in makers for one in maker.credential_types()],
        "controller_notifications": [_of_site(site, **one) for one in site["notifications"]],
        "controller_execution_environments": _environments(site),
        "controller_projects": _projects(site),
        "controller_templates": [maker.template(verb) for maker in makers for verb in maker.verbs],
        "controller_workflows": [maker.workflow() for maker in makers],
    }


class _Dumper(yaml.SafeDumper):
    """Marks what AWX is to template, so that Ansible does not when it reads the file."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _scalar(dumper: yaml.SafeDumper, said: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("!unsafe" if "{{" in said else "tag:yaml.org,2002:str", said)


_Dumper.add_representer(str, _scalar)


def text(made: Mapping[str, Any]) -> str:
    """The same as a file of variables."""
    return yaml.dump(made, Dumper=_Dumper, explicit_start=True, sort_keys=False, width=120, allow_unicode=True)


def _of_site(site: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"organization": site["organization"], **more}


def _labels(site: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys([*site["labels"], *site["products"]]))


def _environments(site: Mapping[str, Any]) -> list[dict[str, Any]]:
    image = site["execution_environment_image"]
    return [_of_site(site, name=site["execution_environment"], image=image)] if image else []


def _projects(site: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = {"scm_type": "git", "scm_url": site["project_url"], "scm_branch": site["project_branch"]}
    return [_of_site(site, name=site["project"], **told)] if site["project_url"] else []


class _Product:
    """The definitions of one product."""

    def __init__(
        self,
        product: str,
        playbooks: Mapping[str, str],
        specs: Mapping[str, questions.Options],
        site: Mapping[str, Any],
    ) -> None:
        self.product, self.site = product, site
        self.options = {**specs["operation"], **specs[product]}
        self.verbs = {
            name.partition("_")[2]: said for name, said in playbooks.items() if name.partition("_")[0] == product
        }

    def named(self, what: str) -> str:
        return " ".join(filter(None, (self.site["prefix"], self.product, what)))

    def _names(self, verb: str) -> list[str]:
        names = [name if name.startswith("operation_") else f"{self.product}_{name}" for name in ASKS.get(verb, ())]
        return [name for name in names if name in self.options]

    def _required(self) -> list[str]:
        return [name if name in self.options else f"{self.product}_{name}" for name in _REQUIRED]

    def credential_types(self) -> list[dict[str, Any]]:
        """One for each secret, so that nothing has to be left empty."""
        types = []
        for name, fields in questions.secrets(self.options).items():
            inputs, injectors = questions.credential(fields, self.options)
            told = {"name": f"{self.site['prefix']} {name}".strip(), "kind": "cloud"}
            types.append(
                {**told, "description": inputs["fields"][-1]["help_text"], "inputs": inputs, "injectors": injectors}
            )
        return types

    def _common(self, title: str, said: str, names: Sequence[str]) -> dict[str, Any]:
        """What a template of a job and one of a workflow have in common."""
        told = {
            "name": self.named(title),
            "description": said,
            "allow_simultaneous": False,
            "labels": [*self.site["labels"], self.product],
            **{
                f"notification_templates_{when}": self.site[f"notify_{when}"]
                for when in ("started", "success", "error")
            },
            "survey_enabled": bool(names),
        }
        if names:
            told["survey_spec"] = questions.survey(said, names, self.options, self._required())
        return _of_site(self.site, **told)

    def template(self, verb: str) -> dict[str, Any]:
        names = self._names(verb)
        mine = [name for name in self.site["from_credential"] if name in self.options]
        variables = {
            f"{self.product}_report_dir": self.site["report_dir"],
            **questions.taken([*names, *mine], self.options),
            **self.site["extra_vars"],
        }
        environment = self.site["execution_environment"]
        return {
            **self._common(verb, self.verbs[verb], names),
            "job_type": "run",
            "inventory": self.site["inventory"],
            "project": self.site["project"],
            "playbook": f"playbooks/{self.product}_{verb}.yml",
            "credentials": list(self.site["credentials"]),
            **({"execution_environment": environment} if environment else {}),
            "forks": self.site["forks"],
            "extra_vars": variables,
            # A part of a cluster is never upgraded: nothing at the launch may make one of it.
            "job_slice_count": 1,
            **{f"ask_{flag}_on_launch": False for flag in _FLAGS},
        }

    def workflow(self) -> dict[str, Any]:
        told = self._common("upgrade with approvals", f"Upgrade {self.product} with approvals", self._names("plan"))
        told["notification_templates_approvals"] = self.site["notify_approvals"]
        return {**told, "inventory": self.site["inventory"], "simplified_workflow_nodes": self._nodes()}

    def _nodes(self) -> list[dict[str, Any]]:
        nodes = []
        for name, after in NODES.items():
            told: dict[str, Any] = {"identifier": name}
            if name in APPROVALS:
                timeout = self.site["approval_timeout"]
                words = {"name": self.named(name.replace("_", " ")), "description": APPROVALS[name]}
                told["approval_node"] = {**words, "timeout": timeout}
            else:
                told["unified_job_template"] = self.named(name)
                told["lookup_organization"] = self.site["organization"]
            nodes.append({**told, **{f"{how}_nodes": after.get(how, []) for how in ("success", "failure", "always")}})
        return nodes
