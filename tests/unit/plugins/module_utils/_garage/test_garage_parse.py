# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage's text, parsed: every capture is read to its last line, every field is asserted somewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import names as garage_names
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import api, first, inventory, text, work
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import cluster as parse

from tests.unit import replay
from tests.unit.replay import (
    ALL,
    BARE,
    FIRST,
    IN_ERROR,
    LISTED,
    NEW,
    NEWEST,
    NINE,
    OLD,
    ONE,
    SECOND,
    TEXT,
    TWO,
    answer,
    bucket_id,
    cases,
    key_id,
    names,
    out,
    raw,
)  # fmt: skip

PARSERS: dict[str, Callable[[str], Any]] = {
    "status": parse.status,
    "layout_show": parse.layout,
    "stats": work.stats,
    "worker_list": work.workers,
    "block_list_errors": work.broken_blocks,
    "bucket_list": inventory.buckets,
    "bucket_info": inventory.bucket,
    "key_list": inventory.keys,
    "metrics": work.metrics,
}
HELD = ("bucket_list", "bucket_info", "key_list")  # in 0.5 and 2.x their forms are others, with parsers of their own
OTHERS = {(FIRST, "bucket_list"): first.buckets, (FIRST, "bucket_info"): first.bucket}
OTHERS[FIRST, "key_list"] = first.keys


def parser(prefix: str, version: str) -> Callable[[str], Any]:
    return OTHERS.get((version, prefix), PARSERS[prefix])


EVERY = [
    (prefix, case, version)
    for prefix in PARSERS
    for version in ALL
    for case in cases(prefix, version)
    if (version, prefix) not in [(api, one) for api in (TWO, NEWEST) for one in HELD]
]


@pytest.mark.parametrize(("prefix", "case", "version"), [one for one in EVERY if not one[1].startswith("stats_all")])
def test_no_captured_line_is_unknown(prefix: str, case: str, version: str) -> None:
    assert parser(prefix, version)(out(case, version)).unparsed == ()


@pytest.mark.parametrize(
    ("prefix", "version"),
    [(p, v) for p, case, v in EVERY if p == case and p not in ("block_list_errors", "worker_list")],
)
def test_an_unknown_line_is_reported(prefix: str, version: str) -> None:
    line = "!! the sky is falling"
    assert line in parser(prefix, version)(f"{line}\n{out(prefix, version)}").unparsed


@pytest.mark.parametrize(("case", "version"), [("worker_list", BARE), ("worker_list", NEW), ("block_list_errors", NEW)])
def test_an_unknown_line_before_a_table_is_reported(case: str, version: str) -> None:
    line = "!! the sky is falling"
    assert line in PARSERS[case](f"{line}\n{out(case, version)}").unparsed


# --- tables


def test_a_cell_that_is_empty_keeps_its_place() -> None:
    header = "ID    Tags  Last seen  Zone"
    assert text.cells(header, "0bb5        never      z1") == {
        "ID": "0bb5",
        "Tags": "",
        "Last seen": "never",
        "Zone": "z1",
    }


def test_a_last_cell_may_be_longer_than_its_header() -> None:
    assert text.cells("ID  DataAvail", "01  80.4 GB (29.7%)")["DataAvail"] == "80.4 GB (29.7%)"


@pytest.mark.parametrize(("said", "found"), [("0", 0), ("118", 118), ("-", None), ("NC", None), ("", None)])
def test_number(said: str, found: int | None) -> None:
    assert text.number(said) == found


# --- node id


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("case", ["node_id", "node_id_daemon_down"])
def test_node_id_is_whole(case: str, version: str) -> None:
    peer = parse.node_id(out(case, version))
    assert peer.id[:16] == names(version)["n1"]
    assert len(peer.id) == 64
    assert peer.address in ("127.0.0.1:21010", "127.0.0.1:22010")


def test_node_id_without_an_address() -> None:
    assert parse.node_id("ab" * 32 + "\n") == parse.Peer("ab" * 32, None)


@pytest.mark.parametrize("said", ["", "0b6b3c1a71dea7ea@127.0.0.1:3901", "Error: no key"])
def test_node_id_refuses(said: str) -> None:
    with pytest.raises(UpliftError, match="expected 64 hexadecimal digits"):
        parse.node_id(said)


