# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused is refused in sentences and leaves hosts and database as they were. In the order of the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from expectations import says
from upgrades import Cluster

WANTED: dict[str, Any] = {"lakefs_version": "1.84.0"}


def holds(cluster: Cluster) -> tuple[str, str]:
    """What a refusal may not have touched in the database. Rows of the KV store live servers write by themselves."""
    return cluster.sql("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v')"), cluster.record()


@contextmanager
def unchanged(cluster: Cluster, reachable: bool = True) -> Iterator[None]:
    before = cluster.trees(), holds(cluster) if reachable else None
    yield
    assert not cluster.changes(before[0]) and (holds(cluster) if reachable else None) == before[1]


def refused(cluster: Cluster, *sentences: str, reachable: bool = True, **variables: Any) -> None:
    before = cluster.running()
    with unchanged(cluster, reachable):
        result = cluster.playbook("lakefs_upgrade", **variables)
    assert result.rc != 0 and cluster.running() == before, result.out[-6000:]
    says(result, *sentences)


@contextmanager
def changed(cluster: Cluster, host: str, *sed: str) -> Iterator[None]:
    """The configuration otherwise for a while; the server that runs has read the right one."""
    cluster.on(host, "cp", "-p", cluster.config, "/run/kept.yaml")
    cluster.on(host, "sed", "-i", *sed, cluster.config)
    try:
        yield
    finally:
        cluster.on(host, "cp", "-p", "/run/kept.yaml", cluster.config)


@contextmanager
def state(cluster: Cluster, name: str) -> Iterator[None]:
    was = cluster.record()
    cluster.lab("state", name)
    try:
        yield
    finally:
        cluster.lab("state", f"schema-{was}")


@pytest.mark.parametrize(("playbook", "argv"), [("lakefs_upgrade", ["--check", "--diff"]), ("lakefs_plan", [])])
def test_looking_changes_nothing(cluster: Cluster, playbook: str, argv: list[str]) -> None:
    """trap L07: no table is made by asking."""
    with unchanged(cluster):
        result = cluster.playbook(playbook, *argv, **WANTED)
    assert result.rc == 0 and not result.says("(stops)"), result.out[-6000:]
    says(result, "lakefs 1.82.0 -> 1.84.0, rolling")


