# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Arguments that several modules of Pachyderm take: how its API is reached, and what a scratch server is made of."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec

PACHYDERM: Spec = {
    "pachctl": {"type": "path", "default": "/usr/local/bin/pachctl"},
    "addresses": {"type": "list", "elements": "str", "default": ["127.0.0.1:30650"]},
    "token": {"type": "str", "default": "", "no_log": True},
    "client": {
        "type": "dict",
        "default": {},
        "options": {"ca_file": {"type": "path"}, "config": {"type": "path"}, "context": {"type": "str", "default": ""}},
    },
    "cluster": {"type": "str", "default": ""},
    "call_timeout": {"type": "float", "default": 60},
}

SCRATCH: Spec = {
    "id": {"type": "str", "required": True},
    "directory": {"type": "path", "required": True},
    "user": {"type": "str", "default": ""},
    "pachd": {"type": "path", "default": "/usr/local/bin/pachd"},
    "etcd": {"type": "str", "default": "etcd"},
    "platform": {"type": "str", "default": "systemd"},
    "expected": {"type": "bool", "default": True},
    "hidden": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 7200},
    "start_timeout": {"type": "float", "default": 60},
    "stall_timeout": {"type": "float", "default": 3600},
}
"""Of a scratch server of another release, which both the trial and the rehearsal start."""
