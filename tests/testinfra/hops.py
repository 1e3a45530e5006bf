# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds after a hop of Garage, or several."""

from __future__ import annotations

from upgrades import Cluster


def test_metadata_belongs_to_the_service(cluster: Cluster) -> None:
    """trap G19: what ran next to the daemon ran as the service's own user."""
    for host in cluster.hosts:
        assert cluster.on(host, "find", "/var/lib/garage/meta", "-not", "-user", "garage").strip() == ""


def test_each_release_has_its_configuration(cluster: Cluster) -> None:
    """trap G22: going back swaps program and configuration together."""
    report = cluster.report()
    for release in (report["from"], report["to"]):
        for host in cluster.hosts:
            cluster.on(host, "test", "-s", f"{cluster.config}.uplift-{release}")


def test_clients_noticed_nothing_but_the_switch(cluster: Cluster) -> None:
    """Whatever took longer took one node at a time away."""
    rows = cluster.report()["probe"]["phases"]
    print(*rows, sep="\n")
    served = {row["phase"]: row["unserved"] for row in rows if not row["phase"].startswith("together")}
    assert served and not any(served.values()), rows