VERSIONS = {
    "": "The version '' is not a release number",
    "newest": "The version 'newest' is not a release number",
    "0.103.0": "1.82.0 runs and 0.103.0 is older",
    "3.0.0": "lakefs 3.0.0 was asked for, and it belongs to no series that is known here",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions(cluster: Cluster, version: str) -> None:
    refused(cluster, VERSIONS[version], lakefs_version=version)


BROKEN = {
    "junk": "database_broken (stops)",
    "schema-5": "schema_unfit (stops)",
    "schema-0": "(stops)",
    "schema-1": "schema_unfit (stops)",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_record_that_does_not_fit(cluster: Cluster, name: str) -> None:
    """trap L10: no migration is begun on a record that is not understood."""
    with state(cluster, name):
        refused(cluster, BROKEN[name], **WANTED)


def test_a_secret_key_that_is_not_one(cluster: Cluster) -> None:
    """trap L19: every call answers 401, whatever health says."""
    refused(cluster, "credentials (stops)", "401", lakefs_secret_access_key="nobody knows it", **WANTED)


def test_a_release_that_is_not_there(cluster: Cluster, tmp_path: Path) -> None:
    refused(cluster, f"1.84.0 is not on the controller at {tmp_path}", lakefs_release_source=str(tmp_path), **WANTED)


def test_two_instances_on_two_databases(cluster: Cluster) -> None:
    """trap L23: the configuration of one names another database than the others'."""
    with changed(cluster, "a2", r"s|/lakefs?sslmode|/postgres?sslmode|"):
        refused(cluster, "(stops): a2", "/postgres", **WANTED)


def test_a_password_that_is_wrong(cluster: Cluster) -> None:
    with changed(cluster, "a1", r"s|lakefs:[^@]*@|lakefs:wrong@|"):
        refused(cluster, "password authentication failed", "(stops)", **WANTED)


def test_a_key_that_no_release_knows(cluster: Cluster) -> None:
    """trap L21: it would not start, and says so only then. The staged release is asked before anything is stopped."""
    before = cluster.running()
    with changed(cluster, "a1", r"$a nonsense:\n  custom: true"):
        result = cluster.playbook("lakefs_upgrade", **WANTED)
    assert result.rc != 0 and cluster.running() == before and cluster.starts("a1") == 1, result.out[-6000:]
    says(result, "does not take", "nonsense", "Nothing was changed")
    given_up(cluster)


def test_a_database_that_is_down(cluster: Cluster) -> None:
    """trap L18: health is as good as ever."""
    cluster.on("d1", "systemctl", "stop", "postgresql@15-main")
    try:
        refused(cluster, "(stops)", reachable=False, **WANTED)
    finally:
        cluster.on("d1", "systemctl", "start", "postgresql@15-main")


def test_a_second_operator(cluster: Cluster) -> None:
    """trap L24: two migrations never run at once."""
    first = cluster.start("lakefs_upgrade", **WANTED)
    try:
        reached(first, "PLAY [Hop 0, before]")
        os.killpg(first.pid, signal.SIGSTOP)
        refused(cluster, f"(process {first.pid}, since ", "Wait for that run to end", **WANTED)
    finally:
        cluster.kill(first)
    given_up(cluster)


# From here on it is an installation of the SQL era, with two users.


def test_it_becomes_one_of_the_sql_era(cluster: Cluster) -> None:
    cluster.lab("become", "--release", "0.70.6", "--users", "2")
    assert cluster.record() == ""


def test_all_that_is_wrong_comes_at_once(cluster: Cluster) -> None:
    """trap L16: two users would never be let in, two hops later; trap L25: a directory that is not there; no room."""
    for host in cluster.hosts:
        cluster.on(host, "fallocate", "-l", "64M", "/var/backups/full")
    try:
        refused(
            cluster,
            "too_many_users (stops)",
            "no_space (stops)",
            "no_directory (stops): a1: /nowhere is no directory, / is",
            lakefs_tmpdir="/nowhere",
            **WANTED,
        )
    finally:
        for host in cluster.hosts:
            cluster.on(host, "rm", "/var/backups/full")


def test_an_account_that_could_not_put_a_dump_back(cluster: Cluster) -> None:
    """With a scratch database the backup would be proved, and the rollback would end at the first statement."""
    cluster.sql("ALTER ROLE lakefs NOCREATEDB")
    cluster.sql("ALTER DATABASE lakefs OWNER TO postgres")
    try:
        refused(
            cluster,
            "no_rollback (stops)",
            "may not create databases, does not own lakefs, does not own the schema public",
            'run: ALTER SCHEMA "public" OWNER TO "lakefs"; GRANT CREATE ON DATABASE "lakefs" TO "lakefs";',
            lakefs_version="0.80.2",
            lakefs_scratch_connection_string=cluster.dsn() + "_scratch",
        )
    finally:
        cluster.sql("ALTER DATABASE lakefs OWNER TO lakefs")
        cluster.sql("ALTER ROLE lakefs CREATEDB")


def test_an_interrupted_migration(cluster: Cluster) -> None:
    """trap L09: the dirty flag stops no server, and every later migration."""
    cluster.lab("state", "dirty")
    try:
        refused(cluster, "(stops)", "dirty", lakefs_version="0.80.2")
    finally:
        cluster.lab("state", "clean")


def test_the_newest_program_on_the_old_database(cluster: Cluster) -> None:
    """trap L01: it would start as an empty installation and offer to set up. It is never started."""
    for host in cluster.hosts:
        cluster.on(host, "systemctl", "stop", "lakefs")
        cluster.on(host, "cp", "-p", "/usr/local/bin/lakefs-1.82.0", "/usr/local/bin/lakefs-1.84.0")
        cluster.on(host, "ln", "-sfn", "lakefs-1.82.0", "/usr/local/bin/lakefs")
    try:
        refused(cluster, "(stops)", **WANTED)
        assert cluster.record() == ""
    finally:
        for host in cluster.hosts:
            cluster.on(host, "ln", "-sfn", "lakefs-0.70.6", "/usr/local/bin/lakefs")
            cluster.on(host, "systemctl", "start", "lakefs")


def test_a_live_instance_that_nobody_named(cluster: Cluster) -> None:
    """trap L05: it would go on writing to the old tables. Everything is stopped, then this is seen, then undone."""
    dsn = cluster.dsn()
    argv = ["psql", "-XqAt", "-c", "SELECT pg_sleep(600)", dsn]
    held = subprocess.Popen([*cluster.words("d1"), *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        result = cluster.playbook("lakefs_upgrade", lakefs_version="0.80.2")
    finally:
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'")
        held.wait(timeout=60)
    assert result.rc != 0
    says(result, "Others use the database", "Nothing was migrated")
    assert cluster.record() == ""
    for host in cluster.hosts:
        assert "ActiveState=active" in cluster.on(host, "systemctl", "show", "lakefs", "-p", "ActiveState")
    given_up(cluster, "0.80.2")


def reached(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} was never said:\n{''.join(said)[-6000:]}")


def given_up(cluster: Cluster, version: str = WANTED["lakefs_version"]) -> None:
    record = json.loads(cluster.on("a1", "cat", "/var/lib/uplift/lakefs/lakefs.service/record.json"))
    if record["state"] == "open":
        result = cluster.playbook("lakefs_plan", operation_abandon=record["id"], lakefs_version=version)
        assert result.rc == 0, result.out[-6000:]
