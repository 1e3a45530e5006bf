# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import outlives
from ansible_collections.uplift.datastores.plugins.modules.garage_config import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage import config as garage_config
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage.config import ConfigError
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage.places import on_machine


class ActionModule(UpliftAction):
    """Reads with the task's connection and become, understands on the controller: nodes have no TOML parser."""

    SPEC = SPEC
    NEEDS = ("tomlkit",)

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._vars = task_vars
        if args["state"] != "read" and args["dest"] in ("", args["src"]):
            raise UpliftError(f"dest is {args['dest']!r}; expected another file than src, which stays as it is.")
        if place.is_pod(args["unit"]):
            if args["state"] != "read":
                raise UpliftError(
                    f"The configuration of {args['unit']} is in a ConfigMap; expected state read. Nothing was changed."
                )
            return self._read_pod(args)
        if args["state"] == "read":
            return self._read(args)
        if args["state"] == "absent":
            return {"changed": self._module("file", path=args["dest"], state="absent")["changed"]}
        return self._write(args)

    def _read(self, args: Mapping[str, Any]) -> dict[str, Any]:
        try:
            config = self._config(args, *self._fetch(args["src"]))
        except ConfigError as error:
            finding = {"key": error.key, "severity": "error", "sentence": str(error)}
            return {"changed": False, "config": {}, "findings": [finding]}
        return {"changed": False, "config": config, "findings": _warnings(config, args["src"])}

    def _read_pod(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """What the ConfigMap says. There is no file of this machine, and no address that lasts."""
        path = args["src"]
        try:
            read = self._mapped(args)
            text = decoded(read)
            config = garage_config.settings(text, path, args["environment"])
            _demand_lasting(config, read["lasting"], args["unit"])
        except ConfigError as error:
            finding = {"key": error.key, "severity": "error", "sentence": str(error)}
            return {"changed": False, "config": {}, "findings": [finding]}
        config["s3"].update(addresses=[], local="")
        seen = {**config, "mode": "", "owner": "", "group": "", "world_readable": False}
        hazards = [{**row, "severity": "error"} for row in read["hazards"]]
        return {"changed": False, "config": seen, "findings": [*hazards, *_warnings(seen, path)]}

    def _mapped(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """What the module `garage_config` says of a pod."""
        read = self.secretly("garage_config", {"src": args["src"], "unit": args["unit"]}, self._vars)
        return _demanded(read, "reading its ConfigMap", args["src"])

    def _held(self, args: Mapping[str, Any]) -> str:
        """The file of the ConfigMap."""
        return decoded(self._mapped(args))

    def _config(self, args: Mapping[str, Any], text: str, stat: Mapping[str, Any]) -> dict[str, Any]:
        config = garage_config.settings(text, args["src"], args["environment"])
        config = on_machine(config, args["container"], args["src"]) if args["container"] else config
        host = args["host_address"] or self._vars.get("ansible_host") or self._vars.get("inventory_hostname") or ""
        config["s3"]["addresses"] = garage_config.reachable_s3_addresses(config, str(host))
        config["s3"]["local"] = garage_config.local_s3_address(config)
        names = {name: stat[name] for name in ("mode", "owner", "group")}
        return {**config, **names, "world_readable": bool(int(stat["mode"], 8) & 0o004)}

    def _write(self, args: Mapping[str, Any]) -> dict[str, Any]:
        text, stat = self._fetch(args["src"])
        config = self._config(args, text, stat)
        edited = garage_config.edit(text, args["src"], args["set"])
        try:
            before, old = self._fetch(args["dest"])
        except ConfigError as error:
            if error.key != "config_missing":
                raise
            before, old = "", {}
        same = before == edited and alike(old, stat)
        if not same and not self.check_mode:
            self.write_like(edited, args["dest"], args["src"], self._vars)
        lines = {"before": before, "after": edited}
        diff = {side: garage_config.public_lines(lines[side], args["dest"]) for side in lines}
        header = {f"{side}_header": args["dest"] for side in lines}
        return {"changed": not same, "config": config, "diff": {**diff, **header}}

    def _fetch(self, path: str) -> tuple[str, dict[str, Any]]:
        if not path:
            raise ConfigError("config_missing", "The service names no configuration file; name it: garage_config_file.")
        read = _demanded(self.secretly("garage_config", {"src": path}, self._vars), "reading", path)
        stat = read["stat"]
        if not stat:
            raise ConfigError("config_missing", f"{path} is not there; say where the configuration file is.")
        if not stat["isreg"]:
            raise ConfigError("config_unreadable", f"{path} is not a file; say where the configuration file is.")
        if not stat["readable"]:
            reason = f"it belongs to {stat['owner']} and has the mode {stat['mode']}"
            sentence = f"{path} may not be read by this task's user ({reason}); use become."
            raise ConfigError("config_unreadable", sentence)
        raw = base64.b64decode(read["opened"])
        try:
            return raw.decode("utf-8"), stat
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            raise ConfigError("config_not_toml", f"{path} is not TOML: line {line} is not UTF-8.") from None

    def _module(self, name: str, **module_args: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(f"ansible.legacy.{name}", module_args, task_vars=self._vars)
        return _demanded(answer, name, str(module_args.get("dest") or module_args.get("path")))


def _demanded(answer: dict[str, Any], what: str, path: str) -> dict[str, Any]:
    if answer.get("failed") or answer.get("unreachable"):
        raise ConfigError("config_unreadable", f"{path}: {what} failed: {answer.get('msg', 'no reason given')}")
    return answer


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two files differ in their content alone."""
    return all(one[key] == other[key] for key in ("mode", "uid", "gid", "attributes") if key in other)


def decoded(read: Mapping[str, Any]) -> str:
    return base64.b64decode(read["opened"]).decode("utf-8")


def _demand_lasting(config: Mapping[str, Any], mounts: Sequence[str], unit: str) -> None:
    """What is in a pod alone is gone when it is stopped."""
    for path in (config["metadata_dir"], *(row["path"] for row in config["data_dirs"])):
        if not outlives(path, mounts):
            sentence = (
                f"The metadata or data directory {path} of {unit} lies on no volume that outlives the pod; expected a"
                " claim or a directory of its node, as with persistence.enabled of the makers' chart. A stop would lose"
                " it."
            )
            raise ConfigError("data_in_container", sentence)


def _warnings(config: Mapping[str, Any], path: str) -> list[dict[str, str]]:
    rows = []
    for key in config["unknown_keys"]:
        sentence = f"{path} has the setting {key!r}, which no Garage reads; correct or remove it."
        rows.append({"key": "config_unknown_key", "severity": "warning", "sentence": sentence})
    admin = config["admin"]
    secrets = config["rpc_secret_source"] == "config" or admin["has_admin_token"] or admin["has_metrics_token"]
    if config["world_readable"] and secrets:
        sentence = (
            f"{path} has the mode {config['mode']}, so that everybody on the node reads its secrets; expected 0640."
        )
        rows.append({"key": "config_world_readable", "severity": "warning", "sentence": sentence})
    # Next to another container that may write there, nothing is done to a database that is down (G05).
    for name in config.get("shared_with", []):
        sentence = (
            f"The container {name} mounts {config['metadata_dir']}, too, or a directory around it; expected it"
            " stopped for the time of the upgrade, or with that mounted to read only."
        )
        rows.append({"key": "metadata_shared", "severity": "error", "sentence": sentence})
    return rows
