# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A slice of a job of AWX is known by the variables that each of its jobs is given."""

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.filter.whole_group import sliced

TEMPLATE, FLOW = "lakefs upgrade", "lakefs upgrade with approvals"


@pytest.mark.parametrize(
    ("known", "template"),
    [
        ({}, ""),
        ({"awx_job_template_name": TEMPLATE}, ""),  # launched by itself
        ({"awx_job_template_name": TEMPLATE, "awx_workflow_job_name": FLOW}, ""),  # of a workflow
        ({"awx_job_template_name": TEMPLATE, "awx_workflow_job_name": TEMPLATE}, TEMPLATE),
        ({"tower_job_template_name": TEMPLATE, "tower_workflow_job_name": TEMPLATE}, TEMPLATE),
        ({"awx_job_template_name": "", "awx_workflow_job_name": ""}, ""),
    ],
)
def test_which_jobs_are_slices(known: dict[str, str], template: str) -> None:
    assert sliced(known) == template
