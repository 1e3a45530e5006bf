# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the program: look, decide, do, say."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import answers, config, server, writes
from .answers import OLDER_NEWER, TABLES_ONLY, Said
from .cases import SQL_SCHEMA, Asked, Case, decide
from .database import DROPPED, TOY, Database, Refused, State

# While this file is there, a migration waits as many seconds as it says in the middle: time to be killed in.
PAUSE = Path("/run/lab/lakefs-pause")


class Call:
    def __init__(self, argv: Sequence[str]) -> None:
        self.held = answers.load()
        self.version: str = self.held["version"]
        words = list(argv)
        self.file = ""
        for flag in ("-c", "--config"):
            if flag in words:
                place = words.index(flag)
                self.file = words[place + 1]
                del words[place : place + 2]
        self.words = words
        self.settings: dict[str, str] = {}

    def option(self, flag: str) -> str:
        return self.words[self.words.index(flag) + 1] if flag in self.words else ""

    def configure(self) -> Case | None:
        """The case that ends it, if the configuration does."""
        if self.file and not Path(self.file).is_file():
            return Case("migrate_up_missing_config")
        if not self.file:
            self.file, closed = searched(self.held["forms"])
            if closed:
                return Case("run_home_unreadable")
        known = [*self.held["known"], "database.type", "database.connection_string", "database.drop_tables",
                 "database.postgres.connection_string", "listen_address", "logging.output"]  # fmt: skip
        self.settings = config.load(self.file, os.environ, known)
        return Case("migrate_up_unknown_key") if self.wrong_keys() else None

    def wrong_keys(self) -> dict[str, list[str]]:
        """Of the file; of variables a release takes those that it knows."""
        held = config.parse(Path(self.file).read_text()) if self.file else {}
        return config.unknown(held, self.held["known"])

    @property
    def old(self) -> str:
        return self.settings.get("database.connection_string", "")

    @property
    def new(self) -> str:
        return self.settings.get("database.postgres.connection_string", "")

    def asked(self) -> Asked:
        return Asked(
            version=self.version,
            words=self.words,
            old=bool(self.old),
            new=bool(self.new) and self.settings.get("database.type") == "postgres",
            cataloger=self.settings.get("cataloger.type", ""),
            temporary=os.access(tempfile_directory(), os.W_OK),
            drop_tables=self.settings.get("database.drop_tables", "") == "true",
        )

    def databases(self) -> tuple[Database, Database]:
        """Where it reads the SQL era, and where the KV store is."""
        sql_only = self.version in TABLES_ONLY
        return Database(self.old or self.new), Database(self.old if sql_only else self.new or self.old)

    def say(self, name: str, place: dict[str, str], state: State | None = None) -> Said:
        if name not in self.held["cases"]:
            return Said(70, "", f"nobody captured this: {name} of {self.version}\n")
        case: dict[str, Any] = self.held["cases"][name]
        words = {"file": self.file or answers.LAB_FILE, "temporary": tempfile_directory()}
        said = answers.fitted(case, place, words)
        if state is not None and state.sql is not None:
            for was in OLDER_NEWER.get(self.version, ("37", "39")):
                if name.endswith(("older", "newer")) and state.sql != SQL_SCHEMA.get(self.version):
                    said = Said(said.rc, answers.numbered(said.out, was, str(state.sql)), said.err)
        output = os.environ.get("LAKEFS_LOGGING_OUTPUT", self.settings.get("logging.output", "-"))
        said, aside = answers.routed(said, case["output"], output, self.version)
        if aside:
            with Path("=").open("a") as handle:
                handle.write(aside)
        return said


def searched(forms: Mapping[str, Any]) -> tuple[str, bool]:
    """The file that the release finds by itself, and whether it may not open the last one it tries (L31)."""
    home, last = os.path.expanduser("~"), str(forms["last"])
    try:
        here = os.getcwd()
    except OSError:
        here = "/"
    for one in forms["places"]:
        path = one.format(home=home, here=here.rstrip("/"))
        try:
            if one == last:
                Path(path).open("rb").close()
            if os.path.isfile(path):
                return path, False
        except PermissionError:
            return path, True
        except OSError:
            continue
    return "", False


def tempfile_directory() -> str:
    return os.environ.get("TMPDIR") or "/tmp"


