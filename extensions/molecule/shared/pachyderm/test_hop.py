# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds after every hop of Pachyderm: scenarios that are only variables use these, and name their traps."""

from __future__ import annotations

ENDS_WITH = (
    "no_token_is_printed",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "the_backup_was_proved",
    "what_is_kept_is_private",
)
