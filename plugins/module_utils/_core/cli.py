# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import os
import pwd
import re
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from typing import Callable, Mapping, Protocol, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Answer:
    """What a program said: exit status (minus the signal that ended it), both streams without colour codes (G25)."""

    argv: tuple[str, ...]
    rc: int
    out: str
    err: str

    def lines(self) -> list[str]:
        return self.out.splitlines()


class CliError(UpliftError):
    """A program could not be run, hung, or said no."""


class Runner(Protocol):
    """The one way to run a program. Secrets go in by `env` or `stdin`, never by `argv`."""

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        stdin: str = "",
        user: str = "",
        enough: str = "",
        cwd: str = "",
        whole: bool = False,
    ) -> Answer:
        """Run to the end and answer, whatever the exit status; CliError when it cannot start or exceeds `timeout` s.

        `enough` is a pattern: once stdout has it, all is said, and the program is ended with the exit status 0. It gets
        no `stdin` then. `cwd`: the directory that it runs in, entered as its account; by default this task's own, or /
        for another account. `whole`: it is given `env` and nothing else.
        """


@dataclass(frozen=True)
class Call:
    """What `Runner.run` was asked for, by its words there."""

    argv: Sequence[str]
    env: Mapping[str, str] | None = field(default=None, repr=False)
    timeout: float = 60.0
    stdin: str = field(default="", repr=False)
    user: str = ""
    enough: str = ""
    cwd: str = ""
    whole: bool = False

    def by(self, runner: Runner) -> Answer:
        """The same of another one."""
        how = {**vars(self)}
        return runner.run(how.pop("argv"), **how)


class CallRunner:
    """A runner that has the words of `Runner.run` as one `Call`."""

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        stdin: str = "",
        user: str = "",
        enough: str = "",
        cwd: str = "",
        whole: bool = False,
    ) -> Answer:
        return self.perform(Call(argv, env, timeout, stdin, user, enough, cwd, whole))

    def perform(self, call: Call) -> Answer:
        raise NotImplementedError


class LocalRunner(CallRunner):
    """Runs on this machine, streams kept apart (Garage 0.7 logs on stderr at every call), locale C."""

    def perform(self, call: Call) -> Answer:
        argv, timeout, user, cwd = call.argv, call.timeout, call.user, call.cwd
        name = os.path.basename(argv[0])
        environment = {**({} if call.whole else os.environ), "LC_ALL": "C", **(call.env or {})}
        become = _become(user, cwd) if user or cwd else None
        try:
            if call.enough:
                return _until(argv, environment, timeout, call.enough, become)
            done = subprocess.run(
                list(argv),
                env=environment,
                input=call.stdin.encode(),
                capture_output=True,
                timeout=timeout,
                check=False,
                preexec_fn=become,
            )
        except subprocess.TimeoutExpired as exc:
            # A Garage CLI of another major never answers (G07): the time limit is the only way out.
            words = " ".join(argv[1:4])
            raise CliError(f"{name} gave no answer within {timeout:g} s ({words} ...); it was ended.") from exc
        except OSError as exc:
            raise CliError(f"{argv[0]} could not be run: {exc.strerror or exc}.") from exc
        except subprocess.SubprocessError as exc:
            raise CliError(
                f"{argv[0]} could not be begun as {user or 'this account'} in {cwd or '/'}: expected an account that"
                " may enter that directory, as its service has to."
            ) from exc
        return Answer(tuple(argv), done.returncode, _text(done.stdout), _text(done.stderr))


def _until(
    argv: Sequence[str], env: Mapping[str, str], timeout: float, enough: str, become: Callable[[], None] | None
) -> Answer:
    out, deadline, quiet = b"", time.monotonic() + timeout, subprocess.DEVNULL
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            list(argv), env=env, stdin=quiet, stdout=subprocess.PIPE, stderr=said, preexec_fn=become
        ) as process:
            try:
                while process.stdout and not re.search(enough, _text(out)):
                    if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                        raise subprocess.TimeoutExpired(list(argv), timeout)
                    part = os.read(process.stdout.fileno(), 1 << 16)
                    if not part:
                        break
                    out += part
                rc = 0 if re.search(enough, _text(out)) else process.wait(max(1.0, deadline - time.monotonic()))
            finally:
                process.kill()
        said.seek(0)
        return Answer(tuple(argv), rc, _text(out), _text(said.read()))


def bare(argv: Sequence[str]) -> list[str]:
    """The program and its words, without an `env -i NAME=value` before it: elsewhere nothing of this machine is set."""
    words = list(argv)
    if words[:2] == ["env", "-i"]:
        words = words[2:]
        while "=" in words[0]:
            words = words[1:]
    return words


def demand(answer: Answer, what: str) -> Answer:
    """The same answer when its exit status is 0; otherwise a sentence with what the program said last."""
    if answer.rc == 0:
        return answer
    said = (answer.err.strip() or answer.out.strip() or "nothing").splitlines()
    name = os.path.basename(answer.argv[0])
    raise CliError(f"{what} failed: {name} ended with {answer.rc} and said: {' / '.join(said[-3:])}")


def plain(text: str) -> str:
    """Without colour codes."""
    return _ANSI.sub("", text)


def _text(raw: bytes) -> str:
    return plain(raw.decode("utf-8", "replace"))


def _become(user: str, cwd: str) -> Callable[[], None]:
    try:
        entry = pwd.getpwnam(user) if user else None
    except KeyError as exc:
        raise CliError(f"There is no account {user} on this host; expected the service's. Correct its name.") from exc

    def drop() -> None:
        if entry:
            os.initgroups(entry.pw_name, entry.pw_gid)
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        os.chdir(cwd or "/")  # this task's own directory is closed to it

    return drop
