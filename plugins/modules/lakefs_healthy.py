#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_healthy
short_description: Wait until a lakeFS server has come up and sees its data
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Asks the one page that touches the database, since the health pages answer with the database down as well, and with an access key the
    list of repositories and the release.
  - Releases before 0.56 have no such page. There the list of repositories decides, and without an access key that the server answers at all.
  - A server that offers to set up a new installation fails at once.
extends_documentation_fragment:
  - uplift.datastores.lakefs.api
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_lakefs
options:
  unit: {description: "The systemd unit, V(docker:NAME), or V(kubernetes:NAMESPACE/DEPLOYMENT).", type: str, default: lakefs.service}
  version: {description: The release that should answer. Empty means any., type: str, default: ''}
  timeout: {description: Seconds in which it has to come up., type: float, default: 120}
"""

EXAMPLES = r"""
- name: Wait until it is up
  uplift.datastores.lakefs_healthy:
    url: http://127.0.0.1:8000
    version: 1.84.0
"""

RETURN = r"""
seconds: {description: How long it took., returned: success, type: float, sample: 2.5}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.health import wait
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS_API

SPEC = {
    **LAKEFS_API,
    "unit": {"type": "str", "default": "lakefs.service"},
    "version": {"type": "str", "default": ""},
    "timeout": {"type": "float", "default": 120},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return wait(LocalRunner(), module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
