# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ordinary S3 client: boto3, one client for each address and key, no retries that would hide something."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, TypeAlias

import boto3
from botocore.config import Config

from tests.lab.cluster import Cluster

Client: TypeAlias = Any  # boto3 makes its classes at run time


def client(cluster: Cluster, address: str, key_id: str, secret: str, timeout: float = 30) -> Client:
    authority = cluster.product.get("ca", "")
    config = Config(
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        connect_timeout=min(timeout, 5),
        read_timeout=timeout,
        max_pool_connections=16,
        # Checksum trailers are newer than the Garages at hand, which answer them with an error.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=f"{'https' if authority else 'http'}://{address}:{cluster.product['ports']['s3']}",
        verify=authority or True,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        region_name="garage",
        config=config,
    )


@contextlib.contextmanager
def clients(cluster: Cluster, keys: dict[str, str]) -> Iterator[dict[tuple[str, str], Client]]:
    """(host name, key id) -> client. Closed at the end: an idle connection holds up a stopping Garage 0.7 for 14 s."""
    made = {
        (host.name, key_id): client(cluster, host.address, key_id, secret)
        for host in cluster.hosts
        for key_id, secret in keys.items()
    }
    try:
        yield made
    finally:
        for one in made.values():
            one.close()


def page(cluster: Cluster, address: str, site: str, path: str) -> tuple[int, bytes]:
    """What the web port answers for a site. A new connection each time, closed at once."""
    url = f"http://{address}:{cluster.product['ports']['web']}/{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": site}), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
