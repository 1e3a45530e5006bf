# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every captured page is asked of the emulator again, in the state in which it was captured.

As in the lab, what the installation holds is reported by a real release of today (captures of 1.84.0), and the emulated
release has to say it in its own form. What it does not emulate, it says: nothing is answered without a capture.
"""

from __future__ import annotations

import copy
import hashlib
import http.client
import json
import re
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.lab.lakefs_emulator import pack, server
from tests.lab.lakefs_pages import plain
from tests.unit.lakefs_replay import ALL, capture

EMULATED = ("0.30.0", "0.55.0", "0.70.6", "0.80.2")
PAGES = [case for case in ALL if case.split("/")[0] in EMULATED and re.match("(http|s3)_", case.split("/")[1])]
KEY, SECRET = "AKIALAB", "s3cret"
# Writes but those of 0.22.0, and lists of the gateway.
LEFT_OUT = re.compile(
    r"/(http_post_(?!setup_lakefs_again)|http_no_commit_post_|http_refs_diff|http_auth_user_credentials_two"
    r"|s3_list|s3_no_commit_list|s3_put|s3_delete|s3_get_put_other_host_stored)"
)
# A signature is taken for good: the lab's database has no secret that it was known by.
NOT_TOLD = re.compile(r"/s3_get_wrong_secret")
# On 0.30.0 the gateway does nothing under another name, whatever is asked.
NOTHING = re.compile(r"0\.30\.0/(s3_put_other|s3_delete_other|s3_list_buckets_other)")
CONTENTS = {"f/1": b"one\n", "f/2": b"changed\n", "f/3": b"three\n", "g.txt": b"g\n"}


def rows(name: str) -> list[dict[str, Any]]:
    """What today's release listed."""
    found: list[dict[str, Any]] = json.loads(capture(f"1.84.0/http_{name}")["body"])["results"]
    return copy.deepcopy(found)


def objects(name: str, blocks: str) -> dict[str, Any]:
    return {row["path"]: {**row, "physical_address": f"local://{blocks}/{row['path']}"} for row in rows(name)}


def repository(name: str, state: str, changed: bool = False) -> dict[str, Any]:
    """Of the second round: empty, staged, and repo1 committed or changed after it."""
    info = next(row for row in rows("repositories_three") if row["id"] == name)
    now = "changed" if changed else state
    listed = "objects_ls_changed" if changed else f"objects_ls_delimiter_none_{state}"
    held = {} if state == "empty" else objects(listed, name)
    branches = rows(f"branches_{now}")
    refs = [*(row["id"] for row in branches), branches[0]["commit_id"]]
    return {
        "info": info,
        "branches": branches,
        "tags": rows("tags_one") if state == "committed" and not changed else [],
        "protection": [],
        "diff": {row["id"]: rows(f"branch_diff_{now}") for row in branches},
        "commits": dict.fromkeys(refs, rows(f"ref_commits_{state}")),
        "objects": dict.fromkeys(refs, held),
    }


def uncommitted(name: str, after: bool, release: str) -> dict[str, Any]:
    """Of the database that 0.30.0 made; `after` the requests that write."""
    info = next(row for row in rows("no_commit_repositories") if row["id"] == name)
    late = after and name == "staged"
    branches = rows(f"no_commit_branches_{name}{'_committed' if late else ''}")
    if release == "0.30.0":  # which makes no branch where there is no commit
        branches = [row for row in branches if row["id"] != "dev"]
    held = objects(f"no_commit_objects_ls_{name}{'_committed' if late else ''}", name)
    added = [{"path": path, "path_type": "object", "size_bytes": row["size_bytes"], "type": "added"}
             for path, row in held.items()]  # fmt: skip
    return {
        "info": info, "branches": branches, "tags": [], "protection": [],
        "diff": {row["id"]: [] if row["commit_id"] else added for row in branches},
        "commits": {"main": rows("no_commit_ref_commits_staged_committed")} if late else {},
        "objects": {row["id"]: held for row in branches},
    }  # fmt: skip


def first_commit_less(one: dict[str, Any]) -> dict[str, Any]:
    """As 0.30.0 makes a repository: without "Repository created"."""
    made = next(log[-1]["id"] for log in one["commits"].values())
    branches = [{**row, "commit_id": "" if row["commit_id"] == made else row["commit_id"]} for row in one["branches"]]
    logs = {ref: [{**row, "parents": []} for row in log[:-1]] for ref, log in one["commits"].items()}
    return {**one, "branches": branches, "commits": logs}


def of_the_first_round() -> list[dict[str, Any]]:
    branches = rows("branches")
    return [{
        "info": rows("repositories")[0], "branches": branches, "tags": [], "protection": [], "commits": {},
        "diff": {"main": rows("branch_diff_uncommitted"), "dev": []}, "objects": {},
    }]  # fmt: skip


