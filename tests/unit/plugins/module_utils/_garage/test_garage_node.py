# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules' work on a node: connect, offline repair, a throw-away key, and what garage_info makes of all answers."""

from __future__ import annotations

import os
import pwd
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import argspec
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress, Ticker
from ansible_collections.uplift.datastores.plugins.module_utils._garage import (
    access,
    connect,
    daemon,
    info,
    offline,
    spec,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage import names as garage_names
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import cluster
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd

from tests.unit import replay
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
    FakeTime,
    Replay,
    answer,
    bucket_id,
    bucket_word,
    garage,
    key_id,
    names,
    out,
    question,
    told,
)

ME = pwd.getpwuid(os.getuid()).pw_name


# --- connect


def whole(name: str, version: str) -> str:
    """An id@address whose first 16 digits are those of the captured cluster."""
    return f"{names(version)[name]}{'0' * 48}@127.0.0.1:1"


def peers(version: str) -> list[str]:
    return [whole(name, version) for name in ("n1", "n2", "n3")]


def connecting(version: str, **more: Any) -> Replay:
    """A node n1 whose attempts in both directions go well."""
    mine = out("node_id", version).strip()
    script = {"node id -q": "node_id", "status": "status"}
    for name in ("n2", "n3"):
        script[f"node connect {whole(name, version)}"] = "node_connect"
        script[f"-h {whole(name, version)} node connect {mine}"] = "node_connect"
    return Replay(version, {**script, **more})


def attempts(runner: Replay) -> list[str]:
    return sorted(words for words in runner.asked if "node connect" in words)


@pytest.mark.parametrize("version", ALL)
def test_every_peer_is_tried_once_in_both_directions_and_never_oneself(version: str) -> None:  # trap G18
    runner, mine = connecting(version), out("node_id", version).strip()
    everyone = [*peers(version)[1:], f"{names(version)['n1']}{mine[16:64]}@127.0.0.1:1"]
    result = connect.connect(garage(runner), everyone, 10.0, *_time())
    both = [[f"-h {peer} node connect {mine}", f"node connect {peer}"] for peer in peers(version)[1:]]
    assert attempts(runner) == sorted(words for pair in both for words in pair)
    assert result == {
        "changed": False,
        "seconds": 0.0,
        "connected": sorted([names(version)["n2"], names(version)["n3"]]),
    }


def _time() -> tuple[Any, Any]:
    time = FakeTime()
    return time.clock().now, time.sleep


@pytest.mark.parametrize("version", ALL)
def test_a_rc_of_zero_is_not_yet_a_mesh(version: str) -> None:  # trap G18
    runner = connecting(version, status=["status_never_seen", "status_never_seen", "status_node_down", "status"])
    result = connect.connect(garage(runner), peers(version)[1:], 10.0, *_time())
    assert (result["changed"], result["seconds"]) == (True, 0.4)


def test_a_peer_that_is_still_away_is_tried_again() -> None:  # trap G18
    runner = connecting(NEW, status=["status_node_down"] * 13 + ["status"])
    connect.connect(garage(runner), peers(NEW)[1:], 10.0, *_time())
    n2, n3 = (sum(words == f"node connect {whole(name, NEW)}" for words in runner.asked) for name in ("n2", "n3"))
    assert (n2, n3) == (1, 2), "only the one that is away"


@pytest.mark.parametrize("version", ALL)
def test_a_peer_that_stays_away_is_named_with_its_reason(version: str) -> None:
    away = {f"node connect {whole('n3', version)}": "node_connect_down"}
    runner = connecting(version, status="status_node_down", **away)
    with pytest.raises(UpliftError) as seen:
        connect.connect(garage(runner), peers(version)[1:], 5.0, *_time())
    assert f"After 5 s 1 peers are not connected ({names(version)['n3']}: " in str(seen.value)
    assert "Connection refused" in str(seen.value)
    assert "their ports are open" in str(seen.value)


def test_a_node_that_has_only_just_been_started_may_not_answer_yet() -> None:
    runner = connecting(NEW, status=["status_daemon_down", "status_daemon_down", "status"])
    assert connect.connect(garage(runner), peers(NEW)[1:], 5.0, *_time())["changed"]


