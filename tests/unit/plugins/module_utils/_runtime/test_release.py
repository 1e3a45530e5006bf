# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import release
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.release import Wish

RUN = LocalRunner()


def program(path: Path, version: str, mode: int = 0o755, said: str = "tool cargo:{} [features: x]") -> str:
    """A real little program that tells its version, and only then. Gives its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && [ -z "$SECRET" ] && echo "{said.format(version)}"\n')
    path.chmod(mode)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def no_fetch(address: str, path: str) -> None:
    raise AssertionError(f"{address} was fetched")


def stage(path: Path, version: str, upload: Path | str = "", checksum: str = "", **more: Any) -> dict[str, Any]:
    wish = Wish(str(path), version, upload=str(upload), checksum=checksum and f"sha256:{checksum}")
    return release.stage(RUN, wish, more.get("fetch", no_fetch), more.get("check", False))


def activate(path: Path, version: str, checksum: str = "", check: bool = False) -> dict[str, Any]:
    return release.activate(RUN, Wish(str(path), version, checksum=checksum), check)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A program put there by hand: a plain file."""
    program(tmp_path / "bin" / "tool", "0.7.0", 0o750)
    return tmp_path / "bin" / "tool"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    program(tmp_path / "sent", "0.8.7", 0o600)
    return tmp_path / "sent"


@pytest.mark.parametrize(
    ("link", "says", "lies"),
    [
        (None, "tool-0.8.7", "bin/tool-0.8.7"),
        ("tool-0.7.0", "tool-0.8.7", "bin/tool-0.8.7"),
        ("./tool_v0.7.0_amd64", "./tool_v0.8.7_amd64", "bin/tool_v0.8.7_amd64"),
        ("../releases/0.7.0/tool", "../releases/0.8.7/tool", "releases/0.8.7/tool"),
        ("../0.7.0/tool-0.7.0", "../0.8.7/tool-0.8.7", "0.8.7/tool-0.8.7"),
        ("../elsewhere/tool", "tool-0.8.7", "bin/tool-0.8.7"),
    ],
)
def test_the_way_found_is_kept(tmp_path: Path, link: str | None, says: str, lies: str) -> None:
    path = tmp_path / "bin" / "tool"
    path.parent.mkdir()
    if link:
        path.symlink_to(link)
    assert release.place(str(path), "0.8.7") == says
    assert release.release_file(str(path), "0.8.7") == str(tmp_path / lies)


def test_an_absolute_link_stays_absolute(tmp_path: Path) -> None:
    (tmp_path / "tool").symlink_to("/opt/tool/0.7.0/bin/tool")
    assert release.place(str(tmp_path / "tool"), "0.8.7") == "/opt/tool/0.8.7/bin/tool"


def test_staging_touches_nothing_that_counts(plain: Path, new: Path) -> None:
    before = plain.read_bytes()
    done = stage(plain, "0.8.7", new)
    assert done["changed"]
    assert plain.read_bytes() == before
    assert not plain.is_symlink()
    staged = plain.with_name("tool-0.8.7")
    assert staged.stat().st_mode & 0o777 == 0o750  # as the program that runs
    assert done["evidence"] == [
        {
            "slot": "stage",
            "kind": "file",
            "path": str(staged),
            "size": done["size"],
            "sha256": files.sha256_of(str(new)),
        }
    ]
    assert not stage(plain, "0.8.7", new)["changed"]
    assert sorted(os.listdir(plain.parent)) == ["tool", "tool-0.8.7"]


@pytest.mark.parametrize(
    ("version", "said", "sentence"),
    [
        ("0.8.6", "tool {}", "says it is 0.8.6, expected 0.8.7"),
        ("", "tool", "expected a release number"),
    ],
)
def test_another_release_is_not_staged(plain: Path, new: Path, version: str, said: str, sentence: str) -> None:
    program(new, version, said=said)
    with pytest.raises(UpliftError, match=sentence):
        stage(plain, "0.8.7", new)
    assert os.listdir(plain.parent) == ["tool"]


