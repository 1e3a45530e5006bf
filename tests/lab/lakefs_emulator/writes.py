# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client writes to the tables of before 0.30, and what a commit and `migrate db` make of it.

One object can be uploaded and committed: the one of which the lab has kept what a real release made of that (`late` in
`emulator.facts`). What comes of it is said by the tables: uncommitted it is served, and gone after `migrate db`.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from email import message_from_bytes
from typing import Any

from .database import MAX_COMMIT, Database

ROW = """SELECT e.is_committed FROM catalog_entries_v e JOIN catalog_branches b ON b.id = e.branch_id
 JOIN catalog_repositories r ON r.id = b.repository_id
 WHERE r.name = {repository} AND b.name = {branch} AND e.path = {path} AND NOT e.is_tombstone"""
BRANCH = """(SELECT b.id FROM catalog_branches b JOIN catalog_repositories r ON r.id = b.repository_id
 WHERE r.name = {repository} AND b.name = {branch})"""


def quoted(late: Mapping[str, Any]) -> dict[str, str]:
    return {name: "'" + str(late[name]).replace("'", "''") + "'" for name in ("repository", "branch", "path")}


def standing(facts: Mapping[str, Any], store: Database, era: str) -> str:
    """`committed`, `uncommitted`, or "" when it is not there."""
    late = facts.get("late")
    if not late:
        return ""
    if era != "mvcc":
        return "committed" if late.get("taken") else ""
    rows = store.rows(ROW.format(**quoted(late)))
    return "" if not rows else "committed" if rows[0]["is_committed"] else "uncommitted"


def repositories(facts: Mapping[str, Any], store: Database, era: str) -> list[dict[str, Any]]:
    """What the API says of each, with what the tables hold."""
    found, late, state = list(facts["repositories"]), facts.get("late", {}), standing(facts, store, era)
    if not state:
        return found
    place = next(n for n, one in enumerate(found) if one["info"]["id"] == late["repository"])
    if state == "committed":
        found[place] = late["facts"]
    else:
        one = copy.deepcopy(found[place])
        one["diff"][late["branch"]].append({"path": late["path"], "path_type": "object", "type": "added"})
        one["objects"][late["branch"]][late["path"]] = late["stat"]
        found[place] = one
    return found


def upload(facts: Mapping[str, Any], store: Database, kind: str, body: bytes) -> dict[str, Any] | None:
    """None: an object that nobody has kept."""
    late = facts["late"]
    parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload()
    part = parts[0] if isinstance(parts, list) and parts else None
    content = part.get_payload(decode=True) if part is not None and not isinstance(part, str) else b""
    stat = late["stat"]
    if not isinstance(content, bytes) or hashlib.md5(content).hexdigest() != stat["checksum"]:
        return None
    words = quoted(late)
    where = f"branch_id = {BRANCH.format(**words)} AND path = {words['path']} AND min_commit = {MAX_COMMIT}"
    store.do(
        f"DELETE FROM catalog_entries WHERE {where}",
        "INSERT INTO catalog_entries (branch_id, path, physical_address, size, checksum, min_commit) VALUES"
        f" ({BRANCH.format(**words)}, {words['path']}, '{stat['physical_address']}', {int(stat['size_bytes'])},"
        f" '{stat['checksum']}', {MAX_COMMIT})",
    )
    return {name: stat[name] for name in ("checksum", "mtime", "path", "path_type", "physical_address", "size_bytes")}


def commit(facts: Mapping[str, Any], store: Database, body: bytes) -> dict[str, Any] | None:
    """None: there is nothing to commit."""
    late = facts["late"]
    if standing(facts, store, "mvcc") != "uncommitted":
        return None
    branch = BRANCH.format(**quoted(late))
    message = str(json.loads(body or b"{}").get("message", "")).replace("'", "''")
    store.do(
        f"INSERT INTO catalog_commits (branch_id, commit_id, previous_commit_id, committer, message) SELECT {branch},"
        f" coalesce(max(commit_id), 0) + 1, coalesce(max(commit_id), 0), 'admin', '{message}' FROM catalog_commits",
        "UPDATE catalog_entries SET min_commit = (SELECT max(commit_id) FROM catalog_commits) WHERE branch_id ="
        f" {branch} AND min_commit = {MAX_COMMIT}",
    )
    made: dict[str, Any] = late["commit"]
    return {**made, "message": message}


def taken(store: Database) -> None:
    """`migrate db` takes over what is committed."""
    if store.do("SELECT to_regclass('emulator.facts')") == "" or "late" not in store.facts():
        return
    state = standing(store.facts(), store, "mvcc")
    value = "true" if state == "committed" else "false"
    store.do(f"UPDATE emulator.facts SET body = jsonb_set(body, '{{late,taken}}', '{value}')")
