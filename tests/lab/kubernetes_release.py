# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes' own programs from the Go module proxy: one go.mod, no Go file. Three to ten minutes, once a release."""

from __future__ import annotations

import re
from pathlib import Path

from tests.lab import paths
from tests.lab.proc import LabError, lock, run
from tests.lab.release_build import logged, start

# The one that is cold first: the others are a third of its time and less after it.
PROGRAMS = ("kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubectl")
MODULE = "k8s.io/kubernetes"
# Two staging modules of 1.31.14 have no line in the sum database; of this one all have.
VERSION = "1.31.0"
HELM, HELM_VERSION = "helm.sh/helm/v3", "3.17.4"


def staged(go_mod: str) -> list[str]:
    """What the module takes from its own tree, and everybody else from modules of their own."""
    return sorted(set(re.findall(r"^\s*(?:replace )?(k8s\.io/\S+) => \./staging/", go_mod, re.M)))


def go_mod(version: str, modules: list[str]) -> str:
    own = version.replace("1.", "0.", 1)
    lines = ["module lab.invalid/kubernetes-build", "", "go 1.22", "", f"require {MODULE} v{version}", ""]
    return "\n".join([*lines, *(f"replace {name} => {name} v{own}" for name in modules)]) + "\n"


def build(version: str, root: Path) -> None:
    log = start("kubernetes", version, "as a Go module")
    where = paths.made(paths.cache() / "build" / "kubernetes" / version)
    with lock("go"):
        (where / "go.mod").write_text("module lab.invalid/kubernetes-build\n")
        logged(f"kubernetes {version}", ["go", "mod", "download", f"{MODULE}@v{version}"], where, {}, log)
        found = run(["go", "env", "GOMODCACHE"]).stdout.strip()
        modules = staged(Path(found, "cache", "download", MODULE, "@v", f"v{version}.mod").read_text())
        if not modules:
            raise LabError(f"{MODULE} v{version} names no staging modules in its go.mod: expected some thirty")
        (where / "go.mod").write_text(go_mod(version, modules))
        stamp = "-X k8s.io/component-base/version.git"
        major, minor, _patch = version.split(".")
        flags = f"-s -w {stamp}Version=v{version} {stamp}Major={major} {stamp}Minor={minor}"
        for name in PROGRAMS:
            made = ["-o", str(paths.made(root / "bin") / name), f"{MODULE}/cmd/{name}"]
            argv = ["go", "build", "-mod=mod", "-buildvcs=false", "-trimpath", "-ldflags", flags, *made]
            logged(f"{name} {version}", argv, where, {}, log)


def build_helm(version: str, root: Path) -> None:
    log = start("helm", version, "as a Go module")
    where = paths.made(paths.cache() / "build" / "helm" / version)
    (where / "go.mod").write_text(f"module lab.invalid/helm-build\n\ngo 1.22\n\nrequire {HELM} v{version}\n")
    flags = f"-s -w -X {HELM}/internal/version.version=v{version}"
    made = ["-o", str(paths.made(root / "bin") / "helm"), f"{HELM}/cmd/helm"]
    argv = ["go", "build", "-mod=mod", "-buildvcs=false", "-trimpath", "-ldflags", flags, *made]
    with lock("go"):
        logged(f"helm {version}", argv, where, {}, log)


def helm_says(path: Path, _version: str) -> str:
    return run([str(path), "version", "--template", "{{.Version}}"], timeout=20).stdout.strip().lstrip("v")
