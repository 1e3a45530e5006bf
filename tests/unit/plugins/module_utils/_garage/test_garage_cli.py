# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Garage is asked: by the spelling of its release, with its own program, with secrets in the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._garage import cli
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon as garage_daemon
from ansible_collections.uplift.datastores.plugins.module_utils._garage import node as garage_node
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import (
    COMMANDS,
    OFFLINE_REPAIRS,
    REPAIRS,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import inventory
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import accounts, systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself

from tests.unit.replay import (
    ALL,
    BARE,
    BINARY,
    CONFIG,
    FIRST,
    NEW,
    NEWEST,
    NINE,
    OLD,
    ONE,
    SECOND,
    TWO,
    Replay,
    answer,
    garage,
    question,
    told,
)  # fmt: skip

# --- spellings


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("0.5.1", ("block_refs",)),
        ("0.7.0", ("block_refs",)),
        ("0.9.4", ("block_refs",)),
        ("1.0.0", ("block-refs",)),
        ("1.3.0", ("block-refs",)),
        ("2.1.0", ("block-refs",)),
    ],
)
def test_block_refs_is_spelled_as_the_release_wants_it(version: str, words: tuple[str, ...]) -> None:  # trap G24
    assert cli.form(REPAIRS, "block_refs", parse(version), "repair").words == words


@pytest.mark.parametrize("version", ALL)
def test_the_wrong_spelling_is_refused_by_the_binary(version: str) -> None:  # trap G24
    refused = answer("repair_misspelt", version)
    wrong = "block_refs" if version in (ONE, TWO, NEWEST) else "block-refs"
    assert refused.rc == 1
    assert f"Found argument '{wrong}' which wasn't expected" in refused.err


REPAIRED = [(version, name) for version in ALL for name in ("tables", "blocks", "versions", "block_refs")]
REPAIRED += [(NINE, "mpu"), (ONE, "mpu"), (TWO, "mpu"), (ONE, "block_rc"), (TWO, "block_rc")]


@pytest.mark.parametrize(("version", "name"), REPAIRED)
def test_every_repair_was_launched_for_real_by_these_words(version: str, name: str) -> None:
    kept = answer(f"repair_{name}", version)
    words = cli.form(REPAIRS, name, parse(version), "repair").words
    assert kept.argv[3:] == ("repair", "--yes", *words)
    assert kept.rc == 0


@pytest.mark.parametrize(
    ("table", "name", "version", "sentence"),
    [
        (
            REPAIRS,
            "mpu",
            "0.7.0",
            "Garage 0.7.0 has no repair 'mpu'; take one of block_refs, blocks, tables, versions.",
        ),
        (REPAIRS, "block-refs", "0.8.7", "has no repair 'block-refs'; take one of block_refs"),
        (OFFLINE_REPAIRS, "object_counters", "0.7.0", "it has none at all"),
        (COMMANDS, "workers", "0.7.9", "has no"),
        (COMMANDS, "status", "3.0.0", "Garage 3.0.0 has no"),
        (COMMANDS, "status", "0.4.0", "Garage 0.4.0 has no"),
    ],
)
def test_what_a_release_does_not_have(table: Any, name: str, version: str, sentence: str) -> None:
    with pytest.raises(cli.NoSuchForm) as seen:
        cli.form(table, name, parse(version), "repair")
    assert sentence in str(seen.value)


@pytest.mark.parametrize("table", [COMMANDS, REPAIRS, OFFLINE_REPAIRS])
def test_forms_of_one_name_do_not_overlap(table: Any) -> None:
    for name, forms in table.items():
        for earlier, later in zip(forms, forms[1:], strict=False):
            assert earlier.until == later.since, name


@pytest.mark.parametrize(("version", "words"), [("0.8.7", "key new --name k"), ("0.9.4", "key create k")])
def test_a_key_is_made_by_the_words_of_the_release(version: str, words: str) -> None:
    form = cli.form(COMMANDS, "create key", parse(version), "command")
    assert " ".join(part.format("k") for part in form.words) == words


