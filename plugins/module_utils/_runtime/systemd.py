# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import contextlib
import glob
import os
import re
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import write_atomic
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import accounts

PROPERTIES = (
    "Id", "LoadState", "ActiveState", "SubState", "MainPID", "ExecMainStartTimestampMonotonic",
    "InactiveExitTimestampMonotonic", "FragmentPath",
    "DropInPaths", "User", "Group", "KillSignal", "Restart", "NRestarts", "TimeoutStopUSec", "ExecStart", "Environment",
    "EnvironmentFiles", "ExecMainCode", "ExecMainStatus", "Result", "ConditionResult", "WorkingDirectory",
    "DynamicUser", "ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost",
    "SourcePath",
)  # fmt: skip
_AROUND = ("ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost")
_MOUNTERS = re.compile(
    r"\A(?:mount|umount|systemd-(?:u?mount|cryptsetup)|cryptsetup|fusermount\d?|zfs|zpool)(?:\..+)?\Z"
)
# As what it runs, in the words in which systemd-run takes it; credentials without their values.
TERMS = (
    "User", "Group", "SupplementaryGroups", "DynamicUser", "StateDirectory", "CacheDirectory", "LogsDirectory",
    "ConfigurationDirectory", "RootDirectory", "RootImage", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem",
    "UMask",
    "LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted", "ImportCredential",
)  # fmt: skip
RUNTIME, PERSISTENT = "/run/systemd/system", "/etc/systemd/system"
_ENDS = {"1": "exited", "2": "killed", "3": "dumped"}  # CLD_EXITED, CLD_KILLED, CLD_DUMPED
_SPANS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800, "month": 2629800}
_WORD = re.compile(r'(?:"(?:\\.|[^"\\])*"|\\.|[^\s"\\])+', re.S)
_QUOTE = r"""'[^']*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z)"""
_ASSIGNMENT = re.compile(
    rf"^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*((?:(?:{_QUOTE})[ \t]*)*)((?:\\.|[^\\\n])*)$", re.M | re.S
)
_QUOTED = re.compile(r"""'([^']*)(?:'|\Z)|"((?:\\.|[^"\\])*)(?:"|\Z)""", re.S)
_TRAILING = re.compile(r"\A((?:\\.|[^\\])*?)[ \t]*\Z", re.S)  # a blank behind a backslash is none of them
_DOUBLE = re.compile(r'\\(?:\n|(["\\$`]))')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "s": " "}
_PATH = re.compile(r"^\{ path=(.*?) ; argv\[\]=.*$", re.S)  # not argv[0], which `ExecStart=@` may name otherwise
_ARGV = re.compile(r"^\{ path=.*? ; argv\[\]=(.*) ; ignore_errors=(?:yes|no) ; ", re.S)


@dataclass(frozen=True)
class Unit:
    """A service as systemd knows it now. `environment` may hold secrets: it is never printed, nor part of repr()."""

    name: str
    load_state: str
    active: str
    sub_state: str
    main_pid: int
    started: float
    fragment_path: str
    drop_ins: tuple[str, ...]
    user: str
    group: str
    kill_signal: str
    restart: str
    restarts: int
    timeout_stop: float
    argv: tuple[str, ...]
    binary: str
    exe: str
    environment: Mapping[str, str] = field(repr=False)
    environment_files: tuple[str, ...]
    exit_code: str
    exit_status: int
    result: str
    skipped: bool = False
    """Whether the last start was passed over, since a condition was not met: no failure. True also before the first."""
    directory: str = ""
    """WorkingDirectory=: a path, `~` for the account's home, with `!` before it where it need not be there."""
    terms: Mapping[str, str] = field(default_factory=dict)
    """Of TERMS those that are set."""

    around: tuple[str, ...] = ()
    """What it runs before its program and after, a command each."""
    starts: tuple[str, ...] = ()
    """What its file says it starts, a command each, where `argv` is what runs."""
    source_path: str = ""
    """Of a unit that a generator has made: the file that it was made of."""
    began: float = 0.0
    """When its last start began, before what runs before its program; `started` is when the program began."""

    def mounting(self) -> list[str]:
        """Of these the commands that mount something or unmount it: while the unit is down it is not there."""
        return [one for one in self.around if any(_MOUNTERS.match(os.path.basename(word)) for word in one.split())]

    @property
    def dynamic(self) -> bool:
        """DynamicUser=: its account is there while it runs, and for systemd alone."""
        return self.terms.get("DynamicUser") == "yes"

    def command(self) -> list[str]:
        """`argv` with `${NAME}` and whole-word `$NAME` put in, as systemd does at a start; it may hold secrets."""
        words: list[str] = []
        for word in self.argv:
            if word.startswith("$") and word[1:2] not in ("{", "$"):
                words += self.environment.get(word[1:], "").split()
            else:
                put = r"\$\$|\$\{([A-Za-z_]\w*)\}"
                words.append(re.sub(put, lambda m: self.environment.get(m[1], "") if m[1] else "$", word))
        return words


