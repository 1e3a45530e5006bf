# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The restore tried on a scratch server of the new release, with its own etcd and store, and removed again."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
from dataclasses import dataclass, field
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files, port, version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError, Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumps, restore, scratch_server
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import trial_rules as trial
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import called
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.extract import manifest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl, connected

_TRIE = "/proc/net/fib_trie"
_POLL = 0.5
_NOT_LOADED = 5  # of systemctl stop
_TAIL = 1 << 16


class Refused(UpliftError):
    """The new release does not take the dump. `cause` is what was said, without what to do."""

    def __init__(self, sentence: str, cause: str) -> None:
        super().__init__(sentence)
        self.cause = cause


@dataclass
class Trial:
    """`params` are the module's."""

    runner: Runner
    params: Mapping[str, Any]
    progress: Progress
    clock: Clock = field(default_factory=Clock)

    def tried(self) -> dict[str, Any]:
        """What state=tried does: nothing, with the reason, where it cannot be done."""
        known, target = _known(self.params["src"]), version.parse(self.params["target"])
        why = trial.untried(self.asked(known["form"] == dumps.FULL, known["contents"]["has_auth"]))
        if why:
            return {"changed": False, "tried": False, "why": why, "counts": {}, "evidence": []}
        self.absent()
        began, one = self.clock.now(), self._prepared(known)
        try:
            self._start(one, target)
            contents = self._restored(one, target, began)
        except BaseException:
            with contextlib.suppress(UpliftError, OSError):  # the first cause is what is reported
                self._take_away(one.ident, one.directory)
            raise
        self._take_away(one.ident, one.directory)
        file = {"kind": "file", "path": self.params["src"], "size": contents["bytes"], "sha256": contents["sha256"]}
        return {
            "changed": False,
            "tried": True,
            "why": "",
            "counts": _counts(contents),
            "seconds": round(self.clock.now() - began, 2),
            "evidence": [{"slot": "trial", **file}],
        }

    def absent(self) -> bool:
        """Whether anything was left of trials of this operation, by whatever run: they have its name."""
        listing = [
            "systemctl",
            "list-units",
            "--all",
            "--plain",
            "--no-legend",
            scratch_server.unit(self.params["id"], "*"),
        ]
        told = demand(self.runner.run(listing, timeout=30), "Looking for what a trial has left").lines()
        idents = {scratch_server.ident_of(words[0]) for words in map(str.split, told) if words}
        directories = glob.glob(f"{glob.escape(self._directory(''))}*")
        for ident in sorted(idents):
            self._take_away(ident)
        for directory in directories:
            self._take_away(scratch_server.ident(self.params["id"], directory.rpartition("-")[2]), directory)
        return bool(idents or directories)

    def _take_away(self, ident: str, directory: str = "") -> None:
        """Of this one trial: a run that died may still be at work with another."""
        names = [scratch_server.unit(ident, part) for part in scratch_server.PARTS]
        answer = self.runner.run(["systemctl", "stop", "--", *names], timeout=90)
        if answer.rc not in (0, _NOT_LOADED):
            demand(answer, f"Stopping {' and '.join(names)}")
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
        with contextlib.suppress(OSError):  # where systemd has shown it to the units
            os.rmdir(scratch_server.place(ident))

    def _directory(self, token: str) -> str:
        return f"{self.params['directory']}-{token}"

    def asked(self, full: bool, auth: bool) -> trial.Asked:
        """Of a dump that holds objects or not, and authentication or not."""
        programs = (trial.SYSTEMD_RUN, self.params["etcd"])
        return trial.Asked(
            source=version.parse(self.params["source"]),
            target=version.parse(self.params["target"]),
            full=full,
            on=self.params["expected"],
            platform=self.params["platform"],
            auth=auth,
            missing=[name for name in programs if not shutil.which(name)],
        )

    def _prepared(self, known: Mapping[str, Any]) -> scratch_server.ScratchServer:
        token = str(os.getpid())
        directory, account = self._directory(token), self.params["user"] or "nobody"
        full, size = known["form"] == dumps.FULL, 2 * known["contents"]["bytes"]  # a dump is compressed
        files.demand_space(os.path.dirname(directory), trial.needed(size, full), "trying to restore")
        entry = pwd.getpwnam(account)
        for path in (directory, *(f"{directory}/{name}" for name in ("etcd", "store", "cache"))):
            files.make_private(path)
            os.chown(path, entry.pw_uid, entry.pw_gid)
        with open(_TRIE, encoding="ascii") as trie:
            addresses = scratch_server.local_addresses(trie.read())
        hidden, limit = self.params["hidden"], self.params["timeout"]
        ports = dict(zip(scratch_server.PORTS, port.free_ports(len(scratch_server.PORTS))))
        return scratch_server.ScratchServer(
            scratch_server.ident(self.params["id"], token), directory, account, ports, hidden, addresses, limit
        )

    def _start(self, one: scratch_server.ScratchServer, target: Version) -> None:
        self.progress.say(0, 0, f"starting a scratch server of {target}")
        try:
            etcd = str(shutil.which(self.params["etcd"]))
            demand(self.runner.run(one.etcd(etcd), timeout=90), "Starting a scratch etcd")
            self._until(one, "etcd", lambda: port.state("127.0.0.1", one.ports["etcd"]) != port.CLOSED)
            demand(self.runner.run(one.pachd(self.params["pachd"]), timeout=90), "Starting a scratch pachd")
            self._until(one, "pachd", lambda: self._answers(one, target))
        except CliError as exc:
            raise UpliftError(trial.unstarted(target, str(exc))) from exc

    def _until(self, one: scratch_server.ScratchServer, part: str, ready: Any) -> None:
        end = self.clock.now() + self.params["start_timeout"]
        while not ready():
            name = scratch_server.unit(one.ident, part)
            gone = self.runner.run(["systemctl", "is-active", "--", name], timeout=30).out.strip() != "active"
            if gone or self.clock.now() > end:
                how = "ended" if gone else f"has not answered in {self.params['start_timeout']:g} s"
                raise CliError(f"{part} {how}; its log ends with: {_end(one.log(part))}.")
            self.clock.sleep(_POLL)

    def _answers(self, one: scratch_server.ScratchServer, target: Version) -> bool:
        try:
            with self._client(one) as pachctl:
                said = pachctl.server()
        except UpliftError:
            return False
        if said != called(target):
            raise CliError(f"{self.params['pachd']} calls itself {said}; expected {called(target)}.")
        return True

    def _client(self, one: scratch_server.ScratchServer) -> contextlib.AbstractContextManager[Pachctl]:
        where = {"addresses": [f"127.0.0.1:{one.ports['PORT']}"], "token": "", "client": {}}
        return connected(self.runner, {**self.params, **where})

    def _restored(self, one: scratch_server.ScratchServer, target: Version, began: float) -> dict[str, Any]:
        own = {"sha256": "", "source_cluster": "", "second": False, "object_store": "", "token": ""}
        try:
            with self._client(one) as pachctl:
                found: dict[str, Any] = restore.run(pachctl, {**self.params, **own}, self.progress, False)["contents"]
        except UpliftError as exc:
            cause = self._cause(one, exc, began)
            raise Refused(trial.refused(target, self.params["src"], cause), cause) from exc
        return found

    def _cause(self, one: scratch_server.ScratchServer, exc: UpliftError, began: float) -> str:
        """What pachctl said, and where pachd itself ended, why: over its limit, or in a panic."""
        if self.clock.now() - began >= one.limit:
            return f"it was not done in {one.limit:g} s (pachyderm_trial_timeout)."
        said, why = getattr(exc, "cause", str(exc)), scratch_server.panic(_read(one.log("pachd")))
        return f"{said} Its log has: {why}." if why else said


def _known(dump: str) -> dict[str, Any]:
    known = manifest(dump)
    if not known:
        raise UpliftError(
            f"There is no manifest next to the dump {dump}; expected the one that pachyderm_extract wrote."
        )
    return known


def _counts(contents: Mapping[str, Any]) -> dict[str, int]:
    commits = sum(contents["commits"].values())
    return {"repos": len(contents["repos"]), "commits": commits, "pipelines": len(contents["pipelines"])}


def _read(path: str) -> str:
    """The last of a log; nothing when there is none."""
    try:
        with open(path, "rb") as handle:
            handle.seek(max(0, os.path.getsize(path) - _TAIL))
            return handle.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _end(path: str) -> str:
    lines = [line.strip()[:200] for line in _read(path).splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "nothing"


def run(runner: Runner, params: Mapping[str, Any], progress: Progress, check: bool) -> dict[str, Any]:
    """What `pachyderm_trial` does."""
    nothing = {"changed": False, "tried": False, "why": "", "counts": {}, "evidence": []}
    if check:
        return nothing
    one = Trial(runner, params, progress)
    return {**nothing, "changed": one.absent()} if params["state"] == "absent" else one.tried()