# --- asking


@pytest.mark.parametrize(("version", "number"), [(OLD, (0, 7, 0)), (BARE, (0, 8, 0)), (NEW, (0, 8, 7))])
def test_version_is_asked_once(version: str, number: tuple[int, int, int]) -> None:
    runner = Replay(version)
    one = garage(runner)
    assert one.version() == number == one.version()
    assert runner.asked == ["--version"]


def test_a_program_without_a_version_is_not_garage() -> None:
    class Silent(Replay):
        def run(self, argv: Any, **how: Any) -> Answer:
            return Answer(tuple(argv), 0, "hello\n", "")

    with pytest.raises(CliError, match=r"said 'hello'; expected a release number"):
        garage(Silent(OLD)).version()


def test_every_call_names_the_configuration_and_has_a_time_limit() -> None:  # trap G07
    runner = Replay(OLD, {"status": "status", "stats": "stats"})
    one = garage(runner, timeout=7.0, environment={"GARAGE_RPC_SECRET": "hidden"})
    one.status()
    one.stats()
    for call in runner.calls[1:]:
        assert call["argv"][:3] == [BINARY, "-c", CONFIG]
        assert call["timeout"] == 7.0
        assert call["env"] == {"GARAGE_RPC_SECRET": "hidden"}
        assert "hidden" not in " ".join(call["argv"])
    assert runner.calls[0] == {"argv": [BINARY, "--version"], "timeout": 7.0}


def test_a_cli_that_hangs_is_an_error() -> None:  # trap G07
    runner = Replay(
        OLD, {"status": CliError("garage gave no answer within 30 s (-c /etc/garage.toml status ...); it was ended.")}
    )
    with pytest.raises(CliError, match="no answer within 30 s"):
        garage(runner).status()


def test_secrets_are_not_part_of_a_description() -> None:
    assert "hidden" not in repr(garage(Replay(OLD), environment={"GARAGE_RPC_SECRET": "hidden"}))


@pytest.mark.parametrize("version", ALL)
def test_a_daemon_that_is_down_is_told_with_its_own_words(version: str) -> None:
    runner = Replay(version, {"status": "status_daemon_down"})
    with pytest.raises(CliError, match="Asking Garage for `status` failed: garage ended with 1 .*Connection refused"):
        garage(runner).status()


@pytest.mark.parametrize("version", ALL)
def test_questions(version: str) -> None:
    runner = Replay(
        version,
        {
            "node id -q": "node_id",
            "layout show": "layout_show",
            question("buckets", version): told("bucket_list", version),
            question("bucket", version, "photos"): told("bucket_info", version),
            question("keys", version): told("key_list", version),
            question("key", version, "app key"): told("key_info", version),
            "node connect x@y": "node_connect",
        },
    )
    one = garage(runner)
    assert len(one.node_id().id) == 64
    assert one.layout().version == 1
    assert len(one.buckets().rows) == (6 if version == FIRST else 4)
    photos = one.bucket(inventory.BucketRow("", (), name="photos"))
    assert photos.global_aliases == (("photos",) if version == FIRST else ("photos", "pictures"))
    assert one.key("app key").name == "app key"
    assert len(one.keys().rows) == 3
    assert one.connect("x@y").out == "Success.\n"


def test_a_release_without_worker_list_is_not_asked_for_it() -> None:
    runner = Replay(OLD)
    assert garage(runner).workers() is None
    assert garage(runner).blocks_in_error() is None
    assert runner.without_version() == []


def test_the_first_release_with_workers_has_no_list_of_blocks() -> None:
    runner = Replay(BARE, {"worker list": "worker_list"})
    found = garage(runner).workers()
    assert found is not None and len(found.workers) > 30
    assert garage(runner).blocks_in_error() is None