def read_unit(runner: Runner, unit: str, proc: Path = Path("/proc")) -> Unit:
    """What systemd says of a service. One that is not there answers with load_state `not-found`, it does not raise."""
    name = unit if "." in unit else f"{unit}.service"
    answer = runner.run(
        ["systemctl", "show", f"--property={','.join(dict.fromkeys((*PROPERTIES, *TERMS)))}", "--", name], timeout=30
    )
    seen: dict[str, list[str]] = {}
    for key, sign, value in (line.partition("=") for line in demand(answer, f"Reading the unit {name}").lines()):
        seen.setdefault(key, []).extend([value] if sign else [])
    show = {key: values[0] for key, values in seen.items() if values}
    if "LoadState" not in show or "ActiveState" not in show:
        raise UpliftError(f"systemctl show said nothing of {name}; expected LoadState. Does systemd run here?")
    pid = int(show.get("MainPID", "0"))
    # systemd up to 239 calls the same thing EnvironmentFile.
    files = tuple(_environment_files(seen.get("EnvironmentFiles", seen.get("EnvironmentFile", []))))
    return Unit(
        name=show.get("Id", name),
        load_state=show["LoadState"],
        active=show["ActiveState"],
        sub_state=show.get("SubState", ""),
        main_pid=pid,
        started=_epoch(show.get("ExecMainStartTimestampMonotonic", "0")),
        fragment_path=show.get("FragmentPath", ""),
        drop_ins=tuple(words(show.get("DropInPaths", ""))),
        user=accounts.named(show.get("User", "")),
        group=show.get("Group", ""),
        kill_signal=_signal(show.get("KillSignal", "15")),
        restart=show.get("Restart", "no"),
        restarts=int(show.get("NRestarts", "0")),
        timeout_stop=timespan(show.get("TimeoutStopUSec", "infinity")),
        argv=_argv(show.get("ExecStart", ""), pid, proc),
        binary=_PATH.sub(r"\1", show.get("ExecStart", "")),
        exe=_exe(pid, proc),
        environment=_environment(show.get("Environment", ""), files),
        environment_files=files,
        exit_code=_ENDS.get(show.get("ExecMainCode", "0"), ""),
        exit_status=int(show.get("ExecMainStatus", "0")),
        result=show.get("Result", ""),
        skipped=show.get("ConditionResult", "yes") == "no",
        directory=show.get("WorkingDirectory", ""),
        around=tuple(" ".join(_argv(one, 0, proc)) for name in _AROUND for one in seen.get(name, ()) if one),
        starts=tuple(" ".join(_argv(one, 0, proc)) for one in seen.get("ExecStart", ()) if one),
        source_path=show.get("SourcePath", ""),
        began=_epoch(show.get("InactiveExitTimestampMonotonic", "0")),
        terms={name: show[name] for name in TERMS if show.get(name)},
    )


