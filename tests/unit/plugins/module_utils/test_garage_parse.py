# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage's text, parsed: every capture is read to its last line, every field is asserted somewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._parse import garage as parse
from ansible_collections.uplift.datastores.plugins.module_utils._parse import garage_inventory as inventory
from ansible_collections.uplift.datastores.plugins.module_utils._parse import garage_text as text
from ansible_collections.uplift.datastores.plugins.module_utils._parse import garage_work as work

from tests.unit.replay import ALL, BARE, NEW, OLD, answer, bucket_id, cases, key_id, names, out, raw

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
EVERY = [(prefix, case, version) for prefix in PARSERS for version in ALL for case in cases(prefix, version)]


@pytest.mark.parametrize(("prefix", "case", "version"), [one for one in EVERY if not one[1].startswith("stats_all")])
def test_no_captured_line_is_unknown(prefix: str, case: str, version: str) -> None:
    assert PARSERS[prefix](out(case, version)).unparsed == ()


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("prefix", [name for name in PARSERS if name not in ("block_list_errors", "worker_list")])
def test_an_unknown_line_is_reported(prefix: str, version: str) -> None:
    line = "!! the sky is falling"
    assert line in PARSERS[prefix](f"{line}\n{out(prefix, version)}").unparsed


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
    with pytest.raises(UpliftError, match="wanted 64 hexadecimal digits"):
        parse.node_id(said)


# --- status


@pytest.mark.parametrize("version", ALL)
def test_status_of_a_healthy_cluster(version: str) -> None:
    status = parse.status(out("status", version))
    ids, port = names(version), 22000 if version == NEW else 21000
    assert not status.staged
    assert {node.hostname: node for node in status.nodes} == {
        "n1": parse.Node(ids["n1"], "n1", f"127.0.0.1:{port + 10}", True, "storage", "z1", ("ssd",), "1", None),
        "n2": parse.Node(
            ids["n2"], "n2", f"127.0.0.1:{port + 20}", True, "storage", "z2", ("ssd", "rack b"), "2", None
        ),
        "n3": parse.Node(ids["n3"], "n3", f"127.0.0.1:{port + 30}", True, "storage", "z3", (), "3", None),
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


@pytest.mark.parametrize(("version", "seen"), [(OLD, "10s ago"), (BARE, "15 seconds ago"), (NEW, "15 seconds ago")])
def test_status_with_a_node_down(version: str, seen: str) -> None:
    nodes = {node.hostname: node for node in parse.status(out("status_node_down", version)).nodes}
    assert [name for name, node in nodes.items() if node.up] == [name for name in nodes if name != "n3"]
    assert (nodes["n3"].last_seen, nodes["n3"].zone, nodes["n3"].capacity) == (seen, "z3", "3")


@pytest.mark.parametrize("version", ALL)
def test_status_with_nodes_never_seen(version: str) -> None:
    down = [node for node in parse.status(out("status_never_seen", version)).nodes if not node.up]
    assert [(node.hostname, node.address, node.last_seen) for node in down] == [(None, None, "never seen")] * 2
    assert {node.id for node in down} == {names(version)["n2"], names(version)["n3"]}


def test_ids_of_old_releases_end_in_an_ellipsis() -> None:  # trap G25
    said = out("status", OLD).replace("  n1", "… n1").replace("  n2", "… n2").replace("  n3", "… n3")
    assert {node.id for node in parse.status(said).nodes} == set(names(OLD).values())


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
        parse.Role(ids["n1"], "z1", ("ssd",), "1"),
        parse.Role(ids["n2"], "z2", ("ssd", "rack b"), "2"),
        parse.Role(ids["n3"], "z3", (), "3"),
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


@pytest.mark.parametrize(("version", "number"), [(OLD, 2), (BARE, 2), (NEW, 2)])
def test_staged_move_to_another_zone(version: str, number: int) -> None:  # trap G26
    layout = parse.layout(out("layout_show_moved", version))
    assert layout.version == number, "a revert counts as a version"
    assert [(role.id, role.zone) for role in layout.staged] == [(names(version)["n1"], "z9")]


@pytest.mark.parametrize("version", ALL)
def test_reverted_changes_are_gone(version: str) -> None:  # trap G26
    layout = parse.layout(out("layout_show_reverted", version))
    assert (layout.version, layout.staged, len(layout.roles)) == (3, (), 3)


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
    ],
)
def test_stats(version: str, engine: str | None, said: str) -> None:
    stats = work.stats(out("stats", version))
    assert (stats.version, stats.engine) == (said, engine)
    assert tuple(table.name for table in stats.tables) == TABLES
    assert (stats.resync_queue, stats.block_errors) == (48, 0)


