# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a report cannot be written, or would go with a container: said before anything is begun."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import report_place
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation.report_place import Found

GOOD = Found("/reports", "directory", writable=True, container=True, mounted=True)


@pytest.mark.parametrize(
    ("directory", "found", "job", "said"),
    [
        ("/reports/a", GOOD, "42", ""),
        ("/reports/a", replace(GOOD, mounted=False), "", ""),
        ("/reports/a", replace(GOOD, mounted=False, container=False), "42", ""),
        ("/reports/a", replace(GOOD, mounted=False), "42", "in the container of AWX's job 42, and goes with it"),
        ("/runner/project/uplift-reports", GOOD, "42", "in the container of AWX's job 42, and goes with it"),
        ("/runner/project/uplift-reports", GOOD, "", ""),
        ("/reports/a", replace(GOOD, writable=False), "", "this account may not write to /reports"),
        ("/reports/a", replace(GOOD, kind="file"), "", "but /reports is no directory"),
    ],
)
def test_where_a_report_may_go(directory: str, found: Found, job: str, said: str) -> None:
    wrong = report_place.wrong(directory, "garage_report_dir", found, job)
    assert bool(wrong) == bool(said) and said in wrong
    assert not wrong or (f"garage_report_dir is {directory}" in wrong and "Set garage_report_dir to" in wrong)


def test_it_is_looked_for_without_being_made(tmp_path: Path) -> None:
    found = report_place.look(str(tmp_path / "a" / "b"))
    assert (found.nearest, found.kind, found.writable) == (str(tmp_path), "directory", True)
    assert not os.listdir(tmp_path)
    (tmp_path / "a").touch()
    assert report_place.look(str(tmp_path / "a" / "b")).kind == "file"
