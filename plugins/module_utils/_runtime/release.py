# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A binary as a set of releases that lie side by side, and a link that says which one counts."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import urllib.parse
from dataclasses import dataclass
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.release_place import demand_place, make_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.said_version import said_version

Fetch = Callable[[str, str], None]  # (address, path): put what is at the address there
NET = ("http://", "https://")
RESERVE = 16 << 20  # left free besides a staged file: a full file system hurts everybody on it
_LIBC = {"armv6l": "linux-musleabihf", "armv7l": "linux-musleabihf"}


@dataclass(frozen=True)
class Wish:
    path: str
    version: str
    source: str = ""
    checksum: str = ""
    upload: str = ""
    asks: tuple[str, ...] = ("--version",)
    """The words that a program says its version to; none: it says it to nobody, and its file has it in its name."""
    says: str = ""
    """What the release calls itself where that is not its own number."""
    user: str = ""
    """The account of the service, as which the program is asked."""
    unchecked: bool = False
    """Whether what comes from the net without a checksum may be run."""

    def __post_init__(self) -> None:
        """Refuse what is misspelt before anything is done; `v0.8.7` is the release 0.8.7."""
        if not self.path:
            raise UpliftError(
                "There is no path of the program; expected it as the service names it. Nothing was changed."
            )
        object.__setattr__(self, "version", str(core_version.parse(self.version)))
        self.sha256  # noqa: B018

    @property
    def sha256(self) -> str:
        kind, _colon, digest = self.checksum.rpartition(":")
        if self.checksum and (kind not in ("", "sha256") or not re.fullmatch(r"[0-9a-fA-F]{64}", digest)):
            raise UpliftError(f"The checksum {self.checksum!r} is not of the form sha256:<64 hexadecimal digits>.")
        return digest.lower()


def fill_in(source: str, version: str, machine: str = "") -> str:
    """The address of one release for one kind of machine."""
    machine = machine or platform.machine()
    words = {"version": version, "arch": machine, "target": target_of(machine)}
    unknown = sorted(set(re.findall(r"\{(\w*)\}", source)) - set(words))
    if unknown:
        raise UpliftError(
            f"The source {source!r} holds {{{unknown[0]}}}; known are {{version}}, {{arch}} and {{target}}."
        )
    return re.sub(r"\{(\w+)\}", lambda match: words[match[1]], source)


def target_of(machine: str) -> str:
    """A kind of machine as compilers name it."""
    cpu = {"armv7l": "armv6l", "arm64": "aarch64", "amd64": "x86_64"}.get(machine, machine)
    return f"{cpu}-unknown-{_LIBC.get(machine, 'linux-musl')}"


def place(path: str, version: str) -> str:
    """What the link at `path` has to say for a release: in the way found there, else `<name>-<version>` next to it."""
    if os.path.islink(path):
        found = os.readlink(path)
        old = core_version.find(os.path.basename(found)) or core_version.find(found)
        if old:
            return found.replace(str(old), version)
    return f"{os.path.basename(path)}-{version}"


def release_file(path: str, version: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(path), place(path, version)))


def info(runner: Runner, wish: Wish) -> dict[str, Any]:
    """What lies at the path, and whether the release lies next to it."""
    file = release_file(wish.path, wish.version)
    there = os.path.isfile(file)
    return {
        "link": os.readlink(wish.path) if os.path.islink(wish.path) else "",
        "active_version": said_version(runner, wish.path, wish.asks, wish.user) if os.path.exists(wish.path) else "",
        "release": file,
        "staged": there,
        "sha256": files.sha256_of(file) if there else "",
        "size": os.path.getsize(file) if there else 0,
        "arch": platform.machine(),
        "target": target_of(platform.machine()),
    }