@pytest.mark.parametrize("version", ALL)
def test_stats_with_a_block_in_error(version: str) -> None:
    stats = work.stats(out("stats_errors", version))
    assert (stats.block_errors, (stats.resync_queue or 0) > 0) == (1, True)


def test_stats_of_tables_that_have_something_to_do() -> None:
    merkle = {table.name: table.merkle_todo for table in work.stats(out("stats", BARE)).tables}
    assert merkle == {"bucket_v2": 4, "key": 3, "object": 42, "version": 24, "block_ref": 48}


def test_garbage_is_counted_apart() -> None:
    said = out("stats", BARE).replace("GC todo queue length: 0", "GC todo queue length: 7")
    assert [(table.merkle_todo, table.gc_todo) for table in work.stats(said).tables][0] == (4, 7)
    said = out("stats", NEW).replace("bucket_v2  NC     NC        0        0", "bucket_v2  12     15        3        9")
    assert work.stats(said).tables[0] == work.Table("bucket_v2", 3, 9)


def test_an_answer_without_numbers_has_none() -> None:
    assert work.stats("Garage version: v0.6.0\n") == work.Stats("v0.6.0", None, (), None, None, ())


def test_the_error_in_place_of_a_section_is_reported() -> None:
    unknown = work.stats(out("stats_all_node_down", NEW)).unparsed
    assert any("Network error: Not connected" in line for line in unknown)


# --- workers


def by_name(case: str, version: str) -> dict[str, work.Worker]:
    return {worker.name: worker for worker in work.workers(out(case, version)).workers}


@pytest.mark.parametrize(("version", "count"), [(BARE, 43), (NEW, 42)])
def test_idle_workers(version: str, count: int) -> None:
    found = work.workers(out("worker_list", version)).workers
    assert len(found) >= count - 5
    assert [worker.tid for worker in found if not worker.active] == sorted(
        worker.tid for worker in found if not worker.active
    )


@pytest.mark.parametrize("version", [BARE, NEW])
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


@pytest.mark.parametrize("version", [BARE, NEW])
def test_workers_after_repairs(version: str) -> None:
    found = by_name("worker_list_done", version)
    done = {name: worker.progress for name, worker in found.items() if worker.state == "done"}
    assert (
        done
        == {
            BARE: {
                "Block repair worker": "Phase 2: 100.00% done",
                "Version repair worker": "24 items done",
                "Block refs repair worker": "48 items done",
            },
            NEW: {"Block repair worker": "100.00%", "Version repair worker": "24", "Block refs repair worker": "48"},
        }[version]
    )


@pytest.mark.parametrize("version", [BARE, NEW])
@pytest.mark.parametrize("case", ["worker_list_errors", "worker_list_only_errors"])
def test_workers_that_fail(case: str, version: str) -> None:
    found = by_name(case, version)
    failing = {name: worker.state for name, worker in found.items() if worker.consecutive_errors}
    assert failing == {"block_ref sync": "throttled", "version sync": "throttled"}
    assert (found["object sync"].errors, found["object sync"].consecutive_errors) == (1, 0)
    assert found["version sync"].errors >= 4
    assert (found["version sync"].queue or 0) > 200


@pytest.mark.parametrize("version", [BARE, NEW])
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
    assert all("Sync error: Netapp error: Not connected" in line for line in errors)


@pytest.mark.parametrize("version", ALL)
def test_a_block_that_is_tried_again_is_no_failed_repair(version: str) -> None:
    assert "Error when resyncing" in out("log_block_error", version)
    assert work.log(out("log_block_error", version)).errors == ()


