# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run is ended by SIGKILL inside its steps; the same command goes on, and the end is the same.

During the restore: it begins again with fresh metadata.
"""

from __future__ import annotations

MOMENTS = (
    "0/before/2/rehearse",
    "0/before/3/quiesce",
    "0/before/7/extract",
    "0/before/8/try_restore",
    "0/together/6/redeploy",
    "0/together/7/restore",
    "0/after/5/unpause",
)
ENDS_WITH = (
    "killed",
    "the_last_run_finishes",
    "a_run_after_the_end_changes_nothing",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "the_backup_was_proved",
)