def stage(
    runner: Runner, wish: Wish, fetch: Fetch, check: bool, later: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Put a release next to the others. What counts now is not touched.

    In check mode `unchecked` names those that would be run with no checksum to tell them by, of this one and of the
    `later` ones: per release its checksum.
    """
    file = release_file(wish.path, wish.version)
    why = _unfit(runner, wish, file)
    if not why:
        return {**_staged(file, wish.version, changed=False), **_unchecked(wish, later or {}, check)}
    if os.path.isfile(file) and os.path.realpath(wish.path) == os.path.realpath(file):
        raise UpliftError(f"{why} It is the release that counts now, so it is not replaced: check the checksum.")
    if not wish.upload and not wish.source:
        raise UpliftError(f"{why} Give a source for it. Nothing was changed.")
    diff = {"before": {"release": "", "why": why}, "after": {"release": file, "version": wish.version}}
    demand_place(file)
    if check:
        told = {"changed": True, "diff": diff, "release": file, "version": wish.version, "evidence": []}
        return {**told, **_unchecked(wish, later or {}, check)}
    _demand_checksum(wish)
    make_place(os.path.dirname(file))
    handle, temp = tempfile.mkstemp(dir=os.path.dirname(file), prefix=f".{os.path.basename(file)}.")
    os.close(handle)
    try:
        _obtain(wish, temp, fetch)
        _dress(temp, wish.path)
        why = _unfit(runner, wish, temp)
        if why:
            raise UpliftError(f"{why} It came from {wish.source or wish.upload}; nothing was changed.")
        os.replace(temp, file)
        files.sync_directory(os.path.dirname(file))
    finally:
        if os.path.exists(temp):
            os.unlink(temp)
    return {"diff": diff, **_staged(file, wish.version, changed=True)}


def activate(runner: Runner, wish: Wish, check: bool) -> dict[str, Any]:
    """Make the link lead to a staged release in one step; what counted until now is kept as a release of its own."""
    target, file = place(wish.path, wish.version), release_file(wish.path, wish.version)
    before = os.readlink(wish.path) if os.path.islink(wish.path) else ""
    diff = {"before": {wish.path: before or "a file"}, "after": {wish.path: target}}
    if check and not os.path.isfile(file):
        return {"changed": True, "diff": diff, "release": file, "link": target, "evidence": []}
    why = _unfit(runner, wish, file)
    if why:
        raise UpliftError(f"{why} It is not activated; nothing was changed. Stage the release again.")
    evidence = [{"slot": "release", "kind": "link", "path": wish.path, "target": target}]
    result = {"release": file, "link": target, "version": wish.version, "evidence": evidence}
    if before == target:
        return {"changed": False, **result}
    previous = keep(runner, wish, check) if os.path.exists(wish.path) else {}
    if not check:
        files.link_atomic(target, wish.path)
    return {"changed": True, "diff": diff, "previous": previous, **result}


def keep(runner: Runner, wish: Wish, check: bool) -> dict[str, str]:
    """Keep what counts now as a release under its own version, so that there is a rollback."""
    path = wish.path
    version, now = said_version(runner, path, wish.asks, wish.user), os.path.realpath(path)
    file = release_file(path, version)
    if os.path.realpath(file) != now and not check:
        if os.path.exists(file) and files.sha256_of(file) != files.sha256_of(now):
            raise UpliftError(
                f"{path} and {file} both say they are {version}, and differ: keep the right one under that name, "
                "remove the other. Nothing was changed."
            )
        if not os.path.exists(file):
            _link_or_copy(now, file)
    return {"version": version, "release": file}


def _unfit(runner: Runner, wish: Wish, file: str) -> str:
    """Why a file is not the release that is wanted; "" when it is. The checksum comes first: nothing unknown is run."""
    if not os.path.isfile(file):
        return f"The release {wish.version} is not staged at {file}."
    seen = files.sha256_of(file) if wish.sha256 else ""
    if seen != wish.sha256:
        return f"{file} has the SHA-256 {seen}, expected {wish.sha256}."
    if not wish.asks:
        return ""
    said, expected = said_version(runner, file, wish.asks, wish.user), wish.says or wish.version
    return "" if said == expected else f"{file} says it is {said}, expected {expected}."


def is_address(source: str) -> bool:
    return source.startswith(NET)


def parted(source: str) -> dict[str, str]:
    """An address without its secrets, and these as arguments of their own, which are masked wherever they come up."""
    if not is_address(source):
        return {}
    parts = urllib.parse.urlsplit(source)
    login, _at, host = parts.netloc.rpartition("@")
    public = urllib.parse.urlunsplit((parts.scheme, host, parts.path, "", ""))
    return {"source": public, "login": login, "query": parts.query}


def with_secrets(address: str, login: str, query: str) -> str:
    """The same the other way round."""
    parts = urllib.parse.urlsplit(address)
    host = f"{login}@{parts.netloc}" if login else parts.netloc
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, query, ""))


def checksum_of(checksums: Mapping[str, Any], version: str, path: str) -> str:
    """By release, or by release and program; "" for none."""
    found = checksums.get(version) or ""
    return str(found.get(os.path.basename(path)) or "") if isinstance(found, dict) else str(found)


def _unchecked(wish: Wish, later: Mapping[str, str], check: bool) -> dict[str, Any]:
    """The releases that are not here, come from the net, and have no checksum; with where each comes from."""
    if not check or not is_address(wish.source):
        return {}
    asked = {wish.version: wish.checksum, **later}
    away = [version for version in asked if not os.path.isfile(release_file(wish.path, version))]
    rows = [{"version": one, "address": fill_in(wish.source, one)} for one in away if not asked[one]]
    return {"unchecked": rows}


def _demand_checksum(wish: Wish) -> None:
    if is_address(wish.source) and not (wish.upload or wish.sha256 or wish.unchecked):
        raise UpliftError(
            f"{fill_in(wish.source, wish.version)} has no checksum to tell it by, and is run once it is here; expected"
            " its SHA-256. Write it into the product's setting that ends in _release_checksums, or name a file of the"
            " controller in the one that ends in _release_source. Nothing was changed."
        )


def _obtain(wish: Wish, temp: str, fetch: Fetch) -> None:
    if wish.upload:
        files.demand_space(temp, os.path.getsize(wish.upload) + RESERVE, f"the release {wish.version}")
        shutil.copyfile(wish.upload, temp)
    else:
        fetch(fill_in(wish.source, wish.version), temp)
    with open(temp, "rb") as handle:
        os.fsync(handle.fileno())


def _dress(temp: str, path: str) -> None:
    """Owner and mode of the program that runs now; that of any program when there is none."""
    mode = 0o755
    if os.path.exists(path):
        like = os.stat(path)
        mode = like.st_mode & 0o777
        os.chown(temp, like.st_uid, like.st_gid)
        files.take_attributes(path, temp)  # such as the capability to listen on port 80 (setcap)
    os.chmod(temp, mode)


def _staged(file: str, version: str, changed: bool) -> dict[str, Any]:
    digest, size = files.sha256_of(file), os.path.getsize(file)
    evidence = [{"slot": "stage", "kind": "file", "path": file, "size": size, "sha256": digest}]
    facts = {"release": file, "version": version, "sha256": digest, "size": size}
    return {"changed": changed, **facts, "evidence": evidence}


def _link_or_copy(now: str, file: str) -> None:
    try:
        os.link(now, file)
    except OSError:  # another file system, or one without hard links
        temp = f"{file}.uplift-{os.getpid()}"
        shutil.copy2(now, temp)
        os.chown(temp, os.stat(now).st_uid, os.stat(now).st_gid)
        files.take_attributes(now, temp)
        os.replace(temp, file)