# --- inventory


@pytest.mark.parametrize("version", ALL)
def test_buckets(version: str) -> None:
    rows = inventory.buckets(out("bucket_list", version)).rows
    assert sorted(row.aliases for row in rows) == [(), ("nobody",), ("photos", "pictures"), ("site",)]
    assert {row.id for row in rows if "photos" in row.aliases} == {bucket_id("photos", version)}


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("case", ["bucket_list_empty", "bucket_list_no_layout"])
def test_no_buckets(case: str, version: str) -> None:
    assert inventory.buckets(out(case, version)).rows == ()


@pytest.mark.parametrize(
    ("version", "objects", "size"),
    [(OLD, None, None), (BARE, 42, "27.5 MiB (28.8 MB)"), (NEW, 42, "27.5 MiB (28.8 MB)")],
)
def test_bucket_with_keys_and_aliases(version: str, objects: int | None, size: str | None) -> None:
    app, reader, writer = (key_id(name, version) for name in ("app key", "reader", "writer"))
    bucket = inventory.bucket(out("bucket_info", version))
    assert bucket.id == bucket_id("photos", version)
    assert bucket.global_aliases == ("photos", "pictures")
    assert bucket.local_aliases == tuple(sorted([(app, "album"), (reader, "shots")]))
    assert {grant.key: (grant.read, grant.write, grant.owner) for grant in bucket.grants} == {
        app: (True, True, True),
        reader: (True, False, False),
        writer: (False, True, False),
    }
    assert (bucket.website, bucket.quotas, bucket.objects, bucket.size) == (False, (), objects, size)


@pytest.mark.parametrize("version", ALL)
def test_bucket_without_a_global_name(version: str) -> None:
    bucket = inventory.bucket(out("bucket_info_local", version))
    assert bucket.global_aliases == ()
    assert sorted(alias for _key, alias in bucket.local_aliases) == ["log", "only-local"]


@pytest.mark.parametrize("version", ALL)
def test_website_and_bucket_of_nobody(version: str) -> None:
    assert inventory.bucket(out("bucket_info_website", version)).website
    nobody = inventory.bucket(out("bucket_info_empty", version))
    assert (nobody.grants, nobody.local_aliases, nobody.website) == ((), (), False)


@pytest.mark.parametrize("version", [BARE, NEW])
def test_quotas(version: str) -> None:
    quotas = dict(inventory.bucket(out("bucket_info_quota", version)).quotas)
    assert quotas == {"maximum size": "10.0 GiB (10.7 GB)", "maximum number of objects": "500"}


@pytest.mark.parametrize("said", ["", "Bucket: abc\nBucket is deleted.\n"])
def test_no_bucket_is_not_an_empty_bucket(said: str) -> None:
    with pytest.raises(UpliftError, match="describes no bucket"):
        inventory.bucket(said)


def test_a_grant_in_another_form_is_reported() -> None:
    said = out("bucket_info", NEW).replace("  RWO  ", "  rwox  ")
    assert len(inventory.bucket(said).unparsed) == 1


@pytest.mark.parametrize("version", ALL)
def test_keys(version: str) -> None:
    assert sorted(row.name for row in inventory.keys(out("key_list", version)).rows) == ["app key", "reader", "writer"]
    assert inventory.keys(out("key_list_empty", version)).rows == ()


def test_a_key_without_a_name() -> None:
    assert inventory.keys("List of keys:\n  GK01  \n").rows == (inventory.KeyRow("GK01", ""),)


@pytest.mark.parametrize("version", ALL)
def test_key(version: str) -> None:
    key = inventory.key(out("key_new", version))
    assert (key.id, key.name, key.create_buckets) == (key_id("uplift-probe", version), "uplift-probe", False)
    assert key.secret == "SECRET"
    assert "SECRET" not in repr(key)
    assert inventory.key(out("key_info", version)).name == "app key"


def test_no_key_is_an_error() -> None:
    with pytest.raises(UpliftError, match="described no key"):
        inventory.key("Key GK01 is deleted.\n")
