# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A configuration of lakeFS, read and brought to the next release's form. Comments and order stay. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import keys, schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.program import scrub

with suppress(ImportError):  # the action says that it is missing
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, TaggedScalar
    from ruamel.yaml.error import YAMLError

_SECRET = re.compile(r"secret|password|token|credential|access_key|connection_string|passphrase|private|dsn", re.I)
MASK = "********"


class ConfigError(UpliftError):
    """Something in a config file that stops an upgrade, with the key of its finding."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


@dataclass
class Stage:
    """The configuration for one release. `changes` are sentences; `lost` says what goes with a key."""

    text: str
    changes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def parse(text: str, path: str) -> Any:
    try:
        document = YAML().load(text)
    except YAMLError as error:
        # Its own words may quote the line, and with it a secret.
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "a line of it"
        raise ConfigError("config_not_yaml", f"{path} is not YAML from {where} on; correct it there.") from None
    if document is None:
        return CommentedMap()
    if not isinstance(document, dict):
        raise ConfigError("config_not_yaml", f"{path} holds no settings by name; expected the configuration of lakeFS.")
    return document


def settings(text: str, path: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What the server reads: the file, and over it the environment. With the connection strings: never shown."""
    document = parse(text, path) if text else {}

    def read(name: str) -> str:
        value = environment.get(variable(name), get(document, name))
        return "" if value is None else str(value)

    old, new, kind = read(keys.OLD_DSN), read(keys.NEW_DSN), read(keys.TYPE)
    return {
        "database": {"type": kind, "old_dsn": old, "new_dsn": new},
        "dsn": new or old,
        "listen": read("listen_address") or "0.0.0.0:8000",
        "blockstore": read("blockstore.type"),
        "s3_host": _first(read("gateways.s3.domain_name")) or "s3.local.lakefs.io",
        "has_secret_key": bool(read("auth.encrypt.secret_key")),
        "bootstrap": bool(read("installation.user_name")),
        "cataloger": read(keys.CATALOGER),
        "drop_tables": read("database.drop_tables").lower() in ("true", "t", "1"),
        "rbac": read(keys.RBAC),
        "rbac_server": read(keys.RBAC_SERVER),
        "logging": read("logging.output"),
        "from_environment": sorted(name for name in environment if name.startswith("LAKEFS_")),
        "file_has_database": has(document, "database"),
    }


def _first(names: str) -> str:
    """Later releases take a list of host names."""
    found = re.search(r"[\w.-]+", names)
    return found[0] if found else ""


def stage(text: str, path: str, version: Version, discard: bool = False) -> Stage:
    """The file as the release `version` wants it, and may begin from it. What is right already stays as it is."""
    made = Stage(text)
    lines = _Lines(text, path)
    _add_postgres(lines, version, made)
    if discard and version == schema.GRAVELER and get(lines.document, keys.CATALOGER) != "rocks":
        lines.append(["cataloger:", "  type: rocks"], {"cataloger": {"type": "rocks"}})
        made.changes.append("cataloger.type is rocks: the data of the older releases is discarded")
    if version >= schema.TO_KV and get(lines.document, "database.drop_tables"):
        lines.set("database.drop_tables", "false")
        made.changes.append("database.drop_tables is false: the old tables go in a step of their own, or never")
    for gone in keys.GONE:
        if version >= gone.since and has(lines.document, gone.key):
            _take_away(lines, gone, made)
    made.text = lines.text
    return made


def _add_postgres(lines: _Lines, version: Version, made: Stage) -> None:
    """Guide 003, KV migration, step 1: the type and a copy of the old keys in the section postgres."""
    database = get(lines.document, "database")
    if version < schema.TO_KV or not isinstance(database, dict) or has(database, "postgres"):
        return
    old = [own(database, key) for key in ("connection_string", *keys.POOL) if has(database, key)]
    if not has(database, "connection_string") or get(database, "type") not in (None, "", "postgres"):
        return
    section = ["postgres:", *(f"  {row}" for key in old for row in lines.of(f"database.{key}"))]
    copied = {key: database[key] for key in old}
    if has(database, "type"):
        lines.set(keys.TYPE, "postgres")
    else:
        section.insert(0, "type: postgres")
    lines.insert("database", section, {"type": "postgres", "postgres": copied})
    made.changes.append("database.type is postgres; the section database.postgres is a copy of the old keys")


def _take_away(lines: _Lines, gone: keys.Gone, made: Stage) -> None:
    section, same = gone.key.rpartition(".")[0], gone.now.rpartition(".")[0]
    if gone.now and not has(lines.document, gone.now) and section == same:
        lines.rename(gone.key, gone.now.rpartition(".")[2])
        made.changes.append(f"{gone.key} is called {gone.now}")
    else:
        moved = f": it is {gone.now} there, set that one" if gone.now and section != same else ""
        lines.remove(gone.key)
        made.changes.append(f"{gone.key} is gone{moved}")
        if moved:
            made.lost.append(f"{gone.key}{moved}")
    if gone.matters:
        made.lost.append(f"{gone.key}: {gone.matters}")


