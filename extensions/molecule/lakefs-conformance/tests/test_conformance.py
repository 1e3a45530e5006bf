# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every captured command and start is done again, in the state in which it was captured, and has to end alike.

1.82.0 and 1.84.0 are the real programs; the others are the lab's emulator, which is held to the same captures.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT))

from tests.lab import cluster as clusters  # noqa: E402
from tests.lab import hosts, lakefs, lakefs_states, release  # noqa: E402
from tests.lab import lakefs_forms as forms  # noqa: E402
from tests.lab.proc import run  # noqa: E402

CAPTURES = ROOT / "tests/unit/fixtures/lakefs"
VERSIONS = ("0.30.0", "0.55.0", "0.70.6", "0.80.2", "0.103.0", "1.52.0", "1.82.0", "1.84.0")
RECORD = "UPDATE kv SET value = '{}' WHERE " + lakefs_states.RECORD + ";"
# What two rounds of captures call alike and were not, by release and case, before the table below.
OLDER = "UPDATE schema_migrations SET version = {};"
DIRTY = "UPDATE schema_migrations SET dirty = true;"
NAMED = (
    (r"(0\.30\.0|0\.55\.0)/\w+_newer", "made70", ""),
    (r"0\.30\.0/\w+_older", "made30", OLDER.format(20)),
    (r"0\.30\.0/\w+_dirty", "made30", DIRTY),
    (r"0\.30\.0/(migrate_up_unknown_key|run_set_up)", "made30", ""),
    (r"0\.55\.0/\w+_older", "made55", OLDER.format(34)),
    (r"0\.55\.0/\w+_dirty", "made55", DIRTY),
    (r"0\.55\.0/(migrate_up_unknown_key|migrate_up_log_equals|run_set_up)", "made55", ""),
    (r"0\.55\.0/(migrate_db|migrate_up_current|migrate_version_current)", "bare55", ""),
    (r"0\.\d+\.\d/\w+_no_commit", "made30", ""),
    (r"1\.84\.0/\w+_no_commit", "made80", ""),
)
# Which database a captured state is: (words in its description, template, SQL after it), the first that fits.
STATES = (
    (r"database empty|Nothing listens|No configuration (and|file and)", "empty", ""),
    (r"does not exist\.|port 5x432|another password", "empty", ""),
    (r"never set up", "opened", ""),
    (r"Installation of 0\.30\.0 after its migrate db|after migrate_db_(again|success)", "mvcc_done", ""),
    (r"MVCC", "mvcc", ""),
    (r"set to 39", "sql", "UPDATE schema_migrations SET version = 39;"),
    (r"not set up", "sql_bare", ""),
    (r"Going down", "sql", ""),
    (r"SQL schema 37", "sql", "UPDATE schema_migrations SET version = 37;"),
    (r"dirty flag", "sql", "UPDATE schema_migrations SET dirty = true;"),
    (r"auth_users was dropped", "sql", "DROP TABLE auth_users CASCADE;"),
    (r"After migrate_up_tmpdir", "sql", "failed"),
    (r"two users \(admin, bob\)", "sql_two", ""),
    (r"^(Installation of 0\.70|SQL schema 38)|other releases; SQL|other releases\. Inst", "sql", ""),
    (r"After migrate_up_success|After migrate up of 0\.80\.2", "kv1", ""),
    (r"set to (\w+) by SQL, newer than the binary|set to (\w+) by SQL", "kv4", RECORD),
    (r"record 1 .*two users", "kv1_two", ""),
    (r"record 1 ", "kv1", ""),
    (r"superuser_import|imported by superuser", "imported", ""),
    (r"two users|after migrate_up_force", "kv1_two", RECORD.format(4)),
    (r"First start|first start|imported at this start|One user of the SQL era", "kv1", RECORD.format(4)),
    (r"KV schema record 4|Subcommand of later|knows|know\.|old key database", "kv4", ""),
    (r"cataloger", "sql", ""),
)  # fmt: skip
# The task works on objects with encoded names that this state does not have; a busy port is the lab's own matter.
# Which file is read is held to its captures by the unit tests, which need no database.
LEFT_OUT = re.compile(r"migrate_task_run(?!_unknown)|run_port_busy|migrate_up_already_migrated_new_section_only"
                      r"|migrate_up_tmpdir_unwritable|run_new_section_only"
                      r"|config_order_|run_(home|cwd|fallback)_")  # fmt: skip
