# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: awx_objects
short_description: What AWX has to have of this collection, as data
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Made of the playbooks and the argument specs of the roles, so that no survey asks for what no role takes.
options:
  _input:
    description: The settings of the role P(uplift.datastores.awx#role), without that prefix.
    type: dict
    required: true
  as_yaml: {description: "Whether it is to be text, for a file of variables.", type: bool, default: false}
"""

EXAMPLES = r"""
- name: Name the job templates
  ansible.builtin.debug:
    msg: "{{ (site | uplift.datastores.awx_objects).controller_templates | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description:
    - The lists that the roles of C(infra.aap_configuration) take, by the names of their variables, such as
      C(controller_templates). Each item has the arguments of the module of C(awx.awx) that makes it.
  type: dict
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.uplift.datastores.plugins.plugin_utils._awx import objects

ROOT = Path(__file__).absolute().parents[2]


def awx_objects(site: Mapping[str, Any], as_yaml: bool = False) -> Any:
    """Marked as no templates: AWX is to template them, not the run that hands them over."""
    told = _plain(site)
    made = objects.objects(_playbooks(told["products"]), _specs([*told["products"], "operation"]), told)
    return objects.text(made) if as_yaml else wrap_var(made)


def _plain(value: Any) -> Any:
    """The same without what Ansible keeps with its values, such as where they came from."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return json.loads(json.dumps(value))


def _playbooks(products: list[str]) -> dict[str, str]:
    """Of each product's playbooks: name -> what its first play says of itself."""
    paths = [path for product in products for path in sorted((ROOT / "playbooks").glob(f"{product}_*.yml"))]
    return {path.stem: _read(path)[0]["name"] for path in paths}


def _specs(roles: list[str]) -> dict[str, dict[str, Any]]:
    """Per role what all its entry points take."""
    specs = {role: _read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"] for role in roles}
    return {
        role: {name: option for entry in entries.values() for name, option in (entry.get("options") or {}).items()}
        for role, entries in specs.items()
    }


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"awx_objects": awx_objects}
