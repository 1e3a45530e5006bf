# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rolling upgrade is ended by SIGKILL at its steps, with an instance down; the same command goes on to the end.

Each is out of haproxy meanwhile, by a hook of the collection.
"""

from __future__ import annotations

MOMENTS = ("0/walk/0/before_wave", "0/walk/2/activate", "0/walk/4/start", "0/after/0/verify")
ENDS_WITH = (
    "killed",
    "the_last_run_finishes",
    "a_run_after_the_end_changes_nothing",
    "what_the_client_was_told_is_stored_is_there",
    "nothing_is_left_behind",
    "secrets_are_nowhere",
    "all_instances_are_in_the_load_balancer_again",
    "the_database_is_of_the_new_schema",
    "what_is_kept_is_private",
)
