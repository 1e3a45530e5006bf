# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what stands in the manifests that a chart makes. They may hold secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

Manifests = Sequence[Mapping[str, Any]]


def documents(text: str) -> Manifests:
    try:
        return [one for one in yaml.safe_load_all(text) if isinstance(one, Mapping)]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" from line {mark.line + 1} on" if mark else ""
        raise UpliftError(f"What the chart makes is not YAML{where}; expected manifests. Correct the chart.") from None


def images(made: Manifests, kind: str, name: str) -> list[str]:
    """Of the containers of one workload; `kind` as Deployment."""
    found = [one for one in _named(made, name) if str(one.get("kind", "")).lower() == kind.lower()]
    return [str(row.get("image", "")) for one in found for row in one["spec"]["template"]["spec"]["containers"]]


def mapped(made: Manifests, name: str, key: str) -> str:
    """A file of a ConfigMap; "" where the chart makes none."""
    found = [one for one in _named(made, name) if one.get("kind") == "ConfigMap"]
    return next((str(one["data"][key]) for one in found if key in (one.get("data") or {})), "")


def _named(made: Manifests, name: str) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in made if (one.get("metadata") or {}).get("name") == name)
