# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The customer of lakeFS: everything through the proxy's one address, tried again as S3 clients do."""

from __future__ import annotations

from tests.lab import s3
from tests.lab.cluster import Cluster
from tests.lab.lakefs import database
from tests.lab.lakefs_fill import door, s3_client
from tests.lab.manifest import LOAD

TRIES = 3
TIMEOUT = 10


def clients(cluster: Cluster) -> list[tuple[str, s3.Client]]:
    api, address = door(cluster), database(cluster).address
    if LOAD not in {info["id"] for info in api.listed("/repositories")}:
        body = {"name": LOAD, "storage_namespace": f"local://{LOAD}", "default_branch": "main"}
        api.call("POST", "/repositories", body)
    return [(f"proxy, try {number + 1}", s3_client(cluster, address, TIMEOUT)) for number in range(TRIES)]