def timespan(text: str) -> float:
    """Seconds of `1min 30s`; 0.0 stands for `infinity`, as it does in TimeoutStopSec=."""
    found = re.findall(r"([\d.]+)\s*(us|ms|s|min|h|d|w|month)\b", text)
    return sum((float(number) * _SPANS[unit] for number, unit in found), 0.0)


def words(text: str) -> list[str]:
    """The words of a systemd list: blanks part them, double quotes keep them together, backslashes escape as in C."""
    return [plain(re.sub(r'(?<!\\)((?:\\\\)*)"', r"\1", word)) for word in _WORD.findall(text)]


def environment_file(text: str) -> dict[str, str]:
    """The assignments of an EnvironmentFile as systemd reads them: quotes count only at the value's beginning."""
    found: dict[str, str] = {}
    for key, quoted, rest in _ASSIGNMENT.findall(text):
        begin = "".join(single or _DOUBLE.sub(r"\1", double) for single, double in _QUOTED.findall(quoted))
        found[key] = begin + re.sub(r"\\(?:\n|(.))", lambda m: m[1] or "", _TRAILING.sub(r"\1", rest))
    return found


def drop_in_path(unit: str, name: str, runtime: bool) -> str:
    return f"{RUNTIME if runtime else PERSISTENT}/{unit}.d/{name}"


def write_drop_in(runner: Runner, path: str, text: str, mode: int = 0o644) -> bool:
    """Put a drop-in in place and make systemd read it. True when it differed."""
    there = Path(path)
    if there.is_file() and there.read_text() == text and there.stat().st_mode & 0o777 == mode:
        return False
    there.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_atomic(path, text.encode(), mode)
    reload(runner)
    return True


def remove_drop_in(runner: Runner, path: str) -> bool:
    """Take a drop-in away and make systemd forget it. True when it was there. Its directory goes when it is empty."""
    there = Path(path)
    if not there.exists():
        return False
    there.unlink()
    with contextlib.suppress(OSError):  # the operator's own drop-ins may live there too
        there.parent.rmdir()
    reload(runner)
    return True


def reload(runner: Runner) -> None:
    demand(runner.run(["systemctl", "daemon-reload"], timeout=120), "Making systemd read its units again")


def plain(text: str) -> str:
    """What C's escapes stand for, as systemd writes and reads them."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if code[0] == "x" and len(code) == 3 else _ESCAPES.get(code, code)

    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", one, text, flags=re.S)


def _environment_files(entries: list[str]) -> list[str]:
    return [path for entry in entries for path in re.findall(r"(\S.*?) \(ignore_errors=(?:yes|no)\)", entry)]


def _environment(text: str, files: tuple[str, ...]) -> dict[str, str]:
    """Environment=, then the files in their order: the later wins. A file that is not there is systemd's to judge."""
    merged = dict(word.partition("=")[::2] for word in words(text))
    for path in (found for pattern in files for found in sorted(glob.glob(pattern))):
        try:
            merged.update(environment_file(Path(path).read_text(encoding="utf-8", errors="replace")))
        except OSError:
            continue
    return merged


def _argv(text: str, pid: int, proc: Path) -> tuple[str, ...]:
    """systemd joins the words by blanks; of a running process the kernel knows where one ends."""
    match = _ARGV.match(text)
    if not match:
        return ()
    try:
        raw = (proc / str(pid) / "cmdline").read_bytes() if pid else b""
    except OSError:
        raw = b""
    kernel = raw.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return tuple(kernel) if " ".join(kernel) == match[1] else tuple(match[1].split())


def _exe(pid: int, proc: Path) -> str:
    try:
        return os.readlink(proc / str(pid) / "exe") if pid else ""
    except OSError:
        return ""  # It ended between the two looks, or we may not look.


def _epoch(monotonic: str) -> float:
    """systemd prints wall-clock times in whole seconds; the monotonic one has microseconds."""
    return round(time.time() - time.monotonic() + int(monotonic) / 1e6, 3) if int(monotonic) else 0.0


def _signal(number: str) -> str:
    try:
        return signal.Signals(int(number)).name
    except ValueError:
        return number