# --- status


def capacities(version: str) -> tuple[str, str, str]:
    """Shares, and from 0.9 on bytes."""
    if version == NEWEST:
        return ("953.7 MiB", "1.9 GiB", "2.8 GiB")
    return ("1000.0 MB", "2.0 GB", "3.0 GB") if version in (NINE, ONE, TWO) else ("1", "2", "3")


@pytest.mark.parametrize("version", ALL)
def test_status_of_a_healthy_cluster(version: str) -> None:
    status = parse.status(out("status", version))
    ids, port, (one, two, three) = names(version), 22000 if version == NEW else 21000, capacities(version)
    assert not status.staged
    assert {node.hostname: node for node in status.nodes} == {
        "n1": parse.Node(ids["n1"], "n1", f"127.0.0.1:{port + 10}", True, "storage", "z1", ("ssd",), one, None),
        "n2": parse.Node(
            ids["n2"], "n2", f"127.0.0.1:{port + 20}", True, "storage", "z2", ("ssd", "rack b"), two, None
        ),
        "n3": parse.Node(ids["n3"], "n3", f"127.0.0.1:{port + 30}", True, "storage", "z3", (), three, None),
    }


@pytest.mark.parametrize("version", ALL)
def test_status_before_any_layout(version: str) -> None:
    nodes = parse.status(out("status_no_role", version)).nodes
    assert [(node.role, node.zone, node.tags, node.capacity, node.up) for node in nodes] == [
        ("none", None, (), None, True)
    ] * 3


@pytest.mark.parametrize("version", ALL)
def test_status_with_a_first_layout_staged(version: str) -> None:
    status = parse.status(out("status_pending", version))
    assert status.staged  # trap G26
    assert [node.role for node in status.nodes] == ["pending"] * 3


@pytest.mark.parametrize("version", ALL)
def test_status_with_staged_changes_shows_the_old_roles(version: str) -> None:
    status = parse.status(out("status_staged", version))
    assert status.staged  # trap G26
    assert sorted(node.zone or "" for node in status.nodes) == ["z1", "z2", "z3"]


@pytest.mark.parametrize("version", ALL)
def test_status_with_a_node_down(version: str) -> None:
    nodes = {node.hostname: node for node in parse.status(out("status_node_down", version)).nodes}
    assert [name for name, node in nodes.items() if node.up] == [name for name in nodes if name != "n3"]
    assert (nodes["n3"].zone, nodes["n3"].capacity) == ("z3", capacities(version)[2])
    assert re.fullmatch(r"\d+(s| seconds?) ago", nodes["n3"].last_seen or "")


@pytest.mark.parametrize("version", ALL)
def test_status_with_nodes_never_seen(version: str) -> None:
    down = [node for node in parse.status(out("status_never_seen", version)).nodes if not node.up]
    assert [(node.hostname, node.address, node.last_seen) for node in down] == [(None, None, "never seen")] * 2
    assert {node.id for node in down} == {names(version)["n2"], names(version)["n3"]}


@pytest.mark.parametrize("version", [FIRST, SECOND])
@pytest.mark.parametrize("case", ["status", "layout_show", "layout_show_staged"])
def test_ids_of_old_releases_end_in_an_ellipsis(case: str, version: str) -> None:  # trap G25
    assert "…" in out(case, version)
    found = (parse.status(out(case, version)).nodes) if case == "status" else parse.layout(out(case, version)).roles
    assert {one.id for one in found} == set(names(version).values())
    if case == "layout_show_staged":
        assert all(len(one.id) == 16 for one in parse.layout(out(case, version)).staged)


def test_a_node_that_drains_has_left_the_layout() -> None:
    """1.x and 2.x, until it has handed over what it holds; its line is as their source prints it."""
    said = out("status", ONE).replace("1000.0 MB  65", "draining metadata...  65")
    assert {node.role for node in parse.status(said).nodes if node.zone == "z1"} == {"draining"}


