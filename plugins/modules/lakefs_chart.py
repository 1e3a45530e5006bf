#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_chart
short_description: Render the Helm chart of a lakeFS with other values, or give the Helm release these values
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Calls C(helm) on the host. Values go by its input, never by its command line.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.unit
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none, details: Values may hold secrets.}
  idempotent: {support: partial, details: V(told) makes a revision at each call.}
options:
  state:
    description: What is wanted.
    type: str
    default: rendered
    choices:
      rendered: Only say what the chart makes of the release's own values with O(values) over them.
      applied: The release has O(values), and keeps all others. Waits until what comes of it is ready.
  name: {description: The Helm release., type: str, required: true}
  chart_ref: {description: "The chart, as C(helm) on the host knows it.", type: str, required: true}
  chart_version: {description: Its version. Empty means the one that is deployed., type: str, default: ''}
  values: {description: The values that differ., type: dict, default: {}}
requirements: [helm]
"""

EXAMPLES = r"""
- name: See what the chart makes of the next release
  uplift.datastores.lakefs_chart:
    unit: kubernetes:lakehouse/lakefs
    name: lakefs
    chart_ref: lakefs/lakefs
    values: {image: {tag: 1.84.0}}
  no_log: true
"""

RETURN = r"""
manifests:
  description: All that the chart makes, as YAML documents. It may hold secrets.
  returned: V(rendered)
  type: str
  sample: '{kind: Deployment, metadata: {name: lakefs}}'
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import chart

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "state": {"type": "str", "default": "rendered", "choices": ["rendered", "applied"]},
    "name": {"type": "str", "required": True},
    "chart_ref": {"type": "str", "required": True},
    "chart_version": {"type": "str", "default": ""},
    "values": {"type": "dict", "default": {}},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return chart.run(LocalRunner(), module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