def test_a_program_of_another_machine_is_not_staged(plain: Path, new: Path) -> None:
    new.write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 200)
    with pytest.raises(UpliftError, match=f"on this machine .{platform.machine()}. failed: .*nothing was changed"):
        stage(plain, "0.8.7", new)
    assert os.listdir(plain.parent) == ["tool"]


def test_a_program_is_asked_with_nothing_in_its_environment(
    plain: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "x")
    assert stage(plain, "0.8.7", new)["changed"]


def test_a_corrupted_file_is_never_run(plain: Path, new: Path, tmp_path: Path) -> None:
    digest = files.sha256_of(str(new))
    new.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    with pytest.raises(UpliftError, match=f"has the SHA-256 .* expected {digest}.* nothing was changed"):
        stage(plain, "0.8.7", new, digest)
    assert not (tmp_path / "was-run").exists()
    assert os.listdir(plain.parent) == ["tool"]


def test_what_was_corrupted_after_staging_is_not_activated_but_staged_again(plain: Path, new: Path) -> None:
    digest = files.sha256_of(str(new))
    stage(plain, "0.8.7", new, digest)
    staged = plain.with_name("tool-0.8.7")
    staged.write_text("#!/bin/sh\necho 0.8.7 # not what was staged\n")
    with pytest.raises(UpliftError, match="It is not activated; nothing was changed. Stage the release again"):
        activate(plain, "0.8.7", digest)
    assert not plain.is_symlink()
    assert stage(plain, "0.8.7", new, digest)["changed"]
    assert activate(plain, "0.8.7", digest)["changed"]


def test_the_release_that_counts_is_not_replaced(plain: Path, new: Path) -> None:
    stage(plain, "0.8.7", new)
    activate(plain, "0.8.7")
    with pytest.raises(UpliftError, match="counts now, so it is not replaced"):
        stage(plain, "0.8.7", new, "0" * 64)


def test_nothing_to_stage_from(plain: Path) -> None:
    with pytest.raises(UpliftError, match="is not staged at .* Give a source"):
        stage(plain, "0.8.7")


def test_no_room(plain: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "free_bytes", lambda path: 100)
    with pytest.raises(UpliftError, match="has 100 bytes free, the release 0.8.7 needs 16.0 MiB"):
        stage(plain, "0.8.7", new)
    assert os.listdir(plain.parent) == ["tool"]


def test_fetching(plain: Path, new: Path) -> None:
    asked = []

    def fetch(address: str, path: str) -> None:
        asked.append(address)
        Path(path).write_bytes(new.read_bytes())

    wish = Wish(str(plain), "0.8.7", source="https://x/v{version}/{target}/{arch}", unchecked=True)
    assert release.stage(RUN, wish, fetch, False)["changed"]
    machine = platform.machine()
    assert asked == [f"https://x/v0.8.7/{machine}-unknown-linux-musl/{machine}"]


ADDRESSES = ["https://x/v{version}/tool", "http://x/v{version}/tool"]


@pytest.mark.parametrize("source", ADDRESSES)
def test_from_the_net_without_a_checksum(plain: Path, source: str) -> None:
    """Found by a look beforehand, for all releases that are to come; refused; taken when it is accepted by name."""
    wish = Wish(str(plain), "0.8.7", source=source)
    later = {"0.9.4": "sha256:" + "0" * 64, "1.3.0": ""}
    looked = release.stage(RUN, wish, no_fetch, True, later)
    missing = [{"version": one, "address": source.replace("{version}", one)} for one in ("0.8.7", "1.3.0")]
    assert looked["unchecked"] == missing
    with pytest.raises(UpliftError, match="x/v0.8.7/tool has no checksum to tell it by.*Nothing was changed"):
        release.stage(RUN, wish, no_fetch, False)
    assert os.listdir(plain.parent) == ["tool"]
    program(plain.with_name("tool-0.8.7"), "0.8.7")
    program(plain.with_name("tool-1.3.0"), "1.3.0")  # what an operator has put there does not come from the net
    assert release.stage(RUN, wish, no_fetch, True, later)["unchecked"] == []


