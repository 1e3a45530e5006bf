# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What an operation that was given up has left closed to clients: without a word, nobody knows why they stay out."""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding

# Thing -> (key of the finding, what was seen, what is wanted).
_KEYS: Mapping[str, tuple[str, str, str]] = {
    "service": ("service_held", "the service is held down", "a service that may start"),
    "ports": ("ports_closed", "the ports that clients use are closed", "ports that clients can reach"),
    "pipelines": ("pipelines_paused", "the pipelines were stopped", "the pipelines as they were before"),
    "balancer": ("out_of_balancer", "the node was taken out of the load balancer", "a node that clients are sent to"),
}


def left_closed(product: str, closed: Sequence[Mapping[str, str]]) -> Iterator[Finding]:
    """closed: rows {thing, what, operation}; of the same thing the first counts. operation may be ""."""
    for thing, (key, seen, expected) in _KEYS.items():
        one = next((row for row in closed if row["thing"] == thing), None)
        if one:
            whose = f" by the operation {one['operation']}" if one["operation"] else ""
            yield Finding(
                key,
                True,
                f"{seen}{whose} ({one['what']}), and no operation is open that would give it back",
                expected,
                f"run the playbook uplift.datastores.{product}_recover: it opens what may be opened, or says why not",
            )