def test_workers_of_a_peer_are_asked_for_by_its_address() -> None:
    runner = Replay(NEW, {"-h ab@h:1 worker list": "worker_list_none_busy", "block list-errors": "block_list_errors"})
    found = garage(runner).workers("ab@h:1")
    assert found is not None and found.workers == ()
    blocks = garage(runner).blocks_in_error()
    assert blocks is not None and len(blocks.blocks) == 1


# --- repairs are launched


@pytest.mark.parametrize("version", ALL)
def test_launch_on_this_node(version: str) -> None:
    runner = Replay(version, {"repair --yes tables": "repair_tables"})
    assert garage(runner).launch_repair("tables")
    assert runner.without_version() == ["repair --yes tables"]


@pytest.mark.parametrize("version", ALL)
def test_launch_on_all_nodes_with_one_down(version: str) -> None:
    runner = Replay(version, {"repair --all-nodes --yes tables": "repair_all_node_down"})
    assert not garage(runner).launch_repair("tables", all_nodes=True)


@pytest.mark.parametrize("version", ALL)
def test_launch_that_is_refused(version: str) -> None:
    runner = Replay(version, {"repair --yes tables": "repair_no_yes"})
    with pytest.raises(CliError, match="Launching the repair of tables failed: .*--yes"):
        garage(runner).launch_repair("tables")


def test_a_launch_that_fails_on_its_own_node_is_no_launch_though_it_ends_with_0() -> None:  # trap G06
    assert answer("repair_all_node_down", TWO).rc == 0
    runner = Replay(TWO, {"repair --yes tables": "repair_all_node_down"})
    with pytest.raises(CliError, match="failed, though it ended with 0: .*Not connected"):
        garage(runner).launch_repair("tables")


@pytest.mark.parametrize(
    ("command", "case", "word"),
    [
        ("buckets", "bucket_list", ""),
        ("bucket", "bucket_info", "photos"),
        ("keys", "key_list", ""),
        ("create key", "key_new", "uplift-probe"),
    ],
)
@pytest.mark.parametrize("version", ALL)
def test_every_question_was_asked_for_real_by_these_words(command: str, case: str, word: str, version: str) -> None:
    assert " ".join(answer(told(case, version), version).argv[3:]) == question(command, version, word)


def test_the_next_release_tells_entries_of_0_5_that_it_cannot_read_before_it_is_started() -> None:
    """1.x dropped the forms of 0.5. What nobody has written since stays in them until a peer without it asks for it."""
    words = "offline-repair --yes object_counters"
    with pytest.raises(CliError, match="ended with 1 and said: .*Unable to decode entry of object"):
        garage(Replay(ONE, {words: "offline_repair_ancient"})).offline_repair("object_counters", 60.0)
    assert garage(Replay(ONE, {words: "offline_repair_rewritten"})).offline_repair("object_counters", 60.0).rc == 0


def test_a_secret_is_never_in_the_words() -> None:
    assert not [one for forms in COMMANDS.values() for form in forms for one in form.words if "ecret" in one]


@pytest.mark.parametrize("said", ["", "null", "[]", "{"])
def test_no_json_is_no_answer(said: str) -> None:
    with pytest.raises(UpliftError, match="characters that are no JSON dict"):
        cli.READERS["api"].bucket(said)


@pytest.mark.parametrize(("version", "rights"), [(FIRST, ("read", "write")), (SECOND, ("read", "write", "owner"))])
def test_rights(version: str, rights: tuple[str, ...]) -> None:
    assert garage(Replay(version)).rights() == rights


def test_launch_on_all_nodes_with_no_daemon_is_an_error() -> None:
    runner = Replay(NEW, {"repair --all-nodes --yes tables": "status_daemon_down"})
    with pytest.raises(CliError, match="Connection refused"):
        garage(runner).launch_repair("tables", all_nodes=True)


# --- what systemd knows