def test_from_the_controller_no_checksum_is_asked_for(plain: Path) -> None:
    assert "unchecked" not in release.stage(RUN, Wish(str(plain), "0.8.7", source="/srv/releases"), no_fetch, True)


@pytest.mark.parametrize("source", ADDRESSES)
def test_what_came_from_the_net_is_not_run_before_its_checksum_was_found_right(plain: Path, source: str) -> None:
    ran = plain.with_name("ran")

    def fetch(address: str, path: str) -> None:
        Path(path).write_text(f"#!/bin/sh\ntouch {ran}; echo 0.8.7\n")

    wish = Wish(str(plain), "0.8.7", source=source, checksum="sha256:" + "0" * 64)
    with pytest.raises(UpliftError, match="has the SHA-256 .*, expected 0000.* It came from http"):
        release.stage(RUN, wish, fetch, False)
    assert os.listdir(plain.parent) == ["tool"] and not ran.exists()


def test_checksums_by_release_and_by_program() -> None:
    table: dict[str, Any] = {"0.8.7": "sha256:ab", "1.13.4": {"pachctl": "sha256:cd"}}
    asked = [("0.8.7", "/b/garage"), ("1.13.4", "/b/pachctl"), ("1.13.4", "/b/pachd"), ("2.0.0", "/b/garage")]
    assert [release.checksum_of(table, *one) for one in asked] == ["sha256:ab", "sha256:cd", "", ""]


@pytest.mark.parametrize(
    ("machine", "target"),
    [
        ("x86_64", "x86_64-unknown-linux-musl"),
        ("aarch64", "aarch64-unknown-linux-musl"),
        ("armv7l", "armv6l-unknown-linux-musleabihf"),
    ],
)
def test_target(machine: str, target: str) -> None:
    assert release.fill_in("{target}", "1.2.3", machine) == target


def test_an_unknown_word_in_the_source() -> None:
    with pytest.raises(UpliftError, match="holds {os}; known are {version}, {arch} and {target}"):
        release.fill_in("https://x/{os}", "1.2.3")


@pytest.mark.parametrize("checksum", ["md5:abc", "sha256:abc", "sha512:" + "0" * 128, "x" * 64])
def test_a_checksum_of_another_form(checksum: str) -> None:
    with pytest.raises(UpliftError, match="not of the form sha256:"):
        Wish("/b/tool", "1.2.3", checksum=checksum)


def test_a_version_of_another_form() -> None:
    assert Wish("/b/tool", "v0.8.7").version == "0.8.7"
    with pytest.raises(UpliftError, match="not a release number"):
        Wish("/b/tool", "latest")


def test_a_plain_file_becomes_a_release_and_there_is_a_way_back(plain: Path, new: Path) -> None:
    inode, old = plain.stat().st_ino, plain.read_bytes()
    stage(plain, "0.8.7", new)
    done = activate(plain, "0.8.7")
    kept = plain.with_name("tool-0.7.0")
    assert done["previous"] == {"version": "0.7.0", "release": str(kept)}
    assert done["diff"] == {"before": {str(plain): "a file"}, "after": {str(plain): "tool-0.8.7"}}
    assert done["evidence"] == [{"slot": "release", "kind": "link", "path": str(plain), "target": "tool-0.8.7"}]
    assert (kept.stat().st_ino, kept.read_bytes()) == (inode, old)
    assert os.readlink(plain) == "tool-0.8.7"
    assert not activate(plain, "0.8.7")["changed"]
    back = activate(plain, "0.7.0")
    assert (back["changed"], plain.read_bytes()) == (True, old)
    assert sorted(os.listdir(plain.parent)) == ["tool", "tool-0.7.0", "tool-0.8.7"]


def test_where_hard_links_cannot_be_made(plain: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: str) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    old = plain.read_bytes()
    stage(plain, "0.8.7", new)
    activate(plain, "0.8.7")
    assert plain.with_name("tool-0.7.0").read_bytes() == old
    assert plain.with_name("tool-0.7.0").stat().st_mode & 0o777 == 0o750


