# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The one client of Kubernetes: kubectl, as argument lists. What may be secret goes by its input."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import Place

TIMEOUT = 60.0  # seconds for one answer of the API server
# What kubectl says where there is no context of that name: of `get`, of `config view`, without a kube configuration.
_NO_CONTEXT = re.compile(r'context "[^"]*" does not exist|cannot locate context|context was not found')


@dataclass(frozen=True)
class Kubectl:
    """env: what kubectl is given besides the environment of the task, such as another KUBECONFIG."""

    runner: Runner
    namespace: str
    context: str = ""
    env: Mapping[str, str] | None = field(default=None, repr=False)

    def argv(self, *words: str) -> list[str]:
        context = ["--context", self.context] if self.context else []
        return ["kubectl", *context, "--namespace", self.namespace, *words]

    def ask(self, words: Sequence[str], what: str, stdin: str = "", timeout: float = TIMEOUT) -> Answer:
        """The answer; a sentence that begins with `what` where kubectl says no."""
        answer = self.runner.run(self.argv(*words), env=self.env, stdin=stdin, timeout=timeout)
        if answer.rc and _NO_CONTEXT.search(answer.err):
            raise UpliftError(
                f"There is no context {self.context!r} in the kube configuration that kubectl reads here; expected one"
                " of `kubectl config get-contexts`. Name it behind the workload, or name none for the current one."
                " Nothing was changed."
            )
        return demand(answer, what)

    def get(self, kind: str, name: str, what: str = "") -> dict[str, Any]:
        """The object; {} when there is none of that name."""
        words = ["get", kind, name, "--ignore-not-found", "--output", "json"]
        text = self.ask(words, what or f"Reading the {kind} {name} in {self.namespace}").out
        return dict(json.loads(text)) if text.strip() else {}

    def find(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        """All objects of a kind with these labels (`name=value`, parted by commas)."""
        chosen = ["--selector", selector] if selector else []
        words = ["get", kind, *chosen, "--output", "json"]
        found: list[dict[str, Any]] = json.loads(self.ask(words, f"Looking for {kind} in {self.namespace}").out)[
            "items"
        ]
        return found

    def delete(self, kind: str, selector: str, timeout: float) -> None:
        """Every object of a kind with these labels, waited for until it is gone."""
        words = ["delete", kind, "--selector", selector, f"--timeout={timeout:g}s"]
        self.ask(words, f"Deleting {kind} in {self.namespace}", timeout=timeout + 30)

    def configuration(self) -> str:
        """The kube configuration of this context alone, with what it needs in it. It holds secrets."""
        return self.ask(["config", "view", "--minify", "--flatten"], "Reading the kube configuration").out

    def create(self, thing: Mapping[str, Any], what: str) -> dict[str, Any]:
        words = ["create", "--filename", "-", "--output", "json"]
        return dict(json.loads(self.ask(words, what, stdin=json.dumps(thing)).out))

    def replace(self, thing: Mapping[str, Any], what: str) -> None:
        """The object as it shall be, with the resourceVersion that it was read with: refused where it has changed."""
        self.ask(["replace", "--filename", "-", "--output", "name"], what, stdin=json.dumps(thing))

    def patch(self, kind: str, name: str, change: Mapping[str, Any], how: str = "merge") -> None:
        """`how`: merge, strategic or json, as kubectl names them. Nothing secret: it is an argument."""
        words = ["patch", kind, name, "--type", how, "--patch", json.dumps(change, sort_keys=True), "--output", "name"]
        self.ask(words, f"Changing the {kind} {name} in {self.namespace}")


def of(runner: Runner, place: Place) -> Kubectl:
    return Kubectl(runner, place.namespace, place.context)


def selector(workload: Mapping[str, Any]) -> str:
    """The labels by which a workload knows its pods."""
    spec = workload["spec"]
    labels = spec["selector"].get("matchLabels") or spec["template"]["metadata"]["labels"]
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
