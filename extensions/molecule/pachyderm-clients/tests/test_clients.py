# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients write between runs that fail, are killed and go on. What they were told is stored is there at the end."""

from __future__ import annotations

import re

from pachyderm_always import HOST, PACHCTL, nothing_is_left_behind, pachctl
from upgrades import Cluster

ENDS_WITH = ("what_is_kept_is_private",)


TARGET = {"pachyderm_version": "1.13.4"}
ASIDE = "TASK [uplift.datastores.pachyderm : Rename the metadata]"
QUIET = "127.0.0.1:30649"
# Repo -> what was written to it, for as long as the tests run.
STORED: dict[str, str] = {}


def store(cluster: Cluster, repo: str, address: str = "") -> None:
    """As a client would: every command has to succeed, and then it counts."""
    body = f"{repo} was told that this is stored"
    cluster.on(HOST, "python3", "-c", f"open('/var/tmp/{repo}', 'w').write({body!r})")
    to = ["env", f"PACHD_ADDRESS={address}"] if address else []
    for words in (["create", "repo", repo], ["put", "file", f"{repo}@master:/told", "-f", f"/var/tmp/{repo}"]):
        cluster.on(HOST, *to, *PACHCTL, *words)
    STORED[repo] = body


def demand(cluster: Cluster) -> None:
    read = {repo: pachctl(cluster, "get", "file", f"{repo}@master:/told", check=False) for repo in STORED}
    assert read == STORED


def dumps(cluster: Cluster) -> list[str]:
    listed = cluster.on(HOST, "find", "/var/backups/uplift/pachyderm", "-name", "*.dump*", "-not", "-name", "*.json")
    return sorted(listed.split())


def test_a_failure_before_the_metadata_go_gives_the_cluster_back(cluster: Cluster) -> None:
    """The operator's own backup fails: everything is as it was, and clients write."""
    tasks = cluster.directory / "no-backup.yml"
    tasks.write_text("- name: Back up\n  ansible.builtin.fail: {msg: the tape is full}\n", encoding="utf-8")
    stopped = cluster.playbook("pachyderm_upgrade", pachyderm_backup_tasks=str(tasks), **TARGET)
    assert stopped.rc > 0 and stopped.says("the tape is full"), stopped.out[-3000:]
    assert ": all as before" in cluster.lab("verify", "--release", "1.9.12")
    store(cluster, "first")
    cluster.lab("outputs", "--release", "1.9.12")  # what the started pipelines' workers would do


def test_what_came_by_the_quiet_port_stops_the_next_run(cluster: Cluster) -> None:
    """A run is killed with its ports closed; somebody who knows the other port writes. It is named."""
    killed = cluster.killed_at("0/together/2/recount", **TARGET)
    assert killed.rc < 0, killed.out[-3000:]
    assert len(dumps(cluster)) == 2, "the dump of before is kept next to the new one"
    store(cluster, "second", QUIET)
    stopped = cluster.playbook("pachyderm_upgrade", **TARGET)
    assert stopped.rc > 0, stopped.out[-3000:]
    for sentence in ("The repo second came", "Nothing was thrown away. Run the same command again"):
        assert stopped.says(sentence), stopped.out[-3000:]
    assert ASIDE not in stopped.out
    demand(cluster)
    store(cluster, "third")
    cluster.lab("outputs", "--release", "1.9.12")


def test_what_is_written_after_the_ports_are_open_is_never_put_aside(cluster: Cluster) -> None:
    """Killed after `resume`: the next run goes on from there. A pipeline was deleted meanwhile."""
    killed = cluster.killed_at("0/after/5/unpause", **TARGET)
    assert killed.rc < 0 and ASIDE in killed.out, killed.out[-3000:]
    demand(cluster)
    store(cluster, "fourth")
    pachctl(cluster, "delete", "pipeline", "joined")
    done = cluster.playbook("pachyderm_upgrade", **TARGET)
    assert done.rc == 0 and ASIDE not in done.out, done.out[-3000:]
    assert done.says("joined: ran before the upgrade and is not there any more"), done.out[-3000:]
    demand(cluster)


def test_a_run_after_the_end_changes_nothing(cluster: Cluster) -> None:
    again = cluster.playbook("pachyderm_upgrade", **TARGET)
    assert again.rc == 0 and again.says("Nothing to do"), again.out[-3000:]
    demand(cluster)


def test_nothing_else_is_lost(cluster: Cluster) -> None:
    """The lab's judge, without what the clients did here."""
    for repo in STORED:
        pachctl(cluster, "delete", "repo", repo)
    said = cluster.lab("verify", "--release", "1.13.4", check=False)
    wrong = [line for line in said.splitlines() if line.startswith("judge: ") and "joined" not in line]
    assert len(wrong) == 1 and re.search(r": (all as before|\d+ differences)$", wrong[0]), said
    nothing_is_left_behind(cluster)
