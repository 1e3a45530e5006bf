# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._garage.findings import findings
from ansible_collections.uplift.datastores.plugins.module_utils._garage.hop_findings import hop_findings

GOOD: dict[str, Any] = {
    "info": {
        "running": True,
        "problem": "",
        "version": "0.7.0",
        "binary_version": "0.7.0",
        "unparsed": [],
        "staged": False,
        "block_errors": 0,
        "queues": {"merkle": 0, "gc": 0, "resync": 0},
        "workers": None,
        "nodes": [{"id": "0b6b3c1a71dea7ea", "up": True, "role": "storage"}, {"id": "ff", "up": False, "role": "none"}],
    },
    "settings": {"config": {}, "findings": []},
    "space": {"paths": {"/b": {"at": "/", "free": 1000}}, "sizes": {"/m": 100}, "programs": {"zstd": "/usr/bin/zstd"}},
    "release": {"changed": True},
    "clock": {"offset": 0.0},
    "s3": {"silent": []},
    "metadata_dir": "/m",
    "backup_dir": "/b",
}


def test_a_good_node_has_no_findings() -> None:
    assert findings(GOOD) == []


def row(thing: str, operation: str = "", what: str = "step 0/before/1/quiesce") -> dict[str, str]:
    return {"thing": thing, "what": what, "operation": operation}


