# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs by release is what the captures say, and a program runs as systemd runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.action.lakefs_config import demand_same
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import file, forms, where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import found_config, reads
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import unit_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs.config import ConfigError

from tests.unit.lakefs_replay import answer, capture

RUN = ("0.30.0", "0.55.0", "0.70.6", "0.80.2", "1.84.0")
CAPTURED = [(name, row) for name, rows in forms.FORMS.items() for row in rows if row.source != forms.SOURCES]


def page(case: dict[str, Any]) -> bool:
    return bool(case["status"] == 200)


def secret_name(case: dict[str, Any]) -> str:
    return next(name for name in json.loads(case["body"]) if "secret" in name)


def grouped(case: dict[str, Any]) -> str:
    groups = "common_prefix" in case["body"]
    return forms.ALWAYS if groups and "delimiter=" in case["path"] else forms.WHEN_ASKED if not groups else ""


def other_host(case: dict[str, Any]) -> str:
    return forms.PAGE if "<html>" in case["body"] else forms.SIGNED


def tried(case: dict[str, Any]) -> list[str]:
    """Without the working directory and HOME of the capture."""
    found = re.findall(r'"(/[^"]+)", (?:0x|O_RDONLY)', case["stdout"])
    return [one.replace("/lab/wd", "{here}").replace("/lab/ahome", "{home}") for one in found]


def last(case: dict[str, Any]) -> str:
    opened = re.search(r"open /lab/roothome(/\S+): permission denied", case["stderr"])
    return "{home}" + opened[1] if opened else ""


READ: dict[str, Callable[[dict[str, Any]], Any]] = {
    "secret_name": secret_name,
    "grouped": grouped,
    "other_host": other_host,
    "unknown_page": lambda case: case["status"],
    "searched": lambda case: tuple(dict.fromkeys(one.rpartition("/")[::2] for one in stems(case))),
    "kinds": lambda case: tuple(one.rpartition("/")[2].lstrip(".").partition(".")[2] for one in first_place(case)),
    "last": last,
    "cache": lambda case: re.sub(
        r".*creating base dir: /lab/nohome(/\S+)/meta-range .*", r"{home}\1", case["stdout"].splitlines()[-1]
    ),
    "log_to_stderr": lambda case: 'msg="Config loaded"' in case["stderr"],
}


def stems(case: dict[str, Any]) -> list[str]:
    found = [re.sub(r"(config|/\.lakefs)(\.\w+)?$", r"\1", one) for one in tried(case)]
    return found[:-1] if case["version"] != "0.30.0" else found


def first_place(case: dict[str, Any]) -> list[str]:
    place = stems(case)[0]
    return [one for one in tried(case) if one.startswith((f"{place}.", place))]


@pytest.mark.parametrize(("name", "row"), CAPTURED)
def test_each_entry_is_what_its_capture_says(name: str, row: forms.Form) -> None:
    assert parse(row.source.split("/")[0]) >= row.since
    assert READ.get(name, page)(capture(row.source)) == row.value


@pytest.mark.parametrize("name", forms.FORMS)
def test_entries_are_in_their_order_and_begin_with_the_oldest(name: str) -> None:
    begins = [row.since for row in forms.FORMS[name]]
    assert begins == sorted(set(begins)) and begins[0] == forms.OLDEST


@pytest.mark.parametrize(
    ("release", "name", "value"),
    [
        ("0.8.0", "tags", False),
        ("0.30.0", "tags", False),
        ("0.31.0", "tags", True),
        ("0.55.9", "setup_state", False),
        ("0.56.0", "setup_state", True),
        ("0.32.1", "grouped", forms.ALWAYS),
        ("0.41.1", "grouped", forms.UNLESS_EMPTY),
        ("0.47.0", "other_host", forms.WRONG_ENDPOINT),
        ("0.60.0", "log_to_stderr", False),
        ("1.25.0", "diff_without_commit", True),
        ("1.26.0", "diff_without_commit", False),
        ("1.80.0", "groups", False),
    ],
)
def test_a_release_between_two_entries(release: str, name: str, value: object) -> None:
    assert forms.form(parse(release), name) == forms.of(parse(release))[name] == value


