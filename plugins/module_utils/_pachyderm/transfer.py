# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What may take hours: pachctl's output into a file, or a file into pachctl, in pieces and with progress in bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import select
import subprocess
import tempfile
from dataclasses import dataclass
from typing import IO, Any, Callable, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, _text
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import CHUNK

_TOKEN = re.compile(r"(?im)^(\s*token: ).*$")
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Passed:
    """How the program ended, and what went through."""

    answer: Answer
    size: int
    sha256: str


def receive(argv: Sequence[str], out: IO[bytes], tell: Tell, stall: float) -> Passed:
    """The program's output, written as it comes; CliError when nothing comes for `stall` seconds."""
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as said, _started(argv, subprocess.DEVNULL, subprocess.PIPE, said) as process:
        try:
            stdout = _pipe(process.stdout)
            while _ready(stdout, stall, argv):
                part = os.read(stdout.fileno(), CHUNK)
                if not part:
                    break
                out.write(part)
                digest.update(part)
                size += len(part)
                tell(size)
            return Passed(_ended(process, argv, said, stall), size, digest.hexdigest())
        finally:
            process.kill()


def send(argv: Sequence[str], source: IO[bytes], tell: Tell, stall: float) -> Passed:
    """Feed a file to the program; one that ends early says itself why."""
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as said, _started(argv, subprocess.PIPE, said, said) as process:
        try:
            stdin = _pipe(process.stdin)
            for part in iter(lambda: source.read(CHUNK), b""):
                digest.update(part)
                try:
                    stdin.write(part)
                except BrokenPipeError:
                    break
                size += len(part)
                tell(size)
            _close(stdin)
            return Passed(_ended(process, argv, said, stall), size, digest.hexdigest())
        finally:
            process.kill()


def concealed(text: str) -> str:
    """P10: a restore prints the token that opens everything."""
    return _TOKEN.sub(r"\1(concealed)", text)


def _started(argv: Sequence[str], stdin: Any, stdout: Any, stderr: Any) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv), stdin=stdin, stdout=stdout, stderr=stderr, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError as exc:
        raise CliError(f"{argv[0]} could not be run: {exc.strerror or exc}.") from exc


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise CliError("pachctl was started without a pipe; this is an error in the program.")
    return stream


def _ready(stream: IO[bytes], stall: float, argv: Sequence[str]) -> bool:
    if select.select([stream], [], [], stall)[0]:
        return True
    raise CliError(f"pachctl has sent nothing for {stall:g} s ({argv[-1]}); it was ended. See to the server's log.")


def _close(stdin: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        stdin.close()


def _ended(process: subprocess.Popen[bytes], argv: Sequence[str], said: IO[bytes], stall: float) -> Answer:
    try:
        rc = process.wait(timeout=stall)
    except subprocess.TimeoutExpired as exc:
        raise CliError(f"pachctl has not ended {stall:g} s after the last byte; it was ended.") from exc
    said.seek(0)
    return Answer(tuple(argv), rc, "", concealed(_text(said.read(CHUNK))))
