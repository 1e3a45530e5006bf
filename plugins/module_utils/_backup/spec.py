# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The argument by which a module is told the database: a connection string of libpq."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec

DATABASE: Spec = {"dsn": {"type": "str", "default": "", "no_log": True}}