# What ends a call before it has opened a database.
BLIND = re.compile(r'level=fatal msg="Load config"|Missing database\.connection_string')
AGENT = """
import json, os, subprocess, sys, time, urllib.request
jobs, answers = json.load(sys.stdin), []
for job in jobs:
    for path, text in job["files"].items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write(text)
    os.makedirs(job["cwd"], exist_ok=True)
    process = subprocess.Popen(job["argv"], cwd=job["cwd"], env=job["env"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    up, end = False, time.monotonic() + 60
    while job["serves"] and process.poll() is None and time.monotonic() < end and not up:
        try:
            up = urllib.request.urlopen("http://127.0.0.1:18000/_health", timeout=5).status == 200
        except OSError:
            time.sleep(0.1)
    if up:
        process.terminate()
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    aside = os.path.join(job["cwd"], "=")
    answers.append({"rc": process.returncode, "stdout": out, "stderr": err, "up": up, "aside": os.path.exists(aside)})
json.dump(answers, sys.stdout)
"""
AFTER = """SELECT json_build_object(
 'kv', to_regclass('kv') IS NOT NULL,
 'sql', to_regclass('schema_migrations') IS NOT NULL,
 'graveler', to_regclass('graveler_repositories') IS NOT NULL,
 'catalog', to_regclass('catalog_repositories') IS NOT NULL);"""


def captured() -> list[Any]:
    found = []
    for version in VERSIONS:
        for path in sorted((CAPTURES / version).glob("*.yml")):
            case = yaml.safe_load(path.read_text(encoding="utf-8"))
            if case.get("argv", [""])[0] == "lakefs" and not LEFT_OUT.search(path.stem):
                found.append(pytest.param(case, id=f"{version}-{path.stem}"))
    return found


CASES = captured()


def state_of(case: dict[str, Any]) -> tuple[str, str]:
    """The template and the SQL after it."""
    name = f"{case['version']}/{case['case']}"
    for pattern, template, sql in NAMED:
        if re.fullmatch(pattern, name):
            return template, sql
    for words, template, sql in STATES:
        if match := re.search(words, case["state"]):
            number = next((one for one in match.groups() if one), "") if match.groups() else ""
            return template, sql.format(number) if "{}" in sql else sql
    raise AssertionError(f"no database is made for the state {case['state']!r}")