def unit(**more: Any) -> systemd.Unit:
    known: dict[str, Any] = {
        "name": "garage.service", "load_state": "loaded", "active": "active", "sub_state": "running", "main_pid": 42,
        "started": 1.0, "fragment_path": "", "drop_ins": (), "user": "garage", "group": "garage",
        "kill_signal": "SIGINT", "restart": "no", "restarts": 0, "timeout_stop": 90.0,
        "argv": ("/usr/local/bin/garage", "server"),
        "binary": "/usr/local/bin/garage", "exe": "", "environment": {}, "environment_files": (), "exit_code": "",
        "exit_status": 0, "result": "success",
    }  # fmt: skip
    return systemd.Unit(**{**known, **more})


PARAMS = {"unit": "garage.service", "binary": None, "config_file": None, "user": None, "call_timeout": 30.0}


def found(
    monkeypatch: pytest.MonkeyPatch, it: systemd.Unit | UpliftError, living: list[garage_daemon.Daemon], **params: Any
) -> cli.Garage:
    def read(_runner: Any, _name: str) -> systemd.Unit:
        if isinstance(it, UpliftError):
            raise it
        return it

    monkeypatch.setattr(systemd, "read_unit", read)
    monkeypatch.setattr(accounts, "gone", lambda _user, _group: "")  # this machine has none of them
    monkeypatch.setattr(garage_daemon, "daemons", lambda config: living if config == CONFIG else [])
    return garage_node.from_unit(Replay(OLD), {**PARAMS, **params})


def daemon(pid: int = 42, exe: str = "/usr/local/bin/garage-0.7.0") -> garage_daemon.Daemon:
    return garage_daemon.Daemon(pid, exe, f"{pid}:99")


def test_another_name_of_the_unit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:  # trap G35
    with pytest.raises(
        UpliftError, match="^The unit store is another name of garage.service; .*Set garage_unit to garage.service"
    ):
        found(monkeypatch, unit(), [], unit="store")


@pytest.mark.parametrize(
    ("child", "pid", "refused"), [("42", 42, True), ("42", 41, False), ("43", 42, False), (None, 42, False)]
)
def test_a_daemon_that_is_a_child_of_the_main_process_is_refused(
    child: str | None, pid: int, refused: bool, tmp_path: Path
) -> None:
    """runuser stays, kills its child two seconds after a stop, and ends by the signal: nobody sees how Garage ends."""
    if child:
        (tmp_path / "41" / "task" / "41").mkdir(parents=True)
        (tmp_path / "41" / "task" / "41" / "children").write_text(f"{child} ", encoding="utf-8")
    one = unit(main_pid=41, exe="/usr/sbin/runuser")
    if not refused:
        garage_node.demand_main(one, [pid], tmp_path)
        return
    with pytest.raises(NotItself, match="main process of the unit garage.service is /usr/sbin/runuser") as said:
        garage_node.demand_main(one, [pid], tmp_path)
    assert said.value.row["key"] == "script_unit" and said.value.row["final"]


def test_everything_is_read_from_the_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    one = found(monkeypatch, unit(environment={"GARAGE_CONFIG_FILE": CONFIG, "GARAGE_RPC_SECRET": "s"}), [daemon()])
    assert (one.config_file, one.user, one.unit, one.next_binary) == (
        CONFIG,
        "garage",
        "garage.service",
        "/usr/local/bin/garage",
    )
    assert one.environment["GARAGE_RPC_SECRET"] == "s"
    assert (one.running, one.token, one.timeout) == (True, "42:99", 30.0)


def test_the_running_daemon_is_asked_with_its_own_program(monkeypatch: pytest.MonkeyPatch) -> None:  # trap G07
    one = found(monkeypatch, unit(), [daemon(7, "/opt/other"), daemon(42, "/proc/42/exe")])
    assert one.binary == "/proc/42/exe", "the unit's own process, whose file was replaced"
    assert one.next_binary == "/usr/local/bin/garage"


