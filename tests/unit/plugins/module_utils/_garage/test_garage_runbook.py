# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a runbook asks once: the migration of 0.5's buckets, another database engine, a snapshot out and in again."""

from __future__ import annotations

import json
import os
import pwd
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import convert, daemon, migrate, snapshot
from ansible_collections.uplift.datastores.plugins.module_utils._garage.migrate import Seen

from tests.unit.plugins.module_utils._garage.test_garage_engine import laid_out
from tests.unit.replay import BINARY, FakeTime, Replay, answer, garage, out

ME = pwd.getpwuid(os.getuid()).pw_name
RENAMED = {"My_Bucket": "50170f4e96f4d230303fc8384327a471", "b9": "ba2daf4e5d1b3e3e29f1714aecf9b92d"}
NAMES = ["My_Bucket", "b9", "photos", "site"]


# --- migrate


def keys() -> list[str]:
    return [line.split()[0] for line in out("garage_runbook/key_list", "0.5.1").splitlines() if line.startswith("GK")]


def migrating(**more: Any) -> Replay:
    script: dict[str, Any] = {
        "bucket list": ["bucket_list_unmigrated", "bucket_list_migrated"],
        "key list": "key_list_unmigrated",
        "status": "status_unmigrated",
        "layout show": "layout_show_unmigrated",
        "stats -a": "stats_all",
        "migrate --yes buckets050": "migrate",
    }
    script.update({f"key info {key}": "key_info_unmigrated" for key in keys()})
    return Replay("0.6.0", {**script, **more})


def migrated(runner: Replay, check_mode: bool = False, **params: Any) -> dict[str, Any]:
    given = {
        "migration": "buckets050",
        "expect": NAMES,
        "keys": [{"id": one, "name": "app"} for one in keys()],
        **params,
    }
    return migrate.run(garage(runner), given, check_mode)


def test_the_migration_is_run_once_with_yes() -> None:  # traps G12 G14
    assert answer("migrate_no_yes", "0.6.0").rc == 1
    runner = migrating()
    result = migrated(runner)
    assert runner.asked.count("migrate --yes buckets050") == 1
    assert (result["changed"], result["renamed"]) == (True, RENAMED)
    assert [name for name in result["buckets"] if len(name) < 32] == ["photos", "site"]


@pytest.mark.parametrize(
    ("name", "counts"), [("uplift-probe", True), ("uplift-20261121t031500z-garage-0.6.0-probe", False)]
)
def test_the_operations_own_key_need_not_be_there_any_more(name: str, counts: bool) -> None:
    given = [*({"id": one, "name": "app"} for one in keys()), {"id": "GKaway", "name": name}]
    if counts:
        with pytest.raises(UpliftError, match="does not know the key GKaway"):
            migrated(migrating(), keys=given)
    else:
        assert migrated(migrating(), keys=given)["migrated"] is True


def test_a_second_migration_is_not_run() -> None:  # trap G13
    before, after = out("key_info_migrated", "0.6.0"), out("key_info_migrated_again", "0.6.0")
    assert before.count("RW") == after.count("RW") == 1, "the write permission taken away in between is back"
    runner = migrating(**{"bucket list": "bucket_list_migrated"})
    assert migrated(runner)["changed"] is False
    assert "migrate --yes buckets050" not in runner.asked


@pytest.mark.parametrize(
    ("seen", "buckets", "expected"),
    [
        (Seen((), ("k",)), ["a-b"], True),
        (Seen((), ("k",)), [], False),  # a cluster that had no bucket: nothing to take over
        (Seen(("a-b",), ("k",)), ["a-b"], False),
        (Seen(("a-b", "new"), ("k",)), ["a-b"], False),
        (Seen(("a-b", RENAMED["b9"]), ("k",)), ["a-b", "b9"], False),
        (Seen(("a-b",), ("k",)), ["a-b", "b9"], "has 1 buckets and not b9"),
        (Seen(("other",), ("k",)), ["a-b"], "has 1 buckets and not a-b"),
        (Seen((), ("k",), ("k",)), ["a-b"], "the key k may enter one"),
        (Seen((), ()), ["a-b"], "does not know the key k .* opened an empty database"),
    ],
)
def test_exactly_once(seen: Seen, buckets: list[str], expected: bool | str) -> None:  # traps G02 G13 G14
    if isinstance(expected, str):
        with pytest.raises(UpliftError, match=expected):
            migrate.needed(seen, buckets, ["k"])
    else:
        assert migrate.needed(seen, buckets, ["k"]) is expected


