# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Another environment for a systemd unit, for a while: the units' own files are not touched."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd

_HEAD = "# Written by uplift.datastores; it goes when the operation no longer needs it.\n"


def bring(runner: Runner, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """A file of variables, read after all others so that it counts. In /etc: a reboot changes nothing."""
    unit = systemd.read_unit(runner, params["unit"])
    path = systemd.drop_in_path(unit.name, f"zz-uplift-{params['name']}.conf", runtime=False)
    variables = f"{path[: -len('.conf')]}.env"
    if params["state"] == "absent":
        changed = os.path.exists(path)
        if changed and not check:
            systemd.remove_drop_in(runner, path)
            if os.path.exists(variables):
                os.unlink(variables)
        return {"changed": changed, "evidence": [{"slot": params["slot"], "kind": "absent", "path": path}]}
    text = f"{_HEAD}[Service]\nEnvironmentFile={variables}\n"
    expected = "".join(f"{name}={value}\n" for name, value in sorted(params["environment"].items()))
    changed = _text(variables) != expected or _text(path) != text
    if changed and not check:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        files.write_atomic(variables, expected.encode(), 0o600)
        systemd.write_drop_in(runner, path, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    left = {"slot": params["slot"], "kind": "file", "path": path, "size": len(text), "sha256": digest}
    return {"changed": changed, "evidence": [left]}


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except FileNotFoundError:
        return ""