OTHER = {"key": "container_unit", "stops": True, "saw": "it runs a container", "expected": "itself", "do": "name it"}
BAD = [
    ("service_held", True, {"closed": [row("service", "op-1")], "info.running": False}, "the service is held down"),
    (
        "ports_closed",
        True,
        {"closed": [row("ports", "op-1")]},
        "by the operation op-1 (step 0/before/1/quiesce), and no",
    ),
    ("daemon_down", True, {"info.running": False, "info.problem": "No Garage daemon runs."}, "No Garage daemon runs."),
    ("container_unit", True, {"info.not_itself": OTHER, "info.running": False}, "it runs a container"),
    ("no_answer", True, {"info.problem": "Asking Garage for `status` failed"}, "does not answer everything"),
    ("mounted_by_unit", True, {"info.mounting": ["/bin/mount /srv/meta"]}, "around its service (/bin/mount /srv/meta)"),
    (
        "script_closed",
        True,
        {"info.script": "/bin/sh -c exec garage server", "info.binary": "/opt/garage", "closes": True},
        "while clients are shut out, /opt/garage is started in its place",
    ),
    (
        "shared_program",  # trap G36
        True,
        {"release": {"shared": ["garage-green.service"]}},
        "garage-green.service and this unit start the same program, so both would start the new release",
    ),
    (
        "kubernetes_hop",
        True,
        {"pod": "kubernetes:shop/pod/garage-0", "beyond_pods": ["repair", "convert"]},
        "kubernetes:shop/pod/garage-0 is a pod, and the path takes repair, convert",
    ),
    ("unknown_answer", True, {"info.unparsed": ["what is this"]}, "what is this"),
    ("restart_pending", True, {"info.binary_version": "0.8.7"}, "0.7.0 runs and 0.8.7 lies at the unit's path"),
    (
        "nodes_down",
        True,
        {"info.nodes": [{"id": "2fa10ee3716c208e", "up": False, "role": "storage"}]},
        "2fa10ee3716c208e",
    ),
    ("nodes_down", True, {"info.nodes": [{"id": "2fa10ee3716c208e", "up": False, "role": "gateway"}]}, "not connected"),
    # trap G01, trap G20: a typo in db_engine, or none at all, opens an empty database.
    (
        "engine_mismatch",
        True,
        {"engine": {"finding": {"key": "engine_mismatch", "seen": "sled", "expected": "lmdb", "advice": "write it"}}},
        "sled",
    ),
    (
        "engine_no_snapshot",
        True,
        {"engine": {"opens": "sled", "snapshots": False}, "live": True},
        "garage_backup_method is snapshot, and the metadata are in sled, of which Garage takes none",
    ),
    (
        "backup_tasks",
        True,
        {"live": True, "filesystem": {"tasks": "", "from": "/snap", "absent": []}},
        "garage_backup_method is filesystem, and there is no garage_backup_tasks",
    ),
    (
        "backup_tasks",
        True,
        {"live": True, "filesystem": {"tasks": "/t.yml", "from": "", "absent": ["/t.yml"]}},
        "there is no garage_backup_from and no file /t.yml on the controller",
    ),
    (
        "other_directory",
        True,
        {"engine": {"elsewhere": True}},
        "the service finds another directory at /m than this host does",
    ),
    ("engine_missing", True, {"engine": {"failed": True, "msg": "cannot be read"}}, "cannot be read"),
    # As it comes through the role, whose failed_when takes the failure away.
    ("engine_missing", True, {"engine": {"failed": False, "msg": "cannot be read"}}, "cannot be read"),
    ("no_answer", True, {"contents": {"problem": "`garage bucket list` was answered with HTML"}}, "with HTML"),
    ("unknown_answer", True, {"contents": {"unparsed": ["what is this"]}}, "what is this"),
    # trap G14: the migration gives them another name, that of their id.
    (
        "bucket_renamed",
        True,
        {
            "info.version": "0.5.1",
            "info.binary_version": "0.5.1",
            "targets": ["0.6.0"],
            "contents": {"buckets": [{"global_aliases": ["My_Bucket", "b1.x-y"]}]},
        },
        "calls it 50170f4e",
    ),
    # trap G21
    (
        "config_ambiguous",
        True,
        {
            "targets": ["2.1.0"],
            "settings.config": {"db_engine": "lmdb", "replication_mode": "3", "replication_factor": 3, "admin": {}},
        },
        "no release takes both",
    ),
    (
        "admin_api_moves",
        False,
        {
            "info.version": "1.3.0",
            "info.binary_version": "1.3.0",
            "targets": ["2.1.0"],
            "settings.config": {
                "db_engine": "lmdb",
                "replication_mode": "3",
                "replication_factor": None,
                "admin": {"has_admin_token": True},
            },
        },
        "/v2 takes the place",
    ),
    (
        "config_made",
        True,
        {
            "info.config_made": "at each start of the unit",
            "info.config_file": "/run/garage.toml",
            "targets": ["2.1.0"],
            "settings.config": {"db_engine": "lmdb", "replication_mode": "3", "replication_factor": None, "admin": {}},
        },
        "/run/garage.toml is made anew at each start of the unit; the way changes replication_factor, replication_mode",
    ),
    (
        "two_configs",
        True,
        {
            "other_config": "/etc/garage.toml",
            "settings.config": {"db_engine": "", "replication_mode": "3", "replication_factor": None, "admin": {}},
        },
        "/etc/garage.toml, which is there too",
    ),
    # trap G26: an apply with nothing staged succeeds, one with something staged moves data in the middle of an upgrade.
    ("staged_layout", True, {"info.staged": True}, "staged and not applied"),
    ("block_errors", True, {"info.block_errors": 2}, "2 blocks in error"),
    ("worker_errors", True, {"info.workers": [{"name": "object sync", "consecutive_errors": 3}]}, "object sync"),
    # trap G17: a queue that merely waits for its time is a note, not a refusal.
    ("queues_not_empty", False, {"info.queues": {"merkle": 0, "gc": 0, "resync": 55}}, "'resync': 55"),
    (
        "config_not_toml",
        True,
        {"settings.findings": [{"key": "config_not_toml", "severity": "error", "sentence": "line 3"}]},
        "line 3",
    ),
    (
        "config_unknown_key",
        False,
        {"settings.findings": [{"key": "config_unknown_key", "severity": "warning", "sentence": "db_engin"}]},
        "db_engin",
    ),
    (
        "no_space",
        True,
        {"space.paths": {"/b": {"at": "/", "free": 199}}},
        "199 bytes free at /b, 100 bytes of metadata",
    ),
    ("space_unknown", True, {"space.sizes": {"/m": None}}, "is unknown"),
    ("space_unknown", True, {"space.paths": {}}, "is unknown"),
    ("program_missing", True, {"space.programs": {"zstd": None}}, "no program zstd"),
    (
        "no_checksum",
        True,
        {"release": {"changed": True, "unchecked": [{"version": "0.9.4", "address": "https://x/0.9.4"}]}},
        "the release 0.9.4 comes from https://x/0.9.4, and there is no checksum",
    ),
    ("release", True, {"release": {"failed": True, "msg": "the directory has no garage-0.8.7"}}, "no garage-0.8.7"),
    ("clock", True, {"clock": {"failed": True, "msg": "the clock is known to 0.4 s"}}, "0.4 s"),
    (
        "no_space",
        True,
        {"space.paths": {"/b": {"at": "/b", "free": 1000}, "/r": {"at": "/", "free": 0, "writable": True}}},
        "nothing is free at /r (at /), where the steps write",
    ),
    (
        "read_only",
        True,
        {"space.paths": {"/b": {"at": "/", "free": 1000, "writable": False}}},
        "nothing can be written to /b (at /)",
    ),
    (
        "no_space",
        True,
        {"space.paths": {"/b": {"at": "/", "free": 1000}, "/s": {"at": "/s", "free": 99}}, "space.snapshots": "/s"},
        "99 bytes free at /s, where Garage puts its snapshot, 100 bytes of metadata",
    ),
    (
        "no_space",
        True,
        {"space.paths": {"/b": {"at": "/", "free": 1000}, "/c": {"at": "/c", "free": 99}}, "space.copies": "/c"},
        "99 bytes free at /c, where the new release reads a copy of the database, 100 bytes of metadata",
    ),
    (
        "no_space",
        True,
        {
            "space.paths": {"/b": {"at": "/", "free": 1000}, "/s": {"at": "/s", "free": 150}},
            "space.snapshots": "/s",
            "live": True,
        },
        "150 bytes free at /s, where Garage puts its snapshot, 100 bytes of metadata",
    ),
    ("s3_silent", True, {"s3": {"silent": [{"address": "198.18.1.11:3900", "reason": "refused"}]}}, "refused"),
    ("probe_blind", True, {"s3": {"blind": True, "local": "127.0.0.1:3900"}}, "the nodes alone (at 127.0.0.1:3900)"),
    ("probe_blind", True, {"s3": {"blind": True, "local": ""}}, "the nodes alone (at another node)"),
    ("s3_nowhere", True, {"s3": {"nowhere": True, "blind": True, "local": ""}}, "no node has an s3_api.api_bind_addr"),
    # Last of its place: above all come at once.
    ("s3_silent", True, {"s3": {"silent": [{"address": "unix:/s", "reason": "No such file"}]}}, "No such file"),
]


