# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.11.9 -> 1.13.4 on real programs whose object store is S3: a full disk, backups by Amazon's API, and the rollback.

moto serves that API, for EBS and S3, where the lab's host reaches it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pachyderm_always import HOST, finish_output, nothing_is_left_behind, nothing_is_lost, pachctl
from upgrades import Cluster, scenario

SOURCE, TARGET = "1.11.9", "1.13.4"
KEPT = "/var/backups/uplift/pachyderm/pachd.service"
STORE, COPY = "pachyderm", "pachyderm-copy"
KEY, SECRET = "lab-key", "lab-secret-never-printed"
# The disk has 128 MB; what a repo no longer shows is in its dump all the same, and in no size that is listed.
HIDDEN = 160_000_000
# No local object store to look into, and a disk that is smaller than the room that is wanted besides the objects.
# The small disk has no room for a scratch etcd.
USUAL = {
    "pachyderm_version": TARGET,
    "pachyderm_object_store": "",
    "pachyderm_free_bytes": 1_000_000,
    "pachyderm_try_restore": False,
}


@dataclass(frozen=True)
class Amazon:
    settings: dict[str, str]
    volume: str
    ec2: Any
    s3: Any


@pytest.fixture(scope="module")
def amazon() -> Iterator[Amazon]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    gateway = scenario().address(HOST).rsplit(".", 1)[0] + ".1"
    server = ThreadedMotoServer(ip_address=gateway, port=0, verbose=False)
    server.start()
    url = f"http://{gateway}:{server.get_host_and_port()[1]}"
    whom: dict[str, Any] = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    ec2, s3 = (boto3.client(name, endpoint_url=url, region_name="us-east-1", **whom) for name in ("ec2", "s3"))
    made = ec2.create_volume(AvailabilityZone="us-east-1a", Size=3)["VolumeId"]
    # moto leaves SnapshotId out where Amazon has an empty one, and amazon.aws wants it to be there.
    origin = ec2.create_snapshot(VolumeId=made)["SnapshotId"]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=3, SnapshotId=origin)["VolumeId"]
    for bucket in (STORE, COPY):
        s3.create_bucket(Bucket=bucket)
    settings = {"endpoint_url": url, "region": "us-east-1", "access_key": KEY, "secret_key": SECRET}
    yield Amazon(settings, volume, ec2, s3)
    server.stop()


@pytest.fixture(scope="module")
def cluster(amazon: Amazon) -> Cluster:
    """Its server keeps its objects in the bucket: the secret as `pachctl deploy` would have mounted it."""
    found = scenario()
    endpoint = amazon.settings["endpoint_url"].partition("//")[2]
    secret = {"bucket": STORE, "endpoint": endpoint, "id": KEY, "secret": SECRET, "secure": "0", "signature": "0"}
    write = "umask 077; mkdir -p /pachyderm-storage-secret; "
    write += "; ".join(f"printf %s {value} > /pachyderm-storage-secret/minio-{name}" for name, value in secret.items())
    found.on(HOST, "sh", "-c", f"{write}; chown -R pachyderm /pachyderm-storage-secret")
    found.on(HOST, "sed", "-i", "s/^STORAGE_BACKEND=.*/STORAGE_BACKEND=MINIO/", "/etc/pachyderm/pachd.env")
    found.on(HOST, "systemctl", "restart", "pachd.service")
    found.lab("fill", "--objects", "40")
    return found


def listed(amazon: Amazon, bucket: str) -> dict[str, int]:
    pages = amazon.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", [])}


def test_the_disk_fills_up_during_the_extract(cluster: Cluster) -> None:
    """trap P07: nothing that looks like a dump is left, and the cluster serves again."""
    cluster.on(HOST, "sh", "-c", f"head -c {HIDDEN} /dev/urandom > /var/tmp/lab-hidden")
    pachctl(cluster, "create", "repo", "bulk")
    pachctl(cluster, "put", "file", "bulk@master:/hidden", "-f", "/var/tmp/lab-hidden")
    pachctl(cluster, "delete", "file", "bulk@master:/hidden")
    done = cluster.playbook("pachyderm_upgrade", **USUAL, pachyderm_objects="full")
    assert done.rc != 0 and done.says("No space left on device") and done.says("Make free space"), done.out[-3000:]
    listed = cluster.on(HOST, "find", KEPT, "-name", "*dump*")
    assert listed.strip() == "", listed
    pachctl(cluster, "delete", "repo", "bulk")
    cluster.on(HOST, "rm", "/var/tmp/lab-hidden")
    nothing_is_lost(cluster, SOURCE)
    nothing_is_left_behind(cluster)


def test_it_goes_on_and_backs_up_to_amazon(cluster: Cluster, amazon: Amazon) -> None:
    finish_output(cluster)
    backups = [{"kind": "ebs", "volume": amazon.volume}, {"kind": "s3", "bucket": STORE, "to": COPY}]
    more = {"pachyderm_backup": backups, "pachyderm_aws": amazon.settings}
    done = cluster.playbook("pachyderm_upgrade", **USUAL, **more)
    assert done.rc == 0, done.out[-3000:]
    assert SECRET not in done.out
    nothing_is_lost(cluster, TARGET)


def test_the_backups_are_what_they_say(cluster: Cluster, amazon: Amazon) -> None:
    operation = cluster.report()["id"]
    filters = [{"Name": "tag:uplift-operation", "Values": [operation]}]
    (snapshot,) = amazon.ec2.describe_snapshots(Filters=filters)["Snapshots"]
    assert (snapshot["VolumeId"], snapshot["State"]) == (amazon.volume, "completed")
    copy, store = listed(amazon, COPY), listed(amazon, STORE)
    told = json.loads(cluster.on(HOST, "cat", f"{KEPT}/{operation}/s3-{STORE}-0.json"))
    assert told == {"bucket": COPY, "objects": len(copy), "bytes": sum(copy.values())}
    # The new release has written its own since.
    assert len(copy) > 40 and {key: store.get(key) for key in copy} == copy
    modes = cluster.on(HOST, "find", "/var/backups/uplift", "-printf", "%y %m\n").split("\n")
    assert set(modes) <= {"d 700", "f 600", ""}, modes
    found = cluster.on(HOST, "grep", "-rlF", SECRET, "/var/lib/uplift", "/var/backups", check=False)
    assert "/var/" not in found, found


def test_back_over_an_upgrade_in_place(cluster: Cluster) -> None:
    """The metadata that was renamed, and the release of that time over the same object store."""
    finish_output(cluster)
    done = cluster.playbook("pachyderm_rollback", pachyderm_object_store="", pachyderm_confirm=["rollback"])
    assert done.rc == 0, done.out[-3000:]
    nothing_is_lost(cluster, SOURCE)
    nothing_is_left_behind(cluster)
