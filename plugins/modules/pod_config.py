#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_config
short_description: Give the pods of a StatefulSet or DaemonSet the configuration of another release
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - The file of a ConfigMap that the pods read gets the content that M(uplift.datastores.garage_config_stage) has made for a release. The
    pods read it at their next start.
  - Refuses when the ConfigMap has neither that content nor that of the release before, as it was edited since they were made.
options:
  unit: {description: "One of the pods, as V(kubernetes:NAMESPACE/pod/NAME).", type: str, required: true}
  name: {description: A word in the name of the container or its image that tells it from others., type: str, required: true}
  path: {description: Where the program reads its configuration in the pod., type: path, required: true}
  staged: {description: The files of the releases on this machine without C(.uplift-) and the release at their end., type: path, required: true}
  version: {description: The release whose file is to count., type: str, required: true}
  source: {description: The release whose file counts until now., type: str, required: true}
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none, details: The file may hold secrets.}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Swap the configuration of all pods while they are down
  uplift.datastores.pod_config:
    unit: kubernetes:garage/pod/garage-0
    name: garage
    path: /etc/garage.toml
    staged: /var/backups/uplift/garage/garage.toml
    version: 2.5.0
    source: 1.3.0
"""

RETURN = r"""
config_map: {description: The ConfigMap., returned: success, type: str, sample: garage-config}
key: {description: Its file., returned: success, type: str, sample: garage.toml}
version: {description: The release whose file counts., returned: success, type: str, sample: 2.5.0}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place, pod_config
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods

SPEC: Spec = {
    **{name: {"type": "str", "required": True} for name in ("unit", "name", "version", "source")},
    **{name: {"type": "path", "required": True} for name in ("path", "staged")},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    asked = module.params
    pods = Pods(LocalRunner(), place.read(asked["unit"]), asked["name"])
    return pod_config.activate(
        pods, asked["path"], asked["staged"], asked["version"], asked["source"], module.check_mode
    )


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
