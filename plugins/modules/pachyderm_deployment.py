#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_deployment
short_description: Deploy Pachyderm on Kubernetes, or take the deployment away, by its own program
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - C(pachctl undeploy) of 1.7 and 1.8.0 deletes at once, of later releases after a question on its input. Here it is told one namespace
    and one kube context, and never to delete the volumes of the metadata; afterwards it is seen that nothing is left.
  - The manifest that C(pachctl deploy --dry-run) makes is kept.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: partial, details: Deploying is done whenever it is asked for.}
options:
  state: {description: What is wanted., type: str, required: true, choices: [present, absent]}
  pachctl: {description: The client's program; its release is the one that is deployed., type: path, default: /usr/local/bin/pachctl}
  unit: {description: "The server, as C(kubernetes:NAMESPACE/pachd) with C(:CONTEXT) behind it where wanted.", type: str, required: true}
  image:
    description: For V(present), the image of the server. Of a registry of one's own C(pachctl deploy) is told by C(--registry), so that all its
      images come from there, unless O(arguments) has that. Empty means what C(pachctl deploy) makes.
    type: str
    default: ''
  version: {description: "For V(present), the release of O(image).", type: str, default: ''}
  replicas: {description: "For V(present), how many pods the server has; V(0) for what C(pachctl deploy) makes.", type: int, default: 0}
  claims: {description: 'For V(absent), whether the claims of the metadata are deleted as well, and their volumes with them.', type: bool, default: false}
  arguments:
    description:
      - What C(pachctl deploy) is called with. It takes credentials of the object store in no other way, so that they are to be seen in
        the list of processes while it runs; V(--iam-role) and a file for Google avoid that. They are never logged.
    type: list
    elements: str
    default: []
  manifest: {description: Where the manifest is kept. It holds secrets., type: path}
requirements: [kubectl]
"""

EXAMPLES = r"""
- name: Take the deployment away; metadata volumes and object store stay
  uplift.datastores.pachyderm_deployment:
    state: absent
    unit: kubernetes:pachyderm/pachd
"""

RETURN = r"""
found: {description: What was deployed before., returned: always, type: list, elements: str, sample: [deployment/pachd, service/pachd]}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.deployment import run

SPEC: Spec = {
    "state": {"type": "str", "required": True, "choices": ["present", "absent"]},
    "pachctl": {"type": "path", "default": "/usr/local/bin/pachctl"},
    "unit": {"type": "str", "required": True},
    "image": {"type": "str", "default": ""},
    "version": {"type": "str", "default": ""},
    "replicas": {"type": "int", "default": 0},
    "claims": {"type": "bool", "default": False},
    "arguments": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "manifest": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(LocalRunner(), module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