def world(name: str, release: str) -> list[dict[str, Any]]:
    if name in ("bare", "none", "two"):
        return []
    if name == "first":
        return of_the_first_round()
    if name.startswith("made"):
        found = [uncommitted(one, name == "made_after", release) for one in ("empty", "staged")]
        changes = {"diff": {"main": rows("no_commit_branch_diff_repo1")}}
        return [*found, {**repository("repo1", "committed", changed=True), **changes}]
    found = [repository("empty", "empty"), repository("staged", "staged")]
    found.append(repository("repo1", "committed", changed=name == "changed"))
    return [first_commit_less(one) for one in found] if release == "0.30.0" else found


def state_of(case: str) -> str:
    name, told = case.split("/")[1], capture(case)["state"]
    if told.startswith("Made by 0.30.0"):
        return "made_after" if re.search(r"_after$|_committed$", name) else "made"
    words = {
        "one added and one deleted": "first",
        "no repository|MVCC|mvcc": "none",
        "not set up|that was not migrated": "bare",
        "bob": "two",
        "f/2 changed": "changed",
    }
    return next((state for word, state in words.items() if re.search(word, told)), "plain")


class Store:
    def __init__(self, state: str, release: str) -> None:
        self.repositories = world(state, release)
        self.people = ["admin", "bob"] if state == "two" else ["admin"]
        self.keys = {} if state == "bare" else {KEY: hashlib.sha256(SECRET.encode()).hexdigest()}

    def facts(self) -> dict[str, Any]:
        return {"keys": self.keys, "repositories": self.repositories}

    def tables(self) -> frozenset[str]:
        return frozenset({"graveler_repositories", "kv", "auth_users"})

    def do(self, *_statements: str) -> str:
        return "1"

    def rows(self, query: str) -> list[dict[str, str]]:
        if "users" in query:
            return [{"name": name} for name in self.people]
        if "groups" in query or "policies" in query:
            return []
        return [{"name": one["info"]["id"]} for one in self.repositories]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """case -> status, content type, what it was captured in, body."""
    blocks = tmp_path_factory.mktemp("blocks")
    for name in ("empty", "staged", "repo1"):
        for path, body in CONTENTS.items():
            (blocks / name / path).parent.mkdir(parents=True, exist_ok=True)
            (blocks / name / path).write_bytes(body)
    started: dict[tuple[str, str], ThreadingHTTPServer] = {}

    def asked(case: str) -> tuple[int, str, str, bytes]:
        kept, release, state = capture(case), case.split("/")[0], state_of(case)
        if (release, state) not in started:
            started[release, state] = serve(release, state, blocks)
        port = started[release, state].server_address[1]
        there = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Host": kept.get("host", f"127.0.0.1:{port}")}
        if kept["credentials"] == "signature":
            headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY}/20261127/us-east-1/s3/aws4_request"
        if kept["credentials"] == "basic":
            headers["Authorization"] = "Basic QUtJQUxBQjpzM2NyZXQ="
        there.request(kept["method"], kept["path"], str(kept.get("request_body") or "").encode() or None, headers)
        answer = there.getresponse()
        body = answer.read()
        there.close()
        named = answer.headers.get(server.HEADER, "")
        return answer.status, answer.headers.get("Content-Type", ""), named, body

    yield asked
    for one in started.values():
        one.shutdown()
        one.server_close()


def serve(release: str, state: str, blocks: Path) -> ThreadingHTTPServer:
    era = "kv" if release == "0.80.2" else "sql"
    store: Any = Store(state, release)
    site = server.Site(pack.answers(release), str(blocks), store, era, "s3.lakefs.lab")
    there = ThreadingHTTPServer(("127.0.0.1", 0), type("Mine", (server.Handler,), {"site": site}))
    threading.Thread(target=there.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return there


@pytest.mark.parametrize("case", PAGES)
def test_a_page_is_answered_as_it_was_captured(case: str, ask: Any) -> None:
    if NOT_TOLD.search(case):
        pytest.skip("the emulator cannot tell")
    kept = capture(case)
    status, kind, named, body = ask(case)
    if LEFT_OUT.search(case) and not NOTHING.match(case):
        assert status == server.NOBODY and body.startswith(b"nobody captured this: "), (
            "it answers: take it off the list"
        )
        return
    assert (pack.CAPTURES / f"{named}.yml").is_file(), body
    assert named.startswith(case.split("/")[0]), "another release's answer"
    assert (status, kind) == (kept["status"], kept["headers"].get("content-type", ""))
    if kept["method"] != "HEAD":
        assert plain(body.decode()) == plain(str(kept["body"]))


def test_all_of_them_are_asked() -> None:
    answered = [case for case in PAGES if not LEFT_OUT.search(case) or NOTHING.match(case)]
    assert (len(PAGES), len(answered)) == (483, 403)
