# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an installation of today one of another era, or leaves it in a state that upgrades meet. By SQL, from outside.

`become` puts the real rows of the KV store aside, in a schema that no lakeFS looks into, and writes the tables of the
older era from what the API says. The emulated releases take the rows from there again, as their migration would have
made them: in the end a real release serves the data that a real one has written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from tests.lab import hosts, lakefs, release, release_build
from tests.lab import lakefs_forms as forms
from tests.lab import lakefs_manifest as manifest
from tests.lab.cluster import Cluster
from tests.lab.lakefs_api import Api, quoted
from tests.lab.lakefs_fill import Object, commit, door, noted
from tests.lab.proc import LabError, say

RECORD = "partition_key = 'kv-internal-metadata'::bytea AND key = 'kv/schema/version'::bytea"
# What follows upon what: the first of them with the rows put aside, the others by their own migration.
LADDER = {"0.80.2": ["migrate", "up"], "0.103.0": ["migrate", "up", "--force"], "1.52.0": ["migrate", "up"]}
# Schemas whose releases nobody captured: the record is written, and a release that was never seen stands in.
WRITTEN = {"0.98.0": "schema-2", "0.99.0": "schema-3"}
MVCC = ("0.22.0", "0.30.0")
ERAS = (*MVCC, "0.70.6", "0.80.2", *WRITTEN, "0.103.0", "1.52.0")
SECOND = "bob"
# One row of basic authentication is one of the older partition under the user's name: their contents are alike.
SCHEMA = "CREATE SCHEMA emulator;"
ASIDE = f"""CREATE TABLE emulator.{{table}} AS SELECT * FROM kv WHERE NOT ({RECORD});
UPDATE emulator.{{table}} SET partition_key = 'auth',
 key = convert_to(replace(convert_from(key, 'utf8'), 'superAdmin', 'admin'),
 'utf8') WHERE partition_key = 'basicAuth'::bytea;
"""
GONE = "DROP VIEW kv_v; DROP TABLE kv;"
# What a client uploads to a release before 0.30 in the middle of an upgrade.
LATE = Object("lake", "late/while it ran", 4_321, 99_999)
INSTALLATION = """INSERT INTO auth_installation_metadata VALUES ('installation_id', gen_random_uuid()::text),
 ('setup_timestamp', now()::text) ON CONFLICT DO NOTHING;
"""
ANOTHER_USER = f"""INSERT INTO {{table}} SELECT partition_key, convert_to(replace(convert_from(key, 'utf8'),
 'users/admin', 'users/{SECOND}'), 'utf8'), value FROM {{table}} WHERE convert_from(key, 'utf8') = 'users/admin';
"""
STATES = {
    **{f"schema-{n}": f"UPDATE kv SET value = '{n}' WHERE {RECORD};" for n in range(6)},
    "junk": f"UPDATE kv SET value = 'abc' WHERE {RECORD};",
    "no-record": f"DELETE FROM kv WHERE {RECORD};",
    "dirty": "UPDATE schema_migrations SET dirty = true;",
    "clean": "UPDATE schema_migrations SET dirty = false;",
}


def as_owner(cluster: Cluster, *statements: str) -> None:
    lakefs.sql(cluster, f"SET ROLE {forms.DATABASE};\n" + "\n".join(statements))


def set_state(cluster: Cluster, name: str) -> None:
    if name not in STATES:
        raise LabError(f"state {name!r}: wanted one of {', '.join(STATES)}")
    as_owner(cluster, STATES[name])
    say(f"the database of {cluster.name} is in the state {name}")


def kept(api: Api, info: dict[str, Any]) -> dict[str, Any]:
    """What an emulated server says of a repository."""
    where = f"/repositories/{info['id']}"
    branches, tags = list(api.listed(f"{where}/branches")), list(api.listed(f"{where}/tags"))
    refs = sorted({ref for one in (*branches, *tags) for ref in (one["id"], one["commit_id"])})
    return {
        "info": info,
        "branches": branches,
        "tags": tags,
        "protection": api.call("GET", f"{where}/settings/branch_protection"),
        "diff": {one["id"]: list(api.listed(f"{where}/branches/{one['id']}/diff")) for one in branches},
        "commits": {ref: list(api.listed(f"{where}/refs/{ref}/commits")) for ref in refs},
        "objects": {ref: {o["path"]: o for o in api.listed(f"{where}/refs/{ref}/objects/ls")} for ref in refs},
    }