def test_a_relative_configuration_lies_where_the_unit_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("/usr/local/bin/garage", "-c", os.path.basename(CONFIG), "server")
    one = found(monkeypatch, unit(argv=words, directory=os.path.dirname(CONFIG), user=""), [daemon()])
    assert one.config_file == CONFIG and one.running


SCRIPT = {
    "binary": "/bin/sh",
    "argv": ("/bin/sh", "-c", "exec garage server"),
    "starts": ("/bin/sh -c exec garage server",),
}
TOLD = {"binary": "/opt/garage", "config_file": CONFIG, "user": "store"}


@pytest.mark.parametrize("missing", TOLD)
def test_what_a_script_leads_to_has_to_be_said(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    told = {**TOLD, missing: None}
    if missing == "user":
        assert found(monkeypatch, unit(**SCRIPT), [], **told).user == "garage"
        return
    with pytest.raises(UpliftError) as said:
        found(monkeypatch, unit(**SCRIPT), [daemon()], **told)
    assert str(said.value) == (
        "The unit garage.service starts a script, or a program that starts another (/bin/sh -c exec garage server);"
        " expected the program itself: which program and configuration that leads to is not known. Set garage_binary"
        " and garage_config_file, and garage_user where the account is changed on the way. Nothing was changed."
    )
    assert isinstance(said.value, NotItself) and said.value.row["key"] == "script_unit"


@pytest.mark.parametrize("runs", [True, False])
def test_what_is_said_of_a_script_is_taken(monkeypatch: pytest.MonkeyPatch, runs: bool) -> None:
    one = found(monkeypatch, unit(**SCRIPT), [daemon()] if runs else [], **TOLD)
    assert (one.binary, one.next_binary) == ("/usr/local/bin/garage-0.7.0" if runs else "/opt/garage", "/opt/garage")
    assert (one.config_file, one.user, one.script) == (CONFIG, "store", SCRIPT["starts"][0])


def test_while_clients_are_shut_out_the_copy_is_read_whatever_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = unit(argv=("/opt/garage", "-c", f"{CONFIG}.uplift-quiesced", "server"), binary="/opt/garage")
    assert found(monkeypatch, quiet, [], **TOLD).config_file == f"{CONFIG}.uplift-quiesced"
    other = unit(argv=("/opt/garage", "-c", "/etc/other.toml.uplift-quiesced", "server"))
    assert found(monkeypatch, other, [], **TOLD).config_file == CONFIG


def test_a_wrapper_as_main_process_is_not_taken_for_garage(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, unit(main_pid=41), [daemon(42)]).binary == "/usr/local/bin/garage-0.7.0"


def test_with_the_daemon_down_the_next_binary_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    one = found(monkeypatch, unit(active="inactive", main_pid=0), [])
    assert (one.running, one.binary, one.token) == (False, "/usr/local/bin/garage", "")
    with pytest.raises(UpliftError, match=r"No Garage daemon with /etc/garage.toml runs; .*Start garage.service first"):
        one.demand_running()


def test_the_configuration_on_the_command_line_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    it = unit(
        argv=("/usr/bin/garage", "-c", "/etc/garage/garage.toml", "server"), environment={"GARAGE_CONFIG_FILE": CONFIG}
    )
    assert found(monkeypatch, it, []).config_file == "/etc/garage/garage.toml"


def test_the_operator_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    one = found(monkeypatch, unit(), [], binary="/opt/garage", config_file="/opt/garage.toml", user="store")
    assert (one.next_binary, one.config_file, one.user) == ("/opt/garage", "/opt/garage.toml", "store")


@pytest.mark.parametrize("it", [unit(load_state="not-found"), UpliftError("systemctl could not be run")])
def test_without_a_unit_the_operator_has_to_say_everything(monkeypatch: pytest.MonkeyPatch, it: Any) -> None:
    one = found(monkeypatch, it, [daemon()], binary=BINARY, config_file=CONFIG)
    assert (one.unit, one.user, one.binary) == ("", "", "/usr/local/bin/garage-0.7.0")
    with pytest.raises(UpliftError, match="not-found; expected a loaded unit|could not be run"):
        found(monkeypatch, it, [], binary=BINARY)


# --- /proc


def process(
    proc: Path, pid: int, argv: list[str], exe: str, environ: dict[str, str] | None = None, cwd: str = "/"
) -> Path:
    here = proc / str(pid)
    (here / "fd").mkdir(parents=True)
    (here / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in argv))
    (here / "environ").write_bytes(b"".join(f"{k}={v}".encode() + b"\0" for k, v in (environ or {}).items()))
    (here / "stat").write_text(f"{pid} (garage (x) y) S " + " ".join(str(n) for n in range(4, 30)))
    (here / "exe").symlink_to(exe)
    (here / "cwd").symlink_to(cwd)
    (here / "root").symlink_to("/")
    return here


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "proc").mkdir()
    (tmp_path / "garage").touch()
    (tmp_path / "garage.toml").touch()
    return tmp_path / "proc"