@pytest.mark.parametrize("release", RUN)
def test_the_files_are_looked_for_in_the_order_of_that_release(release: str) -> None:
    """Trap L31, by strace of the real programs."""
    assert forms.places(parse(release), "{home}", "{here}") == tried(capture(f"{release}/config_files_tried"))


@pytest.mark.parametrize("release", RUN)
@pytest.mark.parametrize("number", range(1, 5))
def test_the_first_file_that_is_there_is_read(release: str, number: int) -> None:
    case = capture(f"{release}/config_order_{number}")
    there = re.findall(r"(?:\.|~|/etc)/[\w./]+\.yaml", case["state"].partition(": ")[2])
    paths = {re.sub("^~", "/lab/ahome", re.sub(r"^\./", "/lab/wd/", one)) for one in there}
    said = re.search(r"(?:fields\.file=|Using config file: )(\S+)", case["stdout"])
    origin = re.search(r'default_namespace_prefix="local://from-([\w-]+)', case["stdout"] + case["stderr"])
    named = {
        "working-directory": "/lab/wd/config.yaml",
        "home-lakefs-directory": "/lab/ahome/.lakefs/config.yaml",
        "etc-lakefs": "/etc/lakefs/config.yaml",
        "home-file": "/lab/ahome/.lakefs.yaml",
    }
    expected = said[1] if said else named[origin[1]] if origin else ""
    assert found_config(parse(release), "/lab/ahome", "/lab/wd", paths.__contains__) == expected != ""


# As systemd runs it.