def test_what_the_program_may_do_the_next_one_may(plain: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """setcap cap_net_bind_service=ep: without it a release that listens on port 80 would end at its start."""
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    try:
        os.setxattr(plain, "security.capability", capability)
    except OSError:
        pytest.skip("no capabilities here")

    def other_device(*_paths: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_device)
    stage(plain, "0.8.7", new)
    activate(plain, "0.8.7")
    for name in ("tool-0.8.7", "tool-0.7.0"):
        assert os.getxattr(plain.with_name(name), "security.capability") == capability


def test_a_link_without_a_version_is_kept_as_a_release(tmp_path: Path, new: Path) -> None:
    program(tmp_path / "elsewhere" / "tool", "0.7.0")
    path = tmp_path / "bin" / "tool"
    path.parent.mkdir()
    path.symlink_to("../elsewhere/tool")
    stage(path, "0.8.7", new)
    assert activate(path, "0.8.7")["previous"]["release"] == str(tmp_path / "bin" / "tool-0.7.0")
    activate(path, "0.7.0")
    assert path.resolve().name == "tool-0.7.0"


def test_two_different_programs_of_one_version(plain: Path, new: Path) -> None:
    stage(plain, "0.8.7", new)
    program(plain.with_name("tool-0.7.0"), "0.7.0", said="another {}")
    with pytest.raises(UpliftError, match="both say they are 0.7.0, and differ"):
        activate(plain, "0.8.7")
    assert not plain.is_symlink()


def test_check_mode_changes_nothing(plain: Path, new: Path) -> None:
    assert stage(plain, "0.8.7", new, check=True)["changed"]
    assert activate(plain, "0.8.7", check=True)["changed"]
    assert os.listdir(plain.parent) == ["tool"]
    stage(plain, "0.8.7", new)
    assert activate(plain, "0.8.7", check=True)["changed"]
    assert sorted(os.listdir(plain.parent)) == ["tool", "tool-0.8.7"]


def test_info(plain: Path, new: Path) -> None:
    before = release.info(RUN, Wish(str(plain), "0.8.7"))
    assert (before["active_version"], before["link"], before["staged"], before["sha256"]) == ("0.7.0", "", False, "")
    stage(plain, "0.8.7", new)
    activate(plain, "0.8.7")
    after = release.info(RUN, Wish(str(plain), "0.8.7"))
    assert (after["active_version"], after["link"], after["staged"]) == ("0.8.7", "tool-0.8.7", True)


def test_where_a_link_leads_to_a_place_for_reading_it_is_said_before_anything_is_made(
    tmp_path: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of a package manager, /nix/store/...-garage-1.3.0/bin/garage."""
    program(tmp_path / "store" / "x-tool-0.7.0" / "bin" / "tool", "0.7.0")
    link = tmp_path / "tool"
    link.symlink_to(tmp_path / "store" / "x-tool-0.7.0" / "bin" / "tool")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(tmp_path / "store") and real(path, mode))
    for check in (True, False):
        with pytest.raises(UpliftError, match="nothing can be written to .*/store. Expected a directory for programs"):
            stage(link, "0.8.7", new, check=check)
    assert [one.name for one in (tmp_path / "store").iterdir()] == ["x-tool-0.7.0"]


@pytest.mark.parametrize("mode", [0o755, 0o750])
def test_the_services_account_may_enter_what_is_made_whatever_the_umask(tmp_path: Path, new: Path, mode: int) -> None:
    program(tmp_path / "opt" / "0.7.0" / "bin" / "tool", "0.7.0")
    link = tmp_path / "tool"
    link.symlink_to(tmp_path / "opt" / "0.7.0" / "bin" / "tool")
    (tmp_path / "opt").chmod(mode)
    before = os.umask(0o077)
    try:
        stage(link, "0.8.7", new)
    finally:
        os.umask(before)
    for made in ("opt/0.8.7", "opt/0.8.7/bin"):
        assert (tmp_path / made).stat().st_mode & 0o777 == mode
