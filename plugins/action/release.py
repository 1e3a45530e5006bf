# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import sha256_of
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place, release
from ansible_collections.uplift.datastores.plugins.modules.release import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.long import LongAction


class ActionModule(UpliftAction):
    """Brings a program from the controller to the node, and watches an image come; the module there does the rest."""

    TRANSFERS_FILES = True
    SPEC = {name: rule for name, rule in SPEC.items() if name not in ("upload", "login", "query", "progress_file")}

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        if place.kind_of(str(self._task.args.get("unit") or "")) == place.SYSTEMD:
            return super().run(tmp, task_vars)
        given = (self._task, self._connection, self._play_context, self._loader, self._templar)
        watched: dict[str, Any] = LongAction(*given, self._shared_loader_obj).run(tmp, task_vars)
        return watched

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        source = args["source"]
        args = {**args, "version": release.Wish(args["path"], args["version"], checksum=args["checksum"]).version}
        if args["state"] != "staged" or not source or release.is_address(source):
            return self._module({**args, **release.parted(source)}, task_vars)
        return self._from_here(args, task_vars)

    def _from_here(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        # A look sends nothing, so that it needs no word of the node before, but for its kind of machine.
        seen: dict[str, Any] = {"arch": "", "sha256": ""}
        if not self.check_mode or "{arch}" in args["source"] or "{target}" in args["source"]:
            seen = self._module({**args, "state": "read"}, task_vars)
        if seen.get("failed"):
            return seen
        name = args["name"] or os.path.basename(args["path"])
        source = release.fill_in(args["source"], args["version"], seen["arch"])
        file = find(self._loader.path_dwim(source), args["version"], name)
        digest = sha256_of(file)
        expected = release.Wish(args["path"], args["version"], checksum=args["checksum"]).sha256
        if expected and digest != expected:
            raise UpliftError(
                f"{file} on the controller has the SHA-256 {digest}, expected {expected}; nothing was sent."
            )
        more = {**args, "source": file, "checksum": f"sha256:{digest}"}
        if seen["sha256"] != digest and not self.check_mode:
            more["upload"] = self._send(file, name)
        try:
            return self._module(more, task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir, force=True)

    def _send(self, file: str, name: str) -> str:
        tmpdir = self._connection._shell.tmpdir or self._make_tmp_path()
        remote: str = self._connection._shell.join_path(tmpdir, name)
        self._transfer_file(file, remote)
        self._fixup_perms2((tmpdir, remote))
        return remote

    def _module(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        sent = {key: value for key, value in args.items() if value}
        result: dict[str, Any] = self._execute_module(
            module_name="uplift.datastores.release", module_args=sent, task_vars=task_vars
        )
        return result


def find(source: str, version: str, name: str) -> str:
    """The file of a release: the source itself, or where it usually lies in a directory of releases."""
    if os.path.isfile(source):
        return source
    tried = [
        os.path.join(source, *way) for way in ((f"{name}-{version}",), (version, name), (version, "bin", name), (name,))
    ]
    found = next(filter(os.path.isfile, tried), "")
    if not found:
        looked = f"; looked for {', '.join(tried)}" if os.path.isdir(source) else ": no such file or directory"
        raise UpliftError(
            f"The release {version} is not on the controller at {source}{looked}. Put it there. Nothing was sent."
        )
    return found
