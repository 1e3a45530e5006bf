#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postgres_backup
short_description: Back up a PostgreSQL database at rest, prove the backup, restore it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Writes a dump in C(pg_dump)'s custom format and a manifest with the SHA-256 and the rows of each table, both for their owner alone.
  - A dump is there as a whole or not at all. One that is sound, and of what the tables hold now, is kept; one that is sound, and of what
    they held before, is kept under the time when it was taken.
  - It needs C(psql), C(pg_dump) and C(pg_restore) on this host.
extends_documentation_fragment:
  - uplift.datastores.lakefs.database
  - uplift.datastores.attributes
  - uplift.datastores.progress
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  state:
    description: What is wanted.
    type: str
    default: present
    choices:
      present: There is a sound dump of what the tables hold. Nobody may write to them meanwhile.
      proved: The dump has been restored into a scratch database, and the rows of every table compared with the manifest.
      restored: >-
        The database holds what the dump does. What was there is kept under the name C(<database>_uplift_<time>), or, where the account may
        not create databases, as the schema C(<schema>_uplift_<time>) of the same database. Nobody else may use it meanwhile. A dump of
        another database is refused.
  dest: {description: The dump. Its manifest lies next to it as C(<dest>.manifest.json)., type: path, required: true}
  at_rest:
    description: >-
      Of a database in use, the tables that nobody writes to: the rows of these are compared, of the others only that they are there. Empty
      means all.
    type: list
    elements: str
    default: []
  scratch:
    description: The connection string of an empty database to prove in. By default one is made, and dropped afterwards.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Back up the database of stopped servers
  uplift.datastores.postgres_backup:
    dsn: "{{ lakefs_settings.dsn }}"
    dest: /var/backups/uplift/lakefs.dump

- name: Prove that it can be restored
  uplift.datastores.postgres_backup:
    state: proved
    dsn: "{{ lakefs_settings.dsn }}"
    dest: /var/backups/uplift/lakefs.dump
"""

RETURN = r"""
archive: {description: The dump., returned: always, type: str, sample: /var/backups/uplift/lakefs.dump}
manifest: {description: Its manifest., returned: always, type: str, sample: /var/backups/uplift/lakefs.dump.manifest.json}
tables: {description: How many tables it holds., returned: always, type: int, sample: 1}
rows: {description: How many rows they have together., returned: always, type: int, sample: 22}
size: {description: Bytes of the dump., returned: always, type: int, sample: 133306}
schema: {description: "The version records of lakeFS in it.", returned: always, type: str, sample: SQL 38}
renamed_to:
  description: Where the sound dump of an earlier state is now; empty when there was none.
  returned: O(state=present)
  type: str
  sample: /var/backups/uplift/lakefs.dump.20261121T063829Z
method: {description: "Whether it was put back as a V(database) or as a V(schema).", returned: O(state=restored), type: str, sample: database}
sha256: {description: Its checksum., returned: always, type: str, sample: 03dc671bb3c7f1578e20c54f7d000446f72a6cc626d8f5423edd78dc2940f306}
proved: {description: Whether it was proved now., returned: O(state=proved), type: bool, sample: true}
replaced: {description: The name that the replaced database or schema has now., returned: O(state=restored), type: str, sample: lake_uplift_20261121063829417}
evidence:
  description: What it left, for the record of the operation.
  returned: always
  type: list
  elements: dict
  sample: [{kind: file, path: /var/backups/uplift/lakefs.dump, sha256: 03dc671bb3c7f1578e20c54f7d000446f72a6cc626d8f5423edd78dc2940f306}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database import Backup
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database_restore import restore
from ansible_collections.uplift.datastores.plugins.module_utils._backup.spec import DATABASE
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import written

SPEC = {
    **DATABASE,
    "state": {"type": "str", "default": "present", "choices": ["present", "proved", "restored"]},
    "dest": {"type": "path", "required": True},
    "at_rest": {"type": "list", "elements": "str", "default": []},
    "scratch": {"type": "str", "default": "", "no_log": True},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    progress = Progress(params["progress_file"])
    backup = Backup(LocalRunner(), parse(params["dsn"]), params["dest"], params["scratch"], progress, written)
    if params["state"] == "proved":
        return backup.prove()
    if params["state"] == "restored":
        return restore(backup, module.check_mode)
    return backup.present(module.check_mode, params["at_rest"])


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