def test_without_a_word_of_what_was_there_an_empty_cluster_is_migrated() -> None:
    assert migrate.needed(Seen((), ("k",)), (), ()) is True
    assert migrate.needed(Seen(("a-b",), ("k",)), (), ()) is False


def test_a_node_down_stops_it_though_garage_would_not() -> None:  # trap G13
    assert answer("migrate_node_down", "0.6.0").rc == 0
    runner = migrating(status="garage_runbook/status_node_down")
    with pytest.raises(UpliftError, match="nodes [0-9a-f]{16} are not up"):
        migrated(runner)
    with pytest.raises(CliError, match="Asking every node for its state failed: .* Not connected"):  # trap G18
        migrated(migrating(**{"stats -a": "garage_runbook/stats_all_node_down"}))
    assert "migrate --yes buckets050" not in runner.asked


def test_a_node_of_the_release_before_stops_it() -> None:  # trap G03
    mixed = out("stats_all", "0.6.0").replace("cargo:0.6.0", "cargo:0.5.1", 1)
    with pytest.raises(UpliftError, match="The nodes run 0.5.1, 0.6.0; expected 0.6.0 on every one"):
        migrated(migrating(**{"stats -a": Answer((), 0, mixed, "")}))


def test_fewer_buckets_than_before_is_told() -> None:  # trap G14
    less = "\n".join(line for line in out("bucket_list_migrated", "0.6.0").splitlines() if "site" not in line)
    with pytest.raises(UpliftError, match=r"there are 3 buckets \(site missing\); expected 4. Do not migrate again"):
        migrated(migrating(**{"bucket list": ["bucket_list_unmigrated", Answer((), 0, less, "")]}))


def test_check_mode_asks_and_does_not_migrate() -> None:
    runner = migrating()
    assert migrated(runner, check_mode=True)["changed"] is True
    assert "migrate --yes buckets050" not in runner.asked
    assert "stats -a" in runner.asked


@pytest.mark.parametrize("version", ["0.5.1", "0.9.4"])
def test_other_series_have_nothing_to_migrate(version: str) -> None:  # trap G13
    with pytest.raises(UpliftError, match=f"Garage {version} has no migration 'buckets050'"):
        migrate.run(garage(Replay(version)), {"migration": "buckets050", "expect": [], "keys": []}, False)


# --- convert


class Converter(Replay):
    """The captured answers, and the files that the real program leaves."""

    def __init__(self, version: str, said: str = "convert_db", back: str = "convert_db_back") -> None:
        super().__init__(version)
        self.said, self.back = said, back

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        if argv[1] != "convert-db":
            return super().run(argv, **how)
        self.calls.append({"argv": list(argv), **how})
        to = Path(argv[argv.index("-o") + 1])
        if to.name.endswith("-proof"):
            to.mkdir()
            return answer(self.back, self.version)
        if to.name.startswith("db.lmdb"):
            to.mkdir()
            (to / "data.mdb").write_bytes(b"m" * 20000)
        else:
            to.write_bytes(b"q" * 20000)
        return answer(self.said, self.version)


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    (tmp_path / "proc").mkdir()
    return laid_out("tree_sled", "0.8.7", tmp_path / "meta")


def converted(meta: Path, runner: Replay | None = None, check_mode: bool = False, **params: Any) -> dict[str, Any]:
    given = {
        "metadata_dir": str(meta), "source": None, "target": "lmdb", "release_binary": None, "existing": "refuse",
        "prove": True, "lmdb_map_size": None, "timeout": 60.0, **params,
    }  # fmt: skip
    one = garage(runner or Converter("0.9.4"), running=False)
    return convert.run(one, given, Progress(), check_mode, meta.parent / "proc")


