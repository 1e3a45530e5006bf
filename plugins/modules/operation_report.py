#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_report
short_description: Write the report of an upgrade, and show its ten lines
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Writes C(report.json), C(report.md) and C(report.html) to a directory of the controller. The last needs no network.
  - What nobody measured is said, not left out.
  - What it returns is also kept as a statistic of the run, C(uplift_report), which AWX shows as an artifact of the job.
extends_documentation_fragment:
  - uplift.datastores.attributes
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  directory:
    description: A directory on the controller. The report lies in a directory of it that is named as the operation.
    type: path
    required: true
  state:
    description:
      - V(written) writes the report. V(possible) only looks whether it can be written, and fails where it cannot, or where it
        would go with the container of a job of AWX. It changes nothing.
    type: str
    choices: [written, possible]
    default: written
  setting: {description: 'For V(possible), the setting that says the directory.', type: str, default: directory}
  url:
    description:
      - Below which address of http or https the report is put, too, by a PUT of each of its files; empty for nowhere. One that the end of an operation
        cannot put is a warning.
      - V(possible) puts a small file C(uplift-possible) there.
    type: str
    default: ''
  access:
    description: What the address wants, C(headers), or for S3 C(access_key_id), C(secret_access_key) and C(region).
    type: dict
    default: {}
  name: {description: 'What its files are called, such as report.md.', type: str, default: report}
  records: {description: The record of M(uplift.datastores.operation) of each node by its name., type: dict, default: {}}
  probe: {description: What M(uplift.datastores.client_probe) answered., type: dict, default: {}}
  findings: {description: What the preflight has found., type: list, elements: dict, default: []}
  comparison: {description: What the `compare` of the product answered., type: dict, default: {}}
  error: {description: "Why the operation has stopped; empty when it has not.", type: str, default: ''}
"""

EXAMPLES = r"""
- name: Write the report
  uplift.datastores.operation_report:
    directory: uplift-reports
    records: "{{ records }}"
    probe: "{{ probe }}"
    comparison: "{{ comparison }}"
"""

RETURN = r"""
path:
  description: The report in Markdown.
  returned: when it is written
  type: str
  sample: uplift-reports/20261121T031500Z-garage-0.8.7/report.md
summary:
  description: The ten lines.
  returned: when it is written
  type: list
  elements: str
  sample: [garage 0.7.0 -> 0.8.7 finished, no request of clients failed]
report:
  description: What C(report.json) holds.
  returned: when it is written
  type: dict
  sample: {product: garage, source: 0.7.0, target: 0.8.7, state: finished}
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, controller_only

SPEC: Spec = {
    "directory": {"type": "path", "required": True},
    **{name: {"type": "dict", "default": {}} for name in ("records", "probe", "comparison")},
    "state": {"type": "str", "choices": ["written", "possible"], "default": "written"},
    "url": {"type": "str", "default": ""},
    "access": {"type": "dict", "default": {}, "no_log": True},
    "setting": {"type": "str", "default": "directory"},
    "name": {"type": "str", "default": "report"},
    "findings": {"type": "list", "elements": "dict", "default": []},
    "error": {"type": "str", "default": ""},
}


def main() -> None:
    controller_only("operation_report", SPEC)


if __name__ == "__main__":
    main()
