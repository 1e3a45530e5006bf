# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The steps that only this product has; the others are in _plan/verbs.py."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import CLUSTER, THINGS, Verb

VERBS: Mapping[str, Verb] = {
    "pause": Verb(
        CLUSTER, closes=("pipelines",), what="stop the pipelines that run, keep their names, and wait until none runs"
    ),
    "extract": Verb(
        CLUSTER, slots=("dump",), final_after=("metadata",), what="write the dump, decode it and count what it holds"
    ),
    "try_restore": Verb(
        CLUSTER, slots=("trial",), what="restore the dump into a scratch server of the new release, and count what came"
    ),
    "recount": Verb(
        CLUSTER, what="count the cluster again and compare it with the dump, right before anything is thrown away"
    ),
    "amend": Verb(
        CLUSTER, slots=("settings",), what="set again what the dump has left out of pipelines, while they are stopped"
    ),
    "undeploy": Verb(
        slots=("metadata", "service"),
        discards=True,
        bars=THINGS,
        what="take the deployment and its metadata away; the object store stays",
    ),
    "redeploy": Verb(
        slots=("metadata", "service"),
        discards=True,
        opens=("service",),
        bars=THINGS,
        what="deploy the new release with fresh metadata",
    ),
    "deploy_parallel": Verb(
        slots=("deploy_parallel",),
        discards=True,
        what="deploy the new release with fresh metadata in parallel with the old one",
    ),
    "recall": Verb(
        slots=("service", "ports"),
        opens=("service", "ports"),
        what="put the old release back with the metadata that was kept for it",
    ),
    "switch": Verb(
        slots=("deploy_parallel", "service", "ports"),
        opens=("service", "ports"),
        bars=THINGS,
        what="let clients use the new cluster in place of the old one",
    ),
    "unpause": Verb(CLUSTER, opens=("pipelines",), what="start exactly the pipelines that ran before"),
}
