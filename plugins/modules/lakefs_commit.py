#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_commit
short_description: Commit what the branches of a lakeFS installation hold uncommitted
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - In check mode it says which branches have uncommitted changes.
extends_documentation_fragment:
  - uplift.datastores.lakefs.api
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  version: {description: The release that answers. Empty asks it; releases before 0.43 do not say., type: str, default: ''}
  text: {description: The message of the commits., type: str, default: Committed before an upgrade}
"""

EXAMPLES = r"""
- name: Commit everything before a migration
  uplift.datastores.lakefs_commit:
    url: http://127.0.0.1:8000
    access_key_id: "{{ key_id }}"
    secret_access_key: "{{ secret }}"
"""

RETURN = r"""
asked: {description: Whether there was an access key to ask with., returned: always, type: bool, sample: true}
uncommitted:
  description: Branches with uncommitted changes, as found.
  returned: success
  type: list
  elements: dict
  sample: [{repository: repo1, branch: main, changes: 2}]
without_commit:
  description: Branches of repositories that have no commit yet, as releases before 0.31.1 make them. All that they hold is uncommitted.
  returned: success
  type: list
  elements: str
  sample: [empty/main]
groups: {description: Groups of users that the release keeps., returned: success, type: list, elements: str, sample: [Admins, Viewers]}
policies: {description: Policies that the release keeps., returned: success, type: list, elements: str, sample: [FSReadAll]}
access_problem: {description: Why groups and policies could not be listed., returned: success, type: str, sample: ''}
namespaces: {description: Repositories and their storage namespaces., returned: success, type: dict, sample: {repo1: 'local://repo1'}}
commits:
  description: The commits that were made.
  returned: success
  type: list
  elements: dict
  sample: [{repository: repo1, branch: main, commit: fa6eec3562956305d96146dbb917925134c4f8612482dff29cd0b461b26c7a45}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.inventory import commit_all
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS_API

SPEC = {
    **LAKEFS_API,
    "version": {"type": "str", "default": ""},
    "text": {"type": "str", "default": "Committed before an upgrade"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return commit_all(module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