def test_colours_do_not_reach_a_parser() -> None:  # trap G25
    assert "\\e[" in raw("bucket_info_unknown", BARE), "the capture holds what the binary said"
    assert "\x1b" not in answer("bucket_info_unknown", BARE).err
    assert "Error: Bucket not found" in answer("bucket_info_unknown", BARE).err


def test_the_log_of_the_old_cli_is_not_an_answer() -> None:  # trap G25
    assert "Connection established" in answer("status", OLD).err
    assert "Connection established" not in out("status", OLD)


# --- layout


@pytest.mark.parametrize("version", ALL)
def test_layout(version: str) -> None:
    layout, ids = parse.layout(out("layout_show", version)), names(version)
    assert (layout.version, layout.staged) == (1, ())
    assert set(layout.roles) == {
        parse.Role(ids["n1"], "z1", ("ssd",), capacities(version)[0]),
        parse.Role(ids["n2"], "z2", ("ssd", "rack b"), capacities(version)[1]),
        parse.Role(ids["n3"], "z3", (), capacities(version)[2]),
    }


@pytest.mark.parametrize("version", ALL)
def test_layout_of_a_new_cluster(version: str) -> None:
    layout = parse.layout(out("layout_show_empty", version))
    assert (layout.version, layout.roles, layout.staged) == (0, (), ())


@pytest.mark.parametrize("version", ALL)
def test_staged_changes(version: str) -> None:  # trap G26
    layout, ids = parse.layout(out("layout_show_staged", version)), names(version)
    assert set(layout.staged) == {
        parse.Role(ids["n1"], "z1", ("ssd",), None),
        parse.Role(ids["n2"], None, (), None, removed=True),
    }
    assert len(layout.roles) == 3, "the current roles, not the proposed ones"


@pytest.mark.parametrize("version", ALL)
def test_staged_first_layout(version: str) -> None:  # trap G26
    layout = parse.layout(out("layout_show_first", version))
    assert (layout.version, layout.roles, len(layout.staged)) == (0, (), 3)


@pytest.mark.parametrize("version", ALL)
def test_staged_move_to_another_zone(version: str) -> None:  # trap G26
    layout = parse.layout(out("layout_show_moved", version))
    assert layout.version == (1 if version in (ONE, TWO, NEWEST) else 2), "up to 0.9 a revert counts as a version"
    assert [(role.id, role.zone) for role in layout.staged] == [(names(version)["n1"], "z9")]


@pytest.mark.parametrize("version", ALL)
def test_reverted_changes_are_gone(version: str) -> None:  # trap G26
    layout = parse.layout(out("layout_show_reverted", version))
    assert (layout.version, layout.staged, len(layout.roles)) == (1 if version in (ONE, TWO, NEWEST) else 3, (), 3)


@pytest.mark.parametrize("version", [NINE, ONE, TWO, NEWEST])
def test_another_redundancy_is_staged_without_any_role(version: str) -> None:  # trap G26
    layout = parse.layout(out("layout_show_redundancy", version))
    assert (layout.staged, layout.staged_redundancy) == ((), "1")
    assert parse.status(out("status_redundancy", version)).staged
    assert parse.layout(out("layout_show_staged", version)).staged_redundancy is None


@pytest.mark.parametrize("version", ALL)
def test_how_many_zones_must_have_a_copy(version: str) -> None:
    """Not the one that is staged, nor the one of the layout that would follow."""
    known = "maximum" if version in (NINE, ONE, TWO, NEWEST) else None
    for name in ("layout_show", "layout_show_staged", "layout_show_moved"):
        assert parse.layout(out(name, version)).redundancy == known
    assert parse.layout(out("layout_show_empty", version)).redundancy is None
    assert parse.layout(out("layout_show_first", version)).redundancy is None
    if version == NINE:
        applied = parse.layout(out("layout_show_two_zones", version))
        assert (applied.redundancy, applied.staged_redundancy, len(applied.roles)) == ("2", None, 3)
    if known:
        staged = parse.layout(out("layout_show_redundancy", version))
        assert (staged.redundancy, staged.staged_redundancy) == ("maximum", "1")


def test_layout_without_a_version_is_no_layout() -> None:
    with pytest.raises(UpliftError, match="names no layout version"):
        parse.layout("==== CURRENT CLUSTER LAYOUT ====\n")


