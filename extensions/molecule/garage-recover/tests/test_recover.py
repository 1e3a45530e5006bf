# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways out: clients that a killed run has shut out, an operation that is given up, a release that does not start.

In the order of the file. All the while an operator has a key and a bucket called like the collection's own, and
deletes an object while an upgrade runs.
"""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from expectations import nothing_is_left_behind, nothing_is_lost, stopped_by
from upgrades import Cluster

REPAIRS = "0/before/5/repair"
DROP_IN = "/etc/systemd/system/garage.service.d/broken.conf"
# The release that is new here does not start, and the old one does.
BROKEN = "[Service]\nExecStartPre=/bin/sh -c '! {binary} --version | grep -q 0.8.7'\n"
KEY, BUCKET = "uplift-mine", "uplift-data"


def open_to_clients(cluster: Cluster) -> dict[str, bool]:
    """Whether the S3 port answers, whatever it says."""
    seen = {}
    for host in cluster.hosts:
        try:
            urllib.request.urlopen(f"http://{cluster.address(host)}:3900/", timeout=5).close()
            seen[host] = True
        except urllib.error.HTTPError:
            seen[host] = True
        except OSError:
            seen[host] = False
    return seen


def everywhere(cluster: Cluster, value: Any) -> dict[str, Any]:
    return dict.fromkeys(cluster.hosts, value)


def operation(cluster: Cluster) -> str:
    return str(cluster.module("a1", "operation", directory="/var/lib/uplift/garage/garage.service")["record"]["id"])


@pytest.fixture(scope="module")
def theirs(cluster: Cluster) -> Any:
    """An operator's client at the last node, with a bucket and three objects."""
    said = cluster.garage("a1", "key", "new", "--name", KEY)
    key, secret = (re.findall(rf"^{name}: (\S+)$", said, re.M)[0] for name in ("Key ID", "Secret key"))
    cluster.garage("a1", "bucket", "create", BUCKET)
    cluster.garage("a1", "bucket", "allow", "--read", "--write", "--owner", "--key", key, BUCKET)
    made: Any = botocore.session.Session().create_client(
        "s3",
        endpoint_url=f"http://{cluster.address('c1')}:3900",
        region_name="garage",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    known_by = time.monotonic() + 60
    while True:  # the last node hears of a new key a moment later
        try:
            made.list_objects_v2(Bucket=BUCKET)
            break
        except ClientError:
            assert time.monotonic() < known_by
            time.sleep(0.5)
    for name in ("kept", "anew", "gone"):
        made.put_object(Bucket=BUCKET, Key=name, Body=name.encode() * 4000)
    made.close()
    return made


def test_a_run_that_is_killed_leaves_clients_shut_out(cluster: Cluster, theirs: Any) -> None:
    ended = cluster.killed_at(REPAIRS, garage_version="0.8.0", garage_strategy="all_at_once")
    assert ended.rc < 0, ended.out[-3000:]
    assert open_to_clients(cluster) == everywhere(cluster, False)


def test_recover_lets_them_in_again(cluster: Cluster) -> None:
    shown = cluster.playbook("garage_recover", "--check")
    assert shown.rc == 0 and open_to_clients(cluster) == everywhere(cluster, False), shown.out[-3000:]
    done = cluster.playbook("garage_recover")
    assert done.rc == 0 and done.says("Clients are let in again."), done.out[-3000:]
    assert open_to_clients(cluster) == everywhere(cluster, True)
    again = cluster.playbook("garage_recover")
    assert again.rc == 0 and again.says("Nothing is closed to clients"), again.out[-3000:]


def test_an_operation_that_is_given_up_lets_them_in_first(cluster: Cluster) -> None:
    """It had been gone on with, and was killed at the same place."""
    first = operation(cluster)
    cluster.killed_at(REPAIRS, garage_version="0.8.0", garage_strategy="all_at_once")
    assert (open_to_clients(cluster), operation(cluster)) == (everywhere(cluster, False), first)
    done = cluster.playbook("garage_plan", garage_version="0.8.0", operation_abandon=first)
    assert done.rc == 0, done.out[-3000:]
    assert open_to_clients(cluster) == everywhere(cluster, True)


def test_an_object_that_its_owner_deletes_meanwhile_is_a_note(cluster: Cluster, theirs: Any) -> None:
    process, said = cluster.start("garage_upgrade", garage_version="0.8.0"), ""
    assert process.stdout is not None
    for line in process.stdout:
        if "PLAY [Hop 0, walk]" in line and "PLAY [Hop 0, walk]" not in said:
            theirs.delete_object(Bucket=BUCKET, Key="gone")
            theirs.put_object(Bucket=BUCKET, Key="anew", Body=b"another")
            theirs.close()
        said += line
    assert process.wait() == 0, said[-6000:]
    notes = {row["key"]: row["sentence"] for row in cluster.report()["notes"]}
    assert sorted(notes) == ["objects_deleted", "objects_overwritten"]
    assert "clients have deleted 1 of the objects that were read before ('gone')" in notes["objects_deleted"]
    assert cluster.report()["differences"] == []


def test_a_release_that_does_not_start_is_gone_back_from_at_its_node_alone(cluster: Cluster) -> None:
    before = {host: cluster.starts(host) for host in cluster.hosts}
    text = BROKEN.format(binary=cluster.product["binary"])
    cluster.on("a1", "mkdir", "-p", DROP_IN.rpartition("/")[0])
    cluster.on("a1", "python3", "-c", f"open({DROP_IN!r}, 'w').write({text!r})")
    cluster.on("a1", "systemctl", "daemon-reload")
    stopped_by(
        cluster.playbook("garage_upgrade", garage_version="0.8.7"),
        "stopped in the pass walk, a1, Start the service: systemctl start",
    )
    assert open_to_clients(cluster) == {"a1": False, "b1": True, "c1": True}
    done = cluster.playbook("garage_rollback")
    assert done.rc == 0, done.out[-6000:]
    assert open_to_clients(cluster) == everywhere(cluster, True)
    after = {host: cluster.starts(host) for host in cluster.hosts}
    assert {host: after[host] - before[host] for host in cluster.hosts} == {"a1": 1, "b1": 0, "c1": 0}
    cluster.on("a1", "rm", DROP_IN)
    cluster.on("a1", "systemctl", "daemon-reload")


def test_what_an_operator_calls_like_ours_is_still_there(cluster: Cluster, theirs: Any) -> None:
    assert KEY in cluster.garage("b1", "key", "list") and BUCKET in cluster.garage("b1", "bucket", "list")
    listed = theirs.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [one["Key"] for one in listed] == ["anew", "kept"]
    for one in listed:
        theirs.delete_object(Bucket=BUCKET, Key=one["Key"])
    theirs.close()
    cluster.garage("a1", "bucket", "delete", "--yes", BUCKET)
    cluster.garage("a1", "key", "delete", "--yes", KEY)


def test_nothing_else_is_lost_or_left_behind(cluster: Cluster) -> None:
    nothing_is_lost(cluster, "0.8.0")
    nothing_is_left_behind(cluster)
