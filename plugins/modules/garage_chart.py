#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_chart
short_description: See whether a Helm chart gives the pods of Garage what they are to have
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Renders the chart with the release's own values and O(values) over them, and compares the image and the configuration that
    come of it. Nothing is changed, and no value of a setting is shown.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.unit
  - uplift.datastores.chart
  - uplift.datastores.attributes.internal
options:
  image: {description: The image that the container of Garage is to have., type: str, required: true}
  src: {description: Where the pod reads its configuration., type: path, required: true}
  candidate:
    description: The configuration that the pods are to have, a file on the host. Empty means that of the ConfigMap as it is.
    type: path
    default: ''
requirements: [helm]
"""

EXAMPLES = r"""
- name: See whether the next helm upgrade would change anything else
  uplift.datastores.garage_chart:
    unit: kubernetes:garage/pod/garage-0
    name: garage
    chart_ref: /srv/charts/garage
    values: {image: {tag: v1.3.0}, garage: {dbEngine: lmdb}}
    image: dxflrs/garage:v1.3.0
    src: /etc/garage.toml
"""

RETURN = r"""
images: {description: Of the containers of the StatefulSet or DaemonSet., returned: success, type: list, elements: str, sample: ["dxflrs/garage:v1.3.0"]}
differences:
  description: What is another than it is to be, the image or a setting by its name; empty where nothing is.
  returned: success
  type: list
  elements: str
  sample: [the setting replication_mode]
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, controller_only
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import chart

SPEC: Spec = {
    **chart.SPEC,
    "image": {"type": "str", "required": True},
    "src": {"type": "path", "required": True},
    "candidate": {"type": "path", "default": ""},
}


def main() -> None:
    controller_only("garage_chart", SPEC)


if __name__ == "__main__":
    main()