def test_a_daemon_is_found_by_its_configuration(proc: Path, tmp_path: Path) -> None:  # trap G05
    config, exe = str(tmp_path / "garage.toml"), str(tmp_path / "garage")
    process(proc, 10, ["garage", "-c", config, "server"], exe)
    process(proc, 11, ["garage", f"--config={config}", "server"], exe)
    process(proc, 12, ["garage", "server"], exe, {"GARAGE_CONFIG_FILE": config})
    process(proc, 13, ["garage", "-c", "garage.toml", "server"], exe, cwd=str(tmp_path))
    process(proc, 14, ["garage", "-c", "/elsewhere/garage.toml", "server"], exe)
    process(proc, 15, ["garage", "-c", config, "status"], exe)
    process(proc, 16, ["bash", "-c", config, "server"], "/bin/bash")
    (proc / "self").mkdir()
    assert [one.pid for one in garage_daemon.daemons(config, proc)] == [10, 11, 12, 13]
    assert garage_daemon.daemons(config, proc)[0] == garage_daemon.Daemon(10, exe, "10:22")


def test_a_link_to_the_configuration_is_the_same_file(proc: Path, tmp_path: Path) -> None:
    (tmp_path / "link.toml").symlink_to(tmp_path / "garage.toml")
    process(proc, 10, ["garage", "-c", str(tmp_path / "link.toml"), "server"], str(tmp_path / "garage"))
    assert len(garage_daemon.daemons(str(tmp_path / "garage.toml"), proc)) == 1


@pytest.mark.parametrize("read", ["garage.toml", "garage.toml.uplift-quiesced"])
def test_a_second_configuration_is_stray_unless_another_service_reads_it(proc: Path, tmp_path: Path, read: str) -> None:
    """trap G35: two clusters on the same host have two, and neither is in the other's way."""
    default, own = str(tmp_path / "garage.toml"), str(tmp_path / "garage-green.toml")
    assert garage_daemon.stray(own, proc, default) == default
    assert garage_daemon.stray(str(tmp_path / read), proc, default) == ""
    assert garage_daemon.stray(own, proc, str(tmp_path / "none.toml")) == ""
    process(proc, 10, ["garage", "-c", str(tmp_path / read), "server"], str(tmp_path / "garage"))
    assert garage_daemon.stray(own, proc, default) == ""


def test_a_configuration_that_is_gone_is_compared_by_name(proc: Path, tmp_path: Path) -> None:
    process(proc, 10, ["garage", "-c", "/gone/./garage.toml", "server"], str(tmp_path / "garage"))
    assert len(garage_daemon.daemons("/gone/garage.toml", proc)) == 1


@pytest.mark.parametrize("exe", ["/usr/local/bin/garage (deleted)", "/not/there/garage"])
def test_a_replaced_program_is_run_by_the_kernels_link(proc: Path, tmp_path: Path, exe: str) -> None:  # trap G07
    process(proc, 10, ["garage", "-c", str(tmp_path / "garage.toml"), "server"], exe)
    assert garage_daemon.daemons(str(tmp_path / "garage.toml"), proc)[0].exe == str(proc / "10" / "exe")


