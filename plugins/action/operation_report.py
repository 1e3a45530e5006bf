# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import report as operation_report
from ansible_collections.uplift.datastores.plugins.module_utils._operation import report_text
from ansible_collections.uplift.datastores.plugins.modules.operation_report import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import ControllerAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import page as operation_page
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import report_place, report_target

_ARGS = ("records", "probe", "findings", "comparison", "error")


class ActionModule(ControllerAction):
    """Writes for the operator, so on the operator's side."""

    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        if args["state"] == "possible":
            job = task_vars.get("awx_job_id") or task_vars.get("tower_job_id") or ""
            found = report_place.look(args["directory"])
            # What is put elsewhere, too, may go with the container.
            if wrong := report_place.wrong(args["directory"], args["setting"], found, "" if args["url"] else str(job)):
                raise UpliftError(wrong)
            if wrong := args["url"] and report_target.wrong(args["url"], args["access"], _setting(args)):
                raise UpliftError(wrong)
            if args["url"]:
                text = b"A plan of uplift.datastores has looked whether a report can be put here.\n"
                report_target.put(args["url"], args["access"], report_target.TRY, text, _setting(args))
            return {"changed": False}
        return self._written(args)

    def _written(self, args: Mapping[str, Any]) -> dict[str, Any]:
        report = operation_report.gather(*(args[name] for name in _ARGS))
        directory = Path(args["directory"]) / report.get("id", "no-operation")
        data, page = directory / f"{args['name']}.json", directory / f"{args['name']}.md"
        lines = report_text.summary(report, str(page))
        texts = {
            data: json.dumps(report, indent=1) + "\n",
            page: report_text.markdown(report),
            page.with_suffix(".html"): operation_page.html(report),
        }
        try:
            changed = [_write(path, text, self.check_mode) for path, text in texts.items()]
        except OSError as error:
            raise UpliftError(f"The report cannot be written: {error.filename}: {error.strerror}.") from error
        for line in lines:
            self._display.display(line)
        told = {
            "changed": any(changed),
            "path": str(page),
            "summary": lines,
            "report": report,
            **_artifact(page, report, lines),
        }
        # Ansible repeats a warning where an operator looks: a run that ends well is read by nobody.
        warnings = [*report.get("not_compared", ()), *self._put(args, directory.name, texts)]
        return {**told, "warnings": warnings} if warnings else told

    def _put(self, args: Mapping[str, Any], name: str, texts: Mapping[Path, str]) -> list[str]:
        """Why a file could not be put elsewhere: it lies here, and the operation has ended as it has."""
        if not args["url"] or self.check_mode:
            return []
        try:
            for path, text in texts.items():
                where = f"{name}/{path.name}"
                report_target.put(args["url"], args["access"], where, text.encode(), _setting(args))
        except UpliftError as error:
            return [str(error)]
        return []


def _setting(args: Mapping[str, Any]) -> str:
    """What the settings of the target have in common: garage_report of garage_report_dir."""
    return str(args["setting"]).rpartition("_")[0] or "report"


def _artifact(page: Path, report: Mapping[str, Any], lines: list[str]) -> dict[str, Any]:
    """As set_stats says it. The name is of no setting: in a workflow the jobs after this one get it as a variable."""
    kept = {"id": report.get("id", ""), "result": report["result"], "path": str(page), "summary": lines}
    return {"ansible_stats": {"data": {"uplift_report": kept}, "per_host": False, "aggregate": False}}


def _write(path: Path, text: str, check_mode: bool) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    if not check_mode:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(text)
    return True
