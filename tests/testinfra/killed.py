# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is ended by SIGKILL, again and again, and the one that finishes. The moments are the scenario's."""

from __future__ import annotations

import os
from typing import Any

from upgrades import PRODUCT, Cluster

TARGET = os.environ.get("UPLIFT_TARGET", "0.8.7")
WANTED: dict[str, Any] = {f"{PRODUCT}_version": TARGET}
if os.environ.get("UPLIFT_HOOKS") == "haproxy":
    hooks = [{"at": "before_wave", "tasks": "haproxy_drain"}, {"at": "after_wave", "tasks": "haproxy_ready"}]
    WANTED |= {f"{PRODUCT}_hooks": hooks, "hooks_haproxy_hosts": ["d1"], "hooks_haproxy_backend": "instances"}


def test_killed(cluster: Cluster, moment: str) -> None:
    """Each goes on at once where the one before was ended: its process is known to be dead, its lease is taken over."""
    ended = cluster.killed_at(moment, **WANTED)
    assert ended.rc < 0, ended.out[-3000:]


def test_the_last_run_finishes(cluster: Cluster) -> None:
    done = cluster.playbook(f"{PRODUCT}_upgrade", **WANTED)
    assert done.rc == 0, done.out[-3000:]


def test_a_run_after_the_end_changes_nothing(cluster: Cluster) -> None:
    again = cluster.playbook(f"{PRODUCT}_upgrade", **WANTED)
    assert again.rc == 0 and again.says(f"Nothing to do: every node runs {TARGET}."), again.out[-3000:]


def test_what_the_client_was_told_is_stored_is_there(cluster: Cluster) -> None:
    """Before, between and after the runs: the judge demands everything that the client was promised."""
    said = cluster.lab("load", "stop")
    assert "WRONG" not in said and " 0 promised" not in said, said
    assert "all as before" in cluster.lab("verify", "--release", TARGET)
