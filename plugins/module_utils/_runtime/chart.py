# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.


"""The Helm release that has made a workload: rendered with other values, and given those of what runs.

helm has values by its input alone: they may hold secrets.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import Place

WAIT = 600.0  # seconds until what helm applies is ready
SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "chart_ref": {"type": "str", "required": True},
    "chart_version": {"type": "str", "default": ""},
    "values": {"type": "dict", "default": {}},
}


@dataclass(frozen=True)
class Chart:
    runner: Runner
    place: Place
    name: str
    """Of the Helm release."""
    reference: str
    version: str
    """Of the chart; "" for the one that is deployed."""

    def deployed(self) -> str:
        """The version of the chart that is deployed."""
        answer = self._helm("list", "--all", "--filter", f"^{re.escape(self.name)}$", "--output", "json")
        found = [one["chart"] for one in json.loads(demand(answer, f"Looking for the Helm release {self.name}").out)]
        version = re.search(r"-([0-9]+[.][0-9]+[.][0-9]+.*)$", found[0]) if found else None
        if not version:
            raise UpliftError(
                f"There is no Helm release {self.name} in {self.place.namespace}; expected the one that has made the"
                f" {self.place.owner().summary()}. See `helm list`."
            )
        return version[1]

    def rendered(self, changes: Mapping[str, Any]) -> str:
        """The manifests that the chart makes of the release's own values with these changes. They may hold secrets."""
        own = self._helm("get", "values", self.name, "--output", "json")
        values = json.loads(demand(own, f"Reading the values of the Helm release {self.name}").out) or {}
        words = ["template", self.name, self.reference, "--version", self.version or self.deployed(), "--values", "-"]
        answer = self._helm(*words, stdin=json.dumps(merged(values, changes)))
        return demand(answer, f"Rendering the chart {self.reference}").out

    def apply(self, changes: Mapping[str, Any]) -> None:
        words = ["upgrade", self.name, self.reference, "--version", self.version or self.deployed()]
        more = ["--reuse-values", "--values", "-", "--wait", "--timeout", f"{WAIT:g}s"]
        answer = self._helm(*words, *more, stdin=json.dumps(changes), timeout=WAIT + 60)
        demand(answer, f"Giving the Helm release {self.name} the values of the {self.place.owner().summary()}")

    def _helm(self, *words: str, stdin: str = "", timeout: float = 120.0) -> Any:
        context = ["--kube-context", self.place.context] if self.place.context else []
        argv = ["helm", *context, "--namespace", self.place.namespace, *words]
        return self.runner.run(argv, stdin=stdin, timeout=timeout)


def merged(onto: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Pure: as helm puts values over others: maps into maps, anything else in the place of what was there."""
    found = dict(onto)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merged(found[key], value) if both else value
    return found


def of(runner: Runner, params: Mapping[str, Any]) -> Chart:
    return Chart(
        runner, runtime_place.read(params["unit"]), params["name"], params["chart_ref"], params["chart_version"]
    )
