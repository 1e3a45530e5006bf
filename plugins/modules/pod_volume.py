#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_volume
short_description: Copy a directory of a stopped pod of a StatefulSet or DaemonSet to this machine, or put it back
version_added: 0.1.0
description:
  - A pod of an image with C(tar) mounts the pod's own volume, its files are copied by C(kubectl exec) and compared by their SHA-256, and
    the pod is removed. A copy is made of a volume that is mounted to read only.
  - What a volume held before something was put back stays on it, in a directory of O(src) whose name begins with C(.uplift-).
  - Refused while there is a pod of that name.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.attributes.internal, uplift.datastores.progress]
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: none, details: The copy is made anew each time.}
options:
  unit: {description: "The pod, as V(kubernetes:NAMESPACE/pod/NAME).", type: str, required: true}
  name: {description: A word in the name of the container or its image that tells it from others., type: str, required: true}
  src: {description: The directory as the container has it., type: path, required: true}
  dest: {description: The directory here. What is there is replaced when a copy is whole., type: path, required: true}
  state:
    description: V(copied) has O(dest) as O(src) is, V(restored) has O(src) as O(dest) is.
    type: str
    default: copied
    choices: [copied, restored]
  image:
    description: The image to read with, which has C(tar), C(find), C(du), C(mv) and C(sha256sum). By default that of the one init container.
    type: str
    default: ''
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Copy the metadata of a stopped node
  uplift.datastores.pod_volume:
    unit: kubernetes:garage/pod/garage-0
    name: garage
    src: /mnt/meta
    dest: /var/backups/uplift/garage/copy
"""

RETURN = r"""
dest: {description: Where the copy lies., returned: always, type: str, sample: /var/backups/uplift/garage/copy}
files: {description: How many files it has., returned: when not in check mode, type: int, sample: 4}
size: {description: Bytes that they take on the volume., returned: when copied, type: int, sample: 1048576}
renamed_to: {description: Where the volume keeps what it held., returned: when restored, type: str, sample: /mnt/meta/.uplift-20261128T061002Z}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod_volume import Volume, helper_image
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "src": {"type": "path", "required": True},
    "dest": {"type": "path", "required": True},
    "image": {"type": "str", "default": ""},
    "state": {"type": "str", "default": "copied", "choices": ["copied", "restored"]},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    pods = Pods(LocalRunner(), place.read(params["unit"]), params["name"])
    volume = Volume(pods, params["src"], helper_image(pods, params["image"]))
    if module.check_mode:
        return {"changed": True, "dest": params["dest"]}
    progress = Progress(params["progress_file"])
    return (volume.fetch if params["state"] == "copied" else volume.put_back)(params["dest"], progress)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