def test_a_cli_that_hangs_at_one_peer_does_not_end_the_others() -> None:  # trap G07
    hanging = {f"node connect {whole('n3', NEW)}": CliError("garage gave no answer within 30 s")}
    runner = connecting(NEW, status="status_node_down", **hanging)
    with pytest.raises(UpliftError, match="gave no answer within 30 s"):
        connect.connect(garage(runner), peers(NEW)[1:], 1.0, *_time())
    assert f"node connect {whole('n2', NEW)}" in runner.asked


def test_attempts_run_beside_each_other() -> None:
    both = threading.Barrier(2, timeout=10)

    class Meeting(Replay):
        def run(self, argv: Any, **how: Any) -> Answer:
            if argv[3:5] == ["node", "connect"]:
                both.wait()  # passes only when the two attempts are under way at once
            return super().run(argv, **how)

    script = connecting(NEW).script
    connect.connect(garage(Meeting(NEW, script)), peers(NEW)[1:], 5.0, *_time())


@pytest.mark.parametrize("version", ALL)
def test_a_peer_known_by_its_id_alone_is_reached_where_it_is_seen(version: str) -> None:  # trap G30
    """Without rpc_public_addr `node id` names no address, this node's own neither."""
    seen = {node.id: node.address for node in cluster.status(out("status", version)).nodes}
    mine, others = out("node_id", version).partition("@")[0], [peer.partition("@")[0] for peer in peers(version)[1:]]
    script: dict[str, Any] = {"node id -q": Answer((), 0, f"{mine}\n", ""), "status": "status"}
    for peer in (f"{one}@{seen[one[:16]]}" for one in others):
        script[f"node connect {peer}"] = script[f"-h {peer} node connect {mine}@{seen[mine[:16]]}"] = "node_connect"
    runner = Replay(version, script)
    connect.connect(garage(runner), [mine, *others], 10.0, *_time())
    assert attempts(runner) == sorted(words for words in script if "node connect" in words)


def test_a_peer_that_nobody_sees_is_waited_for_and_named() -> None:  # trap G30
    runner = connecting(NEW, status="status")
    with pytest.raises(UpliftError, match=r"1 peers are not connected \(0123456789abcdef: no address is known"):
        connect.connect(garage(runner), ["0123456789abcdef" * 4], 1.0, *_time())


def test_check_mode_only_looks() -> None:
    runner = connecting(NEW, status="status_node_down")
    assert connect.away_now(garage(runner), peers(NEW)[1:]) == [names(NEW)["n3"]]
    assert attempts(runner) == []


# --- offline repair


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    (tmp_path / "meta" / "db").mkdir(parents=True)
    (tmp_path / "meta" / "db" / "db").touch()
    (tmp_path / "proc").mkdir()
    return tmp_path / "meta"


def repaired(
    meta: Path,
    case: str = "offline_repair",
    version: str = NEW,
    check_mode: bool = False,
    user: str = "",
    dynamic: bool = False,
    **params: Any,
) -> tuple[dict[str, Any], Replay]:
    words = "offline-repair --yes object_counters"
    candidate = params.get("candidate")
    runner = Replay(version, {f"-c {candidate} {words}" if candidate else words: case})
    given = {
        "names": ["object_counters"],
        "release_binary": None,
        "metadata_dir": str(meta),
        "timeout": 600.0,
        "candidate": "",
        **params,
    }
    one = garage(runner, running=False, user=user, dynamic=dynamic)
    return offline.run(one, given, Progress(), check_mode, meta.parent / "proc"), runner


@pytest.mark.parametrize("version", [BARE, NEW])
def test_an_offline_repair_says_its_end(meta: Path, version: str) -> None:  # trap G19
    result, runner = repaired(meta, version=version)
    assert "INFO garage::repair::offline: Repair operation finished, shutting down" in result["said"][0]
    assert (result["changed"], result["version"], result["user"], list(result["seconds"])) == (
        True,
        version,
        ME,
        ["object_counters"],
    )
    call = runner.calls[-1]
    assert call["argv"] == [BINARY, "-c", CONFIG, "offline-repair", "--yes", "object_counters"]
    assert (call["env"]["RUST_LOG"], call["timeout"]) == ("garage=info", 600.0)


