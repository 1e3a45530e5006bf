#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: config_release
short_description: Make a release's configuration file the one that counts
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Next to O(path) lie files with C(.uplift-) and a release at their end, as M(uplift.datastores.garage_config_stage) makes them.
    This writes the content of one over O(path) in one step; owner, group and mode of O(path) stay.
  - Refuses when O(path) is neither of the two releases' files, as it was edited since they were made.
  - Belongs to the moment at which M(uplift.datastores.release) makes the program active; each program reads the whole file by
    its own rules.
options:
  path: {description: The file that the service reads., type: path, required: true}
  version: {description: The release whose file is to count., type: str, default: ''}
  source: {description: The release whose file counts until now., type: str, default: ''}
  content:
    description: Internal. A file of the node. With it O(path) is written with what that holds, and is as O(like) is in all else.
    type: path
    default: ''
  like: {description: "Internal. The file whose owner, group, mode, access list and label it gets.", type: path, default: ''}
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none, details: The files hold secrets.}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Swap the configuration
  uplift.datastores.config_release:
    path: /etc/garage.toml
    version: 2.1.0
    source: 1.3.0
"""

RETURN = r"""
path: {description: The file that the service reads., returned: success, type: str, sample: /etc/garage.toml}
version: {description: The release whose file counts., returned: without O(content), type: str, sample: 2.1.0}
evidence:
  description: What the record keeps to see later whether it still holds.
  returned: without O(content)
  type: list
  elements: dict
  sample: [{slot: release, kind: file, path: /etc/garage.toml, size: 312, sha256: 40 more hex digits}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import config_release

SPEC: Spec = {
    "path": {"type": "path", "required": True},
    **{name: {"type": "str", "default": ""} for name in ("version", "source")},
    **{name: {"type": "path", "default": ""} for name in ("content", "like")},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    asked = module.params
    if asked["content"]:
        return config_release.write(asked["path"], asked["content"], asked["like"], module.check_mode)
    return config_release.activate(asked["path"], asked["version"], asked["source"], module.check_mode)


def main() -> None:
    serve(SPEC, answer, required_one_of=[("version", "content")], required_together=[("version", "source")])


if __name__ == "__main__":
    main()
