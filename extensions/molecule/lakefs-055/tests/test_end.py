# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left after the rollback: a healthy 0.55.0 with all that was there."""

from __future__ import annotations

ENDS_WITH = ("nothing_is_lost", "secrets_are_nowhere", "what_is_kept_is_private")