def test_silence_and_exit_status_0_are_no_proof(meta: Path) -> None:  # trap G19
    assert answer("offline_repair_silent", NEW).rc == 0
    with pytest.raises(CliError, match="ended with 0 but never said `Repair operation finished`"):
        repaired(meta, "offline_repair_silent")


def test_it_runs_as_the_owner_of_the_metadata(meta: Path) -> None:  # trap G19
    _result, runner = repaired(meta)
    assert runner.calls[-1]["user"] == ME
    with pytest.raises(UpliftError, match=f"belongs to {ME}, the service runs as somebody; expected one account"):
        repaired(meta, user="somebody")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_metadata_of_a_number_that_is_no_account_is_refused(meta: Path) -> None:
    os.chown(meta, 60999, -1)
    node = garage(Replay(ONE))
    node.user = "60999"
    with pytest.raises(UpliftError, match="belongs to the number 60999, which is no account here"):
        offline.owner_of(node, str(meta))


def test_an_account_that_is_there_while_the_unit_runs_owns_what_it_owned_then(meta: Path) -> None:  # trap G29
    _result, runner = repaired(meta, user="garage", dynamic=True)
    assert runner.calls[-1]["user"] == "garage"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_files_of_another_account_are_told(meta: Path) -> None:  # trap G19
    os.chown(meta / "db" / "db", pwd.getpwnam("nobody").pw_uid, -1)
    assert offline.foreign_files(str(meta), "root") == [str(meta / "db" / "db")]
    with pytest.raises(UpliftError, match="left files that do not belong to root"):
        repaired(meta)


