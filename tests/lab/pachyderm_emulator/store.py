# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the server keeps what it holds: metadata under one key of etcd, objects in files."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .release import Failed, V


class Store:
    """Up to here the local store nests its own path once more (trap P22).

    ETCD_PREFIX keeps two servers on one etcd apart, as it does the real ones.
    """

    def __init__(self) -> None:
        host = os.environ.get("ETCD_SERVICE_HOST") or os.environ.get("ETCD_PORT_2379_TCP_ADDR", "127.0.0.1")
        self.etcd = f"http://{host}:{os.environ.get('ETCD_SERVICE_PORT', '2379')}/v3/kv/"
        prefix = os.environ.get("ETCD_PREFIX", "")
        self.key = base64.b64encode(f"{prefix}lab/pachyderm".encode()).decode()
        root = os.environ.get("PACH_ROOT", "/pach")
        self.objects = Path(root + root, "object")

    def call(self, verb: str, body: dict[str, str]) -> Any:
        with urllib.request.urlopen(self.etcd + verb, json.dumps(body).encode(), timeout=5) as answer:
            return json.load(answer)

    def load(self) -> dict[str, Any]:
        kept = self.call("range", {"key": self.key}).get("kvs")
        if kept:
            found: dict[str, Any] = json.loads(base64.b64decode(kept[0]["value"]))
            return found
        return {"layout": layout(), "id": uuid.uuid4().hex, "repos": {}, "pipelines": {}, "jobs": [], "tags": {}}

    def save(self, state: dict[str, Any]) -> None:
        self.call("put", {"key": self.key, "value": base64.b64encode(json.dumps(state).encode()).decode()})

    def put(self, data: bytes) -> str:
        name = hashlib.sha512(data).hexdigest()
        self.objects.mkdir(parents=True, exist_ok=True)
        (self.objects / name).write_bytes(data)
        return name

    def get(self, name: str) -> bytes:
        try:
            return (self.objects / name).read_bytes()
        except FileNotFoundError:
            raise Failed(f"objectInfoGetter: object {name} not found") from None

    def all(self) -> Iterator[bytes]:
        """bare_extract: also those of repos that are gone."""
        for path in sorted(self.objects.glob("*")):
            yield path.read_bytes()


def layout() -> str:
    """Releases that read each other's metadata: 1.4 kept text where later ones keep binary."""
    return "1.4" if V < (1, 5, 0) else "1.5"


def tree_layout() -> str:
    return "1.7" if V < (1, 8, 0) else "1.8"


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000000001Z"