class Bench:
    """One host with PostgreSQL, one with the programs."""

    def __init__(self, name: str) -> None:
        self.cluster = clusters.load(name)
        self.host = lakefs.instances(self.cluster)[0]
        self.settings = lakefs.settings(self.cluster)
        hosts.must(self.host, [["mkdir", "-p", "/lab/bin"]])
        for version in VERSIONS:
            path = release.get("lakefs", version)
            hosts.put(self.host, str(path), f"/lab/bin/lakefs-{version}")

    def dsn(self, database: str) -> str:
        return self.settings.dsn.replace(f"/{forms.DATABASE}?", f"/{database}?")

    def create(self, database: str, template: str, sql: str = "") -> str:
        made = f"DROP DATABASE IF EXISTS {database};\nCREATE DATABASE {database} TEMPLATE {template};"
        made += f"\nALTER DATABASE {database} OWNER TO {forms.DATABASE};"
        return made + (f"\n\\c {database}\nSET ROLE {forms.DATABASE};\n{sql}\n\\c postgres" if sql else "")

    def sql(self, *statements: str, database: str = "postgres") -> str:
        return lakefs.sql(self.cluster, "\n".join(statements), name=database)[0]

    def config(self, version: str, database: str, both: bool = False) -> str:
        settings = forms.Settings(self.dsn(database), self.settings.secret_key)
        text = lakefs_states.old_settings(version, settings, both).replace("0.0.0.0:8000", "127.0.0.1:18000")
        return text.replace(forms.BLOCKS, "/lab/data")

    def job(self, version: str, words: list[str], config: str, number: int, **environment: str) -> dict[str, Any]:
        folder = f"/lab/case{number}"
        file = f"{folder}/lakefs.yaml"
        return {
            "argv": [f"/lab/bin/lakefs-{version}", *(file if word == "/lab/lakefs.yaml" else word for word in words)],
            "env": {"PATH": os.environ["PATH"], "HOME": f"{folder}/home", "TMPDIR": "/tmp", **environment},
            "cwd": folder,
            "files": {file: config} if config else {},
            "serves": words[-1:] == ["run"],
        }

    def do(self, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        argv = ["docker", "exec", "-i", self.host.container, "python3", "-I", "-c", AGENT]
        found: list[dict[str, Any]] = json.loads(run(argv, stdin=json.dumps(jobs), timeout=900).stdout)
        return found

    def once(self, version: str, database: str, *words: str, both: bool = False) -> None:
        """One step on the way to a template; it has to go well."""
        config = self.config(version, database, both)
        answer = self.do([self.job(version, ["-c", "/lab/lakefs.yaml", *words], config, 0)])[0]
        assert answer["rc"] == 0 and (words != ("run",) or answer["up"]), answer


def templates(bench: Bench) -> None:
    """Real rows from the real release of this installation, renamed, and led through the eras."""
    bench.sql(bench.create("empty", "template0"))
    known = {"keys": {"KEY": ""}, "repositories": []}
    users = {name: lakefs_states.users(known, people) for name, people in (("sql", 1), ("sql_two", 2))}
    repository = "('repo1', 'local://repo1', now(), 'main')"
    catalog = "INSERT INTO catalog_repositories VALUES (1, 'repo1', 'local://mrepo1', now(), 1);"
    bench.sql(
        bench.create(
            "aside", forms.DATABASE, lakefs_states.SCHEMA + lakefs_states.ASIDE.format(table="kv") + lakefs_states.GONE
        )
    )
    bench.sql(bench.create("sql_bare", "aside"))
    bench.once("0.70.6", "sql_bare", "migrate", "up")
    for name in ("sql", "sql_two"):
        bench.sql(bench.create(name, "aside"))
        bench.once("0.70.6", name, "migrate", "up")
        two = lakefs_states.ANOTHER_USER.format(table="emulator.kv", name="bob") if name == "sql_two" else ""
        owner = f"SET ROLE {forms.DATABASE};"
        bench.sql(owner, users[name], two, f"INSERT INTO graveler_repositories VALUES {repository};", database=name)
    for name, before in (("kv1", "sql"), ("kv1_two", "sql_two")):
        bench.sql(bench.create(name, before))
        bench.once("0.80.2", name, "migrate", "up", both=True)
    bench.sql(bench.create("kv4", "kv1"))
    bench.once("1.84.0", "kv4", "migrate", "up")
    bench.once("1.84.0", "kv4", "run")
    bench.sql(bench.create("imported", "kv1_two", RECORD.format(4)))
    bench.once("1.52.0", "imported", "superuser", "--user-name", "admin")
    bench.sql(bench.create("made30", "aside"), bench.create("bare55", "empty"))
    bench.once("0.30.0", "made30", "migrate", "up")
    three = ", ".join(f"('{name}', 'local://{name}', now(), 'main')" for name in ("empty", "repo1", "staged"))
    owner = f"SET ROLE {forms.DATABASE};"
    bench.sql(owner, users["sql"], f"INSERT INTO graveler_repositories VALUES {three};", database="made30")
    for name, before, version in (("made55", "made30", "0.55.0"), ("made70", "made55", "0.70.6")):
        bench.sql(bench.create(name, before))
        bench.once(version, name, "migrate", "up")
    bench.sql(bench.create("made80", "made30"))
    bench.once("0.80.2", "made80", "migrate", "up", both=True)
    bench.once("0.55.0", "bare55", "migrate", "up")
    bench.sql(bench.create("mvcc", "empty"), bench.create("opened", "empty"))
    bench.once("1.84.0", "opened", "migrate", "task", "list")
    bench.once("0.30.0", "mvcc", "migrate", "up")
    bench.sql(f"SET ROLE {forms.DATABASE};", users["sql"], catalog, database="mvcc")
    bench.sql(bench.create("mvcc_done", "mvcc"))
    bench.once("0.30.0", "mvcc_done", "migrate", "db")


def given(bench: Bench, case: dict[str, Any], number: int) -> dict[str, Any]:
    """The captured call with the captured configuration, for this database."""
    config = str(case.get("config") or "")
    host = lakefs.database(bench.cluster).address
    config = re.sub(
        r"postgres://lakefs:SECRET@127\.0\.0\.1:154[37]2/\w+",
        lambda _m: bench.dsn(f"case{number}").split("?")[0],
        config,
    )
    config = re.sub(r"127\.0\.0\.1:15499", f"{host}:15499", config)
    config = re.sub(r"127\.0\.0\.1:180\d\d", "127.0.0.1:18000", config)
    config = config.replace('secret_key: "SECRET"', f'secret_key: "{bench.settings.secret_key}"')
    environment = {
        key: value for key, value in (case.get("env") or {}).items() if key not in ("HOME", "TMPDIR", "PATH")
    }
    for name in environment:
        if "CONNECTION_STRING" in name:
            environment[name] = bench.dsn(f"case{number}")
        if "SECRET_KEY" in name:
            environment[name] = bench.settings.secret_key
    if "another password" in case["state"]:
        config = config.replace(bench.settings.dsn.split(":")[2].split("@")[0], "WRONG")
    if "does not exist." in case["state"] and "connection string" in case["state"]:
        config = config.replace(f"/case{number}?", "/nodb?")
    return bench.job(case["version"], case["argv"][1:], config, number, **environment)


@pytest.fixture(scope="module")
def ends() -> dict[str, Any]:
    """How each case ended here: id -> what the program said, and what the database holds now."""
    bench = Bench(os.environ["MOLECULE_SCENARIO_NAME"])
    lakefs.control(bench.cluster, "stop")
    # Where every release would find it by itself.
    hosts.must(bench.host, [["rm", "-f", forms.CONFIG]])
    templates(bench)
    cases = [(number, param.id, param.values[0]) for number, param in enumerate(CASES, 1)]
    made = []
    for number, _name, case in cases:
        template, sql = state_of(case)
        if sql == "failed":
            sql = ""
        made.append(bench.create(f"case{number}", template, sql))
    for first in range(0, len(made), 20):
        bench.sql(*made[first : first + 20])
    failed = [number for number, _name, case in cases if state_of(case)[1] == "failed"]
    for number in failed:
        config = bench.config("0.80.2", f"case{number}", both=True)
        job = bench.job("0.80.2", ["-c", "/lab/lakefs.yaml", "migrate", "up"], config, number)
        job["env"]["TMPDIR"] = "/nowhere"
        assert bench.do([job])[0]["rc"] == 1
    answers = bench.do([given(bench, case, number) for number, _name, case in cases])
    looks = "\n".join(f"\\c case{number}\n{AFTER}" for number, _name, _case in cases)
    tables = [json.loads(line) for line in bench.sql(looks).splitlines() if line.startswith("{")]
    return {
        name: {**answer, "after": after(bench, number, seen)}
        for (number, name, _case), answer, seen in zip(cases, answers, tables, strict=True)
    }


def after(bench: Bench, number: int, seen: dict[str, bool]) -> dict[str, Any]:
    parts = {
        "kv": "(SELECT count(*) > 0 FROM kv)",
        "record": f"(SELECT convert_from(value, 'utf8') FROM kv WHERE {lakefs_states.RECORD})",
        "sql": "(SELECT max(version) FROM schema_migrations)",
        "dirty": "(SELECT bool_or(dirty) FROM schema_migrations)",
        "graveler": "(SELECT count(*) FROM graveler_repositories)",
        "catalog": "(SELECT count(*) FROM catalog_repositories)",
    }
    there = [name for name in parts if seen.get({"record": "kv", "dirty": "sql"}.get(name, name))]
    if not there:
        return {}
    text = ", ".join(f"'{name}', {parts[name]}" for name in there)
    found: dict[str, Any] = json.loads(bench.sql(f"SELECT json_build_object({text});", database=f"case{number}"))
    return found


def expected_after(text: str) -> dict[str, Any]:
    """`Table kv exists with 39 rows, KV schema record '1'; schema_migrations version 38 dirty false; ...`"""
    found: dict[str, Any] = {}
    if match := re.search(r"Table kv exists with (\d+) rows, KV schema record (absent|'\w+')", text):
        found["kv"] = int(match[1]) > 0
        found["record"] = None if match[2] == "absent" else match[2].strip("'")
    if match := re.search(r"schema_migrations version (\d+) dirty (\w+)", text):
        found |= {"sql": int(match[1]), "dirty": match[2] == "true"}
    for name in ("graveler", "catalog"):
        if match := re.search(rf"{name}_repositories has (\d+) rows", text):
            found[name] = int(match[1])
    return found


def lines(text: str) -> list[str]:
    """What was said, without moments, durations, addresses, ids and the dump of the configuration."""
    found = []
    for line in text.splitlines():
        if "msg=Config " in line or re.search(r"^\s*(\S+\.go:|goroutine|github\.com|main\.|runtime\.)", line):
            continue
        if log := re.match(r'time="[^"]+" level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+)(.*)', line):
            error = re.search(r' error=("(?:[^"\\]|\\.)*"|\S+)', log[3])
            line = f"{log[1]} {log[2]} {error[1] if error else ''}"
        for pattern, word in VARIES:
            line = re.sub(pattern, word, line)
        if line.strip():
            found.append(line.strip())
    return found


VARIES = (
    (r"\d+(\.\d+)?(µs|ms|s)\b", "TIME"),
    (r"\b(\d+\.){3}\d+:\d+ \((\d+\.){3}\d+\)", "HOST"),
    (r"\b(\d+\.){3}\d+(:\d+)?", "HOST"),
    (r"postgres://\S+?(?=[\"'`?\s]|$)", "DSN"),
    (r"database=\w+", "database=D"),
    (r'database "\w+"', 'database "D"'),
    (r"/lab/(case\d+/|missing)?[\w.]*", "/lab/FILE"),
    (r"\bA?KIA\w+|SECRET|(?<=secret_access_key: )\S+|(?<=access_key_id: )\S+", "KEY"),
    (r"Commit: .*", "Commit"),
    (r"(Repositories|Updated).*", r"\1"),
)


@pytest.mark.parametrize("case", CASES)
def test_ends_as_it_was_captured(case: dict[str, Any], ends: dict[str, Any], request: pytest.FixtureRequest) -> None:
    seen = ends[request.node.callspec.id]
    shown = "\n".join(lines(seen["stdout"])[-8:] + lines(seen["stderr"])[-8:])
    assert seen["rc"] == case["rc"], shown
    for stream in ("stdout", "stderr"):
        said, expected = lines(seen[stream]), lines(case[stream])
        if "run" in case["argv"]:
            # Only the first lines of a start were kept, and real ones come in the order of their threads.
            fatal = [line for line in expected if line.startswith("fatal")]
            assert [line for line in said if line.startswith("fatal")] == fatal, shown
        else:
            # Threads tell of their packages in the order in which they end.
            assert sorted(line for line in said if line != "Commit") == sorted(w for w in expected if w != "Commit"), (
                shown
            )
    # Calls that open no database were captured next to whatever another call had left.
    blind = BLIND.search(case["stdout"] + case["stderr"]) or re.search(r"other releases|does not know", case["state"])
    wanted_after = {} if blind else expected_after(case["state_after"])
    assert {name: seen["after"].get(name) for name in wanted_after} == wanted_after
    if "run" in case["argv"]:
        assert seen["up"] == ("Answered GET /_health" in case["state_after"])
    if "file named =" in case["state_after"]:
        assert seen["aside"]  # trap L15: with the password in it