def test_no_metadata_directory(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    with pytest.raises(UpliftError, match="cannot be read.*Correct metadata_dir"):
        repaired(tmp_path / "gone")


@pytest.mark.parametrize("version", [BARE, NEW])
def test_a_locked_database_is_an_error(meta: Path, version: str) -> None:  # trap G05
    with pytest.raises(CliError, match=r"The offline repair of object_counters failed: garage ended with (1|-6)"):
        repaired(meta, "offline_repair_locked", version)


def test_a_release_without_offline_repair_is_refused_before_anything(meta: Path) -> None:
    with pytest.raises(UpliftError, match="Garage 0.7.0 has no offline repair 'object_counters'; it has none at all"):
        repaired(meta, version=OLD)


def test_a_name_that_is_none(meta: Path) -> None:
    with pytest.raises(
        UpliftError, match="has no offline repair 'counters'; take one of k2v_item_counters, object_counters"
    ):
        repaired(meta, names=["counters"])


def test_the_release_to_come_is_used(meta: Path) -> None:
    _result, runner = repaired(meta, release_binary="/opt/next/garage")
    assert {call["argv"][0] for call in runner.calls} == {"/opt/next/garage"}


def test_with_the_configuration_that_was_staged_for_it(meta: Path) -> None:  # trap G22
    _result, runner = repaired(meta, candidate="/etc/garage.toml.uplift-0.8.7")
    assert runner.calls[-1]["argv"][1:3] == ["-c", "/etc/garage.toml.uplift-0.8.7"]


def test_check_mode_checks_everything_and_repairs_nothing(meta: Path) -> None:
    result, runner = repaired(meta, check_mode=True)
    assert (result["changed"], runner.without_version()) == (True, [])


@pytest.mark.parametrize("state", ["active", "activating", "deactivating", "reloading"])
def test_refused_while_the_unit_is_not_down(
    meta: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:  # trap G05
    monkeypatch.setattr(systemd, "read_unit", lambda _runner, _name: type("Unit", (), {"active": state}))
    with pytest.raises(UpliftError, match=f"The unit garage.service is {state}; expected it down"):
        offline.demand_down(garage(Replay(NEW), unit="garage.service"), str(meta), meta.parent / "proc")


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_a_unit_that_is_down_is_no_hindrance(meta: Path, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    monkeypatch.setattr(systemd, "read_unit", lambda _runner, _name: type("Unit", (), {"active": state}))
    offline.demand_down(garage(Replay(NEW), unit="garage.service"), str(meta), meta.parent / "proc")


def test_refused_while_a_daemon_of_no_unit_runs(meta: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # trap G05
    monkeypatch.setattr(daemon, "daemons", lambda config, proc: [daemon.Daemon(77, "garage", "77:1")])
    with pytest.raises(UpliftError, match="A garage server with /etc/garage.toml runs as process 77"):
        repaired(meta)


def test_refused_while_anybody_has_the_metadata_open(meta: Path) -> None:  # trap G05
    fd = meta.parent / "proc" / "78" / "fd"
    fd.mkdir(parents=True)
    (fd / "5").symlink_to(meta / "db" / "db")
    with pytest.raises(UpliftError, match="The process 78 has files in .*meta open"):
        repaired(meta)


def test_the_ticker_says_that_it_still_works() -> None:
    said = threading.Event()

    class Heard(Progress):
        def say(self, done: float, total: float, text: str) -> None:
            assert text == "offline repair: 1 s"
            said.set()

    with Ticker(Heard(), "offline repair"):
        assert said.wait(10)


# --- access

OPERATION = "20261121T031500Z-garage-0.8.7"
MARK = "uplift-20261121t031500z-garage-0.8.7-probe"
EARLIER = "uplift-20261120t021000z-garage-0.8.0-probe"


def marked(case: str, version: str, name: str = MARK) -> Answer:
    """A capture in which the throw-away key and bucket have the name of an operation."""
    said = replay.answer(case, version)
    return Answer(said.argv, said.rc, said.out.replace("uplift-probe", name), said.err)


def rights(version: str) -> str:
    return "--read --write" if version == FIRST else "--read --write --owner"


def accessing(version: str, **more: Any) -> Replay:
    key = new_key(version)
    words = {
        question("keys", version): told("key_list", version),
        question("buckets", version): told("bucket_list", version),
        question("create key", version, MARK): told("key_new", version),
        f"bucket create {MARK}": "bucket_create",
        f"bucket allow {rights(version)} --key {key} {MARK}": "bucket_allow",
        f"bucket allow --read --key {key} {bucket_word('photos', version)}": "bucket_allow",
        f"key delete --yes {key_id('uplift-probe', version)}": "key_delete",
        f"bucket delete --yes {MARK}": "bucket_delete",
    }
    return Replay(version, {**words, **more})


def new_key(version: str) -> str:
    return replay.key("key_new", version).id


def described(alias: str, version: str, keys: str = "", website: str = "false", local: str = "") -> Answer:
    """A captured description of a bucket, under another name and with other keys."""
    text = (
        out("bucket_info_empty", version)
        .replace("  nobody", f"  {alias}")
        .replace("access: false", f"access: {website}")
    )
    text = text.replace("aliases:\n\nAuthorized", f"aliases:\n{local}\nAuthorized")
    return Answer((), 0, text + keys, "")


def leftover(version: str, name: str = MARK) -> dict[str, Any]:
    probe = next(row for row in replay.buckets("bucket_list_leftover", version).rows if "uplift-probe" in row.aliases)
    word = name if version == FIRST else probe.word
    grants = f"  RWO  {key_id('uplift-probe', version)}  {name}\n"
    old = version not in (FIRST, TWO, NEWEST)
    return {
        question("keys", version): marked(told("key_list_leftover", version), version, name),
        question("buckets", version): marked(told("bucket_list_leftover", version), version, name),
        question("bucket", version, word): described(name, version, grants)
        if old
        else marked(told("bucket_info_leftover", version), version, name),
    }


@pytest.mark.parametrize("version", ALL)
def test_a_key_with_its_own_bucket_and_read_on_others(version: str) -> None:
    runner, photos = accessing(version), bucket_id("photos", version)
    result = access.grant(garage(runner), OPERATION, [], [photos])
    key = new_key(version)
    assert result == {
        "changed": True,
        "access_key_id": key,
        "secret_access_key": "SECRET",
        "bucket": MARK,
        "removed": [],
        "leftover_buckets": [],
    }
    assert runner.without_version() == [
        question("keys", version),
        question("buckets", version),
        question("create key", version, MARK),
        f"bucket create {MARK}",
        f"bucket allow {rights(version)} --key {key} {MARK}",
        question("buckets", version),
        f"bucket allow --read --key {key} {bucket_word('photos', version)}",
    ]


def test_a_bucket_that_was_listed_and_then_removed_is_no_error() -> None:
    runner = accessing(NEW)
    access.grant(garage(runner), OPERATION, [], ["00" * 32])
    assert not [words for words in runner.asked if "00" * 32 in words]


@pytest.mark.parametrize("version", ALL)
def test_what_an_earlier_run_left_is_removed_first(version: str) -> None:
    runner = accessing(version, **leftover(version))
    removed, kept = access.remove(garage(runner), [])
    assert (removed, kept) == ([MARK, key_id("uplift-probe", version)], [])
    assert runner.asked[-2:] == [
        f"bucket delete --yes {MARK}",
        f"key delete --yes {key_id('uplift-probe', version)}",
    ]


@pytest.mark.parametrize("version", ALL)
def test_a_leftover_bucket_with_objects_is_kept_and_used(version: str) -> None:
    runner = accessing(version, **{**leftover(version), f"bucket delete --yes {MARK}": "bucket_delete_not_empty"})
    result = access.grant(garage(runner), OPERATION, [], [])
    assert f"bucket create {MARK}" not in runner.asked
    assert f"bucket allow {rights(version)} --key {new_key(version)} {MARK}" in runner.asked
    assert result["leftover_buckets"] == [], "it is the bucket asked for"


def test_an_alias_that_a_stale_node_remembers_is_stepped_around() -> None:
    """Seen at a node that was down while the bucket was removed: listed nowhere, and not to be made again."""
    key = key_id("uplift-probe", NEW)
    other = f"{MARK}-{key[-8:].lower()}"
    more = {
        f"bucket create {MARK}": "bucket_create_exists",
        f"bucket create {other}": "bucket_create",
        f"bucket allow --read --write --owner --key {key} {other}": "bucket_allow",
    }
    assert access.grant(garage(accessing(NEW, **more)), OPERATION, [], [])["bucket"] == other
    assert garage_names.ours(other), "a later run knows it again"


def test_another_leftover_bucket_is_named_so_that_it_can_be_emptied() -> None:
    key = key_id("uplift-probe", NEW)
    more = {
        **leftover(NEW, EARLIER),
        f"bucket delete --yes {EARLIER}": "bucket_delete_not_empty",
        f"bucket allow --read --write --owner --key {key} {EARLIER}": "bucket_allow",
    }
    result = access.grant(garage(accessing(NEW, **more)), OPERATION, [], [])
    assert (result["bucket"], result["leftover_buckets"]) == (MARK, [EARLIER])


@pytest.mark.parametrize(
    "theirs",
    [
        {"keys": "  R    GK00112233445566778899aabb  app key\n"},
        {"website": "true"},
        {"local": "  GK00112233445566778899aabb (app key)  mine\n"},
    ],
)
def test_an_operators_bucket_is_left_alone_whatever_its_name(theirs: dict[str, str]) -> None:
    found = leftover(NEW)
    probe = next(words for words in found if words.startswith("bucket info"))
    runner = accessing(NEW, **{**found, probe: described(MARK, NEW, **theirs)})
    removed, kept = access.remove(garage(runner), [])
    assert (removed, kept) == ([key_id("uplift-probe", NEW)], [])
    assert not [words for words in runner.asked if words.startswith("bucket delete")]


def test_a_bucket_that_too_few_nodes_answer_for_is_left_to_the_next_run() -> None:
    """Seen in a walk from 0.8.0 to 0.8.7: a run that went on had no key, so no inventory, and no probe."""
    gone = {**leftover(NEW), f"bucket delete --yes {MARK}": "bucket_delete_no_quorum"}
    assert access.grant(garage(accessing(NEW, **gone)), OPERATION, [], [])["access_key_id"]
    with pytest.raises(CliError, match="Could not reach quorum"):
        access.remove(garage(accessing(NEW, **gone)), [])


def test_a_bucket_that_cannot_be_removed_for_another_reason_is_an_error() -> None:
    runner = accessing(NEW, **{**leftover(NEW), f"bucket delete --yes {MARK}": "status_daemon_down"})
    with pytest.raises(CliError, match="Connection refused"):
        access.remove(garage(runner), [])


OPERATORS = ["uplift-probe", "uplift-data", f"{MARK}s", f"my-{MARK}", "uplift-garage-0.8.7-probe", "uplift-", MARK[:-6]]


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("version", ALL)
def test_a_key_and_a_bucket_that_merely_begin_like_ours_stay(version: str, name: str) -> None:
    runner = accessing(version, **leftover(version, name))
    assert access.remove(garage(runner), []) == ([], [])
    assert runner.without_version() == [question("keys", version), question("buckets", version)]


def test_a_key_that_the_record_knows_is_ours_whatever_it_is_called_now() -> None:
    key = key_id("uplift-probe", NEW)
    runner = accessing(NEW, **leftover(NEW, "renamed"))
    assert access.remove(garage(runner), [key, "GKofAnotherCluster"]) == ([key], [])
    assert [words for words in runner.asked if "delete" in words] == [f"key delete --yes {key}"]


@pytest.mark.parametrize(
    "name", [MARK, EARLIER, f"{MARK}-00ff00ff", garage_names.mark("20261121T031500Z-garage-1.0.0-rc1")]
)
def test_the_mark_is_a_name_that_s3_allows(name: str) -> None:
    assert garage_names.ours(name) and garage_names.valid(name)


def test_nothing_of_the_operators_is_removed() -> None:
    runner = accessing(NEW)
    assert access.remove(garage(runner), []) == ([], [])
    assert runner.without_version() == ["key list", "bucket list"]


@pytest.mark.parametrize("operation", ["", "probe", "20261121T031500Z-lakefs-1.84.0"])
def test_what_is_no_operation_gets_no_key(operation: str) -> None:
    runner = Replay(NEW)
    with pytest.raises(UpliftError, match="is not the id of an operation"):
        access.grant(garage(runner), operation, [], [])
    assert runner.asked == []


def test_a_key_without_a_secret_is_of_no_use() -> None:
    silent = Answer((), 0, out("key_new", NEW).replace("Secret key: SECRET\n", ""), "")
    with pytest.raises(UpliftError, match="showed no secret"):
        access.grant(garage(accessing(NEW, **{f"key new --name {MARK}": silent})), OPERATION, [], [])


# --- info


def asking(version: str, **more: Any) -> Replay:
    """A captured node. Only one of its keys was described, so that the others' descriptions are made of that one."""
    script: dict[str, Any] = {
        "node id -q": "node_id",
        "status": "status",
        "layout show": "layout_show",
        "stats": "stats",
        "worker list": "worker_list",
        "block list-errors": "block_list_errors_clean",
        "journal": Answer((), 0, "", ""),
        question("buckets", version): told("bucket_list", version),
        question("keys", version): told("key_list", version),
    }
    cases = {"photos": "bucket_info", "site": "bucket_info_website"}
    for row in replay.buckets("bucket_list", version).rows:
        case = cases.get(row.aliases[0], "bucket_info_empty") if row.aliases else "bucket_info_local"
        text = out(told(case, version), version)
        text = text.replace("nobody", row.word) if version == FIRST else text
        script[question("bucket", version, row.word)] = Answer((), 0, text, "")
    described, app = out(told("key_info", version), version), key_id("app key", version)
    for row in replay.keys("key_list", version).rows:
        text = described.replace("app key", row.name).replace(app, row.id)
        script[question("key", version, row.id)] = Answer((), 0, text, "")
    return Replay(version, {**script, **more})


EVERYTHING = ("version", "status", "layout", "stats", "workers", "inventory")


def gathered(
    version: str, expected: Sequence[str] = EVERYTHING, known: Sequence[str] = (), **more: Any
) -> dict[str, Any]:
    return info.gather(garage(asking(version, **more), unit="garage.service"), expected, known)


@pytest.mark.parametrize("version", ALL)
def test_info_of_a_healthy_node(version: str) -> None:
    facts = gathered(version)
    assert (facts["version"], facts["binary_version"], facts["running"]) == (version, version, True)
    assert (facts["binary"], facts["cli"], facts["config_file"], facts["user"]) == (BINARY, BINARY, CONFIG, "")
    assert (facts["staged"], facts["block_errors"], facts["unparsed"], facts["problem"]) == (False, 0, [], "")
    assert facts["queues"] == {
        "resync": 46 if version == NEWEST else 48,
        "merkle": {BARE: 121}.get(version, 0),
        "gc": 0,
    }
    assert facts["stats"]["version"] == version
    assert facts["rpc_address"].startswith("127.0.0.1:")


@pytest.mark.parametrize("version", ALL)
def test_ids_are_whole_where_they_are_known(version: str) -> None:
    facts = gathered(version, ["status", "layout"], (whole("n2", version),))
    short = names(version)
    expected = {short["n1"]: facts["node_id"], short["n2"]: whole("n2", version)[:64], short["n3"]: short["n3"]}
    assert {node["id"][:16]: node["id"] for node in facts["nodes"]} == expected
    assert {role["id"][:16]: role["id"] for role in facts["layout"]["roles"]} == expected


@pytest.mark.parametrize(
    ("version", "workers", "blocks"),
    [(SECOND, False, False), (OLD, False, False), (BARE, True, False), (NEW, True, True), (TWO, True, True)],
)
def test_what_a_release_cannot_tell_is_null(version: str, workers: bool, blocks: bool) -> None:
    facts = gathered(version, ["workers"])
    assert (facts["workers"] is not None, facts["blocks_in_error"] is not None) == (workers, blocks)


@pytest.mark.parametrize("version", ALL)
def test_inventory(version: str) -> None:
    facts = gathered(version, ["inventory"])
    assert [bucket["id"] for bucket in facts["buckets"]] == sorted(bucket["id"] for bucket in facts["buckets"])
    photos = next(bucket for bucket in facts["buckets"] if "photos" in bucket["global_aliases"])
    album = {"key": key_id("app key", version), "alias": "album"}
    assert (album in photos["local_aliases"]) is (version != FIRST)
    assert photos["s3_name"] == ("photos" if version == FIRST else photos["id"])
    assert {"id": key_id("reader", version), "read": True, "write": False, "owner": False} in photos["keys"]
    assert [bucket["global_aliases"] for bucket in facts["buckets"] if bucket["website"]] == [["site"]]
    assert photos["quotas"] == {}
    assert {key["name"]: key["create_buckets"] for key in facts["keys"]} == {
        "app key": False,
        "reader": False,
        "writer": False,
    }
    assert "SECRET" not in str(facts)
    assert facts["unparsed"] == []


@pytest.mark.parametrize("version", [NINE, ONE, TWO, NEWEST])
def test_a_layout_that_hides_its_redundancy_is_not_believed(version: str) -> None:
    """Waves are made by it: not told is not the maximum."""
    assert gathered(version, ["layout"])["layout"]["zone_redundancy"] == "maximum"
    hidden = Answer((), 0, out("layout_show", version).replace("Zone redundancy: maximum", ""), "")
    with pytest.raises(UpliftError, match="cannot tell how many copies a zone holds"):
        gathered(version, ["layout"], **{"layout show": hidden})
    assert gathered(NEW, ["layout"])["layout"]["zone_redundancy"] == ""


@pytest.mark.parametrize("version", [NINE, ONE, TWO, NEWEST])
def test_another_redundancy_is_a_staged_change(version: str) -> None:  # trap G26
    facts = gathered(version, ["layout"], **{"layout show": "layout_show_redundancy"})
    assert (facts["staged"], facts["layout"]["staged"], facts["layout"]["staged_redundancy"]) == (True, [], "1")


@pytest.mark.parametrize("version", ALL)
def test_staged_changes_are_told(version: str) -> None:  # trap G26
    facts = gathered(version, ["layout"], **{"layout show": "layout_show_staged"})
    assert facts["staged"] is True
    gone = next(change for change in facts["layout"]["staged"] if change["removed"])
    assert gone == {"id": names(version)["n2"], "zone": None, "tags": [], "capacity": None, "removed": True}
    assert "removed" not in facts["layout"]["roles"][0]


def test_unknown_lines_are_told() -> None:
    strange = Answer((), 0, out("status", NEW) + "\n==== WEATHER ====\nrain\n", "")
    assert gathered(NEW, ["status"], status=strange)["unparsed"] == ["rain"]


@pytest.mark.parametrize("version", ALL)
def test_the_id_of_a_node_that_is_down(version: str) -> None:
    runner = Replay(version, {"node id -q": "node_id_daemon_down"})
    facts = info.gather(garage(runner, running=False), ["version"], [])
    assert (facts["version"], facts["binary_version"], len(facts["node_id"])) == (None, version, 64)


def test_a_node_that_is_down_cannot_be_asked_for_more() -> None:
    runner = Replay(NEW, {"node id -q": "node_id_daemon_down"})
    with pytest.raises(UpliftError, match="No Garage daemon with /etc/garage.toml runs; expected a running one"):
        info.gather(garage(runner, running=False), ["status"], [])


def test_tolerant_tells_what_can_be_told() -> None:
    runner = Replay(NEW, {"node id -q": "node_id_daemon_down"})
    facts = info.gather(garage(runner, running=False), EVERYTHING, [], tolerant=True)
    assert facts["problem"] == "No Garage daemon with /etc/garage.toml runs; expected a running one. Start it first."
    assert facts["binary_version"] == NEW
    for name in (
        "nodes",
        "layout",
        "staged",
        "stats",
        "queues",
        "block_errors",
        "workers",
        "blocks_in_error",
        "buckets",
        "keys",
    ):
        assert facts[name] is None, "null, which is not an empty list: it is unknown"


def test_tolerant_names_every_problem_once() -> None:
    runner = asking(NEW, status=CliError("status hangs."), stats=CliError("stats hang."))
    facts = info.gather(garage(runner), EVERYTHING, [], tolerant=True)
    assert facts["problem"] == "status hangs. stats hang."
    assert facts["layout"]["version"] == 1


def test_not_even_a_unit() -> None:
    facts = info.nothing(["status"], "The unit garage.service is not-found.")
    assert facts == {
        "running": False, "binary": None, "cli": None, "config_file": None, "user": None, "version": None,
        "lingers": None, "binary_version": None, "node_id": None, "rpc_address": None, "nodes": None, "unparsed": [],
        "problem": "The unit garage.service is not-found.", "container": {}, "pod": "", "mounting": [], "script": "",
        "stray_config": "", "not_itself": {}, "config_made": "",
        "stop_signal": "SIGINT",
    }  # fmt: skip


def test_stats_without_numbers_are_no_stats() -> None:
    with pytest.raises(UpliftError, match="cannot tell what the node has to do"):
        gathered(NEW, ["stats"], stats=Answer((), 0, "Garage version: v0.8.7\n", ""))


# --- the frame of every module


class Ended(Exception):
    pass


class FakeModule:
    params: dict[str, Any] = {}

    def __init__(self, **given: Any) -> None:
        self.given = given

    def exit_json(self, **result: Any) -> None:
        raise Ended(result)

    def fail_json(self, **result: Any) -> None:
        raise Ended({"failed": True, **result})


def served(monkeypatch: pytest.MonkeyPatch, outcome: dict[str, Any] | Exception) -> dict[str, Any]:
    def work(module: Any) -> dict[str, Any]:
        assert module.given == {"argument_spec": dict(spec.GARAGE), "supports_check_mode": True}
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(argspec, "AnsibleModule", FakeModule)
    with pytest.raises(Ended) as seen:
        argspec.serve(spec.GARAGE, work)
    result: dict[str, Any] = seen.value.args[0]
    return result


def test_a_module_ends_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert served(monkeypatch, {"answer": 1}) == {"changed": False, "answer": 1}
    assert served(monkeypatch, {"changed": True}) == {"changed": True}


def test_an_error_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert served(monkeypatch, UpliftError("It is so.")) == {"failed": True, "msg": "It is so."}
