# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: what the captures answer by HTTP, for the repositories that stand in the tables of its era.

Each answer names its capture in a header. What the installation holds is reported in the form of a capture: its
pagination, and of each row the fields that its rows have. What nobody has captured says so, with a status that no
release has.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

from . import writes
from .database import RECORD, Database, Refused

NAMES = {
    "mvcc": "SELECT name AS name FROM catalog_repositories",
    "sql": "SELECT id AS name FROM graveler_repositories",
    "kv": "SELECT substr(key, 7) AS name FROM kv_v WHERE partition_key = 'graveler' AND key LIKE 'repos/%'",
}
SIGNED = "what is signed"
TABLES = {"mvcc": "catalog_repositories", "sql": "graveler_repositories", "kv": "kv"}
NOBODY, HEADER = 599, "X-Captured-In"
# A page that the release lacks: which form says so, and the capture of what it answers.
LACKING = (
    (r"/config/version", "version_page", "http_config_version_set_up"),
    (r"/repositories/[^/]+/tags", "tags", "http_tags_empty"),
    (r"/repositories/[^/]+/refs/[^/]+/commits", "ref_commits", "http_ref_commits_committed"),
    (r"/repositories/[^/]+/branches/[^/]+/commits", "branch_commits", "http_branch_commits_committed"),
    (r"/repositories/[^/]+/branch_protection", "branch_protection", "http_branch_protection_none"),
)
# Answers that are the same in every installation that was set up by one administrator.
SAME = {
    "/config": "http_config_set_up",
    "/config/storage": "http_config_storage_set_up",
    "/user": "http_user",
    "/no_such_page": "http_unknown_page",
    "/auth/groups/Admins/members": "http_auth_group_members",
    "/auth/groups/Admins/policies": "http_auth_group_policies",
    "/auth/users/admin/credentials": "http_auth_user_credentials",
    "/auth/users/admin/groups": "http_auth_user_groups",
    "/auth/users/admin/policies": "http_auth_user_policies",
}
# Whose names the tables have: kind -> capture of the list.
PEOPLE = {"users": "http_auth_users", "groups": "http_auth_groups", "policies": "http_auth_policies"}
Asked = Mapping[str, list[str]]


class Answer(NamedTuple):
    status: int
    kind: str
    body: bytes
    source: str = ""