def names(meta: Path) -> set[str]:
    return {path.name for path in meta.iterdir()} & {"db", "db.lmdb", "db.lmdb.uplift.json"} | {
        path.name for path in meta.iterdir() if "uplift-" in path.name
    }


def test_a_conversion_leaves_the_source_and_says_what_it_made(meta: Path) -> None:  # trap G06
    runner = Converter("0.9.4")
    result = converted(meta, runner)
    assert (result["changed"], result["items"], result["user"]) == (True, 15, ME)
    assert result["trees"]["bucket_v2:table"] == 2
    assert names(meta) == {"db", "db.lmdb", "db.lmdb.uplift.json"}
    there, back = [call for call in runner.calls if "convert-db" in call["argv"]]
    part = f"{meta}/db.lmdb.uplift-part"
    assert there["argv"] == [BINARY, "convert-db", "-a", "sled", "-i", f"{meta}/db", "-b", "lmdb", "-o", part]
    assert back["argv"][3:6:2] == ["lmdb", part]
    assert (there["user"], back["user"]) == (ME, ME)  # trap G19
    manifest = json.loads((meta / "db.lmdb.uplift.json").read_text())
    assert len(manifest["trees"]) > 40
    assert (meta / "db.lmdb.uplift.json").stat().st_mode & 0o777 == 0o600


def test_a_second_call_changes_nothing(meta: Path) -> None:
    first = converted(meta)
    (meta / "db.lmdb" / "data.mdb").write_bytes(b"the daemon has written since" * 1000)
    runner = Converter("0.9.4")
    second = converted(meta, runner)
    assert (second["changed"], second["trees"], second["evidence"]) == (False, first["trees"], first["evidence"])
    assert runner.without_version() == []


@pytest.mark.parametrize(
    ("manifest", "there", "source", "output", "existing", "expected"),
    [
        ({}, "none", 1, 1, "refuse", "convert"),
        ({"s": 1, "o": 1}, "none", 1, 1, "refuse", "convert"),  # killed before its name was given
        ({}, "blank", 1, 1, "refuse", "rename"),  # trap G21
        ({}, "data", 1, 1, "refuse", None),
        ({}, "data", 1, 1, "rename", "rename"),
        ({"s": 1, "o": 1}, "data", 1, 2, "refuse", "done"),
        ({"s": 1, "o": 1}, "data", 2, 1, "refuse", "rename"),  # the daemon went on with the old engine
        ({"s": 1, "o": 1}, "data", 2, 2, "rename", None),
    ],
)
def test_what_is_to_be_done(  # traps G01 G21
    manifest: dict[str, int], there: str, source: int, output: int, existing: str, expected: str | None
) -> None:
    noted = (
        {"source_files": {"db": [manifest["s"], 0]}, "output_files": {"data.mdb": [manifest["o"], 0]}}
        if manifest
        else {}
    )
    now = {"db": [source, 0]}, {"data.mdb": [output, 0]}
    if expected:
        assert convert.decide(noted, there, *now, existing) == expected
    else:
        with pytest.raises(UpliftError, match="Nothing was changed"):
            convert.decide(noted, there, *now, existing)


def test_what_an_accidental_start_has_made_is_set_aside(meta: Path) -> None:  # traps G01 G21
    (meta / "db.lmdb").mkdir()
    (meta / "db.lmdb" / "data.mdb").write_bytes(b"accident" * 9000)
    with pytest.raises(UpliftError, match="existing to rename"):
        converted(meta)
    result = converted(meta, existing="rename")
    assert (Path(result["renamed_to"]) / "data.mdb").read_bytes() == b"accident" * 9000


def test_an_input_that_is_not_there_is_never_given_to_garage(meta: Path) -> None:  # trap G06
    assert (answer("convert_db_no_directory", "0.9.4").rc, out("convert_db_no_directory", "0.9.4")) == (0, "")
    runner = Converter("0.9.4")
    with pytest.raises(UpliftError, match="Of sqlite there is no database, only of sled"):
        converted(meta, runner, source="sqlite")
    with pytest.raises(UpliftError, match="Correct metadata_dir"):
        converted(meta / "gone", runner)
    assert runner.without_version() == []


