#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_config_check
short_description: Let a release of lakeFS read a configuration, and nothing else
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Starts the release with the configuration and with an address of the database that nobody serves. It gets as far as that address when
    every key is known to it, and stops before when one is not. No database is touched.
  - The account of a systemd unit has to be let where that release makes its cache (C(committed.local_cache.dir), by default below its home).
extends_documentation_fragment:
  - uplift.datastores.lakefs
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
"""

EXAMPLES = r"""
- name: Does the new release take the new configuration?
  uplift.datastores.lakefs_config_check:
    binary: /usr/local/bin/lakefs-1.84.0
    config_file: /etc/lakefs/config.uplift-1.84.0.yaml
"""

RETURN = r"""
version: {description: The release., returned: success, type: str, sample: 1.84.0}
said: {description: How far it got., returned: success, type: str, sample: 'Failed to open KV store: connect failed'}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import reads
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.where import from_unit

SPEC = LAKEFS


def answer(module: AnsibleModule) -> dict[str, Any]:
    return reads(from_unit(LocalRunner(), module.params))


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
