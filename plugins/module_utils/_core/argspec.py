# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Arguments that several modules share, and the one way in which a module begins and ends."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core import moment
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

Spec = Mapping[str, Mapping[str, Any]]


def serve(spec: Spec, answer: Callable[[AnsibleModule], Mapping[str, Any]], **more: Any) -> None:
    """Run a module: what `answer` returns is its result, an UpliftError its failure in a sentence."""
    module = AnsibleModule(argument_spec={**spec}, supports_check_mode=True, **more)
    try:
        result = answer(module)
    except UpliftError as exc:
        module.fail_json(msg=str(exc), **getattr(exc, "facts", {}))
    module.exit_json(**{"changed": False, **stamped(result)})


def stamped(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the moment at which each piece of evidence was left: the record keeps that of the step that is done."""
    if not result.get("evidence"):
        return result
    here = moment.now()
    return {**result, "evidence": [{**item, moment.KEY: here} for item in result["evidence"]]}


def controller_only(name: str, spec: Spec) -> None:
    """The module of an action that does all its work on the controller: without its action there is nothing to run."""
    module = AnsibleModule(argument_spec={**spec}, supports_check_mode=True)
    module.fail_json(msg=f"{name} is an action: it works on the controller, as a task of a playbook.")