def wrong_key_said(said: Said, wrong: dict[str, list[str]]) -> Said:
    """The captured text with the keys that are wrong here; releases of the 1.x write sections as they stand."""
    recent = "decoding failed due to" in said.out + said.err

    def line(section: str, keys: list[str]) -> str:
        name = section if recent else section.split(".")[-1].capitalize()
        return f"\\n{'' if recent else '* '}'{name}' has invalid keys: {', '.join(keys)}"

    lines = "".join(line(section, keys) for section, keys in wrong.items())
    begin = "decoding failed due to the following error(s):" if recent else f"{len(wrong)} error(s) decoding:"
    text = f'error="{begin}\\n{lines}"'
    pattern = r'error="(decoding failed|\d+ error\(s\))[^"]*"'
    out, err = (re.sub(pattern, lambda _match: text, stream) for stream in (said.out, said.err))
    return Said(said.rc, out, err)


def main(argv: Sequence[str]) -> int:
    call = Call(argv)
    if call.words[:1] == ["--version"]:
        return spoken(call.say("version", {}))
    ended = call.configure()
    if ended:
        said = call.say(ended.name, {})
        return spoken(wrong_key_said(said, call.wrong_keys()) if ended.name.endswith("unknown_key") else said)
    source, store = call.databases()
    try:
        state = merged(source, store)
    except Refused as error:
        return spoken(down(call, store, str(error)))
    case = decide(call.asked(), state)
    said = call.say(case.name, store.place, state)
    for effect in case.effects:
        if effect in EFFECTS:
            EFFECTS[effect](call, source, store)
    if call.version == "0.30.0" and "migrate_db" in case.effects:
        said = migrated(said, call, source)
    return serve(call, source, store, said) if "serve" in case.effects and not said.rc else spoken(said)


def merged(source: Database, store: Database) -> State:
    """The two connection strings may point to different databases, and then each is asked for its own era."""
    first = source.state()
    if source.dsn == store.dsn:
        return first
    second = store.state()
    return State(**{**first.__dict__, **{name: getattr(second, name) for name in
                                         ("kv", "record", "users", "credentials", "basic")}})  # fmt: skip


def down(call: Call, store: Database, error: str) -> Said:
    """With the reason that there is: the captures have a refused connection."""
    words = {"run": "run", "version": "migrate_version", "db": "migrate_db"}
    command = next((name for word, name in words.items() if word in call.words), "migrate_up")
    said = call.say(f"{command}_db_down", store.place)
    fatal = re.search(r"FATAL: +(.*)", error)
    if not fatal:
        return said
    code = "3D000" if "does not exist" in fatal[1] else "28P01"
    text = f"server error (FATAL: {fatal[1]} (SQLSTATE {code}))"
    change = re.compile(r"dial error \(dial tcp [^)]*\)|dial tcp \S+ connect: connection refused")
    return Said(said.rc, change.sub(text, said.out), change.sub(text, said.err))


def spoken(said: Said) -> int:
    sys.stdout.write(said.out)
    sys.stdout.flush()
    sys.stderr.write(said.err)
    sys.stderr.flush()
    return said.rc


def serve(call: Call, source: Database, store: Database, said: Said) -> int:
    """The capture's last lines are those of its end."""
    whole = Said(
        0, re.sub(r'time=[^\n]*msg="shutting down[^\n]*\n', "", said.out), said.err.replace("Shutting down...\n", "")
    )
    spoken(whole)
    chosen = call.settings.get("cataloger.type") == "mvcc" and call.version == "0.30.0"
    era = "mvcc" if chosen or call.version == "0.22.0" else "sql" if call.version in TABLES_ONLY else "kv"
    store.started(call.version)
    return server.run(call.held, call.settings, store, era)


# What the commands do to the database.


def sql_up(call: Call, source: Database, _store: Database) -> None:
    held = source.state()
    if held.sql is None or held.sql < SQL_SCHEMA[call.version]:
        held_by = call.held
        source.make_sql_tables(held_by["tables"], SQL_SCHEMA[call.version], held_by["described"], held_by["gone"])


def goto(call: Call, source: Database, _store: Database) -> None:
    target = next((word for word in call.words if word.isdigit()), "")
    source.do(f"UPDATE schema_migrations SET version = {int(target)}, dirty = false")


def new_kv(_call: Call, _source: Database, store: Database) -> None:
    """`Removing KV table`: whatever is in it, when its record is 0 or missing."""
    store.do("DROP TABLE IF EXISTS kv CASCADE")
    store.make_kv()
    store.set_record(0)


