# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.plugin_utils._core.long import LongAction


class ActionModule(LongAction):
    """Long work, watched. `meta/runtime.yml` sends the other modules whose work may take long here, too."""
