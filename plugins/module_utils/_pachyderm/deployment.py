# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pachyderm on Kubernetes by its own `deploy` and `undeploy`, which are asked to do one namespace and no more."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import make_private, write_atomic
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.on_kubernetes import SERVER, of
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import (
    configuration,
    write_configuration,
)
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse.pachctl import client_version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spelling import SPACES
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.kubectl import Kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import Place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.runtime import Image, OnKubernetes
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import replicas

_LABEL = "suite=pachyderm"
_KINDS = "deployment,statefulset,replicationcontroller,service"
# P20: with these the volumes of the metadata go too. Whether they go is for the operator to say, not for a flag.
_NEVER = ("--all", "--metadata", "-a", "--dry-run")
_LIMIT = 600.0
VARIABLES = ("WORKER_IMAGE", "WORKER_SIDECAR_IMAGE")  # what the server gives its workers' pods
_SECRET = 6  # characters from which on an argument is not repeated: shorter ones are sizes and counts


@dataclass
class Deployment:
    runner: Runner
    params: Mapping[str, Any]
    place: Place
    home: str
    _env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """One context alone in the kube configuration: nothing can lead to another cluster (P11)."""
        text = runtime_kubectl.of(self.runner, self.place).configuration()
        write_atomic(f"{self.home}/kube", text.encode(), 0o600)
        home, config = self.home, f"{self.home}/config.json"
        self._env = {"HOME": home, "PACH_CONFIG": config, "KUBECONFIG": f"{home}/kube"}
        write_configuration(home, configuration(version.Version(1, 13, 0), "127.0.0.1:0", ""))

    def there(self) -> list[str]:
        """What is deployed in the namespace, as kind/name."""
        return [f"{one['kind'].lower()}/{one['metadata']['name']}" for one in self._kubectl.find(_KINDS, _LABEL)]

    @property
    def _kubectl(self) -> Kubectl:
        """By the configuration that pachctl has, of one context."""
        return Kubectl(self.runner, self.place.namespace, env=self._env)

    def absent(self, check: bool) -> dict[str, Any]:
        """P29: 1.7 and 1.8.0 delete at once, unasked; others ask, and take an end of input for a failure (P20)."""
        found = self.there()
        if found and not check:
            demand(self._pachctl("undeploy", stdin="y\n"), "Undeploying")
            left = [name for name in self.there() if not name.startswith("replicationcontroller/")]
            if left:
                raise UpliftError(
                    f"pachctl undeploy ended with 0, and {', '.join(left)} is still in {self.place.namespace};"
                    " expected nothing left. Look at these, then run again."
                )
        if self.params["claims"] and not check:
            self._kubectl.delete("persistentvolumeclaim", _LABEL, _LIMIT)
        return {"changed": bool(found), "found": found}

    def present(self, check: bool) -> dict[str, Any]:
        arguments = list(self.params["arguments"])
        bad = sorted(set(arguments) & set(_NEVER))
        if bad or not arguments:
            raise UpliftError(
                f"arguments has {', '.join(bad) or 'nothing'}; expected those of `pachctl deploy`, without"
                f" {', '.join(_NEVER)}."
            )
        arguments += registry(self.params["image"], arguments)
        manifest = self._deploy("Making the manifest", *arguments, "--dry-run")
        found = self.there()
        if self.params["manifest"] and not check:
            make_private(os.path.dirname(self.params["manifest"]))
            write_atomic(self.params["manifest"], manifest.encode(), 0o600)  # it holds the store's credentials
        if not check:
            self._deploy("Deploying", *arguments)
            self._fitted()
        return {"changed": True, "found": found}

    def _fitted(self) -> None:
        """pachctl makes one pod of the makers' image: give it the image that is wanted, and as many pods."""
        server = OnKubernetes(self.runner, self.place)
        if self.params["image"]:
            server.activate(
                Image(self.params["version"], self.params["image"], name=SERVER, variables=VARIABLES), False
            )
        workload = server.workload
        if self.params["replicas"] and self.params["replicas"] != replicas(workload.read()):
            change = {"spec": {"replicas": self.params["replicas"]}}
            workload.kubectl.patch(self.place.workload, self.place.name, change)

    def _deploy(self, what: str, *arguments: str) -> str:
        """pachctl takes the store's credentials as arguments alone, and may repeat them when it refuses."""
        answer = self._pachctl("deploy", *arguments)
        said = {name: concealed(getattr(answer, name), arguments) for name in ("out", "err")} if answer.rc else {}
        return demand(replace(answer, **said), what).out

    def _pachctl(self, *words: str, stdin: str = "") -> Any:
        argv = [self.params["pachctl"], *words, "--namespace", self.place.namespace]
        if self._old():
            argv.append("--no-metrics")
        return self.runner.run(argv, env=self._env, stdin=stdin, timeout=_LIMIT)

    def _old(self) -> bool:
        answer = self.runner.run([self.params["pachctl"], "version", "--client-only"], env=self._env, timeout=60)
        found = client_version(answer.out) if answer.rc == 0 else None
        return found is None or found < SPACES


def registry(image: str, arguments: Sequence[str]) -> list[str]:
    """Pure: the argument by which pachctl names all images as this one; [] where it does, or where one is given."""
    found = re.fullmatch(r"(.+)/pachyderm/pachd(?:[:@].+)?", image)
    given = any(one.partition("=")[0] == "--registry" for one in arguments)
    return [f"--registry={found[1]}"] if found and not given else []


def concealed(text: str, arguments: Sequence[str]) -> str:
    """Pure: what a program said, without any of its arguments or parts of them that may be secret."""
    parts = {part for one in arguments for part in (one, *re.split("[=,]", one)) if len(part) >= _SECRET}
    for part in sorted(parts, key=len, reverse=True):
        if not part.startswith("--"):
            text = text.replace(part, "(concealed)")
    return text


def run(runner: Runner, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """What `pachyderm_deployment` does."""
    home = tempfile.mkdtemp(prefix="uplift-pachctl-")
    try:
        deployment = Deployment(runner, params, of(params["unit"]), home)
        return deployment.absent(check) if params["state"] == "absent" else deployment.present(check)
    finally:
        shutil.rmtree(home, ignore_errors=True)