def copy_a_part(_call: Call, source: Database, store: Database) -> None:
    lines = source.kept()
    store.fill_kv(lines[: len(lines) // 4])


def copy(_call: Call, source: Database, store: Database) -> None:
    """By way of files in TMPDIR, which a kill leaves there. The rows are the real ones that the lab has kept."""
    lines = source.kept()
    with tempfile.TemporaryDirectory(prefix="kv_migrate_", dir=tempfile_directory()) as directory:
        Path(directory, "graveler.json").write_text("\n".join(lines))
        half = len(lines) // 2
        store.fill_kv(lines[:half])
        if PAUSE.exists():
            time.sleep(float(PAUSE.read_text()))
        store.fill_kv(lines[half:])
    if not lines and {"graveler_repositories", "auth_users", "auth_credentials"} <= store.tables():
        store.do(TOY)


def drop_tables(_call: Call, source: Database, _store: Database) -> None:
    source.do(*(f"DROP TABLE {name} CASCADE" for name in sorted(source.tables()) if re.search(DROPPED, name)))


def migrate_db(call: Call, source: Database, _store: Database) -> None:
    """Commits become graveler's; what was not committed is gone; the mark is set whatever was left out."""
    pattern = call.option("--repository")
    chosen = f"r.name ~ '{pattern}'" if pattern else "true"
    source.do(
        "INSERT INTO graveler_repositories SELECT r.name, storage_namespace, creation_date, 'main' FROM"
        f" catalog_repositories r WHERE {chosen} ON CONFLICT DO NOTHING",
        "INSERT INTO graveler_branches SELECT r.name, b.name, '', md5(b.id::text) FROM catalog_branches b"
        f" JOIN catalog_repositories r ON r.id = b.repository_id WHERE {chosen} ON CONFLICT DO NOTHING",
        "INSERT INTO auth_installation_metadata VALUES ('migrate_timestamp', now()::text)"
        " ON CONFLICT (key_name) DO UPDATE SET key_value = now()::text",
    )
    writes.taken(source)


def migrated(said: Said, call: Call, source: Database) -> Said:
    """The captured repository's lines, once for each repository that there is."""
    if "--repository" in call.words:
        return said
    start = re.search(r"^(time=[^\n]*Start repository migrate|Migrate repository:)", said.out, re.M)
    end = re.search(r"^(time=[^\n]*update db migrate|Migrate completed)", said.out, re.M)
    if not start or not end:
        return said
    block = said.out[start.start() : end.start()]
    names = [row["name"] for row in source.rows("SELECT name FROM catalog_repositories ORDER BY 1")]
    blocks = "".join(re.sub(r"\brepo1\b", name, block) for name in names)
    text = said.out[: start.start()] + blocks + said.out[end.start() :]
    return Said(said.rc, re.sub(r"repositories_len=\d+", f"repositories_len={len(names)}", text), said.err)


def import_user(call: Call, _source: Database, store: Database) -> None:
    """The one user, or the one that `superuser` names, becomes basic authentication's only one."""
    user = call.option("--user-name")
    key = call.option("--access-key-id")
    who = f"'users/{user}'" if user else "(SELECT key FROM kv_v WHERE partition_key = 'auth' AND key LIKE 'users/%')"
    keys = f"uCredentials/{user or '%'}/credentials/{key or '%'}"
    store.do(
        "DELETE FROM kv WHERE partition_key = 'basicAuth'",
        "INSERT INTO kv SELECT 'basicAuth', 'users/superAdmin', value FROM kv_v"
        f" WHERE partition_key = 'auth' AND key = {who}",
        "INSERT INTO kv SELECT 'basicAuth', convert_to('uCredentials/superAdmin/credentials/' ||"
        " split_part(key, '/', 4), 'utf8'), value FROM kv_v WHERE partition_key = 'auth'"
        f" AND key LIKE '{keys}'",
    )


EFFECTS = {
    "sql_up": sql_up,
    "goto": goto,
    "open": lambda _call, _source, store: store.make_kv(),
    "new_kv": new_kv,
    "copy": copy,
    "copy_a_part": copy_a_part,
    "record_1": lambda _call, _source, store: store.set_record(1),
    "record_4": lambda _call, _source, store: store.set_record(4),
    "drop_tables": drop_tables,
    "migrate_db": migrate_db,
    "import": import_user,
}