def test_who_has_the_metadata_open(proc: Path, tmp_path: Path) -> None:  # trap G05
    (tmp_path / "meta" / "db").mkdir(parents=True)
    (tmp_path / "metadata").mkdir()
    (process(proc, 10, ["any"], "/bin/any") / "fd" / "3").symlink_to(tmp_path / "meta" / "db" / "db")
    (process(proc, 11, ["any"], "/bin/any") / "fd" / "3").symlink_to(tmp_path / "metadata" / "db")
    assert garage_daemon.holders(str(tmp_path / "meta"), proc) == [10]


def test_a_process_that_ends_meanwhile_is_no_daemon(proc: Path) -> None:
    (proc / "10").mkdir()
    assert garage_daemon.daemons(CONFIG, proc) == []
    assert garage_daemon.holders("/meta", proc) == []


@pytest.mark.parametrize(
    ("words", "environment", "config"),
    [
        (["-c", "/a", "server"], {}, "/a"),
        (["--config", "/a", "server"], {}, "/a"),
        (["--config=/a", "server"], {"GARAGE_CONFIG_FILE": "/b"}, "/a"),
        (["-c/a", "server"], {}, "/a"),
        (["-c=/a", "server"], {}, "/a"),
        (["server"], {"GARAGE_CONFIG_FILE": "/b"}, "/b"),
        (["server"], {"GARAGE_CONFIG_FILE": ""}, "/etc/garage.toml"),
        (["server", "-c"], {}, "/etc/garage.toml"),
    ],
)
def test_which_configuration(words: list[str], environment: dict[str, str], config: str) -> None:
    assert garage_daemon.config_of(words, environment) == config


@pytest.mark.parametrize(("release", "whole"), [(NEW, False), (TWO, False), ("2.5.0", True)])
def test_a_list_that_ends_where_all_lists_end_is_refused(
    release: str, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = garage(Replay(NEW))
    monkeypatch.setattr(type(one), "version", lambda _self: parse(release))
    monkeypatch.setattr(type(one), "_ask", lambda *_words: "")
    monkeypatch.setattr(type(one), "_reader", lambda *_words: Many)
    for ask, what in ((one.buckets, "buckets"), (one.keys, "keys")):
        if whole:
            assert len(ask().rows) == 10000
        else:
            with pytest.raises(UpliftError, match=f"has listed 10000 {what}, and its list ends at 10000"):
                ask()


class Many:
    """A reader of as many rows as a list has at most."""

    @staticmethod
    def buckets(_text: str) -> inventory.Buckets:
        return inventory.Buckets(tuple(inventory.BucketRow(str(at), ()) for at in range(10000)), ())

    @staticmethod
    def keys(_text: str) -> inventory.Keys:
        return inventory.Keys(tuple(inventory.KeyRow(str(at), "") for at in range(10000)), ())


def test_lists_are_asked_as_the_release_wants_it() -> None:  # trap G28
    for what in ("buckets", "keys"):
        assert question(what, "2.4.0").endswith(" null")
        assert question(what, "2.5.0").endswith(' {"limit": 1000000}')


@pytest.mark.parametrize(
    ("unit", "sentence"),
    [
        ("podman:garage", "The unit is 'podman:garage', which cannot be read"),
        (
            "kubernetes:store/statefulset/garage",
            "is kubernetes:store/statefulset/garage, .* expected one pod .*: kubernetes:store/pod/garage-0",
        ),
    ],
)
def test_where_it_cannot_run_is_told(unit: str, sentence: str) -> None:
    with pytest.raises(UpliftError, match=sentence) as told:
        garage_node.from_unit(Replay(OLD), {**PARAMS, "unit": unit})
    assert str(told.value).endswith("Nothing was changed.")
