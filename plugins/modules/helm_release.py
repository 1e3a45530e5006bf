#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_release
short_description: Give the release of Helm that has made a workload the values of what runs
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Calls C(helm) on the host. The release gets O(values), and keeps all others. Waits until what comes of it is ready.
  - Values go by the input of C(helm), never by its command line.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.unit
  - uplift.datastores.chart
  - uplift.datastores.progress
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none, details: Values may hold secrets.}
  idempotent: {support: none, details: A revision of the release is made at each call.}
requirements: [helm]
"""

EXAMPLES = r"""
- name: Give the Helm release the image that the deployment has
  uplift.datastores.helm_release:
    unit: kubernetes:lakehouse/lakefs
    name: lakefs
    chart_ref: lakefs/lakefs
    values: {image: {tag: 1.84.0}}
  no_log: true
"""

RETURN = r"""
changed: {description: True., returned: success, type: bool, sample: true}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import chart

SPEC: Spec = {**chart.SPEC, "progress_file": {"type": "path"}}


def answer(module: AnsibleModule) -> dict[str, Any]:
    if not module.check_mode:
        chart.of(LocalRunner(), module.params).apply(module.params["values"])
    return {"changed": True}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
