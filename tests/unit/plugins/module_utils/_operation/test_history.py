# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that nodes remember."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._operation import history

BACKUP = {"slot": "backup", "kind": "file", "path": "/b/a1.tar", "size": 4096, "sha256": ""}


def record(ident: str, opened: float, state: str = "finished", **plan: Any) -> dict[str, Any]:
    done = {"state": "done", "run": "r", "started": opened, "finished": opened + 1}
    hop = {"source": "0.7.0", "target": "0.8.7", "strategy": "rolling", "passes": {}}
    steps = {"0/walk/1/backup": {**done, "evidence": [BACKUP]}, "0/walk/2/prove": {**done, "evidence": []}}
    ended = {"closed": opened + 3600} if state != "open" else {}
    whole = {"product": "garage", "hops": [hop], "undoes": "", **plan}
    return {
        "format": 1,
        "id": ident,
        "state": state,
        "who": "anna@laptop",
        "opened": opened,
        "plan": whole,
        "saved": {},
        "steps": steps,
        **ended,
    }


def keep(place: Path, name: str, what: Any) -> None:
    (place / f"{name}.json").write_text(what if isinstance(what, str) else json.dumps(what), encoding="utf-8")


def test_all_that_a_node_remembers_is_listed_the_oldest_first(tmp_path: Path) -> None:
    keep(tmp_path, "record", record("op-2", 1795300000.0, "open"))
    keep(tmp_path, "op-1", record("op-1", 1795230900.0))
    keep(tmp_path, "lease", {"no": "record"})
    keep(tmp_path, "asked", {"no": "record"})
    found = history.rows(str(tmp_path), "a1")
    assert [(one["id"], one["from"], one["to"], one["result"]) for one in found] == [
        ("op-1", "0.7.0", "0.8.7", "finished"),
        ("op-2", "0.7.0", "0.8.7", "unfinished"),
    ]
    assert found[0]["backups"] == [{"host": "a1", "path": "/b/a1.tar", "size": 4096, "proved": True}]
    assert "finished" not in found[1]


def test_a_record_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    keep(tmp_path, "record", record("op-2", 1795300000.0))
    keep(tmp_path, "op-1", "{half")
    broken, whole = history.rows(str(tmp_path), "a1")
    assert "cannot be read as a record" in broken["result"] and whole["id"] == "op-2"
    assert history.told({"a1": [broken]})[0].startswith("op-1: ")
    assert history.rows(str(tmp_path / "none"), "a1") == []


def test_nodes_that_tell_the_same_are_named_together() -> None:
    """Each notes its own seconds, as seen on hosts; the first begins it, and the last ends it."""
    began = {"a1": 1795230900.0, "b1": 1795230961.7}
    rows = {host: [history.row(record("op-1", when), host)] for host, when in began.items()}
    rows["b1"].append(history.row(record("op-2", 1795300000.0, "abandoned", undoes="op-1"), "b1"))
    first, second, *backups = history.told(rows)
    assert first == (
        "op-1: garage 0.7.0 to 0.8.7, rolling; finished; by anna@laptop; 2026-11-21T03:15Z to 2026-11-21T04:16Z."
        " At a1, b1."
    )
    assert ", back over op-1; abandoned;" in second and second.endswith(" At b1.")
    assert backups[0] == "Backup of op-1 at a1: /b/a1.tar, 4096 bytes, proved."
    assert len(backups) == 3


def test_where_there_was_nothing_that_is_said() -> None:
    assert history.told({"a1": [], "b1": []}) == ["No node remembers an operation."]