class Site:
    """What stands behind the pages."""

    def __init__(self, held: Mapping[str, Any], blocks: str, store: Database, era: str, domain: str = "") -> None:
        self.version, self.cases, self.forms = str(held["version"]), held["cases"], held["forms"]
        self.blocks, self.store, self.era = blocks, store, era
        self.domain = domain or "s3.local.lakefs.io"

    # What was captured, and what has its form.

    def captured(self, name: str, body: bytes | None = None) -> Answer:
        if name not in self.cases:
            return nobody(name)
        case = self.cases[name]
        text = str(case["body"]).encode() if body is None else body
        return Answer(int(case["status"]), str(case["headers"].get("content-type", "")), text, case["capture"])

    def shaped(self, name: str, told: Mapping[str, Any]) -> Answer:
        """One thing, with the fields of the captured one."""
        found = self.captured(name)
        if found.status >= 300:
            return found
        return found._replace(body=json.dumps(alike(told, [json.loads(found.body)])).encode())

    def listed(self, name: str, items: list[Any], asked: Asked) -> Answer:
        """One page, in the form of the captured one."""
        found = self.captured(name)
        if found.status >= 300:
            return found
        sample = json.loads(found.body)
        shown, offset = paged(items, asked)
        pages = {
            "has_more": bool(offset),
            "max_per_page": sample["pagination"]["max_per_page"],
            "next_offset": offset,
            "results": len(shown),
        }
        if not offset and "next_offset" not in sample["pagination"]:
            del pages["next_offset"]
        rows = [alike(row, sample["results"]) for row in shown]
        return found._replace(body=json.dumps({"pagination": pages, "results": rows}).encode())

    def lacking(self, path: str) -> Answer | None:
        """What the release answers where it has no such page; the path is reported as it was asked."""
        for pattern, form, case in LACKING:
            if re.fullmatch(pattern, path) and not self.forms[form]:
                found = self.captured(case)
                body = re.sub(rb"path /\S+ was", lambda _match: b"path /api/v1%s was" % path.encode(), found.body)
                return found._replace(body=body)
        return None

    # What the installation holds.

    def initialized(self) -> bool:
        tables = self.store.tables()
        if TABLES[self.era] not in tables:
            return False
        if self.era == "kv" and self.store.do(f"SELECT count(*) FROM kv WHERE {RECORD}") == "0":
            return False
        return bool(self.store.facts()["keys"])

    def repositories(self) -> dict[str, Any]:
        """Those whose names are in this era's tables, with what was kept of them."""
        if TABLES[self.era] not in self.store.tables():
            return {}
        names = {row["name"] for row in self.store.rows(NAMES[self.era])}
        told = writes.repositories(self.store.facts(), self.store, self.era)
        return {one["info"]["id"]: one for one in sorted(told, key=named) if one["info"]["id"] in names}

    def people(self, kind: str) -> list[str]:
        """The names in the tables; none where nobody has written any, as of policies."""
        table = "kv" if self.era == "kv" else f"auth_{kind}"
        if table not in self.store.tables():
            return []
        key = f"SELECT split_part(key, '/', 2) AS name FROM kv_v WHERE partition_key = 'auth' AND key LIKE '{kind}/%'"
        rows = self.store.rows(key if self.era == "kv" else f"SELECT display_name AS name FROM {table}")
        return sorted(row["name"] for row in rows)

    def who(self, kind: str, asked: Asked) -> Answer:
        names, name = self.people(kind), PEOPLE[kind]
        rows = [{"id": one, "creation_date": 0} for one in names]
        return self.listed(name, rows, asked) if rows and self.forms["groups"] else self.captured(name)

    def admitted(self, header: str) -> bool:
        keys: dict[str, str] = self.store.facts()["keys"]
        if header.startswith("Basic "):
            key, _colon, secret = base64.b64decode(header[6:]).decode(errors="replace").partition(":")
            return keys.get(key) == hashlib.sha256(secret.encode()).hexdigest()
        signed = re.search(r"Credential=([^/]+)/", header)
        return bool(signed and signed[1] in keys)

    # The pages.

    def open_page(self, method: str, path: str) -> Answer | None:
        """The pages that want no credentials."""
        if path == "/_health":
            return self.captured("http_health")
        if path == "/api/v1/healthcheck" and method == "GET":
            return self.captured("http_healthcheck")
        if path == "/api/v1/auth/capabilities":
            return self.captured("http_auth_capabilities")
        if path != "/api/v1/setup_lakefs":
            return None
        if method == "POST":
            return self.captured("http_post_setup_lakefs_again") if self.initialized() else nobody(f"POST {path}")
        if not self.forms["setup_state"]:
            return self.captured("http_setup_lakefs_set_up")
        return self.captured(f"http_setup_lakefs_{'' if self.initialized() else 'not_'}initialized")

    def page(self, path: str, asked: Asked) -> Answer:
        """What a caller with credentials gets, under /api/v1."""
        if missing := self.lacking(path):
            return missing
        if path in SAME:
            return self.captured(SAME[path])
        if path.startswith("/auth/") and path[6:] in PEOPLE:
            return self.who(path[6:], asked)
        if path == "/config/version":
            found = self.captured("http_config_version")
            return found._replace(
                body=re.sub(rb'"version":"[^"]+"', f'"version":"{self.version}"'.encode(), found.body)
            )
        if path == "/repositories":
            rows = [one["info"] for one in self.repositories().values()]
            return self.listed("http_repositories_three", rows, asked)
        match = re.fullmatch(r"/repositories/([^/]+)(/.*)?", path)
        if not match:
            return nobody(path)
        one = self.repositories().get(match[1])
        if not one:
            return self.captured("http_repository_missing") if not match[2] else nobody(f"{path} of no repository")
        return self.of_repository(one, match[2] or "", asked)

    def of_repository(self, one: dict[str, Any], path: str, asked: Asked) -> Answer:
        if path == "":
            return self.shaped("http_repository_committed", one["info"])
        if path == "/branches":
            return self.listed("http_branches_changed", one["branches"], asked)
        if path == "/tags":
            return self.listed("http_tags_one", one["tags"], asked)
        if path == "/branch_protection" and not one["protection"]:
            return self.captured("http_branch_protection_none")
        if match := re.fullmatch(r"/branches/([^/]+)(/diff|/commits)?", path):
            return self.of_branch(one, unquote(match[1]), match[2] or "", asked)
        if match := re.fullmatch(r"/refs/([^/]+)/commits", path):
            return self.log("http_ref_commits_committed", one, unquote(match[1]), asked)
        if match := re.fullmatch(r"/refs/([^/]+)/objects(/ls|/stat)?", path):
            return self.of_objects(one, unquote(match[1]), match[2] or "", asked)
        return nobody(path)

    def of_branch(self, one: dict[str, Any], branch: str, what: str, asked: Asked) -> Answer:
        head = next((row["commit_id"] for row in one["branches"] if row["id"] == branch), None)
        if head is None:
            return self.captured(
                {"": "http_branch_missing", "/diff": "http_branch_diff_branch_missing"}.get(what, what)
            )
        if what == "/commits":
            return self.log("http_branch_commits_committed", one, branch, asked)
        if what == "":
            return self.shaped("http_no_commit_branch_empty", {"id": branch, "commit_id": head})
        if head:
            return self.sized("http_branch_diff_changed", one["diff"][branch], asked)
        return self.sized("http_no_commit_branch_diff_staged", one["diff"][branch], asked)

    def sized(self, name: str, rows: list[Any], asked: Asked) -> Answer:
        """Changes: in some releases every row has the size of the last one."""
        found = self.captured(name)
        sizes = {row.get("size_bytes") for row in json.loads(found.body)["results"]} if found.status == 200 else set()
        if len(sizes) == 1 and rows:
            rows = [{**row, "size_bytes": rows[-1].get("size_bytes", 0)} for row in rows]
        return self.listed(name, rows, asked)

    def log(self, name: str, one: dict[str, Any], ref: str, asked: Asked) -> Answer:
        if any(row["id"] == ref and not row["commit_id"] for row in one["branches"]):
            return self.captured(name.replace("http_", "http_no_commit_").replace("_committed", "_empty"))
        return self.listed(name, one["commits"][ref], asked) if ref in one["commits"] else nobody(f"{name} of {ref}")

    def of_objects(self, one: dict[str, Any], ref: str, what: str, asked: Asked) -> Answer:
        held = one["objects"].get(ref)
        if held is None:
            return self.captured("http_objects_ls_ref_missing") if what == "/ls" else nobody(f"objects of {ref}")
        if what == "/ls":
            rows = grouped(held, asked, self.forms["grouped"])
            return self.listed("http_objects_ls_delimiter_committed", rows, asked)
        stat = held.get(asked.get("path", [""])[0])
        if not stat:
            return self.captured("http_object_stat_directory" if what else "http_object_missing")
        if what:
            return self.shaped("http_object_stat_committed", stat)
        return self.captured("http_object_committed", self.content(stat))

    def written(self, path: str, asked: Asked, kind: str, body: bytes) -> Answer:
        """An upload or a commit; whatever else a client would write is not emulated."""
        facts, unknown = self.store.facts(), nobody(f"POST {path}")
        late = facts.get("late")
        if self.era != "mvcc" or not late:
            return unknown
        where = f"/api/v1/repositories/{late['repository']}/branches/{late['branch']}"
        if path == f"{where}/objects" and asked.get("path") == [late["path"]]:
            made = writes.upload(facts, self.store, kind, body)
            return self.shaped("http_post_object", made) if made else unknown
        if path == f"{where}/commits":
            made = writes.commit(facts, self.store, body)
            return self.shaped("http_post_commit", made) if made else self.captured("http_no_commit_post_commit_empty")
        return unknown

    def content(self, stat: Mapping[str, Any]) -> bytes:
        """The local block store has an object under the path of its physical address, which its releases tell whole."""
        address = str(stat["physical_address"]).removeprefix("local://")
        return Path(self.blocks, address).read_bytes()

    # The S3 gateway.

    def own_host(self, host: str) -> bool:
        name = host.partition(":")[0]
        return name == self.domain or name.endswith(f".{self.domain}")

    def through_gateway(self, method: str, host: str, path: str, header: str) -> Answer:
        """Whatever is asked under another name, and nothing is done (L35); since 0.48 what is signed is served."""
        own, signed = self.own_host(host), header.startswith("AWS4-")
        if not own and not (signed and self.forms["other_host"] == SIGNED):
            return self.captured("s3_get_other_host" if signed else "s3_get_other_host_unsigned" if path != "/" else UI)
        if not signed:
            return self.captured("s3_get_own_host_unsigned")
        if method not in ("GET", "HEAD") or not self.admitted(header):
            return nobody(f"{method} {path} of the S3 gateway")
        name = host.partition(":")[0]
        below = name.removesuffix(f".{self.domain}") if own and name != self.domain else ""
        repository, _slash, rest = f"{below}{path}".lstrip("/").partition("/")
        ref, slash, key = rest.partition("/")
        if not slash:
            return nobody(f"{method} {path} of the S3 gateway")
        one = self.repositories().get(repository)
        if one is None:
            return self.captured("s3_get_missing_repository_own_host")
        stat = one["objects"].get(ref, {}).get(unquote(key))
        case = "s3_get_virtual_host" if below else "s3_head_own_host" if method == "HEAD" else "s3_get_own_host"
        return self.captured(case, self.content(stat)) if stat else self.captured("s3_get_missing_own_host")


