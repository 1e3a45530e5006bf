# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Snapshots of etcd: whole or not there, proved by restoring them into a scratch directory."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup import earlier
from ansible_collections.uplift.datastores.plugins.module_utils._backup.earlier import manifest_path
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

_LIMIT = 7200.0


class Snapshot:
    """`params` are the module's: etcdctl, endpoint, certificates, dest, data_dir."""

    def __init__(self, runner: Runner, params: Mapping[str, Any]) -> None:
        self._runner, self._params = runner, params
        self._dest = str(params["dest"])

    def present(self, check: bool) -> dict[str, Any]:
        """Taken anew each time: the cluster is at rest, and a snapshot is small. A sound one of before is kept."""
        if check:
            return {"changed": True, "renamed_to": "", "evidence": []}
        files.make_private(os.path.dirname(self._dest))
        earlier.repair(self._dest)
        part = f"{self._dest}.part"
        try:
            self._etcdctl("Taking a snapshot of etcd", "snapshot", "save", part, asking=True)
            os.chmod(part, 0o600)
            seen = {**self._status(part), "sha256": files.sha256_of(part), "size": os.path.getsize(part)}
            renamed = earlier.put(part, self._dest, json.dumps(seen), self._sound())
        finally:
            for left in (part, f"{part}.part"):
                if os.path.exists(left):
                    os.unlink(left)
        return {"changed": True, "renamed_to": renamed, **self._said(seen)}

    def _sound(self) -> bool:
        """Is there a snapshot that is, to the bit, the one that was taken?"""
        try:
            return bool(self._manifest()["sha256"] == files.sha256_of(self._dest))
        except (OSError, KeyError, UpliftError):
            return False

    def proved(self, check: bool) -> dict[str, Any]:
        """Restored into a directory of its own; etcd compares every byte with the sum at the snapshot's end."""
        seen = self._manifest()
        if check:
            return {"changed": False, **self._said(seen)}
        if files.sha256_of(self._dest) != seen["sha256"]:
            raise UpliftError(f"{self._dest} is not what its manifest tells of; expected SHA-256 {seen['sha256']}.")
        now = self._status(self._dest)
        if now["keys"] != seen["keys"] or now["revision"] != seen["revision"] or not now["keys"]:
            raise UpliftError(f"{self._dest} holds {now}; expected {seen['keys']} keys at revision {seen['revision']}.")
        scratch = tempfile.mkdtemp(dir=os.path.dirname(self._dest), prefix=".proof-")
        try:
            self._restore(f"{scratch}/etcd")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return {"changed": False, **self._said(seen)}

    def restored(self, check: bool) -> dict[str, Any]:
        """Into a data directory that is not there: what was there is renamed first, never written over."""
        seen, target = self._manifest(), str(self._params["data_dir"] or "")
        if not target or os.path.exists(target):
            raise UpliftError(f"{target or 'data_dir'} is there, or not named; expected a path where nothing is yet.")
        if not check:
            self._restore(target)
        return {"changed": True, **self._said(seen)}

    def _restore(self, target: str) -> None:
        self._etcdctl("Restoring the snapshot", "snapshot", "restore", self._dest, f"--data-dir={target}")

    def _manifest(self) -> dict[str, Any]:
        try:
            with open(manifest_path(self._dest), encoding="utf-8") as handle:
                return dict(json.load(handle))
        except (OSError, ValueError) as exc:
            raise UpliftError(f"{self._dest} has no manifest ({exc}); expected a snapshot of this module's.") from exc

    def _status(self, path: str) -> dict[str, Any]:
        said = json.loads(self._etcdctl("Reading the snapshot", "snapshot", "status", path, "--write-out=json"))
        return {"keys": said["totalKey"], "revision": said["revision"]}

    def _etcdctl(self, what: str, *words: str, asking: bool = False) -> str:
        argv = [str(self._params["etcdctl"])]
        if asking:
            argv.append(f"--endpoints={self._params['endpoint']}")
            for option in ("cacert", "cert", "key"):
                argv += [f"--{option}={self._params[option]}"] if self._params[option] else []
        answer = self._runner.run([*argv, *words], env={"ETCDCTL_API": "3"}, timeout=_LIMIT)
        return demand(answer, what).out

    def _said(self, seen: Mapping[str, Any]) -> dict[str, Any]:
        file = {"slot": "backup", "kind": "file", "path": self._dest, "size": seen["size"], "sha256": seen["sha256"]}
        return {"snapshot": self._dest, "keys": seen["keys"], "revision": seen["revision"], "evidence": [file]}