@pytest.mark.parametrize(("key", "stops", "changes", "says"), BAD, ids=[f"{row[0]}-{n}" for n, row in enumerate(BAD)])
def test_each_finding(key: str, stops: bool, changes: dict[str, Any], says: str) -> None:
    (found,) = findings(changed(changes))
    assert (found.key, found.stops) == (key, stops)
    assert says in found.saw
    assert found.expected and found.do


def test_a_script_is_no_finding_while_clients_are_served_all_the_time() -> None:
    assert findings(changed({"info.script": "/bin/sh -c exec garage server"})) == []


def test_all_findings_come_at_once() -> None:
    everything = {name: value for _key, _stops, changes, _says in BAD for name, value in changes.items()}
    everything.pop("info.not_itself")  # of such a unit what follows from it is left out
    found = {one.key for one in findings(changed(everything))}
    # Later rows of the same place replace earlier ones: the two forms of some keys cannot both be there.
    assert found >= {
        "daemon_down",
        "nodes_down",
        "staged_layout",
        "block_errors",
        "release",
        "clock",
        "s3_silent",
        "space_unknown",
    }


def test_of_a_unit_that_is_another_what_follows_from_it_is_not_said() -> None:
    seen = {
        "info.not_itself": OTHER,
        "info.running": False,
        "s3": {"nowhere": True},
        "release": {"failed": True, "msg": "There is no path of the program"},
        "space.programs": {"zstd": None},
    }
    assert [one.key for one in findings(changed(seen))] == ["container_unit", "program_missing"]


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    seen = copy.deepcopy(GOOD)
    for name, value in changes.items():
        place, _dot, key = name.partition(".")
        if key:
            seen[place][key] = value
        else:
            seen[place] = value
    return seen


def test_a_file_that_is_made_anew_and_stays_the_same_is_no_finding() -> None:
    config = {"db_engine": "lmdb", "replication_mode": None, "replication_factor": 3, "admin": {}}
    seen = {"info": {"config_made": "at each boot", "config_file": "/run/g"}, "settings": {"config": config}}
    assert [one.key for one in hop_findings({**seen, "targets": ["2.5.0"]})] == []
