# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests of every scenario in which lakeFS was upgraded: a scenario names them (see `holding`) and adds its own."""

from __future__ import annotations

import json
import os
import re

from expectations import nothing_is_held, nothing_is_lost
from upgrades import Cluster

SECRET_FREE = ("/var/lib/uplift", "/var/backups/uplift", "/etc/systemd/system", "/tmp")


def test_nothing_is_lost(cluster: Cluster) -> None:
    """trap L13, L18: the judge compares repositories, heads and what is not committed, and reads every object."""
    nothing_is_lost(cluster, os.environ["UPLIFT_TARGET"])


def test_no_request_failed(cluster: Cluster) -> None:
    """For scenarios with a load: each instance in its turn, and none of its clients noticed."""
    said = cluster.lab("load", "stop")
    assert ", 0 failed on all addresses" in said and "WRONG" not in said, said


def test_clients_were_measured(cluster: Cluster) -> None:
    """The probe of the run's own; what a walk and what a stop of all does to clients is distinguished by phases."""
    probe = cluster.report()["probe"]
    assert probe["end_reason"] == "it was stopped" and probe["requests"] > probe["unserved"]
    walked = any(row["phase"].startswith("walk") for row in probe["phases"])
    away = [row["phase"] for row in probe["phases"] if row["unavailable_seconds"]]
    assert away == [] if walked else {"together all nodes"} <= set(away), probe["phases"]


def test_the_database_is_of_the_new_schema(cluster: Cluster) -> None:
    """trap L03: the record, not the line."""
    assert cluster.record() == "4"


def test_nothing_is_left_behind(cluster: Cluster) -> None:
    """Scratch databases, rehearsals, staged configurations, the lease, a service that is held down."""
    nothing_is_held(cluster)
    assert cluster.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1") == "lakefs\npostgres"
    places = ["/var/lib/uplift", "/tmp", *(["/etc/lakefs"] if cluster.product["form"] != "docker" else [])]
    for host in cluster.hosts:
        listed = cluster.on(host, "find", *places, "-newer", "/etc/hostname")
        assert "lease.json" not in listed and "kv_migrate_" not in listed, listed
        assert "NRestarts=0" in cluster.on(host, "systemctl", "show", "lakefs", "-p", "NRestarts")


def test_what_is_kept_is_private(cluster: Cluster) -> None:
    for host in cluster.hosts:
        for place in ("/var/backups/uplift", "/var/lib/uplift"):
            found = cluster.on(host, "find", place, "-printf", "%y %m %p\n", check=False)
            lines = [line for line in found.split("\n") if line and "No such file" not in line and "lab:" not in line]
            assert all(re.match(r"d 700 |f 600 ", line) for line in lines), lines


def test_secrets_are_nowhere(cluster: Cluster) -> None:
    """trap L15: neither in what is remembered and reported nor in the journal."""
    secrets = [
        cluster.product["access"]["database"],
        cluster.product["access"]["encryption"],
        cluster.product["secret"],
    ]
    reports = [path.read_text(encoding="utf-8") for path in cluster.reports.rglob("report.*")]
    assert reports and not [word for word in secrets for text in reports if word in text]
    for host in cluster.hosts:
        journal = cluster.on(host, "journalctl", "--no-pager", "-o", "cat", "-t", "python3", "-t", "ansible")
        kept = cluster.on(
            host, "grep", "-rlF", *(x for word in secrets for x in ("-e", word)), "/var/lib/uplift", check=False
        )
        assert not [word for word in secrets if word in journal] and "/var/lib/uplift" not in kept


def test_hooks_were_played(cluster: Cluster) -> None:
    """For scenarios with `hooks`: each instance was taken from clients before its stop, and given back after."""
    for host in cluster.hosts:
        record = json.loads(cluster.on(host, "sh", "-c", "cat /var/lib/uplift/lakefs/*/record.json"))
        walked = [
            (int(place), verb, step["state"])
            for (_hop, name, place, verb), step in ((key.split("/"), one) for key, one in record["steps"].items())
            if name == "walk" and verb in ("before_wave", "stop", "start", "after_wave")
        ]
        assert [(verb, state) for _place, verb, state in sorted(walked)] == [
            ("before_wave", "done"), ("stop", "done"), ("start", "done"), ("after_wave", "done")
        ], walked  # fmt: skip


def test_all_instances_are_in_the_load_balancer_again(cluster: Cluster) -> None:
    stat = cluster.on("d1", "sh", "-c", "echo show stat | socat stdio /run/haproxy/admin.sock")
    assert all(f"instances,{host}," in stat for host in cluster.hosts)
    assert "DRAIN" not in stat and "MAINT" not in stat and "DOWN" not in stat, stat
