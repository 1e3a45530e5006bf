# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._backup import conninfo
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.file import staged_path
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_info import reached
from ansible_collections.uplift.datastores.plugins.modules.lakefs_config import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs import config
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs.config import ConfigError


class ActionModule(UpliftAction):
    """Reads with the task's connection and become, understands on the controller: nodes have no YAML parser."""

    SPEC = SPEC
    NEEDS = ("ruamel.yaml",)
    TRANSFERS_FILES = True

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._vars = task_vars
        if args["state"] == "read":
            return self._read(args)
        if args["version"]:
            args = {**args, "version": str(core_version.parse(args["version"]))}
        found = self._node({**args, "state": "read"})
        path, text = found["path"], found["opened"]["text"]
        if args["state"] == "staged":
            demand_same(path, found["next"], args["version"])
        mounted = found.get("mounted", False)
        if mounted:
            demand_nothing(args, path, text)
        # Without a file everything is in the environment, of which a release ignores what it does not know.
        if mounted or not path:
            return {"changed": False, "path": "", "staged": "", "changes": [], "lost": [], "evidence": []}
        staged = staged_path(path, args["version"])
        if args["state"] == "absent":
            return {"changed": self._module("file", path=staged, state="absent")["changed"], "path": path}
        if args["state"] != "staged":
            return self._node({**args, "src": path})
        return self._stage(args, path, text, staged)

    def _read(self, args: Mapping[str, Any]) -> dict[str, Any]:
        try:
            found = self._node(args)
            inside = found["opened"]
            settings = config.settings(inside["text"], found["path"], inside["environment"])
            settings["listen"] = _listen(settings["listen"], found.get("published"))
        except UpliftError as error:
            row = {"key": getattr(error, "key", "config_missing"), "severity": "error", "sentence": str(error)}
            # Of a unit that is another `lakefs_info` says so.
            rows = [] if isinstance(error, NotItself) else [row]
            return {"changed": False, "settings": {}, "dsn": "", "path": "", "findings": rows}
        rows = []
        database = settings.pop("database")
        strings = {"place": settings.pop("dsn"), "old": database["old_dsn"], "new": database["new_dsn"]}
        names = {name: conninfo.whole(value, inside["database"]) for name, value in strings.items()}
        places = {name: _place(value, rows) for name, value in names.items()}
        settings["database"] = {"type": database["type"], **places}
        if found["mode"] and int(found["mode"], 8) & 0o004:
            sentence = f"{found['path']} has the mode {found['mode']}: everybody on the node reads its secrets."
            rows.append({"key": "config_world_readable", "severity": "warning", "sentence": sentence})
        more = {name: found[name] for name in ("path", "user", "binary")}
        return {"changed": False, "settings": settings, "dsn": names["place"], "findings": rows, **more}

    def _stage(self, args: Mapping[str, Any], path: str, text: str, staged: str) -> dict[str, Any]:
        made = config.stage(text, path, core_version.parse(args["version"]), args["discard"])
        if args["keep"]:
            self._keep(args, path, text)
        changed = self.write_like(made.text, staged, path, self._vars)
        diff = {
            "before": config.public_lines(text, path),
            "after": config.public_lines(made.text, path),
            "before_header": path,
            "after_header": staged,
        }
        told = {"path": path, "staged": staged, "changes": made.changes, "lost": made.lost, "diff": diff}
        return {"changed": changed, **told}

    def _keep(self, args: Mapping[str, Any], path: str, text: str) -> None:
        """Keep what the staged one is made from, so that an edit made later is seen. Where the staged one counts
        already, what is kept is what it was made from, and stays for the rollback."""
        keep = staged_path(path, str(core_version.parse(args["keep"])))
        there = self._module("stat", path=keep, follow=True, get_checksum=False, get_mime=False)["stat"]["exists"]
        kept = self._node({**args, "state": "read", "src": keep})["opened"]["text"] if there else ""
        version = core_version.parse(args["version"])
        if not kept or config.stage(kept, keep, version, args["discard"]).text != text:
            self.write_like(text, keep, path, self._vars)

    def _node(self, args: Mapping[str, Any]) -> dict[str, Any]:
        result = self.secretly("lakefs_config", args, self._vars)
        if result.get("not_itself"):
            raise NotItself(Finding(**result["not_itself"]))
        if result.get("failed") or result.get("unreachable"):
            raise ConfigError("config_missing", str(result.get("msg", "no reason given")))
        return result

    def _module(self, name: str, **module_args: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(f"ansible.legacy.{name}", module_args, task_vars=self._vars)
        if answer.get("failed") or answer.get("unreachable"):
            raise UpliftError(f"{module_args.get('dest') or module_args.get('path')}: {answer.get('msg')}")
        return answer


def demand_same(path: str, next_path: str, version: str) -> None:
    """Releases look for their file in different places, and a server that is started without -c finds another."""
    if path != next_path:
        raise ConfigError(
            "config_elsewhere",
            f"lakeFS is started without -c and reads {path or 'no file'}; {version} looks elsewhere and would read"
            f" {next_path or 'no file'}. Expected the same one for both: name it in the unit's ExecStart (-c FILE), or"
            " move away what no server reads now. Nothing was changed.",
        )


def demand_nothing(args: Mapping[str, Any], path: str, text: str) -> None:
    """What is mounted into pods belongs to the chart or the manifest that it comes from: it is said, and not done."""
    made = config.stage(text, path, core_version.parse(args["version"]), args["discard"])
    if args["state"] == "staged" and made.changes:
        raise ConfigError(
            "config_mounted",
            f"{path} comes from a ConfigMap or a Secret, and {args['version']} wants it otherwise:"
            f" {'; '.join(made.changes)}. Change it where it comes from, the chart's values or the manifest, in a form"
            " that both releases take. Nothing was changed.",
        )


def _listen(address: str, published: Mapping[str, str] | None) -> str:
    """Where its machine has what listens there in a container. Where nothing is published, who asks will see it."""
    return reached(f"0.0.0.0{address}" if address.startswith(":") else address, published) or address


def _place(dsn: str, rows: list[dict[str, str]]) -> str:
    """Which database a connection string means; "" for none, and a finding where it cannot be read."""
    try:
        return conninfo.parse(dsn).place() if dsn else ""
    except UpliftError as error:
        rows.append({"key": "config_bad_dsn", "severity": "error", "sentence": str(error)})
        return ""