# --- stats

TABLES = ("bucket_v2", "key", "object", "version", "block_ref")


@pytest.mark.parametrize(
    ("version", "engine", "said"),
    [
        (OLD, None, "cargo:0.7.0"),
        (BARE, "Sled", "cargo:0.8.0 [features: sled, metrics, bundled-libs]"),
        (NEW, "Sled", "cargo:0.8.7 [features: k2v, sled, metrics, bundled-libs]"),
        (SECOND, None, "cargo:0.6.0"),
        (NINE, "LMDB (using Heed crate)", "cargo:0.9.4 [features: k2v, sled, lmdb, sqlite, metrics, bundled-libs]"),
        (ONE, "LMDB (using Heed crate)", "cargo:1.3.0 [features: k2v, lmdb, sqlite, metrics, bundled-libs]"),
        (TWO, "LMDB (using Heed crate)", "cargo:2.1.0"),
    ],
)
def test_stats(version: str, engine: str | None, said: str) -> None:
    stats = work.stats(out("stats", version))
    assert (stats.version, stats.engine) == (said, engine)
    assert set(TABLES) <= {table.name for table in stats.tables}
    assert (stats.resync_queue, stats.block_errors) == (48, None if version == SECOND else 0)


@pytest.mark.parametrize("version", [OLD, *IN_ERROR])
def test_stats_with_a_block_in_error(version: str) -> None:
    stats = work.stats(out("stats_errors", version))
    assert (stats.block_errors, (stats.resync_queue or 0) > 0) == (1, True)


@pytest.mark.parametrize("version", [FIRST, SECOND])
def test_before_0_7_the_log_alone_tells_of_a_block_in_error(version: str) -> None:  # trap G16
    assert work.stats(out("stats_errors", version)).block_errors is None
    assert len(work.log(out("log_block_error", version)).broken_blocks) == 1


def test_stats_of_tables_that_have_something_to_do() -> None:
    merkle = {table.name: table.merkle_todo for table in work.stats(out("stats", BARE)).tables}
    assert merkle == {"bucket_v2": 4, "key": 3, "object": 42, "version": 24, "block_ref": 48}


def test_garbage_is_counted_apart() -> None:
    said = out("stats", BARE).replace("GC todo queue length: 0", "GC todo queue length: 7")
    assert [(table.merkle_todo, table.gc_todo) for table in work.stats(said).tables][0] == (4, 7)
    said = out("stats", NEW).replace("bucket_v2  NC     NC        0        0", "bucket_v2  12     15        3        9")
    assert work.stats(said).tables[0] == work.Table("bucket_v2", 3, 9, 12)


def test_an_answer_without_numbers_has_none() -> None:
    assert work.stats("Garage version: v0.6.0\n") == work.Stats("v0.6.0", None, (), None, None, ())


def test_the_error_in_place_of_a_section_is_reported() -> None:
    for version in (NEW, NINE, ONE, TWO, NEWEST):  # trap G06
        assert answer("stats_all_node_down", version).rc == 0
        unknown = work.stats(out("stats_all_node_down", version)).unparsed
        assert any("Network error: Not connected" in line for line in unknown)


# --- workers


def by_name(case: str, version: str) -> dict[str, work.Worker]:
    return {worker.name: worker for worker in work.workers(out(case, version)).workers}


@pytest.mark.parametrize(("version", "count"), [(BARE, 43), (NEW, 42), (NINE, 54), (ONE, 54), (TWO, 58)])
def test_idle_workers(version: str, count: int) -> None:
    found = work.workers(out("worker_list", version)).workers
    assert len(found) >= count - 5
    assert [worker.tid for worker in found if not worker.active] == sorted(
        worker.tid for worker in found if not worker.active
    )


@pytest.mark.parametrize("version", LISTED)
def test_workers_that_sync(version: str) -> None:
    found = by_name("worker_list_syncing", version)
    busy = {name: worker for name, worker in found.items() if worker.active}
    assert busy
    assert all(
        name.endswith(" sync") and worker.state == "busy" and (worker.queue or 0) > 0 for name, worker in busy.items()
    )
    assert found["Block resync worker #1"].queue == 48
    assert found["Block resync worker #2"].queue is None
    assert not found["object sync"].active


