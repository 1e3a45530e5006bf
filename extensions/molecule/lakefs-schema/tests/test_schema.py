# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KV schemas 3, 2 and 1 to the newest, all at once, each a real migration by the real 1.84.0.

What runs before are emulated releases over the rows of a real one; the records are written.
"""

from __future__ import annotations

import pytest
from upgrades import Cluster

ENDS_WITH = ("nothing_is_left_behind", "secrets_are_nowhere", "what_is_kept_is_private")

NEWEST = "1.84.0"
# release -> schema; the last is one of 1.x on schema 4, which starts from where the others have ended.
OLDER = {"0.99.0": "3", "0.98.0": "2", "0.80.2": "1"}


@pytest.fixture(scope="module", params=OLDER)
def older(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """The installation as that release left it. The second and third go back by way of 1.82.0's real rows."""
    if cluster.product["release"] != "1.82.0":
        cluster.lab("down")
        cluster.lab("up", "--product", "lakefs", "--nodes", "2", "--release", "1.82.0")
        cluster.lab("fill", "--objects", "60")
    cluster.lab("become", "--release", request.param)
    return str(request.param)


def test_to_the_newest(cluster: Cluster, older: str) -> None:
    assert cluster.record() == OLDER[older]
    result = cluster.playbook("lakefs_upgrade", lakefs_version=NEWEST, lakefs_rehearse=True)
    assert result.rc == 0, result.out[-6000:]
    assert cluster.record() == "4"
    assert "all as before" in cluster.lab("verify", "--release", NEWEST)
    assert result.says("The rehearsal of")
    again = cluster.playbook("lakefs_upgrade", lakefs_version=NEWEST)
    assert again.rc == 0 and again.says(f"Nothing to do: every node runs {NEWEST}."), again.out[-3000:]
