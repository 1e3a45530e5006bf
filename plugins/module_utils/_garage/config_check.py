# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.cluster import node_id


def check(garage: Garage, release_binary: str, candidate: str = "") -> dict[str, Any]:
    """Let another release read the configuration that is meant for it, before anything is stopped for it.

    Every Garage program parses the whole file by its own release's rules (G22). `node id` does that and nothing else,
    with the daemon up or down; it has to find the same node.
    """
    config_file = candidate or garage.config_file
    argv = [release_binary, "-c", config_file, "node", "id", "-q"]
    answer = garage.runner.run(argv, env=dict(garage.environment), timeout=garage.timeout, user=garage.user)
    seen = node_id(demand(answer, f"Reading {config_file} with {release_binary}").out).id
    expected = garage.node_id().id
    if seen != expected:
        raise UpliftError(
            f"{release_binary} finds the node {seen[:16]} in {config_file}; expected {expected[:16]}, the one that"
            " runs. See which metadata directory it reads. Nothing was stopped."
        )
    return {"config_file": config_file, "node_id": seen}