@pytest.mark.parametrize(
    ("engines", "source", "expected"),
    [
        (["sled"], "", "sled"),
        (["sled", "lmdb"], "", "sled"),
        (["lmdb"], "", ""),  # nothing to convert
        (["sled", "sqlite"], "sqlite", "sqlite"),
        (["sled", "sqlite"], "", "databases of sled, sqlite; expected one"),
        ([], "", "databases of none; expected one"),
        (["lmdb"], "sled", "Of sled there is no database, only of lmdb"),
    ],
)
def test_what_is_converted(engines: list[str], source: str, expected: str) -> None:  # trap G06
    if " " in expected:
        with pytest.raises(UpliftError, match=expected):
            convert.source_of(engines, source, "lmdb")
    else:
        assert convert.source_of(engines, source, "lmdb") == expected


def test_silence_and_exit_status_0_are_no_proof(meta: Path) -> None:  # trap G06
    with pytest.raises(UpliftError, match="converted 0 trees with 0 items"):
        converted(meta, Converter("0.9.4", said="convert_db_no_directory"))
    assert names(meta) == {"db"}, "nothing is left, and the source stays"


def test_a_line_that_nobody_knows_stops() -> None:
    with pytest.raises(UpliftError, match="said 'what is this', which is not known"):
        convert.trees(out("convert_db", "0.9.4") + "object:table: imported 1000\nwhat is this\n")


def test_the_way_back_proves_it(meta: Path) -> None:
    class Losing(Converter):
        def run(self, argv: Sequence[str], **how: Any) -> Answer:
            said = super().run(argv, **how)
            less = said.out.replace("key:table: finished importing, 2 ", "key:table: finished importing, 1 ")
            return Answer(said.argv, said.rc, less if argv[-1].endswith("-proof") else said.out, said.err)

    with pytest.raises(UpliftError, match="holds 1 items in key:table, expected 2"):
        converted(meta, Losing("0.9.4"))
    assert names(meta) == {"db"}
    converted(meta, Losing("0.9.4"), prove=False)


@pytest.mark.parametrize("case", ["convert_db_running", "convert_db_again", "convert_db_same_engine"])
def test_what_garage_refuses_is_told_and_cleared_away(meta: Path, case: str) -> None:  # trap G05
    with pytest.raises(CliError, match="Converting .*db from sled to lmdb failed: garage ended with 1"):
        converted(meta, Converter("0.9.4", said=case))
    assert names(meta) == {"db"}


