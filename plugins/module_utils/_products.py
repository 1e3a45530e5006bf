# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The products that there are, a line each. The planner's entry alone asks this; whatever runs on a node does not."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.catalogue import LAKEFS
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import PACHYDERM
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Catalogue

CATALOGUES: dict[str, Catalogue] = {one.product: one for one in (GARAGE, LAKEFS, PACHYDERM)}
