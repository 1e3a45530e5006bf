# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.11.9 -> 1.13.4 on real programs: a full disk, EBS and S3 by an API server on loopback (moto), and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pachyderm_always import HOST, nothing_is_left_behind, nothing_is_lost
from upgrades import Cluster, scenario

SOURCE, TARGET = "1.11.9", "1.13.4"
PACHCTL = ("env", "HOME=/etc/uplift-lab", "PACH_CONFIG=/etc/uplift-lab/pachctl.json", "/usr/local/bin/pachctl")
KEPT = "/var/backups/uplift/pachyderm"
# The disk has 128 MB; what a repo no longer shows is in its dump all the same, and in no size that is listed.
HIDDEN = 160_000_000
OBJECTS = {f"object/{number:02}": b"." * number * 1000 for number in range(1, 31)}


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return scenario()


@dataclass(frozen=True)
class Amazon:
    settings: dict[str, str]
    volume: str
    ec2: Any
    s3: Any


@pytest.fixture(scope="module")
def amazon() -> Iterator[Amazon]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    key, secret = "lab-key", "lab-secret-never-printed"
    where = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    as_whom = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    ec2, s3 = (boto3.client(name, **where, **as_whom) for name in ("ec2", "s3"))
    made = ec2.create_volume(AvailabilityZone="us-east-1a", Size=3)["VolumeId"]
    # moto leaves SnapshotId out where Amazon has an empty one, and amazon.aws wants it to be there.
    origin = ec2.create_snapshot(VolumeId=made)["SnapshotId"]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=3, SnapshotId=origin)["VolumeId"]
    for bucket in ("pachyderm", "pachyderm-copy"):
        s3.create_bucket(Bucket=bucket)
    for name, body in OBJECTS.items():
        s3.put_object(Bucket="pachyderm", Key=name, Body=body)
    yield Amazon(
        {"endpoint_url": where["endpoint_url"], "region": "us-east-1", "access_key": key, "secret_key": secret},
        volume,
        ec2,
        s3,
    )
    server.stop()


def pachctl(cluster: Cluster, *words: str) -> str:
    return cluster.on(HOST, *PACHCTL, *words)


def finish_output(cluster: Cluster) -> None:
    """No worker runs in the lab, and each start of a pipeline opens a commit of its output (trap P34)."""
    for pipeline in ("edges", "counts", "joined"):
        raw, decoder = pachctl(cluster, "list", "commit", pipeline, "--raw").strip(), json.JSONDecoder()
        while raw:
            commit, end = decoder.raw_decode(raw)
            raw = raw[end:].lstrip()
            if "finished" not in commit:
                pachctl(cluster, "finish", "commit", f"{pipeline}@{commit['commit']['id']}")


def test_the_disk_fills_up_during_the_extract(cluster: Cluster) -> None:
    """trap P07: nothing that looks like a dump is left, and the cluster serves again."""
    cluster.on(HOST, "sh", "-c", f"head -c {HIDDEN} /dev/urandom > /var/tmp/lab-hidden")
    pachctl(cluster, "create", "repo", "bulk")
    pachctl(cluster, "put", "file", "bulk@master:/hidden", "-f", "/var/tmp/lab-hidden")
    pachctl(cluster, "delete", "file", "bulk@master:/hidden")
    done = cluster.playbook(
        "pachyderm_upgrade", pachyderm_version=TARGET, pachyderm_objects="full", pachyderm_room=1_000_000
    )
    assert done.rc != 0 and done.says("No space left on device") and done.says("Make room"), done.out[-3000:]
    listed = cluster.on(HOST, "find", KEPT, "-name", "*dump*")
    assert listed.strip() == "", listed
    pachctl(cluster, "delete", "repo", "bulk")
    cluster.on(HOST, "rm", "/var/tmp/lab-hidden")
    nothing_is_lost(cluster, SOURCE)
    nothing_is_left_behind(cluster)


def test_it_goes_on_and_backs_up_to_amazon(cluster: Cluster, amazon: Amazon) -> None:
    finish_output(cluster)
    backups = [{"kind": "ebs", "volume": amazon.volume}, {"kind": "s3", "bucket": "pachyderm", "to": "pachyderm-copy"}]
    done = cluster.playbook(
        "pachyderm_upgrade",
        pachyderm_version=TARGET,
        pachyderm_room=1_000_000,
        pachyderm_backup=backups,
        pachyderm_aws=amazon.settings,
    )
    assert done.rc == 0, done.out[-3000:]
    assert amazon.settings["secret_key"] not in done.out
    nothing_is_lost(cluster, TARGET)


def test_the_backups_are_what_they_say(cluster: Cluster, amazon: Amazon) -> None:
    operation = cluster.report()["id"]
    filters = [{"Name": "tag:uplift-operation", "Values": [operation]}]
    (snapshot,) = amazon.ec2.describe_snapshots(Filters=filters)["Snapshots"]
    assert (snapshot["VolumeId"], snapshot["State"]) == (amazon.volume, "completed")
    copied = amazon.s3.list_objects_v2(Bucket="pachyderm-copy")["Contents"]
    assert {one["Key"]: one["Size"] for one in copied} == {name: len(body) for name, body in OBJECTS.items()}
    told = json.loads(cluster.on(HOST, "cat", f"{KEPT}/{operation}/s3-pachyderm-0.json"))
    assert told == {"bucket": "pachyderm-copy", "objects": 30, "bytes": sum(map(len, OBJECTS.values()))}
    modes = cluster.on(HOST, "find", "/var/backups/uplift", "-printf", "%y %m\n").split("\n")
    assert set(modes) <= {"d 700", "f 600", ""}, modes
    found = cluster.on(HOST, "grep", "-rlF", amazon.settings["secret_key"], "/var/lib/uplift", KEPT, check=False)
    assert "/var/" not in found, found


def test_back_over_an_upgrade_in_place(cluster: Cluster) -> None:
    """The metadata that was put aside, and the release of that time over the same object store."""
    finish_output(cluster)
    done = cluster.playbook("pachyderm_rollback", pachyderm_confirm=["rollback"])
    assert done.rc == 0, done.out[-3000:]
    nothing_is_lost(cluster, SOURCE)
    nothing_is_left_behind(cluster)
