#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_chart
short_description: See which images a Helm chart gives a workload
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Renders the chart with the release's own values and O(values) over them, by C(helm) on the host. Nothing is changed.
  - What comes of it may hold secrets. It is read on the controller, and not shown.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.unit
  - uplift.datastores.chart
  - uplift.datastores.attributes.internal
options:
  seal: {description: Internal. What the action reads the manifests with., type: str, default: ''}
requirements: [helm]
"""

EXAMPLES = r"""
- name: See what the chart makes of the next release
  uplift.datastores.helm_chart:
    unit: kubernetes:lakehouse/lakefs
    name: lakefs
    chart_ref: lakefs/lakefs
    values: {image: {tag: 1.84.0}}
"""

RETURN = r"""
images: {description: Of the containers of the workload., returned: success, type: list, elements: str, sample: ["treeverse/lakefs:1.84.0"]}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import chart

SPEC: Spec = {**chart.SPEC, **seal.SPEC}


def answer(module: AnsibleModule) -> dict[str, Any]:
    """For the action, which reads them: nodes have no YAML parser."""
    made = chart.of(LocalRunner(), module.params).rendered(module.params["values"])
    return {"changed": False, "sealed": seal.seal(module.params[seal.NAME], made)}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