@pytest.mark.parametrize("version", LISTED)
def test_workers_after_repairs(version: str) -> None:
    found = by_name("worker_list_done", version)
    done = {name: worker.progress for name, worker in found.items() if worker.state == "done"}
    by_release = {
        BARE: {
            "Block repair worker": "Phase 2: 100.00% done",
            "Version repair worker": "24 items done",
            "Block refs repair worker": "48 items done",
        },
        NEW: {"Block repair worker": "100.00%", "Version repair worker": "24", "Block refs repair worker": "48"},
        NINE: {
            "Block repair worker": "100.00%",
            "version repair worker": "24 (0)",
            "block_ref repair worker": "48 (0)",
            "multipart_upload repair worker": "0 (0)",
        },
    }
    newest = {**by_release[NINE], "Block refcount repair worker": "48 (0)"}
    assert done == by_release.get(version, newest)


@pytest.mark.parametrize("version", [BARE, NEW])
@pytest.mark.parametrize("case", ["worker_list_errors", "worker_list_only_errors"])
def test_workers_that_fail(case: str, version: str) -> None:
    found = by_name(case, version)
    failing = {name: worker.state for name, worker in found.items() if worker.consecutive_errors}
    assert failing == {"block_ref sync": "throttled", "version sync": "throttled"}
    assert (found["object sync"].errors, found["object sync"].consecutive_errors) == (1, 0)
    assert found["version sync"].errors >= 4
    assert (found["version sync"].queue or 0) > 200


@pytest.mark.parametrize("version", LISTED)
def test_nobody_busy(version: str) -> None:
    assert work.workers(out("worker_list_none_busy", version)).workers == ()


def test_details_that_no_rule_knows_are_reported() -> None:
    said = out("worker_list", BARE) + "            a new kind of detail\n"
    assert work.workers(said).unparsed == ("            a new kind of detail",)


@pytest.mark.parametrize(
    ("detail", "field", "value"),
    [
        ("12 items in queue", "queue", 12),
        ("131 partitions remaining", "queue", 131),
        ("tranquility = 2, 9 blocks in queue, 1 blocks in error state", "queue", 9),
        ("(3 errors, last 4 seconds ago)", "errors", 3),
        ("2 consecutive errors (5 total), last now", "consecutive_errors", 2),
        ("2 consecutive errors (5 total), last now", "errors", 5),
        ("0.51% done (tranquility = 4)", "progress", "0.51% done (tranquility = 4)"),
    ],
)
def test_details_of_the_first_form(detail: str, field: str, value: Any) -> None:
    found = work.workers(f"1   Busy  some worker\n            {detail}\n")
    assert (getattr(found.workers[0], field), found.unparsed) == (value, ())


def test_a_broken_block() -> None:
    (block,) = work.broken_blocks(out("block_list_errors", NEW)).blocks
    assert (len(block.hash), block.references, block.errors, block.next_try) == (64, 1, 1, "in 58 seconds")
    assert work.broken_blocks(out("block_list_errors_clean", NEW)).blocks == ()


# --- metrics and log


def test_metrics_count_the_questions_of_a_sync() -> None:
    before, after = work.metrics(out("metrics", OLD)), work.metrics(out("metrics_synced", OLD))
    assert (before.sync_requests, after.sync_requests) == (360, 498)
    assert (after.resync_queue, after.block_errors) == (48, 0)


def test_metrics_of_a_stranger() -> None:
    found = work.metrics("# HELP nothing\n<html>\n")
    assert (found.sync_requests, found.resync_queue, found.block_errors) == (0, None, None)
    assert found.unparsed == ("<html>",)


@pytest.mark.parametrize("name", ["tables", "blocks", "versions", "block_refs"])
def test_the_old_log_tells_start_and_end(name: str) -> None:  # trap G16
    assert work.log(out(f"log_repair_{name}", OLD)) == work.Log(1, 1, ())


