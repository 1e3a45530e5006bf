# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an installation of today one of another era, or leaves it in a state that upgrades meet. By SQL, from outside.

`become` renames the real rows of the KV store, in a schema that no lakeFS looks into, and writes the tables of the
older era from what the API says. The emulated releases take the rows from there again, as their migration would have
made them: in the end a real release serves the data that a real one has written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from tests.lab import hosts, lakefs, lakefs_table, release, release_build
from tests.lab import lakefs_forms as forms
from tests.lab import lakefs_manifest as manifest
from tests.lab.cluster import Cluster
from tests.lab.lakefs_api import Api, quoted
from tests.lab.lakefs_fill import Object, commit, door, noted
from tests.lab.proc import LabError, say

RECORD = "partition_key = 'kv-internal-metadata'::bytea AND key = 'kv/schema/version'::bytea"
# What follows upon what: the first of them with the rows renamed, the others by their own migration.
LADDER = {"0.80.2": ["migrate", "up"], "0.103.0": ["migrate", "up", "--force"], "1.52.0": ["migrate", "up"]}
# Schemas whose releases nobody captured: the record is written, and a release that was never seen stands in.
WRITTEN = {"0.98.0": "schema-2", "0.99.0": "schema-3"}
MVCC = ("0.22.0",)
SQL = ("0.30.0", "0.55.0", "0.70.6")  # 0.30.0: after its own migration of what was before
ERAS = (*MVCC, *SQL, "0.80.2", *WRITTEN, "0.103.0", "1.52.0")
USERS = ("admin", "bob", "carol")
GROUP = "Analysts"  # made by its operators, next to lakeFS's own
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
ANOTHER_USER = """INSERT INTO {table} SELECT partition_key, convert_to(replace(convert_from(key, 'utf8'),
 'users/admin', 'users/{name}'), 'utf8'), value FROM {table} WHERE convert_from(key, 'utf8') = 'users/admin';
"""
IN_KV = "INSERT INTO {table} VALUES ('auth', convert_to('groups/{name}', 'utf8'), '');"
# Made without a first commit, as 0.30.0 and 0.31.0 make repositories: nothing in it, and uploads alone.
BLANK, DRAFT = "blank", "draft"
DRAFTS = [Object(DRAFT, path, 40 + seed, 77_000 + seed) for seed, path in enumerate(("f/1", "f/2", "g.txt"))]
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
        raise LabError(f"state {name!r}: expected one of {', '.join(STATES)}")
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


def users(known: dict[str, Any], count: int) -> str:
    """The administrator, and others in a group of their own."""
    made = [f"INSERT INTO auth_users (created_at, display_name) VALUES (now(), '{name}');" for name in USERS[:count]]
    groups = [f"INSERT INTO auth_groups (created_at, display_name) VALUES (now(), '{name}');" for name in named(count)]
    inside = f"""INSERT INTO auth_user_groups SELECT u.id, g.id FROM auth_users u, auth_groups g WHERE
 g.display_name = CASE u.display_name WHEN 'admin' THEN 'Admins' ELSE '{GROUP}' END;"""
    key = literal(next(iter(known["keys"])))
    return "\n".join(
        [*made, *groups, inside, f"INSERT INTO auth_credentials VALUES ({key}, '', now(), 1);", INSTALLATION]
    )


def named(count: int) -> list[str]:
    """The groups of an installation with so many users."""
    return [*lakefs_table.TABLE.OWN_GROUPS, *([GROUP] if count > 1 else [])]


def make_drafts(cluster: Cluster) -> None:
    """By a real release, which makes a first commit; `uncommitted_only` takes it away again."""
    api = door(cluster)
    for name in (BLANK, DRAFT):
        body = {"name": name, "storage_namespace": f"local://{name}", "default_branch": "main"}
        api.call("POST", "/repositories", body)
    for thing in DRAFTS:
        api.upload(DRAFT, "main", thing.path, thing.body)
    held = manifest.load(cluster)
    now = manifest.facts(api)
    for name in (BLANK, DRAFT):
        now["repositories"][name] |= {"branches": {"main": ""}, "commits": {"main": []}}
    objects = [*held["objects"], *(noted("main", thing) for thing in DRAFTS)]
    manifest.save(cluster, {**held, "facts": now, "objects": objects})


