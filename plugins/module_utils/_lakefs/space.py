# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: whether there is free space, and what is needed, for a backup, its proof and a migration."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, read_only
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.release_findings import of_release

Seen = Mapping[str, Any]


def space_findings(seen: Seen, to_kv: bool, migrates: bool) -> Iterator[Finding]:
    release = seen["release"]
    yield from of_release(release, "lakefs")
    yield from _helm(release, str(seen["set"].get("chart", "")))
    paths = seen["space"].get("paths") or {}
    written = {path: row for path, row in paths.items() if migrates or path != seen["set"]["tmpdir"]}
    yield from read_only({"paths": written}, "lakefs_backup_dir, lakefs_tmpdir or lakefs_binary")
    if migrates and seen["leader"]:
        yield from _programs(seen["space"])
        if seen["info"].get("server"):
            yield from _database(seen, to_kv)


def _helm(release: Seen, chart: str) -> Iterator[Finding]:
    """Helm puts back what its values do not say: the old image, on the migrated database."""
    name, rendered = release.get("helm", ""), release.get("rendered") or {}
    if name and not chart:
        yield Finding(
            "helm_release",
            False,
            f"the deployment belongs to the Helm release {name}, whose values are not changed here",
            "the new image in them before the next `helm upgrade`, which takes back what they do not say",
            "name the chart (lakefs_chart_ref), or change them afterwards",
        )
    elif name and rendered.get("image") != rendered.get("expected"):
        saw = rendered.get("problem") or f"it gives the deployment the image {rendered.get('image') or 'of nobody'}"
        yield Finding(
            "chart_image",
            True,
            f"the chart {chart} was rendered with lakefs_chart_values: {saw}",
            f"{rendered.get('expected')}",
            "correct lakefs_chart_ref, lakefs_chart_version, or the keys in lakefs_chart_values",
        )


def _programs(space: Seen) -> Iterator[Finding]:
    missing = sorted(name for name, path in (space.get("programs") or {}).items() if not path)
    if missing:
        yield Finding(
            "program_missing",
            True,
            f"no program {', '.join(missing)} at the node",
            "the client programs of PostgreSQL, of the server's version or newer",
            "install postgresql-client",
        )


def _disks(seen: Seen, size: int, to_kv: bool) -> Iterator[Finding]:
    set_, paths = seen["set"], seen["space"].get("paths") or {}
    tmpdir = set_["tmpdir"]
    there = (paths.get(tmpdir) or {}).get("at", tmpdir)
    # The backup's directory is made where it is missing; this one the KV migration's own program has to find (L25).
    if to_kv and there != tmpdir:
        yield Finding(
            "no_directory",
            True,
            f"{tmpdir} is no directory, {there} is",
            "a directory for the migration's temporary files",
            "make it, writable for the user of lakeFS, or name another (lakefs_tmpdir)",
        )
    for path, what in ((set_["backup_dir"], "the backup"), (tmpdir, "the migration's temporary files")):
        free = (paths.get(path) or {}).get("free")
        if free is None or free < size:
            yield Finding(
                "no_space",
                True,
                f"{free if free is not None else 'an unknown number of'} bytes free at {path}, {size} in the database",
                f"{size} bytes for {what}",
                "make free space, or name another directory (lakefs_backup_dir, lakefs_tmpdir)",
            )


def _database(seen: Seen, to_kv: bool) -> Iterator[Finding]:
    size, set_ = int(seen["info"]["server"]["size"]), seen["set"]
    yield from _disks(seen, size, to_kv)
    free = set_["database_free_bytes"]
    if to_kv and not free:
        yield Finding(
            "space_unknown",
            True,
            f"{size} bytes in the database, and how much is free at its server cannot be asked",
            f"{2 * size} bytes: the guide wants twice the used space",
            "look there and say it (lakefs_database_free_bytes), or accept it",
        )
    elif to_kv and free < 2 * size:
        expected = f"{2 * size} bytes: the guide wants twice the used space"
        yield Finding(
            "no_space", True, f"{free} bytes free at the database's server", expected, "make free space there"
        )
    yield from _rights(seen["info"]["server"].get("rights") or {})
    if not seen["info"]["server"]["createdb"] and not set_["scratch"]:
        yield Finding(
            "no_scratch",
            True,
            f"the account {seen['info']['server']['account']} may not create a database",
            "a scratch database, in which the backup is proved",
            "ALTER ROLE ... CREATEDB, or name an empty database (lakefs_scratch_connection_string)",
        )


def _rights(rights: Seen) -> Iterator[Finding]:
    """Whoever may not put a dump back has to know it before the first migration, and not when it is wanted."""
    account = rights.get("account", "of lakeFS")
    if not rights.get("method"):
        lacks = ", ".join(rights.get("lacks") or ["was not asked for its rights"])
        statements = " ".join(rights.get("statements") or ["(lakefs_info says them)"])
        yield Finding(
            "no_rollback",
            True,
            f"the account {account} {lacks}: lakefs_rollback could not put the dump back",
            "an account that may rename and create the database, or at least its schema",
            f"have the database's administrator run: {statements}",
        )
    if rights.get("unreadable"):
        tables = ", ".join(rights["unreadable"][:5])
        yield Finding(
            "not_readable",
            True,
            f"the account {account} may not read {tables}: pg_dump would refuse the whole database",
            "an account that may read every table and sequence in it",
            f'have their owners run: GRANT SELECT ON {tables} TO "{account}"; or give lakeFS a database of its own',
        )
