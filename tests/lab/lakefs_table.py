# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The product's own table of what differs by release, for the lab and its emulator: there is no second one."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.lab import paths

FILE = paths.ROOT / "plugins/module_utils/_lakefs/forms.py"


def _loaded() -> Any:
    """By its path: the lab has no ansible_collections."""
    spec = importlib.util.spec_from_file_location("uplift_lab_lakefs_forms", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLE = _loaded()


def of(version: str) -> dict[str, Any]:
    """All that the table says of a release, and in `places` where it looks for its file."""
    release = tuple(int(part) for part in version.split("."))
    found: dict[str, Any] = {**TABLE.of(release), "places": TABLE.places(release, "{home}", "{here}")}
    return found


def secret_names() -> set[str]:
    return {str(row.value) for row in TABLE.FORMS["secret_name"]}