UI = "http_ui_root"


def named(one: Mapping[str, Any]) -> str:
    return str(one["info"]["id"])


def nobody(what: str) -> Answer:
    return Answer(NOBODY, "text/plain", f"nobody captured this: {what}".encode())


def alike(told: Mapping[str, Any], samples: list[dict[str, Any]]) -> dict[str, Any]:
    """What is told, with the fields that rows of its kind have in the capture; what it lacks is as it was captured."""
    same = [one for one in samples if one.get("path_type") == told.get("path_type")] or samples
    fields = {key: value for one in reversed(same) for key, value in one.items()}
    return {key: told.get(key, value) for key, value in fields.items()} if same else dict(told)


def grouped(held: Mapping[str, Any], asked: Asked, rule: str) -> list[Any]:
    """The objects below a prefix, by the rule of the release; a group is told without a size (L33)."""
    prefix, delimiter = asked.get("prefix", [""])[0], asked.get("delimiter", [None])[0]
    groups = rule.startswith("always") or (delimiter != "" if rule.startswith("by /") else delimiter == "/")
    found: dict[str, Any] = {}
    for name, stat in sorted(held.items()):
        if not name.startswith(prefix):
            continue
        first, slash, _rest = name[len(prefix) :].partition("/")
        group = f"{prefix}{first}/"
        inside = bool(groups and slash)
        found[group if inside else name] = {"path": group, "path_type": "common_prefix"} if inside else stat
    return [found[name] for name in sorted(found)]


