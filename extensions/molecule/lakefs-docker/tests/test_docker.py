# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lakeFS in docker containers: one after the other under load; one migration in a container of its own; and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expectations import each_is_of, nothing_is_lost, stopped_by
from upgrades import Cluster

BEGINS_WITH = (
    "all_instances_are_in_the_load_balancer_again",
    "clients_were_measured",
    "hooks_were_played",
    "no_request_failed",
    "nothing_is_lost",
    "secrets_are_nowhere",
    "the_database_is_of_the_new_schema",
    "what_is_kept_is_private",
)


OLD, NEW, NEXT = "1.82.0", "1.84.0", "1.84.1"
LOST = "uplift-lakefs-docker-lost"


def stands_on(cluster: Cluster, release: str) -> None:
    each_is_of(cluster, release, {"/etc/lakefs/config.yaml", "/var/lib/lakefs/data"}, "/app/lakefs", "run")
    nothing_is_lost(cluster, release)


def unit(cluster: Cluster, host: str) -> str:
    return f"docker:{cluster.container(host)['Name'].lstrip('/')}"


def migrate(cluster: Cluster, module: str = "lakefs_migrate", **arguments: Any) -> dict[str, Any]:
    given = {"unit": unit(cluster, "a1"), "dsn": f"{cluster.dsn()}?sslmode=disable", **arguments}
    return cluster.module("a1", module, **given)


def test_each_container_is_the_same_of_the_new_image(cluster: Cluster) -> None:
    stands_on(cluster, NEW)


def test_nothing_is_left_beside_the_configuration_but_that_of_before(cluster: Cluster) -> None:
    """trap L21: what the release wants is staged next to the file that is mounted, and takes its place."""
    for host in cluster.hosts:
        mounts = cluster.container(host)["Mounts"]
        config = Path(next(one["Source"] for one in mounts if one["Destination"] == "/etc/lakefs/config.yaml"))
        listed = cluster.on(host, "ls", str(config.parent)).split()
        assert listed == ["config.uplift-1.82.0.yaml", "config.yaml", "tmp"], listed
        assert "# lakeFS of the lab" in cluster.on(host, "cat", str(config))
    assert cluster.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1") == "lakefs\npostgres"


def test_the_trial_of_the_release_has_left_nothing(cluster: Cluster) -> None:
    assert "uplift-scratch" not in cluster.on("a1", "docker", "ps", "--all", "--format", "{{.Names}}")


def test_images_that_will_not_do(cluster: Cluster) -> None:
    """All by the plan, which changes nothing."""
    plan = cluster.playbook("lakefs_plan", lakefs_version=NEXT)
    stopped_by(plan, f"The image uplift-lab/lakefs:{NEXT} is not on this machine, and cannot be had")
    cluster.on("a1", "docker", "tag", f"uplift-lab/lakefs:{NEW}", f"{LOST}:{NEXT}")
    try:
        plan = cluster.playbook("lakefs_plan", lakefs_version=NEXT, lakefs_image=LOST + ":{version}")
        stopped_by(plan, f"The image {LOST}:{NEXT} says 'lakefs version {NEW}", f"expected {NEXT}: name another image")
    finally:
        cluster.on("a1", "docker", "rmi", f"{LOST}:{NEXT}")


def test_containers_that_will_not_do(cluster: Cluster) -> None:
    plan = cluster.playbook("lakefs_plan", lakefs_version=NEW, lakefs_unit="docker:no-such-container")
    stopped_by(plan, "There is no container no-such-container; expected one, running or not")
    words = ("docker", "create", "--name", LOST, "--label", f"uplift-lab={cluster.name}", f"uplift-lab/lakefs:{NEW}")
    cluster.on("a1", *words, "run", "--config", "/etc/lakefs/own.yaml")
    try:
        plan = cluster.playbook("lakefs_plan", lakefs_version=NEW, lakefs_unit=f"docker:{LOST}")
        stopped_by(plan, f"The container {LOST} reads /etc/lakefs/own.yaml, which lies in it alone")
    finally:
        cluster.on("a1", "docker", "rm", LOST)


def test_a_migration_is_one_container_for_one_call(cluster: Cluster) -> None:
    """traps L03, L05: not while servers run; then once, by the real new release, and the record says so."""
    cluster.lab("state", "schema-3")
    assert "session" in migrate(cluster)["msg"]
    rehearsed = migrate(cluster, "lakefs_rehearsal", dump="/var/backups/rehearsal.dump")
    assert rehearsed["rehearsed"] and rehearsed["after"]["schema"] == "KV schema 4" and cluster.record() == "3"
    names = [cluster.container(host)["Name"].lstrip("/") for host in cluster.hosts]
    cluster.on("a1", "docker", "stop", *names)
    done = migrate(cluster)
    assert done["changed"] and done["before"]["schema"] == "KV schema 3" and cluster.record() == "4", done
    assert not migrate(cluster)["changed"] and not migrate(cluster, command="task")["changed"]
    cluster.on("a1", "docker", "start", *names)
    for host in cluster.hosts:
        url = "http://127.0.0.1:8000"
        healthy = cluster.module(host, "lakefs_healthy", unit=unit(cluster, host), url=url, version=NEW)
        assert "seconds" in healthy, healthy
    stands_on(cluster, NEW)


def test_the_way_back_and_forward_again(cluster: Cluster) -> None:
    # The image has the name that it had, whatever is said now. Nothing is lost: both agree on the database.
    back = cluster.playbook("lakefs_rollback", lakefs_image="nobody.example/has/none:{version}")
    assert back.rc == 0, back.out[-6000:]
    stands_on(cluster, OLD)
    forward = cluster.playbook("lakefs_upgrade", lakefs_version=NEW, lakefs_strategy="all_at_once")
    assert forward.rc == 0, forward.out[-6000:]
    stands_on(cluster, NEW)
