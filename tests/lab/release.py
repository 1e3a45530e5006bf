# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases by product and version: the makers' programs where they can be had, else the same built from a registry."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lab import kubernetes_release, pachyderm_release, paths, release_build
from tests.lab.proc import LabError, lock, run, say

TABLE = paths.HERE / "checksums.json"


@dataclass(frozen=True)
class Source:
    """Where a product's programs come from; the first of them tells the release. Without an address all are built."""

    url: str
    programs: tuple[str, ...]
    build: Callable[[str, Path], None]
    machine: Callable[[], str] = platform.machine
    says: Callable[[Path, str], str] = lambda path, _version: said(path)

    def address(self, version: str) -> str:
        return self.url.format(version=version, target=self.machine())


def go_machine() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


SOURCES = {
    "garage": Source(
        "https://garagehq.deuxfleurs.fr/_releases/v{version}/{target}/garage",
        ("garage",),
        release_build.garage,
        lambda: f"{platform.machine()}-unknown-linux-musl",
    ),
    "lakefs": Source(
        "https://github.com/treeverse/lakeFS/releases/download/v{version}/lakeFS_{version}_Linux_{target}.tar.gz",
        ("lakefs", "lakectl"),
        release_build.lakefs,
    ),
    "pachyderm": Source("", pachyderm_release.PROGRAMS, pachyderm_release.build, says=pachyderm_release.says),
    "kubernetes": Source(
        "https://dl.k8s.io/v{version}/kubernetes-server-linux-{target}.tar.gz",
        kubernetes_release.PROGRAMS,
        kubernetes_release.build,
        go_machine,
    ),
    "helm": Source(
        "https://get.helm.sh/helm-v{version}-linux-{target}.tar.gz",
        ("helm",),
        kubernetes_release.build_helm,
        go_machine,
        kubernetes_release.helm_says,
    ),
}


def program(product: str, version: str, name: str = "") -> Path:
    return paths.cache() / product / version / "bin" / (name or SOURCES[product].programs[0])


def said(path: Path) -> str:
    """The version a binary gives itself; makers' and registry's builds wrap it differently."""
    found = re.search(r"(\d+\.\d+\.\d+)", run([str(path), "--version"], timeout=20).stdout)
    return found.group(1) if found else ""


def emulated(path: Path) -> bool:
    """A script, or with an archive behind it, as no maker's program is: made anew of what stands in the checkout.

    That takes no time, and another checkout may have left an emulator there that is packed in another way.
    """
    with path.open("rb") as program:
        return program.read(2) == b"#!" or zipfile.is_zipfile(path)


def get(product: str, version: str, pin: bool = False) -> Path:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise LabError(f"release {version!r}: expected three numbers such as 0.8.7")
    path = program(product, version)
    with lock(f"{product}-{version}"):
        if (not path.exists() or emulated(path)) and not download(product, version, pin):
            build(product, version)
        if (seen := SOURCES[product].says(path, version)) != version:
            raise LabError(f"{path} says it is {seen or 'nothing'}, expected {version}: remove it and try again")
    return path


def silent_mark(product: str) -> Path:
    return paths.made(paths.cache() / "run") / f"{product}-site-is-silent"


def site_is_silent(product: str) -> bool:
    """A dead network is met once an hour and not at each release."""
    mark = silent_mark(product)
    return mark.exists() and time.time() - mark.stat().st_mtime < 3600


def download(product: str, version: str, pin: bool) -> bool:
    source = SOURCES[product]
    if not source.url:
        return False
    table: dict[str, dict[str, dict[str, str]]] = json.loads(TABLE.read_text())
    known = table.get(product, {}).get(version, {}).get(source.machine(), "")
    if not (known or pin):
        say(
            f"{TABLE.name} has no {product} {version} for {source.machine()}: building it"
            " (--pin downloads and notes its checksum)"
        )
        return False
    if site_is_silent(product):
        return False
    url, part = source.address(version), program(product, version, f"{product}.part")
    if not fetched(url, part):
        silent_mark(product).touch()
        return False
    seen = hashlib.sha256(part.read_bytes()).hexdigest()
    if known and seen != known:
        part.unlink()
        raise LabError(f"{url} has SHA-256 {seen}, {TABLE.name} wants {known}: find out which is right before going on")
    if not known:
        table.setdefault(product, {}).setdefault(version, {})[source.machine()] = seen
        TABLE.write_text(json.dumps(table, indent=2, sort_keys=True) + "\n")
        say(f"noted SHA-256 {seen} in {TABLE.name}: compare it with a second source before you commit it")
    unpack(part, source.programs)
    return True


def fetched(url: str, part: Path) -> bool:
    say(f"downloading {url}")
    paths.made(part.parent)
    try:
        with urllib.request.urlopen(url, timeout=4) as source, part.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    except (urllib.error.URLError, OSError) as error:
        say(f"the makers' site does not answer ({error}): building from the registry for the next hour")
        return False
    return True


def unpack(part: Path, programs: tuple[str, ...]) -> None:
    """An archive with the programs in it, or the one program itself."""
    if tarfile.is_tarfile(part):
        with tarfile.open(part) as archive:
            for name in programs:
                member = next((one for one in archive.getmembers() if Path(one.name).name == name), None)
                content = archive.extractfile(member) if member else None
                if content is None:
                    raise LabError(f"{part} has no {name} in it")
                part.with_name(name).write_bytes(content.read())
        part.unlink()
    else:
        part.rename(part.with_name(programs[0]))
    for name in programs:
        part.with_name(name).chmod(0o755)


def build(product: str, version: str) -> None:
    """Into a directory next to, and there as a whole: what was cut off is no release."""
    bin_directory = program(product, version).parent
    new = bin_directory.parent.with_name(f".{version}.new")
    SOURCES[product].build(version, new)
    shutil.rmtree(bin_directory.parent, ignore_errors=True)
    new.rename(bin_directory.parent)
