#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_info
short_description: Ask a lakeFS server and its database where they stand
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Returns the binary's and the server's release, the version records of the database, what there is to lose in it, and who else uses it.
  - Nothing is created, locked or changed. C(lakefs migrate version) is never run, since it creates tables and may hang; the database
    is asked by SQL, with C(psql) of this host.
  - What is unknown is null, and RV(problems) says why. That is so for C(database.type) V(local) and V(dynamodb).
extends_documentation_fragment:
  - uplift.datastores.lakefs
  - uplift.datastores.lakefs.database
  - uplift.datastores.lakefs.api
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_lakefs
options:
  database_type: {description: "C(database.type) of the configuration.", type: str, default: postgres}
  discarded: {description: "Whether the data of releases before 0.30 is given up, so that RV(unfit) does not count it.", type: bool, default: false}
"""

EXAMPLES = r"""
- name: Where does this installation stand?
  uplift.datastores.lakefs_info:
    dsn: "{{ lakefs_settings.dsn }}"
    url: http://127.0.0.1:8000
  register: lakefs
"""

RETURN = r"""
not_itself:
  description:
    - The finding that the unit does not start lakeFS itself, but a container, or a script that leads to an unknown program.
    - Empty where it does.
  returned: always
  type: dict
  sample: {}
running: {description: Whether the unit's server runs., returned: always, type: bool, sample: true}
version: {description: The release that runs., returned: always, type: str, sample: 1.82.0}
binary_version: {description: The release at the unit's path., returned: always, type: str, sample: 1.82.0}
binary: {description: "The unit's program, or the image of the next start.", returned: always, type: str, sample: /usr/local/bin/lakefs}
program: {description: "The unit's program, or the one in a container's image.", returned: always, type: str, sample: /usr/local/bin/lakefs}
config_file: {description: The unit's configuration; empty when there is none., returned: always, type: str, sample: /etc/lakefs/config.yaml}
failure: {description: "Why the last start failed, by what it printed.", returned: always, type: str, sample: ''}
setup: {description: "C(initialized), C(not_initialized), C(unknown), or empty.", returned: always, type: str, sample: initialized}
answered_version: {description: "What the server says itself, where an access key is given.", returned: always, type: str, sample: 1.82.0}
database:
  description: The version records, repositories, users with the number of their keys, and what MVCC has left behind. Null when unknown.
  returned: always
  type: dict
  sample:
    tables: [kv]
    sql: null
    dirty: false
    record: '4'
    kv_rows: 22
    mvcc: []
    migrated_at: ''
    graveler: []
    namespaces: {}
    repositories: [repo1]
    users: {superAdmin: 1}
    basic_auth: true
    last_started: 1.82.0
    left_behind: []
schema:
  description: The era (C(mvcc), C(sql) or C(kv)) and its number. Null when unknown, or when the database is empty.
  returned: always
  type: dict
  sample: {era: kv, number: 4}
unfit:
  description: Why the release at the unit's path must not be started on this database; empty when it fits, or when that is unknown.
  returned: always
  type: str
  sample: ''
state_problem: {description: Why no release may be started on the database., returned: always, type: str, sample: ''}
server:
  description: >-
    The database's name, place, owner, size in bytes, whether the account may create others, and in C(rights) how it could put a dump back
    (C(method): C(database), C(schema), or empty), what it lacks for that, and what an administrator would run.
  returned: always
  type: dict
  sample:
    name: lake
    place: '127.0.0.1:5432/lake'
    account: lakefs
    owner: lakefs
    size: 11181415
    writes: 38
    createdb: true
    server: '15.18'
    rights:
      database: lake
      account: lakefs
      schema: public
      createdb: false
      owns_database: false
      owns_schema: false
      may_create: false
      extensions: []
      unreadable: []
      elsewhere: ''
      method: ''
      lacks: [may not create databases, does not own lake, does not own the schema public, may not create schemas in lake]
      statements: ['ALTER SCHEMA "public" OWNER TO "lakefs";', 'GRANT CREATE ON DATABASE "lake" TO "lakefs";']
sessions:
  description: Who else is connected to the database.
  returned: always
  type: list
  elements: dict
  sample: [{account: lakefs, application: '', address: 198.18.1.11, sessions: 25}]
led:
  description: Whether the server is a child of another program that the unit has started. How that ends tells nothing of the server.
  returned: always
  type: bool
  sample: false
mounting:
  description: What the unit mounts and unmounts around its program, a command each.
  returned: always
  type: list
  elements: str
  sample: []
closed:
  description: C(service) where the unit or container is held down, with the operation that it is held for.
  returned: always
  type: list
  elements: dict
  sample: [{thing: service, what: unit lakefs.service, operation: 20261121T031500Z-lakefs-1.84.0}]
problems:
  description: What could not be asked, by key and sentence.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.spec import DATABASE
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.info import gather
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS, LAKEFS_API
from ansible_collections.uplift.datastores.plugins.module_utils._operation.recovery import held_rows
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import workload
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.held import everything

SPEC = {
    **LAKEFS,
    **DATABASE,
    **LAKEFS_API,
    "database_type": {"type": "str", "default": "postgres"},
    "discarded": {"type": "bool", "default": False},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    unit, runner = module.params["unit"], LocalRunner()
    place = runtime_place.read(unit)
    name = str(place) if place.kind == runtime_place.KUBERNETES else place.name
    closed = held_rows(name, [*everything(), *workload.held(runner, unit)])
    return {"closed": closed, **gather(runner, module.params)}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
