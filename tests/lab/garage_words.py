# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each release of Garage is asked: the words after `garage -c FILE`, and what the release has at all. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass


def numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


@dataclass(frozen=True)
class Words:
    release: str

    def since(self, *release: int) -> bool:
        return numbers(self.release) >= release

    @property
    def aliases(self) -> bool:
        """0.5 knows a bucket by its one name, has no owners, and no keys that may make buckets."""
        return self.since(0, 6)

    @property
    def api(self) -> bool:
        """The tables of 2.x leave things out; its JSON interface does not."""
        return self.since(2)

    @property
    def engines(self) -> tuple[str, ...]:
        """Those of a binary from the registry. 0.7 does not know the word yet."""
        if self.since(1):
            return ("lmdb", "sqlite")
        return ("sled", "lmdb", "sqlite") if self.since(0, 9) else ("sled",) if self.since(0, 8) else ()

    def role(self, node: str, zone: str, tag: str, gateway: bool) -> list[str]:
        """Capacities were shares up to 0.8 and are bytes from 0.9 on."""
        size = ["-g"] if gateway else ["-c", "1G" if self.since(0, 9) else "1"]
        return ["layout", "assign", node, "-z", zone, *size, "-t", tag]

    def new_key(self, name: str) -> list[str]:
        return ["key", "create", name] if self.since(0, 9) else ["key", "new", "--name", name]

    @property
    def all(self) -> str:
        """What a list is asked with by `json-api`; 2.5.0 refuses what every release before it wants."""
        return '{"limit": 1000000}' if self.since(2, 5) else "null"

    @property
    def buckets(self) -> list[str]:
        return ["json-api", "ListBuckets", self.all] if self.api else ["bucket", "list"]

    def bucket(self, name: str) -> list[str]:
        return self.question("GetBucketInfo", search=name) if self.api else ["bucket", "info", name]

    @property
    def keys(self) -> list[str]:
        return ["json-api", "ListKeys", self.all] if self.api else ["key", "list"]

    def key(self, name: str) -> list[str]:
        if self.api:
            return self.question("GetKeyInfo", search=name, showSecretKey=True)
        return ["key", "info", *(["--show-secret"] if self.since(0, 9) else []), name]

    def rights(self, given: str) -> list[str]:
        flags = {"R": "--read", "W": "--write", "O": "--owner"}
        return [flags[one] for one in given]

    def question(self, name: str, **asked: object) -> list[str]:
        return ["json-api", name, json.dumps(asked)]
