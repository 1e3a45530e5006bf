# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the program of a release: one executable file, an archive behind a launcher. Not part of the program."""

from __future__ import annotations

import functools
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import yaml

from tests.lab import lakefs_table, paths
from tests.lab.lakefs_emulator.database import MAX_COMMIT
from tests.lab.proc import LabError, run, say

CAPTURES = paths.ROOT / "tests" / "unit" / "fixtures" / "lakefs"
# Captured of another release, and said by one that answers alike: each answer names its capture. Nearest in age
# first; what is not here and was not captured fails. Of 0.22.0, 0.98.0 and 0.99.0 nobody has captured anything, of
# 0.103.0 and 1.52.0 no page.
ANY = r".*"
BORROWED: dict[str, tuple[tuple[str, str], ...]] = {
    "0.22.0": (("0.30.0", ANY), ("0.70.6", "migrate_db|migrate_goto_down")),
    "0.30.0": (),
    "0.55.0": (),
    "0.70.6": (),
    "0.80.2": (("0.70.6", r"migrate_up_(dirty|newer)"),),
    "0.98.0": (("0.103.0", ANY), ("1.84.0", ANY)),
    "0.99.0": (("0.103.0", ANY), ("1.84.0", ANY)),
    "0.103.0": (("1.84.0", ANY),),
    "1.52.0": (("1.84.0", ANY),),
}
TABLES = {
    "0.22.0": "tables_mvcc_era",
    "0.30.0": "tables_mvcc_era",
    "0.70.6": "tables_sql_era",
    "0.80.2": "tables_sql_era",
}
# Which release's tables a release has, column by column.
DESCRIBED = {"0.22.0": "0.30.0", "0.30.0": "0.30.0", "0.55.0": "0.55.0", "0.70.6": "0.70.6", "0.80.2": "0.70.6"}
# Captured under another name where a release was asked again.
ALSO = {
    "run_current": "run_set_up",
    "http_health": "http_health_not_set_up",
    "http_healthcheck": "http_healthcheck_not_set_up",
    "http_config_version": "http_config_version_set_up",
    "http_setup_lakefs_initialized": "http_setup_lakefs_set_up",
    "http_setup_lakefs_not_initialized": "http_setup_lakefs_not_set_up",
}
GROUPS = ("http_auth_groups", "http_auth_policies")
HERE = Path(__file__).parent
START = "import sys\nfrom lakefs_emulator.program import main\nsys.exit(main(sys.argv[1:]))\n"