@pytest.mark.parametrize("version", ALL)
def test_the_log_tells_of_a_failed_sync(version: str) -> None:
    errors = work.log(out("log_sync_error", version)).errors
    assert errors
    assert all("Sync error" in line and "Not connected" in line for line in errors)


@pytest.mark.parametrize("version", ALL)
def test_a_block_that_is_tried_again_is_no_failed_repair(version: str) -> None:
    assert "block" in out("log_block_error", version)
    assert work.log(out("log_block_error", version)).errors == ()


# --- inventory


@pytest.mark.parametrize("version", TEXT + (TWO, NEWEST))
def test_buckets(version: str) -> None:
    rows = replay.buckets("bucket_list", version).rows
    assert sorted(row.aliases for row in rows) == [(), ("nobody",), ("photos", "pictures"), ("site",)]
    assert all(len(row.id) == 64 and row.word == row.id for row in rows)


def test_buckets_of_the_first_release_are_names() -> None:
    rows = replay.buckets("bucket_list", FIRST).rows
    assert [row.aliases for row in rows] == [(x,) for x in ("My_Bucket", "b9", "logs", "nobody", "photos", "site")]
    assert [row.word for row in rows] == [row.aliases[0] for row in rows]
    assert rows[4].id == garage_names.bucket_id("photos"), "the id that it will have in 0.6"


@pytest.mark.parametrize("version", TEXT)
@pytest.mark.parametrize("case", ["bucket_list_empty", "bucket_list_no_layout"])
def test_no_buckets(case: str, version: str) -> None:
    if answer(case, version).rc:
        pytest.skip("this release has no list without a layout")
    assert inventory.buckets(out(case, version)).rows == ()


def test_no_buckets_of_the_last_and_of_the_first() -> None:
    assert api.buckets("[]").rows == api.keys("[]").rows == ()
    assert first.buckets(out("bucket_list_empty", FIRST)).rows == ()


SIZE = "27.5 MiB (28.8 MB)"


@pytest.mark.parametrize(
    ("version", "objects", "size"),
    [
        (SECOND, None, None), (OLD, None, None), (BARE, 42, SIZE), (NEW, 42, SIZE), (NINE, 42, SIZE), (ONE, 42, SIZE),
        (TWO, 42, "28848486 B"),
    ],
)  # fmt: skip
def test_bucket_with_keys_and_aliases(version: str, objects: int | None, size: str | None) -> None:
    app, reader, writer = (key_id(name, version) for name in ("app key", "reader", "writer"))
    bucket = replay.bucket("bucket_info", version)
    assert bucket.id == bucket_id("photos", version)
    assert bucket.global_aliases == ("photos", "pictures")
    assert bucket.local_aliases == tuple(sorted([(app, "album"), (reader, "shots")]))
    assert {grant.key: (grant.read, grant.write, grant.owner) for grant in bucket.grants} == {
        app: (True, True, True),
        reader: (True, False, False),
        writer: (False, True, False),
    }
    assert (bucket.website, bucket.quotas, bucket.objects, bucket.size) == (False, (), objects, size)


def test_bucket_of_the_first_release() -> None:
    app, reader, writer = (key_id(name, FIRST) for name in ("app key", "reader", "writer"))
    bucket = replay.bucket("bucket_info", FIRST)
    assert (bucket.id, bucket.global_aliases) == (garage_names.bucket_id("photos"), ("photos",))
    assert {grant.key: (grant.read, grant.write, grant.owner) for grant in bucket.grants} == {
        app: (True, True, False),
        reader: (True, False, False),
        writer: (False, True, False),
    }
    assert (bucket.website, bucket.quotas, bucket.objects, bucket.local_aliases) == (False, (), None, ())
    taken = out("bucket_info", FIRST).replace("R:true W:true", "R:false W:false")
    assert len(first.bucket(taken).grants) == 2, "what was taken away stays in the list"


@pytest.mark.parametrize("version", TEXT)
def test_bucket_without_a_global_name(version: str) -> None:
    bucket = inventory.bucket(out("bucket_info_local", version))
    assert bucket.global_aliases == ()
    assert sorted(alias for _key, alias in bucket.local_aliases) == ["log", "only-local"]