def paged(items: list[Any], asked: Asked) -> tuple[list[Any], str]:
    """One page, and the name that the next one begins after."""
    amount, after = int(asked.get("amount", ["1000"])[0]), asked.get("after", [""])[0]
    left = [one for one in items if not after or str(one.get("id", one.get("path", ""))) > after]
    shown = left[:amount]
    more = len(left) > len(shown)
    return shown, str(shown[-1].get("id", shown[-1].get("path", ""))) if more and shown else ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *_words: Any) -> None:
        """Nothing: the captures say what goes to the log."""

    def answer(self, found: Answer) -> None:
        self.send_response(found.status)
        if found.kind:
            self.send_header("Content-Type", found.kind)
        if found.source:
            self.send_header(HEADER, found.source)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(found.body)

    def handle_one(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        try:
            self.answer(self.found(url.path, parse_qs(url.query, keep_blank_values=True), body))
        except Refused:
            # A database that is down: 500 where it is asked without credentials, and nobody is known any more.
            open_page = url.path == "/api/v1/setup_lakefs"
            name = "http_setup_lakefs_db_down_later" if open_page else "http_repositories_db_down_later"
            self.answer(self.site.captured(name))

    def found(self, path: str, asked: Asked, sent: bytes) -> Answer:
        if open_page := self.site.open_page(self.command, path):
            return open_page
        header = self.headers.get("Authorization", "")
        if not path.startswith("/api/v1/"):
            return self.site.through_gateway(self.command, self.headers.get("Host", ""), path, header)
        if path == "/api/v1/config" and not header:
            return self.site.captured("http_config_not_set_up")
        if not self.site.admitted(header):
            return self.site.captured("http_repositories_no_credentials")
        if self.command == "POST":
            return self.site.written(path, asked, self.headers.get("Content-Type", ""), sent)
        if self.command != "GET":
            return nobody(f"{self.command} {path}")
        return self.site.page(path.removeprefix("/api/v1"), asked)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815


def run(held: Mapping[str, Any], settings: Mapping[str, str], store: Database, era: str) -> NoReturn:
    host, _colon, port = settings.get("listen_address", "0.0.0.0:8000").rpartition(":")
    blocks, domain = settings.get("blockstore.local.path", ""), settings.get("gateways.s3.domain_name", "")
    Handler.site = Site(held, blocks, store, era, domain)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    session = store.hold()
    threading.Thread(target=keep, args=(store, [session]), daemon=True).start()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    session.kill()
    # Not by way of the interpreter's own end: a thread in the middle of an answer would make it abort (134).
    sys.stdout.flush()
    os._exit(0)


def keep(store: Database, held: list[Any]) -> None:
    """A pool opens its session again when the database has come back."""
    while True:
        time.sleep(1)
        if held[0].poll() is not None:
            held[0] = store.hold()
