# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a dump is written: framed snappy, and in it protobuf messages with their lengths before them. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .release import SERIES, Failed, V

STREAM = {"0.0": 0, "1.6": 1, "1.7": 1, "1.8": 2, "1.9": 3}
OBJECT, TAG, REPO, COMMIT, BRANCH, PIPELINE = 2, 3, 4, 5, 6, 7
SPEC = 1000  # the emulator's own: the whole specification of a pipeline, as JSON
TABLE: list[int] = []  # made once, when first expected
Op = tuple[int, bytes]


def castagnoli() -> list[int]:
    table = []
    for number in range(256):
        for _bit in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


def checksum(data: bytes) -> int:
    if not TABLE:
        TABLE.extend(castagnoli())
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(*parts: bytes) -> bytes:
    """Each part in chunks of its own. An empty cluster's dump has no byte at all: bare_extract_no_objects."""
    if not any(parts):
        return b""
    chunks = [b"\xff\x06\x00\x00sNaPpY"]
    for part in parts:
        for start in range(0, len(part), 65536):
            one = part[start : start + 65536]
            chunks.append(b"\x01" + struct.pack("<I", len(one) + 4)[:3] + struct.pack("<I", checksum(one)) + one)
    return b"".join(chunks)


def unframe(data: bytes) -> Iterator[bytes]:
    """restore_garbage, restore_truncated: what is no whole chunk is corrupt."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "little")
        body = data[at + 4 : at + 4 + size]
        if data[at] not in (0xFF, 0x01) or len(body) < size:
            raise Failed("snappy: corrupt input")
        if data[at] == 0x01:
            yield body[4:]
        at += 4 + size


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def filled(number: int, value: bytes | str) -> bytes:
    """What is empty is not written."""
    return field(number, value) if value else b""


def only(found: dict[int, list[bytes]]) -> Op:
    """The one field that there is."""
    (number,) = found
    (value,) = found[number]
    return number, value


def number_at(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def fields(data: bytes) -> dict[int, list[bytes]]:
    """Only such as have a length, which is all that is written here."""
    found: dict[int, list[bytes]] = {}
    at = 0
    while at < len(data):
        tag, at = number_at(data, at)
        size, at = number_at(data, at)
        found.setdefault(tag >> 3, []).append(data[at : at + size])
        at += size
    return found


def stream() -> int:
    return 1 if V == (1, 8, 0) else STREAM[SERIES]


def message(op: Op) -> bytes:
    whole = field(stream(), field(*op))
    return struct.pack("<q", len(whole)) + whole


def messages(data: bytes) -> tuple[list[tuple[int, int, bytes]], bytes]:
    """(stream, kind, body) of every message that has come as a whole; what is left over waits for the next chunk."""
    found = []
    while len(data) >= 8:
        (size,) = struct.unpack("<q", data[:8])
        if len(data) < 8 + size:
            break
        number, op = only(fields(data[8 : 8 + size]))
        found.append((number, *only(fields(op))))
        data = data[8 + size :]
    return found, data


def ref(repo: str, name: str) -> bytes:
    return field(1, field(1, repo)) + filled(2, name)


def named(data: bytes) -> tuple[str, str]:
    parts = fields(data)
    return fields(parts[1][0])[1][0].decode(), parts.get(2, [b""])[0].decode()
