# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much memory a dump costs: pachyderm_dump.py [GIB [COMMITS]] writes one of that size, reads it, and says so.

Blocks of 8 MiB in frames of 64 KiB, then the metadata of many commits. Fails above 128 MiB.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator

from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.snappy import MAGIC

LIMIT = 128 << 20
FRAME = 65536


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def message(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def operation(kind: int, body: bytes) -> bytes:
    op = message(7, message(kind, body))
    return len(op).to_bytes(8, "little") + op


def operations(size: int, commits: int) -> Iterator[bytes]:
    block = message(2, os.urandom(8 << 20))
    for _number in range(size // len(block)):
        yield operation(10, block)
        yield operation(10, b"")
    repo = message(1, b"data")
    yield operation(4, message(1, repo))
    for number in range(commits):
        identity = f"{number:032x}".encode()
        yield operation(5, message(1, message(1, repo)) + message(5, identity) + message(3, identity * 4))
    yield operation(6, message(3, message(1, repo) + message(2, b"master")))


def frame(part: bytes) -> bytes:
    return b"\x01" + (len(part) + 4).to_bytes(3, "little") + b"\0\0\0\0" + part


def write(path: str, size: int, commits: int) -> None:
    with open(path, "wb") as out:
        out.write(MAGIC)
        for op in operations(size, commits):
            for at in range(0, len(op), FRAME):
                out.write(frame(op[at : at + FRAME]))


def main(gib: str = "2", commits: str = "300000") -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/dump"
        child = os.fork()
        if not child:
            write(path, int(float(gib) * (1 << 30)), int(commits))
            os._exit(0)
        os.waitpid(child, 0)
        began = time.monotonic()
        with open(path, "rb") as handle:
            found = dump.read(handle)
        took = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    print(f"{found.bytes >> 20} MiB, {found.operations} operations, {found.commits} commits: {took:.1f} s,", end=" ")
    print(f"{found.bytes / took / 1e6:.0f} MB/s, peak {peak >> 20} MiB")
    if peak > LIMIT:
        sys.exit(f"expected at most {LIMIT >> 20} MiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