def uncommitted_only(known: dict[str, Any]) -> dict[str, Any]:
    """What a server says of repositories that have no commit."""
    for one in known["repositories"]:
        if one["info"]["id"] in (BLANK, DRAFT):
            one["branches"] = [{**branch, "commit_id": ""} for branch in one["branches"]]
            one["commits"] = {}
            one["objects"] = {"main": one["objects"]["main"]}
    return known


def without_commit(cluster: Cluster, table: str) -> None:
    """The rows of a migrated branch that has none: its record without the field of its head, and no commit."""
    where = f"convert_from(partition_key, 'utf8') ~ '^({BLANK}|{DRAFT})-'"
    text = f"SELECT concat_ws(' ', encode(partition_key, 'hex'), encode(value, 'hex')) FROM {table} WHERE {where}"
    rows = lakefs.sql(cluster, f"{text} AND key = 'branches/main';")[0].split("\n")
    found = [line.split() for line in rows if " " in line]
    if len(found) != 2:
        raise LabError(f"{table} has {len(found)} branches of {BLANK} and {DRAFT}; expected 2")
    for partition, value in found:
        left = without_field(bytes.fromhex(value), 2).hex()
        change = f"UPDATE {table} SET value = decode('{left}', 'hex') WHERE key = 'branches/main'"
        as_owner(cluster, f"{change} AND partition_key = decode('{partition}', 'hex');")
    as_owner(cluster, f"DELETE FROM {table} WHERE {where} AND convert_from(key, 'utf8') LIKE 'commits/%';")


def without_field(message: bytes, number: int) -> bytes:
    """A protobuf message without one of its fields; of strings, numbers and messages."""
    kept, at = b"", 0
    while at < len(message):
        tag, after = varint(message, at)
        kind = tag & 7
        size, end = varint(message, after)
        end = end + size if kind == 2 else {0: end, 1: after + 8, 5: after + 4}[kind]
        kept += message[at:end] if tag >> 3 != number else b""
        at = end
    return kept


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where it has ended."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


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
    """For 0.80.2 with old key and new section at once."""
    text = forms.config(version, settings)
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
    """What a real release makes of one more object, next to what there is without it: the emulated ones take either."""
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


def become(cluster: Cluster, version: str, people: int = 1, drafts: bool = False) -> Cluster:
    """`people`: users, the others in a group that their operators made. `drafts`: repositories without a commit."""
    if cluster.product["form"] == forms.DOCKER:
        raise LabError(f"become {version}: {cluster.name} has containers; expected units, in the form plain")
    if version in release_build.LAKEFS_MODULES:
        return replaced(cluster, version)
    if version not in ERAS or cluster.product["form"] != "plain":
        raise LabError(f"become {version}: expected one of {', '.join(ERAS)}, of an installation of the form plain")
    steps = [step for step in LADDER if ERAS.index(step) <= ERAS.index(version)]
    first = version if version in (*MVCC, *SQL) else "0.70.6"
    if drafts and version not in SQL:
        raise LabError(f"become {version}: repositories without a commit are of {', '.join(SQL)}")
    for one in {first, version, *steps}:
        release.get("lakefs", one)
    if first in MVCC:
        commit_all(cluster)
    if drafts:
        make_drafts(cluster)
    known = uncommitted_only(facts(cluster))
    as_owner(cluster, SCHEMA)
    if first in MVCC:
        known["late"] = keep_late(cluster)
    lakefs.control(cluster, "stop")
    if first not in MVCC:
        as_owner(cluster, ASIDE.format(table="kv"))
    if drafts:
        without_commit(cluster, "emulator.kv")
    for table in ("emulator.kv", "emulator.kv_late") if first in MVCC else ("emulator.kv",):
        as_owner(cluster, *(ANOTHER_USER.format(table=table, name=name) for name in USERS[1:people]))
        as_owner(cluster, *(IN_KV.format(table=table, name=name) for name in named(people)))
    as_owner(cluster, GONE)
    as_owner(cluster, f"CREATE TABLE emulator.facts AS SELECT {literal(json.dumps(known))}::jsonb AS body;")
    put(cluster, first)
    call(cluster, "migrate", "up")
    rows = mvcc_rows(known) if first in MVCC else sql_rows(known)
    as_owner(cluster, users(known, people), rows, "" if first in MVCC else NAMED)
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