def facts(cluster: Cluster) -> dict[str, Any]:
    api = door(cluster)
    digest = hashlib.sha256(api.secret.encode()).hexdigest()
    return {"keys": {api.key: digest}, "repositories": [kept(api, info) for info in api.listed("/repositories")]}


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def users(known: dict[str, Any], second: bool) -> str:
    names = ["admin", *([SECOND] if second else [])]
    made = [f"INSERT INTO auth_users (created_at, display_name) VALUES (now(), '{name}');" for name in names]
    key = literal(next(iter(known["keys"])))
    return "\n".join([*made, f"INSERT INTO auth_credentials VALUES ({key}, '', now(), 1);", INSTALLATION])


def sql_rows(known: dict[str, Any]) -> str:
    lines = []
    for one in known["repositories"]:
        info = {key: literal(str(value)) for key, value in one["info"].items()}
        words = f"{info['id']}, {info['storage_namespace']}, now(), {info['default_branch']}"
        lines.append(f"INSERT INTO graveler_repositories VALUES ({words});")
        for table, rows, more in (("branches", one["branches"], " '',"), ("tags", one["tags"], "")):
            lines += [
                f"INSERT INTO graveler_{table} VALUES ({info['id']}, {literal(row['id'])},{more}"
                f" {literal(row['commit_id'])});"
                for row in rows
            ]
        for branch, changes in one["diff"].items():
            token = literal(f"{one['info']['id']}-{branch}")
            lines.append(f"UPDATE graveler_branches SET staging_token = {token} WHERE repository_id = {info['id']}"
                         f" AND id = {literal(branch)};")  # fmt: skip
            for change in changes:
                data = "NULL" if change["type"] == "removed" else "'\\x00'"
                path = f"convert_to({literal(change['path'])}, 'utf8')"
                lines.append(f"INSERT INTO graveler_staging_kv VALUES ({token}, {path}, '\\x00', {data});")
    return "\n".join(lines)


# The names that a real release has given to what a branch holds uncommitted.
NAMED = "\n".join(
    f"""UPDATE {table} SET staging_token = coalesce((SELECT max(convert_from(partition_key, 'utf8')) FROM emulator.kv
 WHERE convert_from(partition_key, 'utf8') LIKE staging_token || ':%'), staging_token);"""
    for table in ("graveler_staging_kv", "graveler_branches")
)


def mvcc_rows(known: dict[str, Any]) -> str:
    lines = []
    for number, one in enumerate(known["repositories"], 1):
        info = {key: literal(str(value)) for key, value in one["info"].items()}
        words = f"{number}, {info['id']}, {info['storage_namespace']}, now(), 1"
        lines.append(f"INSERT INTO catalog_repositories VALUES ({words});")
        for branch in one["branches"]:
            name = literal(branch["id"])
            lines.append(f"INSERT INTO catalog_branches (repository_id, name) VALUES ({number}, {name});")
            this = f"(SELECT id FROM catalog_branches WHERE repository_id = {number} AND name = {name})"
            lines += [
                "INSERT INTO catalog_commits (branch_id, commit_id, previous_commit_id, committer, message)"
                f" SELECT {this}, coalesce(max(commit_id), 0) + 1, coalesce(max(commit_id), 0),"
                f" {literal(commit['committer'])}, {literal(commit['message'])} FROM catalog_commits;"
                for commit in reversed(one["commits"][branch["id"]])
            ]
            lines += [
                "INSERT INTO catalog_entries (branch_id, path, physical_address, size, checksum, min_commit) VALUES"
                f" ({this}, {literal(path)}, {literal(stat['physical_address'])}, {stat['size_bytes']},"
                f" {literal(stat['checksum'])}, 1);"
                for path, stat in one["objects"][branch["id"]].items()
            ]
    return "\n".join(lines)


def old_settings(version: str, settings: forms.Settings, both: bool = False) -> str:
    """With the key of 0.30's own that its successors do not know, or with old key and new section at once."""
    text = forms.config(version, settings)
    if version == "0.30.0":
        text += 'cataloger:\n  type: "mvcc"\n'
    return text.replace("database:\n", f'database:\n  connection_string: "{settings.dsn}"\n') if both else text


def put(cluster: Cluster, version: str, both: bool = False) -> None:
    settings, form = lakefs.settings(cluster), cluster.product["form"]
    for host in lakefs.instances(cluster):
        lakefs.put_binary(host, version)
        if form != "plain":
            lakefs.put_config(host, form, version, settings)
            continue
        text = old_settings(version, settings, both)
        owned = [["chown", "root:lakefs", forms.CONFIG], ["chmod", "640", forms.CONFIG]]
        hosts.must(host, owned, files={forms.CONFIG: text})


def call(cluster: Cluster, *words: str) -> str:
    """The program by hand, once, on the first instance's host."""
    where = ["env", "--chdir=/var/lib/lakefs", "runuser", "-u", "lakefs", "--"]
    return hosts.must(lakefs.instances(cluster)[0], [[*where, forms.BINARY, "-c", forms.CONFIG, *words]])[0]