def test_a_program_gets_what_it_is_given_and_nothing_of_this_task(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setenv("LAKEFS_LISTEN_ADDRESS", "of this task")
    runner = LocalRunner()
    said = runner.run(["/usr/bin/env"], env={"HOME": "/var/lib/lakefs"}, whole=True, cwd=str(tmp_path))
    assert said.lines() == ["LC_ALL=C", "HOME=/var/lib/lakefs"]
    assert runner.run(["/bin/pwd"], cwd=str(tmp_path)).out.strip() == str(tmp_path)
    assert runner.run(["/bin/sh", "-c", "pwd"], cwd=str(tmp_path), enough="/").out.strip() == str(tmp_path)
    with pytest.raises(CliError, match=r"could not be begun as this account in .*/gone: expected an account that may"):
        runner.run(["/bin/pwd"], cwd=f"{tmp_path}/gone")


class Host:
    """systemctl's answer, a program of one release, and what its account may see; other calls are kept."""

    def __init__(self, release: str, *show: str, seen: Sequence[str] = ()) -> None:
        self.release, self.show, self.seen, self.calls = release, show, seen, []  # type: ignore[var-annotated]
        self.closed: tuple[str, ...] = ()

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        if argv[0] == "systemctl":
            lines = ["Id=lakefs.service", "LoadState=loaded", "ActiveState=active", *self.show]
            return Answer(tuple(argv), 0, "\n".join(lines), "")
        if argv[-1] == "--version":
            return answer(f"{self.release}/version")
        if argv[0] == "test":
            if "-w" in argv:
                return Answer(tuple(argv), 1 if argv[-1] in self.closed else 0, "", "")
            return Answer(tuple(argv), 0 if argv[-1] in self.seen or argv[-1] == "/" else 1, "", "")
        self.calls.append((list(argv), how))
        return answer("1.84.0/migrate_version_db_down")


START = "ExecStart={{ path=/usr/local/bin/lakefs ; argv[]=/usr/local/bin/lakefs {} ; ignore_errors=no ; }}"


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The account lakefs, with a home; the machine has no /etc/lakefs."""
    kept = {"lakefs": f"{tmp_path}/home", "root": "/root"}

    def getpwnam(name: str) -> Any:
        return SimpleNamespace(pw_name=name, pw_dir=kept[name], pw_shell="/usr/sbin/nologin")

    monkeypatch.setattr(unit_place, "pwd", SimpleNamespace(getpwnam=getpwnam))
    monkeypatch.setattr(unit_place.accounts, "gone", lambda _user, _group: "")
    (tmp_path / "home/.lakefs").mkdir(parents=True)
    return tmp_path


def test_a_unit_that_has_all_in_its_environment(accounts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap L31: with HOME=/root left to it, any release from 0.48.1 on ends at a file that it may not open."""
    monkeypatch.setenv("HOME", "/root")
    more = "Environment=LAKEFS_DATABASE_TYPE=postgres GOOGLE_APPLICATION_CREDENTIALS=/k.json"
    host = Host("1.84.0", START.format("run"), "User=lakefs", more, f"WorkingDirectory={accounts}")
    found = where.of(host, "lakefs.service").program({"unit": "lakefs.service"})
    assert found.config_file == "" and reads(found)["version"] == "1.84.0"
    argv, how = host.calls[0]
    assert argv == ["/usr/local/bin/lakefs", "migrate", "version"]
    assert (how["user"], how["cwd"], how["whole"]) == ("lakefs", str(accounts), True)
    login = {"HOME": f"{accounts}/home", "USER": "lakefs", "LOGNAME": "lakefs", "SHELL": "/usr/sbin/nologin"}
    assert login.items() <= how["env"].items() and how["env"]["PATH"] == unit_place.PATH
    assert how["env"]["GOOGLE_APPLICATION_CREDENTIALS"] == "/k.json", "whatever the service is given"


@pytest.mark.parametrize(
    ("show", "user", "directory", "home"),
    [
        ((), "", "/", ""),
        (("User=lakefs",), "lakefs", "/", "{}/home"),
        (("User=lakefs", "WorkingDirectory=~"), "lakefs", "{}/home", "{}/home"),
        (("User=lakefs", "WorkingDirectory=!/not/there"), "lakefs", "/", "{}/home"),
        (("User=lakefs", "WorkingDirectory=/not/there"), "lakefs", "/not/there", "{}/home"),
        (("User=lakefs", "Environment=HOME=/srv/own"), "lakefs", "/", "/srv/own"),
    ],
)
def test_where_systemd_starts_it(accounts: Path, show: tuple[str, ...], user: str, directory: str, home: str) -> None:
    found = where.of(Host("1.84.0", START.format("-c /c.yaml run"), *show), "lakefs").program({})
    assert found.config_file == "/c.yaml" and found.user == user
    assert found.directory == directory.format(accounts)
    assert found.environment.get("HOME", "") == home.format(accounts)


def test_an_account_that_is_not_there() -> None:
    with pytest.raises(NotItself, match="lakefs.service runs as the account no-such-account, which is not there"):
        where.of(Host("1.84.0", START.format("run"), "User=no-such-account"), "lakefs").program({})
    with pytest.raises(UpliftError, match="The account no-such-account of the service is not there"):
        where.of(Host("1.84.0", START.format("run")), "lakefs").program({"user": "no-such-account"})


def test_a_file_named_from_where_it_runs(accounts: Path) -> None:
    host = Host("1.84.0", START.format("-c own.yaml run"), f"WorkingDirectory={accounts}")
    assert where.of(host, "lakefs").program({}).config_file == f"{accounts}/own.yaml"


@pytest.mark.parametrize(
    ("release", "seen", "expected"),
    [
        ("1.84.0", ("config.yml", "home/.lakefs/config.yaml", "home/.lakefs.yaml"), "config.yml"),
        ("1.84.0", ("home/.lakefs/config.yaml", "home/.lakefs.yaml"), "home/.lakefs/config.yaml"),
        ("0.30.0", ("config.yml", "home/.lakefs/config.yaml", "home/.lakefs.yaml"), "home/.lakefs.yaml"),
        ("0.30.0", ("config.yml", "home/.lakefs/config.yaml"), ""),
    ],
)
def test_which_file_a_unit_without_one_reads(
    accounts: Path, release: str, seen: tuple[str, ...], expected: str
) -> None:
    """All are there; `seen` are those that the account finds: it may not enter every directory."""
    for name in ("config.yml", "home/.lakefs/config.yaml", "home/.lakefs.yaml"):
        (accounts / name).write_text("a: 1\n")
    show = ("User=lakefs", f"WorkingDirectory={accounts}", START.format("run"))
    host = Host(release, *show, seen=[f"{accounts}/{name}" for name in seen])
    found = where.of(host, "lakefs").program({}).config_file
    assert found == (f"{accounts}/{expected}" if expected else "")


@pytest.mark.parametrize(
    ("seen", "version", "ends"),
    [
        (("home/.lakefs.yaml",), "0.80.2", ""),
        (("home/.lakefs.yml",), "0.80.2", "would read no file"),
        (("home/.lakefs.yaml", "config.yaml"), "0.80.2", "/config.yaml. Expected the same one"),
        (("config.yaml",), "0.80.2", "reads no file; 0.80.2 looks elsewhere"),
        (("config.yaml",), "0.31.0", ""),
        ((), "0.80.2", ""),
    ],
)
def test_the_next_release_has_to_read_the_same_file(
    accounts: Path, seen: tuple[str, ...], version: str, ends: str
) -> None:
    for name in seen:
        (accounts / name).write_text("a: 1\n")
    show = ("User=lakefs", f"WorkingDirectory={accounts}", START.format("run"))
    host = Host("0.30.0", *show, seen=[f"{accounts}/{name}" for name in seen])
    params = {"unit": "lakefs", "src": "", "version": version, "seal": seal.new_key()}
    found = file.raw(host, params)
    if ends:
        with pytest.raises(ConfigError, match=ends):
            demand_same(found["path"], found["next"], version)
    else:
        demand_same(found["path"], found["next"], version)


def test_a_home_that_may_not_be_entered_is_seen_before_anything_stops(accounts: Path) -> None:
    host = Host("1.84.0", START.format("run"), "User=lakefs")
    host.run = lambda argv, **_how: answer("1.84.0/run_home_unreadable")  # type: ignore[method-assign,misc]
    with pytest.raises(UpliftError, match=r"open /lab/roothome/\.lakefs\.yaml: permission denied"):
        reads(where.Lakefs(host, "/usr/local/bin/lakefs", user="lakefs", directory="/"))


@pytest.mark.parametrize(
    ("release", "there", "closed", "more", "says"),
    [
        ("0.80.2", ["", "/data", "/data/lakefs"], "", "", ""),
        ("1.84.0", ["", "/data", "/data/lakefs"], "", "Environment=LAKEFS_COMMITTED_LOCAL_CACHE_DIR=/c", ""),
        (
            "1.84.0",
            ["", "/data", "/data/lakefs"],
            "",
            "",
            "home/lakefs/data/cache, and lakefs may make nothing in .*home:",
        ),
        ("1.84.0", ["", "/lakefs", "/lakefs/data"], "/lakefs/data", "", "may make nothing in .*home/lakefs/data:"),
        ("1.84.0", ["", "/lakefs", "/lakefs/data"], "/elsewhere", "", ""),
    ],
)
def test_a_release_that_keeps_its_cache_elsewhere_has_to_be_let_there(
    accounts: Path, release: str, there: list[str], closed: str, more: str, says: str
) -> None:
    """The directory of 0.80.2 is there and writable, a home that is not: 1.84.0 would end, with the data migrated."""
    home = f"{accounts}/home"
    host = Host(release, START.format("run"), "User=lakefs", f"WorkingDirectory={accounts}", *([more] if more else []))
    host.seen, host.closed = [f"{home}{one}" for one in there], (f"{home}{closed}", "/")
    lakefs = where.of(host, "lakefs.service").program({"unit": "lakefs.service"})
    if says:
        with pytest.raises(UpliftError, match=says):
            reads(lakefs)
    else:
        assert reads(lakefs)["version"] == release


@pytest.mark.parametrize(("text", "asked"), [("committed:\n  local_cache:\n    dir: /c\n", False), ("a: 1\n", True)])
def test_a_file_that_names_the_place_is_believed(accounts: Path, text: str, asked: bool) -> None:
    (accounts / "config.yaml").write_text(text)
    host = Host("1.84.0", START.format(f"-c {accounts}/config.yaml run"), "User=lakefs", f"WorkingDirectory={accounts}")
    host.closed = ("/",)
    lakefs = where.of(host, "lakefs.service").program({"unit": "lakefs.service"})
    if asked:
        with pytest.raises(UpliftError, match="may make nothing in /"):
            reads(lakefs)
    else:
        assert reads(lakefs)["changed"] is False
