# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A snappy framed stream, read piece by piece. What is passed over is never unpacked: objects are most of a dump."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

MAGIC = b"\xff\x06\x00\x00sNaPpY"
_COMPRESSED, _PLAIN, _SKIPPABLE = 0x00, 0x01, 0x80
_BLOCK = 65536  # no frame holds more


class DumpError(UpliftError):
    """Why a dump is none. kind: empty, no_dump, cut, damaged, mixed, newer."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.facts = {"kind": kind}


class Frames:
    """Takes and skips bytes of the content; `total` and `digest` are of the file."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self.digest = hashlib.sha256()
        self.total = 0
        self._frame = b""
        self._packed = False
        self._at = self._left = 0
        self.short = False
        self._begin()

    def take(self, size: int) -> bytes:
        """The next bytes; fewer at the end of the file, which is for the caller to judge."""
        parts = []
        while size and (self._left or self._next()):
            if self._packed:
                self._frame, self._packed = unpack(self._frame), False
            part = self._frame[self._at : self._at + size]
            self._pass(len(part))
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over the next bytes; `short` says that the file ended before."""
        while size and (self._left or self._next()):
            step = min(size, self._left)
            self._pass(step)
            size -= step
        self.short = size > 0

    def _pass(self, size: int) -> None:
        self._at += size
        self._left -= size

    def _begin(self) -> None:
        head = self._read(len(MAGIC))
        if not head:
            # P01: `restore` of this exits 0 and restores nothing.
            raise DumpError("empty", "The dump is empty (0 bytes); expected the output of `pachctl extract`.")
        if head == MAGIC:
            return
        if MAGIC.startswith(head):
            raise self.cut()
        # P08, P32: usage and greetings are printed where the dump should be.
        said = (head + self._read(200)).split(b"\n")[0].decode("utf-8", "replace")
        raise DumpError("no_dump", f"The dump begins with {said[:120]!r}; expected a snappy stream. Extract again.")

    def _next(self) -> bool:
        """Step to the next frame with content; False at the end."""
        while True:
            head = self._read(4)
            if not head:
                return False
            size = int.from_bytes(head[1:], "little")
            body = self._read(size) if len(head) == 4 else b""
            if len(head) < 4 or len(body) < size:
                raise self.cut()
            if head[0] in (_COMPRESSED, _PLAIN):
                return self._open(head[0], body)
            if head[0] < _SKIPPABLE:
                raise self.damaged(f"a frame of the unknown kind {head[0]}")

    def _open(self, kind: int, body: bytes) -> bool:
        self._packed, self._at = kind == _COMPRESSED, 0
        if len(body) < 5:
            raise self.damaged(f"a frame of {len(body)} bytes")
        self._frame = body[4:]  # a checksum comes first
        self._left = varint(self._frame, 0)[0] if self._packed else len(self._frame)
        if self._left > _BLOCK:
            raise self.damaged(f"a frame of {self._left} bytes")
        return self._left > 0 or self._next()

    def _read(self, size: int) -> bytes:
        data = self._handle.read(size)
        self.digest.update(data)
        self.total += len(data)
        return data

    def cut(self) -> DumpError:
        # P02, P07: cut at an unlucky place it is restored without a word.
        return DumpError(
            "cut", f"The dump ends in the middle, after {self.total} bytes; expected its end. Extract again."
        )

    def damaged(self, what: str) -> DumpError:
        return DumpError("damaged", f"The dump has {what} before byte {self.total}; expected none. Extract again.")


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise DumpError("damaged", f"The dump has a number without an end in {data[:8].hex()}; expected none.")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def unpack(data: bytes) -> bytes:
    """One snappy block."""
    size, at = varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        if tag & 3 == 0:
            length, at = _literal(data, at)
            out += data[at : at + length]
            at += length
        else:
            length, offset, at = _copy(data, at)
            if not 0 < offset <= len(out):
                break
            _repeat(out, offset, length)
    if len(out) != size:
        raise DumpError("damaged", f"A frame of the dump unpacks to {len(out)} bytes; expected {size}. Extract again.")
    return bytes(out)


def _literal(data: bytes, at: int) -> tuple[int, int]:
    length = data[at] >> 2
    if length < 60:
        return length + 1, at + 1
    more = length - 59
    return int.from_bytes(data[at + 1 : at + 1 + more], "little") + 1, at + 1 + more


def _copy(data: bytes, at: int) -> tuple[int, int, int]:
    tag = data[at]
    if tag & 3 == 1:
        low = data[at + 1] if at + 1 < len(data) else 0
        return 4 + (tag >> 2 & 7), (tag >> 5) << 8 | low, at + 2
    width = 2 if tag & 3 == 2 else 4
    return (tag >> 2) + 1, int.from_bytes(data[at + 1 : at + 1 + width], "little"), at + 1 + width


def _repeat(out: bytearray, offset: int, length: int) -> None:
    """A copy may reach into what it writes itself."""
    while length > 0:
        piece = out[-offset : len(out) - offset + length] if length < offset else out[-offset:]
        piece = piece[:length]
        out += piece
        length -= len(piece)
