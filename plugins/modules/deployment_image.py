#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_image
short_description: Let an image say which release it is, where a Deployment's pods run
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs the image once in a Job that has the accounts, volumes and places of the Deployment's pods, with C(--version), and removes the
    Job. So it is at hand on a node before anything stops, and what cannot be pulled is known.
  - The Job is run in check mode as well; it changes nothing.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
options:
  unit: {description: "V(kubernetes:NAMESPACE/DEPLOYMENT), with V(:CONTEXT) behind it where wanted.", type: str, required: true}
  image: {description: The image with its tag or digest., type: str, required: true}
  version: {description: The release that it has to be., type: str, required: true}
  program: {description: A word in the image's or the container's name., type: str, default: lakefs}
requirements: [kubectl]
"""

EXAMPLES = r"""
- name: Have the next release at hand before anything stops
  uplift.datastores.deployment_image:
    unit: kubernetes:lakehouse/lakefs
    image: treeverse/lakefs:1.84.0
    version: 1.84.0
"""

RETURN = r"""
release: {description: The image., returned: success, type: str, sample: 'treeverse/lakefs:1.84.0'}
version: {description: What it said., returned: success, type: str, sample: 1.84.0}
helm: {description: The release of Helm that has made the Deployment; empty for none., returned: success, type: str, sample: lakefs}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods, demand_release, place

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "image": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "program": {"type": "str", "default": "lakefs"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    pods = Pods(LocalRunner(), place(params["unit"]), params["program"])
    return demand_release(pods, params["image"], params["version"])


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