@functools.cache
def captures(version: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it is
    found = sorted((CAPTURES / version).glob("*.yml"))
    return {path.stem: yaml.load(path.read_text(), Loader=loader) for path in found}


def known_keys(cases: dict[str, Any]) -> list[str]:
    """As the release dumps its own configuration at every start; 0.30 neither dumps nor checks."""
    text = "\n".join(str(case.get("stdout", "")) + str(case.get("stderr", "")) for case in cases.values())
    lines = re.findall(r"msg=Config func=(.*)", text)
    return sorted({key for line in lines for key in re.findall(r" ((?:[a-z0-9_]+\.)*[a-z0-9_]+)=", line)} - NOISE)


NOISE = {"file", "phase", "fields.file", "func"}


def short(case: dict[str, Any], version: str) -> dict[str, Any]:
    """What the program needs of a capture. `output`: where its log went, as logging.output has it."""
    kept: dict[str, Any] = {key: case[key] for key in ("rc", "status", "headers") if key in case}
    kept["capture"] = f"{case['version']}/{case['case']}"
    for key in ("stdout", "stderr", "body"):
        if key in case:
            # A release calls itself by its own name, whoever's answer it is.
            kept[key] = re.sub(rf"(?<![\d.]){re.escape(case['version'])}(?![\d.])", version, str(case[key]))
    return {**kept, "output": (case.get("env") or {}).get("LAKEFS_LOGGING_OUTPUT", "-")}


def tables(version: str) -> dict[str, dict[str, list[list[str]]]]:
    """table -> {"columns": [name, definition] of each, "unique": [name, index] of each}, in psql's own words: what may
    not be NULL, what is given when nothing is said, what may not be there twice. No foreign keys.
    """
    text = str(captures(version)["columns_after_setup"]["stdout"])
    found: dict[str, dict[str, list[list[str]]]] = {}
    table: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        if title := re.match(r'\s*(Partitioned table|Table|View) "public\.(\w+)"', line):
            table = {"columns": [], "unique": []}
            if title[1] != "View":
                found[title[2]] = table
        elif (row := re.match(COLUMN, line)) and row[1] != "Column":
            table["columns"].append([row[1], definition(row[2], bool(row[3]), row[4].strip())])
        elif key := re.match(r'\s+"(\w+)" (PRIMARY KEY|UNIQUE)(?: CONSTRAINT)?, (btree .*)$', line):
            table["unique"].append([key[1], "" if key[2] == "UNIQUE" else key[2], key[3]])
    return found


COLUMN = r" +(\w+) +\| ([^|]+?) +\| [^|]*\| (not null)? *\| ?(.*)$"


def definition(kind: str, filled: bool, given: str) -> str:
    """Types and functions of lakeFS's own are not made: texts, and what the function gives."""
    if given.startswith("nextval("):
        return "bigserial" if kind == "bigint" else "serial"
    given = given.replace("catalog_max_commit_id()", f"'{MAX_COMMIT}'::bigint")
    if OWN_TYPES.search(kind):
        kind, given = "text", re.sub(r"::\w+$", "::text", given)
    return f"{kind}{' NOT NULL' if filled else ''}{f' DEFAULT {given}' if given else ''}"


OWN_TYPES = re.compile(r"^(catalog|task)_\w+$")


def answers(version: str) -> dict[str, Any]:
    own, forms = captures(version), lakefs_table.of(version)
    cases: dict[str, Any] = {}
    for source, pattern in reversed(BORROWED[version]):
        cases |= {name: case for name, case in captures(source).items() if re.fullmatch(pattern, name)}
    cases |= own
    cases |= {name: cases[other] for name, other in ALSO.items() if name not in own and other in cases}
    if "migrate_up_unknown_key" not in own and "migrate_up_old_keys" in own:
        cases["migrate_up_unknown_key"] = own["migrate_up_old_keys"]
    if forms["groups"]:
        # The last release of before, of which these are captured; later captures are of releases that keep none.
        cases |= {name: captures("0.80.2")[name] for name in GROUPS if name not in own}
    name = TABLES.get(version, "")
    text = str(captures("0.30.0" if "mvcc" in name else "0.70.6").get(name, {}).get("stdout", ""))
    names = re.findall(r"^TABLE public\.(\w+)$", text, re.M)
    if version == "0.22.0":  # graveler began with 0.30
        names = [name for name in names if not name.startswith("graveler_")]
    described = tables(DESCRIBED[version]) if version in DESCRIBED else {}
    names = names or [*sorted(described), *(f"graveler_staging_kv_p{number}" for number in range(10))]
    gone = sorted(set(tables("0.30.0")) - set(described)) if described else []
    return {
        "version": version,
        "forms": forms,
        "known": known_keys(own or captures(BORROWED[version][0][0])),
        "tables": names,
        "described": described,
        "gone": gone,
        "cases": {name: short(case, version) for name, case in cases.items() if "rc" in case or "status" in case},
    }


def release(version: str, directory: Path) -> None:
    if version not in BORROWED:
        raise LabError(f"lakefs {version}: no registry has it and nobody captured it; expected {', '.join(BORROWED)}")
    if not answers(version)["cases"]:
        raise LabError(f"{CAPTURES} has no captures: the emulator of lakefs {version} is built from them")
    say(f"lakefs {version} is in no registry: making its emulator from the captures")
    target = directory / "lakefs"
    run(["gcc", "-static", "-O1", "-o", str(target), str(HERE / "launcher.c")])
    behind = io.BytesIO()
    with zipfile.ZipFile(behind, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__main__.py", START)
        for path in sorted(HERE.glob("*.py")):
            if path.name != "pack.py":
                archive.writestr(f"lakefs_emulator/{path.name}", path.read_text())
        archive.writestr("lakefs_emulator/answers.json", json.dumps(answers(version), sort_keys=True))
    target.write_bytes(target.read_bytes() + behind.getvalue())
    target.chmod(0o755)
