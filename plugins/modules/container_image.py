#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_image
short_description: Stage a release as a docker image, and ask it for its version
version_added: 0.1.0
description:
  - Pulls an image where it is not on the machine, with the credentials that the docker command line has, and runs its program with
    C(--version) in a container without network and volumes.
  - With O(container), that container is made again from the image under another name, compared, and removed; it is never started.
    So an image that cannot take its place is found while the present one serves.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.progress]
attributes:
  check_mode: {support: full, details: Does not pull. Of what is not there yet the registry is asked whether it has it.}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  image:
    description: The image, with its tag. C({version}) in it is the release. By default that of O(container), with the release in its tag.
    type: str
  container: {description: The container that the image is for., type: str}
  program: {description: The program in it. By default what O(container) is started with., type: str, default: ''}
  version: {description: The release that it has to say it is., type: str, required: true}
  timeout: {description: Seconds that the download may take., type: float, default: 3600}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Have the next release at hand before anything stops
  uplift.datastores.container_image:
    image: dxflrs/garage:v0.9.4
    program: /garage
    version: 0.9.4

- name: The same for a container, under the name that its image has there
  uplift.datastores.container_image:
    container: garage
    version: 0.9.4
"""

RETURN = r"""
image: {description: The image., returned: success, type: str, sample: 'dxflrs/garage:v0.9.4'}
id:
  description: Its id; empty in check mode where it is not there.
  returned: success
  type: str
  sample: sha256:0efc32c1787e7ac55699794fc5e62131b8e10c8af384190c2f2d959f487e6768
version: {description: The release., returned: success, type: str, sample: 0.9.4}
evidence:
  description: What was left, for the record of an operation.
  returned: success
  type: list
  elements: dict
  sample:
    - {slot: stage, kind: image, name: 'dxflrs/garage:v0.9.4', id: 'sha256:0efc32c1787e7ac55699794fc5e62131b8e10c8af384190c2f2d959f487e6768'}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_image import stage
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

SPEC: Spec = {
    "image": {"type": "str"},
    "container": {"type": "str"},
    "program": {"type": "str", "default": ""},
    "version": {"type": "str", "required": True},
    "timeout": {"type": "float", "default": 3600},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return stage(LocalRunner(), Docker(), module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer, required_one_of=[("image", "container")])


if __name__ == "__main__":
    main()
