# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: whole_group
short_description: The nodes of a play that may only be run as a whole
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - For the C(hosts) of the first play of this collection's playbooks. It is asked before any task is, and also where a
    task to start at is never found; it stops what would otherwise end well with nothing done.
  - A slice of a job of AWX is refused too, by the variables that AWX gives to each of its jobs. Its inventory lacks the
    other nodes, so that nothing else would miss those of a product whose nodes do not know each other.
options:
  _input: {description: The group., type: str, required: true}
  groups: {description: The groups of the inventory., type: dict, required: true}
"""

EXAMPLES = r"""
- name: Run on the nodes, or not at all
  hosts: "{{ 'garage' | uplift.datastores.whole_group(groups) }}"
  tasks: []
"""

RETURN = r"""
_value:
  description: The group.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible import context
from ansible.errors import AnsibleFilterError
from jinja2 import pass_context

ASKED_FOR_WORDS = ("syntax", "listhosts", "listtasks", "listtags")
PARTS = {"start_at_task": "--start-at-task", "tags": "--tags", "skip_tags": "--skip-tags", "step": "--step"}
WHOLE: tuple[Any, ...] = (None, False, (), [], ("all",), ["all"])
# No task of this collection has a tag: others may be skipped next to it, and what runs a playbook often says so.
SKIPS_OURS = {"all", "always", "tagged", "untagged"}


def sliced(known: Mapping[str, Any]) -> str:
    """The template of which this job is a slice; "" for none.

    AWX makes of a sliced job a workflow that bears the name of its template, with a job for each slice. Source: its
    models, `create_unified_job` and `awx_meta_vars`.
    """
    for name in ("awx", "tower"):
        workflow, template = (str(known.get(f"{name}_{what}_name") or "") for what in ("workflow_job", "job_template"))
        if template and workflow == template:
            return template
    return ""


@pass_context
def whole_group(known: Mapping[str, Any], group: str, groups: Mapping[str, Sequence[str]]) -> str:
    asked = context.CLIARGS
    if any(asked.get(name) for name in ASKED_FOR_WORDS):
        return group
    given = {name: asked.get(name) for name in PARTS}
    if not SKIPS_OURS & set(given["skip_tags"] or ()):
        given["skip_tags"] = None
    parts = [said for name, said in PARTS.items() if given[name] not in WHOLE]
    if parts:
        raise AnsibleFilterError(
            f"A part of an operation cannot be run: {' and '.join(parts)} was given; expected neither tags nor a task"
            " to start at. Nothing was done. Run the playbook as a whole: what is done is not done again."
        )
    template = sliced(known)
    if template:
        raise AnsibleFilterError(
            f"A part of an operation cannot be run: this job of AWX is a slice of the job template {template!r};"
            " expected one job with every node. Nothing was done. Set the job slicing of the template (job_slice_count)"
            " to 1. A workflow of your own needs another name than the template in it: AWX calls its slices so."
        )
    if not groups.get(group):
        raise AnsibleFilterError(
            f"The inventory has no host in a group {group!r}; expected one group with every node. Nothing was done."
            " Correct the inventory, or name the group, such as garage_group."
        )
    return group


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"whole_group": whole_group}