def commit_all(cluster: Cluster) -> None:
    """For 0.30.0, which would lose it: what branches hold uncommitted is committed, and the manifest follows."""
    api, held = door(cluster), manifest.load(cluster)
    for name, repository in held["facts"]["repositories"].items():
        for branch in (branch for branch, changes in repository["uncommitted"].items() if changes):
            commit(api, name, branch, "what was left")
    manifest.save(cluster, {**held, "facts": manifest.facts(api)})


def keep_late(cluster: Cluster) -> dict[str, Any]:
    """What a real release makes of one more object, beside what there is without it: the emulated ones take either."""
    api, held = door(cluster), manifest.load(cluster)
    as_owner(cluster, ASIDE.format(table="kv"))
    api.upload(LATE.repository, "main", LATE.path, LATE.body)
    commit(api, LATE.repository, "main", "late")
    info = next(info for info in api.listed("/repositories") if info["id"] == LATE.repository)
    after = kept(api, info)
    as_owner(cluster, ASIDE.format(table="kv_late"))
    manifest.save(cluster, {**held, "late": manifest.facts(api)})
    stat, made = after["objects"]["main"][LATE.path], after["commits"]["main"][0]
    place = {"repository": LATE.repository, "branch": "main", "path": LATE.path}
    return {**place, "stat": stat, "commit": made, "facts": after}


def late(cluster: Cluster, what: str) -> str:
    """A client of a release before 0.30 uploads the one object that its emulator knows, commits it, or reads it."""
    api = door(cluster)
    branch = f"/repositories/{LATE.repository}/branches/main"
    if what == "upload":
        parts = b'--uplift\r\nContent-Disposition: form-data; name="content"; filename="late"\r\n\r\n'
        body = parts + LATE.body + b"\r\n--uplift--\r\n"
        where = f"/api/v1{branch}/objects?path={quoted(LATE.path)}"
        api.send("POST", where, body, "multipart/form-data; boundary=uplift")
    elif what == "commit":
        commit(api, LATE.repository, "main", "late")
        held = manifest.load(cluster)
        objects = [*held["objects"], noted("main", LATE)]
        manifest.save(cluster, {**held, "facts": held["late"], "objects": objects})
    elif api.object(LATE.repository, "main", LATE.path) != LATE.body:
        raise LabError(f"{LATE.path} reads otherwise than it was written")
    changes = [one["path"] for one in api.listed(f"{branch}/diff")]
    return f"{LATE.path} of {LATE.repository}/main is {'not ' if LATE.path in changes else ''}committed"


def become(cluster: Cluster, version: str, two_users: bool = False) -> Cluster:
    if cluster.product["form"] == forms.DOCKER:
        raise LabError(f"become {version}: {cluster.name} has containers; wanted units, in the form plain")
    if version in release_build.LAKEFS_MODULES:
        return replaced(cluster, version)
    if version not in ERAS or cluster.product["form"] != "plain":
        raise LabError(f"become {version}: wanted one of {', '.join(ERAS)}, of an installation of the form plain")
    steps = [step for step in LADDER if ERAS.index(step) <= ERAS.index(version)]
    first = version if version in MVCC else "0.70.6"
    for one in {first, version, *steps}:
        release.get("lakefs", one)
    if first in MVCC:
        commit_all(cluster)
    known = facts(cluster)
    as_owner(cluster, SCHEMA)
    if first in MVCC:
        known["late"] = keep_late(cluster)
    lakefs.control(cluster, "stop")
    if first not in MVCC:
        as_owner(cluster, ASIDE.format(table="kv"))
    tables = ["kv", "kv_late"] if first in MVCC else ["kv"]
    as_owner(cluster, GONE, *(ANOTHER_USER.format(table=f"emulator.{one}") for one in tables if two_users))
    as_owner(cluster, f"CREATE TABLE emulator.facts AS SELECT {literal(json.dumps(known))}::jsonb AS body;")
    put(cluster, first)
    call(cluster, "migrate", "up")
    rows = mvcc_rows(known) if first in MVCC else sql_rows(known)
    as_owner(cluster, users(known, two_users), rows, "" if first in MVCC else NAMED)
    for step in steps:
        put(cluster, step, both=step == "0.80.2")
        call(cluster, *LADDER[step])
    if version in WRITTEN:
        set_state(cluster, WRITTEN[version])
    return replaced(cluster, version)


def replaced(cluster: Cluster, version: str) -> Cluster:
    """Program and configuration of that release, on the database as it is."""
    release.get("lakefs", version)
    lakefs.control(cluster, "stop")
    put(cluster, version)
    lakefs.control(cluster, "start")
    lakefs.wait_until_healthy(cluster)
    made = replace(cluster, product={**cluster.product, "release": version})
    made.save()
    return made
