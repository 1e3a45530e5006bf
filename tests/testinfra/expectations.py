# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds after every upgrade that went well, whatever its strategy."""

from __future__ import annotations

import re
from typing import Any

from upgrades import PRODUCT, Cluster, Result


def says(result: Result, *sentences: str) -> None:
    missing = [sentence for sentence in sentences if not result.says(sentence)]
    assert not missing, f"{missing} not in:\n{result.out[-6000:]}"


def stopped_by(result: Result, *sentences: str) -> None:
    assert result.rc > 0, result.out[-6000:]
    says(result, *sentences)


def each_is_of(cluster: Cluster, image: str, mounted: set[str], *argv: str) -> None:
    """The same container as `lab up` has made but for its image, and none next to it."""
    for host in cluster.hosts:
        one = cluster.container(host)
        assert one["Config"]["Image"] == f"uplift-lab/{PRODUCT}:{image}"
        assert one["State"]["Running"] and one["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
        assert [one["Path"], *one["Args"]] == list(argv)
        assert one["Config"]["Labels"] == {"uplift-lab": cluster.name}
        assert {mount["Destination"] for mount in one["Mounts"]} == mounted
        assert not [name for name in beside(cluster, host) if not name.endswith(f"-{PRODUCT}")]


def beside(cluster: Cluster, host: str) -> list[str]:
    """The containers of a lab host, without the host itself."""
    name = f"uplift-{cluster.name}-{host}-"
    return cluster.on(host, "docker", "ps", "-a", "--format", "{{.Names}}", "--filter", f"name={name}").split()


def nothing_is_lost(cluster: Cluster, release: str) -> None:
    """The lab's own judge, which knows nothing of the collection."""
    said = cluster.lab("verify", "--release", release)
    assert re.search(r"judge: \d+ objects, (\d+ [a-z ]+, )+\d+ [a-z ]+: all as before", said), said


def nothing_is_left_behind(cluster: Cluster) -> None:
    """Throw-away keys and buckets, drop-ins, copies of the config, the lease, the probe, what holds a service."""
    nothing_is_held(cluster)
    for host in cluster.hosts:
        places = ("/etc/systemd/system", "/run/systemd/system", "/etc")
        listed = cluster.on(host, "ls", "-A", *places) + cluster.on(host, "find", "/var/lib/uplift")
        assert "uplift-quiesce" not in listed and "uplift-stop" not in listed and "lease.json" not in listed, listed
    contents = cluster.garage("a1", "bucket", "list") + cluster.garage("a1", "key", "list")
    assert "uplift-" not in contents, contents
    assert not list(cluster.reports.glob(".probe-*")), "the probe has left its directory"


def nothing_is_held(cluster: Cluster) -> None:
    for host in cluster.hosts:
        listed = cluster.on(host, "find", "/etc/systemd", "/usr/local/lib", "/var/lib/uplift", check=False)
        held = [path for path in listed.split() if "zzz-uplift-held" in path or "/uplift/held/" in path]
        assert held == [], held


def backups_are_private_and_proved(cluster: Cluster, report: Any) -> None:
    assert {row["host"] for row in report["backups"]} == set(cluster.hosts), report["backups"]
    assert all(row["proved"] for row in report["backups"]), report["backups"]
    for host in cluster.hosts:
        modes = cluster.on(host, "find", "/var/backups/uplift", "-printf", "%y %m %f\n").split("\n")
        assert modes and all(re.match(r"d 700 |f 600 |$", line) for line in modes), modes
