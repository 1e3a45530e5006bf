# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests of every scenario in which an upgrade of Pachyderm went well."""

from __future__ import annotations

import json
import os
import re

from upgrades import Cluster

HOST = "a1"
# The lab's own: the operator's configuration is nobody's business here.
PACHCTL = ("env", "HOME=/etc/uplift-lab", "PACH_CONFIG=/etc/uplift-lab/pachctl.json", "/usr/local/bin/pachctl")


def pachctl(cluster: Cluster, *words: str, check: bool = True) -> str:
    return cluster.on(HOST, *PACHCTL, *words, check=check)


def finish_output(cluster: Cluster) -> None:
    """No worker runs in the lab, and each start of a pipeline opens a commit of its output (trap P34)."""
    for pipeline in ("edges", "counts", "joined"):
        raw, decoder = pachctl(cluster, "list", "commit", pipeline, "--raw").strip(), json.JSONDecoder()
        while raw:
            commit, end = decoder.raw_decode(raw)
            raw = raw[end:].lstrip()
            if "finished" not in commit:
                pachctl(cluster, "finish", "commit", f"{pipeline}@{commit['commit']['id']}")


def nothing_is_lost(cluster: Cluster, release: str) -> None:
    """The lab's own judge, which knows nothing of the collection: it reads a file of every head, by checksum."""
    said = cluster.lab("verify", "--release", release)
    assert re.search(r"judge: \d+ repos, .* files: all as before", said), said


def nothing_is_left_behind(cluster: Cluster) -> None:
    """The port is where clients look for it, no drop-in and no lease is left, and no client's directory."""
    places = ("/etc/systemd/system", "/run/systemd/system", "/tmp")
    listed = cluster.on(HOST, "ls", "-A", *places, check=False)
    listed += cluster.on(HOST, "find", "/var/lib/uplift", check=False)
    assert "uplift-quiet" not in listed and "lease.json" not in listed and "uplift-pachctl" not in listed, listed


def test_nothing_is_lost(cluster: Cluster) -> None:
    """traps P04, P06, P14, P23: files are read, and exactly the pipelines that ran run again."""
    nothing_is_lost(cluster, os.environ["UPLIFT_TARGET"])


def test_nothing_is_left_behind(cluster: Cluster) -> None:
    nothing_is_left_behind(cluster)


def test_what_is_kept_is_private(cluster: Cluster) -> None:
    """Dumps and snapshots: 0600 in directories of 0700."""
    modes = cluster.on(HOST, "find", "/var/backups/uplift", "-printf", "%y %m %f\n").splitlines()
    assert modes and all(re.match(r"d 700 |f 600 |$", line) for line in modes), modes


def test_the_backup_was_proved(cluster: Cluster) -> None:
    backups = cluster.report()["backups"]
    assert backups and all(row["proved"] for row in backups), backups


def test_no_token_is_printed(cluster: Cluster) -> None:
    """trap P10: from 1.11 on a restore makes a root token, and prints it."""
    for path in cluster.reports.rglob("*"):
        assert not path.is_file() or "root auth token" not in path.read_text(encoding="utf-8", errors="replace"), path
