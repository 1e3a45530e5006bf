# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Arguments that most modules of lakeFS take: its service, and its API."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec

LAKEFS: Spec = {
    "unit": {"type": "str", "default": "lakefs.service"},
    "binary": {"type": "path"},
    "config_file": {"type": "path"},
    "user": {"type": "str"},
}
LAKEFS_API: Spec = {
    "url": {"type": "str", "default": ""},
    "access_key_id": {"type": "str", "default": "", "no_log": False},
    "secret_access_key": {"type": "str", "default": "", "no_log": True},
}
