# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.11.9 -> 1.13.4 in parallel with the old cluster."""

from __future__ import annotations

from pachyderm_always import HOST
from upgrades import Cluster


def test_the_old_cluster_is_kept(cluster: Cluster) -> None:
    """Going back is a switch: its metadata and its objects are where they were."""
    cluster.on(HOST, "test", "-d", "/var/lib/etcd/default/member")
    listed = cluster.on(HOST, "ls", "/var/lib/pachyderm/store")
    assert listed.split(), "the object store of the old cluster is empty"