def test_the_alias_of_a_key_that_may_do_nothing_stands_in_the_list_alone() -> None:
    bucket = replay.bucket("bucket_info_local", TWO)
    row = next(row for row in replay.buckets("bucket_list", TWO).rows if row.id == bucket.id)
    assert [alias for _key, alias in bucket.local_aliases] == ["only-local"]
    assert sorted(alias for _key, alias in row.local_aliases) == ["log", "only-local"]
    runner = replay.Replay(TWO, {replay.question("bucket", TWO, row.id): "api_bucket_local"})
    assert replay.garage(runner).bucket(row).local_aliases == row.local_aliases


@pytest.mark.parametrize("version", ALL)
def test_website_and_bucket_of_nobody(version: str) -> None:
    assert replay.bucket("bucket_info_website", version).website
    nobody = replay.bucket("bucket_info_empty", version)
    assert (nobody.grants, nobody.local_aliases, nobody.website) == ((), (), False)


@pytest.mark.parametrize("version", [BARE, NEW, NINE, ONE])
def test_quotas(version: str) -> None:
    quotas = dict(inventory.bucket(out("bucket_info_quota", version)).quotas)
    assert quotas == {"maximum size": "10.0 GiB (10.7 GB)", "maximum number of objects": "500"}


def test_quotas_of_the_api() -> None:
    said = out("api_bucket", TWO).replace('"maxObjects": null', '"maxObjects": 500')
    assert dict(api.bucket(said).quotas) == {"maximum number of objects": "500"}


@pytest.mark.parametrize("said", ["", "Bucket: abc\nBucket is deleted.\n"])
def test_no_bucket_is_not_an_empty_bucket(said: str) -> None:
    with pytest.raises(UpliftError, match="describes no bucket"):
        inventory.bucket(said)
    with pytest.raises(UpliftError, match="describes no bucket"):
        first.bucket("Bucket name: abc\nBucket is deleted.\n")


def test_a_grant_in_another_form_is_reported() -> None:
    said = out("bucket_info", NEW).replace("  RWO  ", "  rwox  ")
    assert len(inventory.bucket(said).unparsed) == 1
    assert len(first.bucket(out("bucket_info", FIRST).replace("R:true", "R:maybe")).unparsed) == 2


@pytest.mark.parametrize("version", ALL)
def test_keys(version: str) -> None:
    assert sorted(row.name for row in replay.keys("key_list", version).rows) == ["app key", "reader", "writer"]


@pytest.mark.parametrize("version", TEXT)
def test_no_keys(version: str) -> None:
    assert inventory.keys(out("key_list_empty", version)).rows == ()


def test_a_key_without_a_name() -> None:
    assert inventory.keys("List of keys:\n  GK01  \n").rows == (inventory.KeyRow("GK01", ""),)


@pytest.mark.parametrize("version", ALL)
def test_key(version: str) -> None:
    key = replay.key("key_new", version)
    assert (key.id.startswith("GK"), key.name, key.create_buckets) == (True, "uplift-probe", False)
    assert key.secret == "SECRET"
    assert "SECRET" not in repr(key)
    assert replay.key("key_info", version).name == "app key"


def test_no_key_is_an_error() -> None:
    with pytest.raises(UpliftError, match="described no key"):
        inventory.key("Key GK01 is deleted.\n")


# --- names of 0.5


@pytest.mark.parametrize("name", ["My_Bucket", "b9", "10.0.0.1", "xn--a", "a-s3alias", ".ab", "ab-", "a" * 64])
def test_a_name_that_s3_does_not_allow_gets_another_one(name: str) -> None:  # trap G14
    assert garage_names.new_name(name) == garage_names.bucket_id(name)[:32]


def test_ids_are_those_that_a_real_migration_made() -> None:  # trap G14
    rows = inventory.buckets(out("bucket_list_migrated", SECOND)).rows
    assert {row.id for row in rows} == {garage_names.bucket_id(name) for name in ("My_Bucket", "b9", "photos", "site")}
    made = {garage_names.new_name(name) for name in ("My_Bucket", "b9", "photos", "site")}
    assert {row.aliases[0] for row in rows} == made
