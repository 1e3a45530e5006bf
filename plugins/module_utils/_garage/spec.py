# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Arguments that most modules of Garage take: how the node's service is found and asked."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec

GARAGE: Spec = {
    "unit": {"type": "str", "default": "garage.service"},
    "binary": {"type": "path"},
    "config_file": {"type": "path"},
    "user": {"type": "str"},
    "call_timeout": {"type": "float", "default": 30},
}

S3: Spec = {
    "addresses": {"type": "list", "elements": "str", "required": True},
    "on_node": {"type": "bool", "default": False},
    "ca_file": {"type": "path", "default": ""},
    "style": {"type": "str", "choices": ["path", "virtual"], "default": "path"},
}