class _Lines:
    """A YAML file edited line by line: whatever is not edited stays to the byte. The parser says where a key stands,
    and after each change that all else says what it said."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self._read(text)

    def _read(self, text: str) -> None:
        self.text, self.document = text, parse(text, self.path)
        self._rows = text.split("\n")

    def _at(self, name: str) -> tuple[int, int]:
        section, _dot, key = name.rpartition(".")
        table = get(self.document, section) if section else self.document
        try:
            line, column = table.lc.key(own(table, key))
        except KeyError:  # it comes from elsewhere in the file (`<<`)
            raise self._not_alone(name) from None
        if table.fa.flow_style() or self._rows[line][:column].strip(" \ufeff"):
            raise self._not_alone(name)
        return int(line), int(column)

    def _not_alone(self, name: str) -> ConfigError:
        return ConfigError(
            "config_flow_style",
            f"{self.path} has {name} in a line with others (braces), or by an anchor, so that it cannot be changed"
            " alone; expected one setting a line: write it so.",
        )

    def of(self, name: str) -> list[str]:
        """The lines of a setting, without its indentation. What has an anchor cannot stand there twice."""
        line, column = self._at(name)
        if re.search(r":\s+&", self._rows[line]):
            raise self._not_alone(name)
        return [row[column:] if row.strip() else "" for row in self._rows[line : self._end(line, column)]]

    def _end(self, line: int, column: int) -> int:
        """Behind the last line that belongs to the key: deeper ones, items of its list, and what is between them."""
        end = line + 1
        for place in range(line + 1, len(self._rows)):
            row = self._rows[place]
            at = len(row) - len(row.lstrip())
            if not row.strip() or row.lstrip().startswith("#"):
                continue
            if at < column or (at == column and not row.lstrip().startswith("- ")):
                break
            end = place + 1
        return end

    def remove(self, name: str) -> None:
        line, column = self._at(name)
        section, _dot, key = name.rpartition(".")
        if section and len(get(self.document, section)) == 1:
            return self.remove(section)
        rows = [*self._rows[:line], *self._rows[self._end(line, column) :]]
        self._write(rows, name, {})

    def rename(self, name: str, key: str) -> None:
        line, column = self._at(name)
        old = name.rpartition(".")[2]
        row = re.sub(rf"(?i)^([\"']?){re.escape(old)}\1(?=\s*:)", key, self._rows[line][column:])
        rows = [*self._rows[:line], self._rows[line][:column] + row, *self._rows[line + 1 :]]
        self._write(rows, name, {key: get(self.document, name)})

    def set(self, name: str, value: str) -> None:
        line, column = self._at(name)
        key = self._rows[line][column:].partition(":")[0]
        rows = [f"{self._rows[line][:column]}{key}: {value}"]
        wanted = {name.rpartition(".")[2]: YAML().load(value)}
        self._write([*self._rows[:line], *rows, *self._rows[self._end(line, column) :]], name, wanted)

    def insert(self, section: str, rows: list[str], says: Mapping[str, Any]) -> None:
        """As the first settings of a section, with the indentation that it has. says: what they are to mean."""
        first = f"{section}.{next(iter(get(self.document, section)))}"
        line, inner = self._at(first)
        indented = [" " * inner + row if row else "" for row in rows]
        self._at(section)
        self._write([*self._rows[:line], *indented, *self._rows[line:]], f"{section}.", says)

    def append(self, rows: list[str], says: Mapping[str, Any]) -> None:
        self._write([*self.text.rstrip("\n").split("\n"), *rows, ""], "", says)

    def _write(self, rows: list[str], gone: str, says: Mapping[str, Any]) -> None:
        """gone: the setting that is not there afterwards. says: what is there in its section instead, or besides."""
        section, _dot, key = gone.rpartition(".")
        wanted = plain(self.document)
        table = get(wanted, section) if section else wanted
        there = own(table, key)
        table.pop(there, None)
        table.update({there if name == key else name: plain(one) for name, one in says.items()})
        try:
            self._read("\n".join(rows))
        except ConfigError:
            raise self._not_alone(gone.rstrip(".")) from None
        if plain(self.document) != wanted:
            raise self._not_alone(gone.rstrip("."))


def plain(value: Any) -> Any:
    """What it says, without where and how it is written."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.value if isinstance(value, TaggedScalar) else value  # of `!!str x`


def variable(name: str) -> str:
    return "LAKEFS_" + name.upper().replace(".", "_")


def get(document: Any, name: str) -> Any:
    for part in name.split("."):
        document = document.get(own(document, part)) if isinstance(document, dict) else None
    return document


def own(table: Mapping[Any, Any], key: str) -> str:
    """The key as the file has it: lakeFS does not tell capitals from small letters there."""
    return next((str(one) for one in table if str(one).lower() == key.lower()), key)


def has(document: Any, name: str) -> bool:
    section, _dot, key = name.rpartition(".")
    table = get(document, section) if section else document
    return isinstance(table, dict) and own(table, key) in table


def public_lines(text: str, path: str) -> str:
    """The settings as lines for a diff: no comment, no secret."""
    rows = _flat(parse(text, path)) if text else ()
    return "".join(f"{name}: {MASK if _SECRET.search(name) else scrub(str(value))}\n" for name, value in rows)


def _flat(document: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