def test_lmdb_is_not_locked_so_the_daemon_is_looked_for(meta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer("convert_db_running", "1.3.0").rc == answer("convert_db_running", "2.1.0").rc == 0  # trap G05
    monkeypatch.setattr(daemon, "daemons", lambda config, proc: [daemon.Daemon(77, "garage", "77:1")])
    with pytest.raises(UpliftError, match="runs as process 77; expected none"):
        converted(meta)


@pytest.mark.parametrize(
    ("version", "more", "sentence"),
    [
        ("1.3.0", {}, "Garage 1.3.0 does not know sled; expected a release that knows sled and lmdb"),
        ("0.7.0", {}, "Garage 0.7.0 does not know lmdb"),
        ("0.8.0", {}, "Garage 0.8.0 has no command 'convert-db'"),
        ("0.9.4", {"source": "sled", "target": "sled"}, "source and target are both sled"),
    ],
)
def test_releases_that_cannot(meta: Path, version: str, more: dict[str, str], sentence: str) -> None:
    with pytest.raises(UpliftError, match=sentence):
        converted(meta, Converter(version), **more)
    assert names(meta) == {"db"}


class Following(Converter):
    """The next release lies following the one that was stopped."""

    def __init__(self, following: str, stopped: str) -> None:
        super().__init__(stopped)
        self.releases = {"/releases/next": following, BINARY: stopped}

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        self.version = self.releases[argv[0]]
        return super().run(argv, **how)


@pytest.mark.parametrize(
    ("following", "stopped", "program"),
    [
        ("0.9.4", "0.8.7", "/releases/next"),  # trap G01: it converts before it may be started
        ("1.3.0", "0.9.4", BINARY),  # 1.x has no sled
    ],
)
def test_the_next_release_converts_where_it_can(meta: Path, following: str, stopped: str, program: str) -> None:
    runner = Following(following, stopped)
    assert converted(meta, runner, release_binary="/releases/next")["changed"]
    assert {call["argv"][0] for call in runner.calls if "convert-db" in call["argv"]} == {program}


def test_neither_of_both_can_convert(meta: Path) -> None:
    with pytest.raises(UpliftError, match="1.3.0 does not know sled; Garage 2.1.0 does not know sled; expected a rel"):
        converted(meta, Following("1.3.0", "2.1.0"), release_binary="/releases/next")


def test_a_build_without_the_engine_is_told(meta: Path) -> None:
    with pytest.raises(CliError, match="Invalid or unsupported DB engine: lmdb"):
        converted(meta, Converter("0.8.7", said="convert_db_not_built_in"))


def test_leftovers_of_a_run_that_was_killed_are_no_hindrance(meta: Path) -> None:
    for name in ("db.lmdb.uplift-part", "db.lmdb.uplift-proof"):
        (meta / name).mkdir()
    assert converted(meta)["changed"]
    assert names(meta) == {"db", "db.lmdb", "db.lmdb.uplift.json"}


def test_check_mode_converts_nothing(meta: Path) -> None:
    before = names(meta)
    assert converted(meta, check_mode=True)["changed"] is True
    assert names(meta) == before


# --- snapshot: take


def taking(meta: Path, version: str, make: Callable[[], None], case: str = "meta_snapshot", **more: Any) -> Any:
    class Taker(Replay):
        def run(self, argv: Sequence[str], **how: Any) -> Answer:
            if "snapshot" in argv:
                make()
            return super().run(argv, **how)

    runner = Taker(version, {"meta snapshot": case, "meta snapshot --all": case})
    given = {
        "dest": str(meta.parent / "kept" / "copy"), "metadata_dir": str(meta), "snapshots_dir": None,
        "all_nodes": False, "timeout": 60.0, **more,
    }  # fmt: skip
    time = FakeTime()
    clock = snapshot.Clock(now=lambda: 1_800_000_000 + time.seconds, sleep=time.sleep)
    check = given.pop("check_mode", False)
    return snapshot.take(garage(runner), given, Progress(), check, clock), runner, time


def made(meta: Path, file: str, text: str = "m", name: str = "2027-01-15T08:00:00Z") -> Callable[[], None]:
    def make() -> None:
        path = meta / "snapshots" / name / file if file else meta / "snapshots" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return make


@pytest.mark.parametrize(
    ("version", "file"), [("0.9.4", "data.mdb"), ("1.3.0", "db.lmdb"), ("2.1.0", "db.lmdb"), ("0.9.4", "")]
)
def test_a_snapshot_is_copied_out_and_kept(meta: Path, version: str, file: str) -> None:  # trap G11
    result, _runner, _time = taking(meta, version, made(meta, file))
    shutil.rmtree(meta / "snapshots")
    copy = Path(result["snapshot"])
    assert (copy / file if file else copy).read_text() == "m"
    assert (copy / file if file else copy).stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    assert (result["changed"], result["version"], result["made"]) == (True, version, "2027-01-15T08:00:00Z")
    again, runner, _time = taking(meta, version, lambda: pytest.fail("a second one"))
    assert (again["changed"], again["files"]) == (False, result["files"])


def test_a_copy_that_was_damaged_is_not_kept(meta: Path) -> None:
    result, _runner, _time = taking(meta, "1.3.0", made(meta, "db.lmdb"))
    Path(result["snapshot"], "db.lmdb").write_text("x")
    with pytest.raises(UpliftError, match="the snapshot is damaged"):
        taking(meta, "1.3.0", lambda: None)


def test_two_in_one_second_would_be_one(meta: Path) -> None:  # trap G11
    made(meta, "db.lmdb", "old", "2027-01-15T08:00:00Z")()  # this very second, by the clock of the test
    result, _runner, time = taking(meta, "1.3.0", made(meta, "db.lmdb", "new", "2027-01-15T08:00:01Z"))
    assert (result["made"], round(time.seconds)) == ("2027-01-15T08:00:01Z", 1)


def test_a_snapshot_that_is_elsewhere(meta: Path) -> None:
    with pytest.raises(
        UpliftError, match="there is no new one in .*snapshots; expected it there.*garage_config_file is"
    ):
        taking(meta, "1.3.0", lambda: None)


@pytest.mark.parametrize("known", [True, False])
def test_a_snapshot_is_where_the_configuration_says(meta: Path, tmp_path: Path, known: bool) -> None:
    """And a release that does not know the setting yet puts it where it always does."""
    own = tmp_path / "fast"
    make = made(tmp_path / "fast-meta" if known else meta, "db.lmdb")
    if known:
        own.mkdir()
        (tmp_path / "fast-meta").mkdir()
        (tmp_path / "fast-meta" / "snapshots").symlink_to(own)
    result, _runner, _time = taking(meta, "1.3.0", make, snapshots_dir=str(own))
    assert (result["changed"], result["made"]) == (True, "2027-01-15T08:00:00Z")
    assert (Path(result["snapshot"]) / "db.lmdb").read_text() == "m"


def test_a_copy_below_the_metadata_would_be_deleted_by_garage(meta: Path) -> None:  # trap G11
    with pytest.raises(UpliftError, match="expected a place of its own"):
        taking(meta, "1.3.0", lambda: None, dest=str(meta / "snapshots" / "mine"))


@pytest.mark.parametrize("version", ["0.8.7", "0.9.4"])
def test_only_from_094_on(meta: Path, version: str) -> None:
    if version == "0.8.7":
        with pytest.raises(UpliftError, match="Garage 0.8.7 has no command 'meta snapshot'"):
            taking(meta, version, lambda: None)
    else:
        assert taking(meta, version, made(meta, "data.mdb"))[0]["engine"] == "lmdb"


def test_check_mode_takes_none(meta: Path) -> None:
    result, runner, _time = taking(meta, "1.3.0", lambda: pytest.fail("taken"), check_mode=True)
    assert (result["changed"], runner.without_version()) == (True, [])


@pytest.mark.parametrize("version", ["0.9.4", "1.3.0", "2.1.0"])
def test_every_node_is_read_line_by_line(version: str) -> None:  # trap G06
    assert len(snapshot.results(answer("meta_snapshot_all", version))) == 3
    assert list(snapshot.results(answer("meta_snapshot", version)).values()) == [""]
    with pytest.raises(CliError, match="1 of 3 nodes saved no snapshot .*Not connected"):
        snapshot.results(answer("meta_snapshot_all_node_down", version))


def test_the_log_of_the_command_line_is_not_what_it_says() -> None:  # trap G25
    log = "2026-11-21T07:03:44.700197Z  INFO garage_net::netapp: Connected to 198.18.250.21:3901, negotiating\n"
    said = answer("meta_snapshot", "0.9.4")
    assert snapshot.results(Answer(said.argv, 0, said.out, log)) == {"self": ""}


def test_an_exit_status_of_0_is_no_proof() -> None:  # trap G06
    assert answer("meta_snapshot_all_node_down", "0.9.4").rc == 0
    for said in ("", "something else"):
        with pytest.raises(CliError):
            snapshot.results(Answer((), 0, said, ""))


# --- snapshot: restore


@pytest.mark.parametrize(
    ("tree", "version", "engine", "expected"),
    [
        ("tree_snapshot", "0.9.4", "lmdb", {"data.mdb": "db.lmdb/data.mdb"}),
        ("tree_snapshot", "1.3.0", "lmdb", {"db.lmdb": "db.lmdb/data.mdb"}),
        ("tree_snapshot", "2.1.0", "lmdb", {"db.lmdb": "db.lmdb/data.mdb"}),
        ("tree_snapshot_sqlite", "1.3.0", "sqlite", {"db.sqlite": "db.sqlite"}),
        ("tree_snapshot_sqlite", "2.1.0", "sqlite", {"db.sqlite": "db.sqlite"}),
        ("tree_snapshot_sqlite", "0.9.4", "sqlite", {"": "db.sqlite"}),
        ("tree_snapshot_sled", "0.9.4", "sled", {"conf": "db/conf", "db": "db/db"}),
    ],
)
def test_where_the_files_of_each_release_belong(  # trap G10
    tmp_path: Path, tree: str, version: str, engine: str, expected: dict[str, str]
) -> None:
    newest = max((laid_out(tree, version, tmp_path / "meta") / "snapshots").iterdir())
    assert snapshot.places(snapshot.files_of(str(newest))) == (engine, expected)


def test_a_snapshot_of_a_kind_that_nobody_knows() -> None:
    with pytest.raises(UpliftError, match="db.fjall/journal.* is not known"):
        snapshot.places(["db.fjall/journal"])
    with pytest.raises(UpliftError, match="no files is not known"):
        snapshot.places([])


def restored(meta: Path, path: Path, check_mode: bool = False) -> dict[str, Any]:
    given = {"dest": str(path), "metadata_dir": str(meta)}
    return snapshot.restore(garage(Replay("1.3.0"), running=False), given, Progress(), check_mode, meta.parent / "proc")


@pytest.mark.parametrize(("version", "file"), [("0.9.4", "data.mdb"), ("1.3.0", "db.lmdb"), ("2.1.0", "db.lmdb")])
def test_restored_to_where_the_release_looks(meta: Path, version: str, file: str) -> None:  # trap G10
    (meta / "db.lmdb").mkdir()
    (meta / "db.lmdb" / "data.mdb").write_text("of now")
    (meta / "db.lmdb" / "data.mdb").chmod(0o640)
    taken = taking(meta, version, made(meta, file, "of then"))[0]
    result = restored(meta, Path(taken["snapshot"]))
    assert [path.name for path in (meta / "db.lmdb").iterdir()] == ["data.mdb"]
    assert (meta / "db.lmdb" / "data.mdb").read_text() == "of then"
    assert (meta / "db.lmdb" / "data.mdb").stat().st_mode & 0o777 == 0o640
    assert Path(result["renamed_to"][0], "data.mdb").read_text() == "of now"
    assert (result["changed"], result["version"]) == (True, version)
    assert restored(meta, Path(taken["snapshot"]))["changed"] is False


def test_a_journal_of_the_old_sqlite_is_not_played_into_the_new(meta: Path) -> None:
    for name in ("db.sqlite", "db.sqlite-wal", "db.sqlite-shm"):
        (meta / name).write_text("of now")
    made(meta, "db.sqlite", "of then", "2027-01-15T08:00:00Z")()
    result = restored(meta, meta / "snapshots" / "2027-01-15T08:00:00Z")
    assert (meta / "db.sqlite").read_text() == "of then"
    assert not (meta / "db.sqlite-wal").exists()
    assert not (meta / "db.sqlite-shm").exists()
    assert len(result["renamed_to"]) == 3


def test_a_restore_after_one_that_was_killed(meta: Path) -> None:
    made(meta, "db.lmdb", "of then")()
    (meta / "db.lmdb.uplift-part").mkdir()
    (meta / "db.lmdb.uplift-part" / "rest").touch()
    restored(meta, meta / "snapshots" / "2027-01-15T08:00:00Z")
    assert [path.name for path in (meta / "db.lmdb").iterdir()] == ["data.mdb"]


def test_never_beside_a_daemon(meta: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # trap G05
    made(meta, "db.lmdb", "of then")()
    monkeypatch.setattr(daemon, "daemons", lambda config, proc: [daemon.Daemon(77, "garage", "77:1")])
    with pytest.raises(UpliftError, match="runs as process 77; expected none"):
        restored(meta, meta / "snapshots" / "2027-01-15T08:00:00Z")


def test_a_restore_of_nothing(meta: Path) -> None:
    with pytest.raises(UpliftError, match="There is no snapshot at .*gone"):
        restored(meta, meta / "gone")


def test_check_mode_restores_nothing(meta: Path) -> None:
    made(meta, "db.lmdb", "of then")()
    assert restored(meta, meta / "snapshots" / "2027-01-15T08:00:00Z", check_mode=True)["changed"] is True
    assert not (meta / "db.lmdb").exists()
