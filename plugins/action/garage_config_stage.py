# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.action.garage_config import ActionModule as GarageConfig
from ansible_collections.uplift.datastores.plugins.action.garage_config import alike
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.config import stages
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import config_release, place
from ansible_collections.uplift.datastores.plugins.modules.garage_config_stage import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage import config as garage_config
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage.config import ConfigError


class ActionModule(GarageConfig):
    """One file per release, each edited from the one before; the file that is read now stays as it is."""

    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._vars = task_vars
        if args["targets"] and not args["engine"]:
            raise UpliftError("targets were given and no engine; expected that of the metadata. Nothing was written.")
        src, base = args["src"], args["dest"] or args["src"]
        stat: Mapping[str, Any]
        if place.is_pod(args["unit"]):  # a file of a ConfigMap has no owner: here it is the task's
            read, stat, self._like = self._held(args), {"mode": "0600"}, ""
        else:
            (read, stat), self._like = self._fetch(src), src
        config, text = garage_config.settings(read, src), read
        files = [self._file(base, args["source"], text, stat, [])]
        for version, changes in stages(config, args["engine"], args["wanted_engine"], args["targets"]):
            text = garage_config.edit(text, src, changes)
            files.append(self._file(base, version, text, stat, sorted(changes)))
        lines = {"before": read, "after": text}
        diff = {side: garage_config.public_lines(lines[side], src) for side in lines}
        header = {"before_header": src, "after_header": config_release.place(base, files[-1]["version"])}
        return {"changed": any(file["changed"] for file in files), "files": files, "diff": {**diff, **header}}

    def _file(self, src: str, version: str, text: str, stat: Mapping[str, Any], settings: list[str]) -> dict[str, Any]:
        dest = config_release.place(src, version)
        try:
            before, old = self._fetch(dest)
        except ConfigError as error:
            if error.key != "config_missing":
                raise
            before, old = "", {}
        same = before == text and alike(old, stat)
        if not same and not self.check_mode:
            self.write_like(text, dest, self._like, self._vars)
        engine = garage_config.settings(text, src)["db_engine"]
        return {"version": version, "path": dest, "changed": not same, "settings": settings, "db_engine": engine}
