# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The steps that only this product has; the others are in _plan/verbs.py."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import CLUSTER, THINGS, Verb

VERBS: Mapping[str, Verb] = {
    "commit_uncommitted": Verb(CLUSTER, fresh=True, what="commit what branches hold uncommitted, or say it is there"),
    "alone": Verb(CLUSTER, what="prove that nobody else uses the database"),
    "uncommitted": Verb(CLUSTER, what="prove by the tables that the migration drops nothing that is not committed"),
    "configure": Verb(slots=("config",), what="put the configuration of the new release in place"),
    "move_objects": Verb(CLUSTER, what="move objects in the object store, by the operator's own tasks"),
    "admit": Verb(CLUSTER, slots=("data",), bars=THINGS, what="take over the one user that the new release knows"),
}
