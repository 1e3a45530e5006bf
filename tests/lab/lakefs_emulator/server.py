# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: what the captures answer by HTTP, for the repositories that stand in the tables of its era."""

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
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

from . import writes
from .answers import MVCC
from .database import RECORD, Database, Refused

NAMES = {
    "mvcc": "SELECT name AS name FROM catalog_repositories",
    "sql": "SELECT id AS name FROM graveler_repositories",
    "kv": "SELECT substr(key, 7) AS name FROM kv_v WHERE partition_key = 'graveler' AND key LIKE 'repos/%'",
}
SIGNED = "what is signed"
TABLES = {"mvcc": "catalog_repositories", "sql": "graveler_repositories", "kv": "kv"}


NOBODY = 599
# A page that the release lacks: which form says so, and the capture of what it answers.
LACKING = (
    (r"/config/version", "version_page", "http_config_version_set_up"),
    (r"/repositories/[^/]+/tags", "tags", "http_tags_empty"),
    (r"/repositories/[^/]+/refs/[^/]+/commits", "ref_commits", "http_ref_commits_committed"),
    (r"/repositories/[^/]+/branch_protection", "branch_protection", "http_branch_protection_none"),
)
LISTS = {"/auth/users": "http_auth_users", "/auth/groups": "http_auth_groups", "/auth/policies": "http_auth_policies"}
Answer = tuple[int, str, bytes]


class Site:
    """What stands behind the pages. One that nobody has captured says so, with a status that no release has."""

    def __init__(self, held: Mapping[str, Any], blocks: str, store: Database, era: str, domain: str = "") -> None:
        self.version, self.cases, self.forms = str(held["version"]), held["cases"], held["forms"]
        self.blocks, self.store, self.era = blocks, store, era
        self.domain = domain or "s3.local.lakefs.io"

    def lacking(self, path: str) -> Answer | None:
        """What the release answers where it has no such page; the path is told as it was asked."""
        for pattern, form, case in LACKING:
            if re.fullmatch(pattern, path) and not self.forms[form]:
                status, kind, body = self.captured(case)
                return status, kind, re.sub(rb"path /\S+ was", b"path /api/v1%s was" % path.encode(), body)
        return None

    def own_host(self, host: str) -> bool:
        name = host.partition(":")[0]
        return name == self.domain or name.endswith(f".{self.domain}")

    def captured(self, name: str) -> tuple[int, str, bytes]:
        case = self.cases[name]
        return int(case["status"]), str(case["headers"].get("content-type", "")), str(case["body"]).encode()

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
        return {one["info"]["id"]: one for one in told if one["info"]["id"] in names}

    def admitted(self, header: str) -> bool:
        keys: dict[str, str] = self.store.facts()["keys"]
        if header.startswith("Basic "):
            key, _colon, secret = base64.b64decode(header[6:]).decode(errors="replace").partition(":")
            return keys.get(key) == hashlib.sha256(secret.encode()).hexdigest()
        signed = re.search(r"Credential=([^/]+)/", header)
        return bool(signed and signed[1] in keys)

    def open_page(self, method: str, path: str) -> tuple[int, str, bytes] | None:
        """The pages that want no credentials."""
        if path == "/_health":
            return self.captured("http_health")
        if path == "/api/v1/healthcheck":
            return self.captured("http_healthcheck") if method == "GET" else (404, "", b"")
        if path == "/api/v1/setup_lakefs":
            if not self.forms["setup_state"]:
                return self.captured("http_setup_lakefs_set_up")
            name = "initialized" if self.initialized() else "not_initialized"
            return self.captured(f"http_setup_lakefs_{name}")
        return None

    def page(self, path: str, asked: Mapping[str, list[str]]) -> Any:
        """What a caller with credentials gets, under /api/v1; None is 404."""
        if path in LISTS:
            return self.captured(LISTS[path])
        if path == "/config/version":
            status, kind, body = self.captured("http_config_version")
            return json.loads(re.sub(rb'"version":"[^"]+"', b'"version":"%s"' % self.version.encode(), body))
        if path == "/config" and self.version in MVCC:
            return json.loads(self.captured("http_config")[2])
        if path == "/user":
            return {"user": {"id": "admin", "creation_date": 0}}
        if path == "/repositories":
            return listed([one["info"] for one in self.repositories().values()], asked)
        match = re.fullmatch(r"/repositories/([^/]+)(/.*)?", path)
        if not match:
            return nobody(path)
        one = self.repositories().get(match[1])
        return self.of_repository(one, match[2] or "", asked) if one else self.captured("http_repository_missing")

    def written(self, path: str, asked: Mapping[str, list[str]], kind: str, body: bytes) -> tuple[int, str, bytes]:
        """An upload or a commit; whatever else a client would write, nobody has captured."""
        facts, unknown = self.store.facts(), nobody(f"POST {path}")
        late = facts.get("late")
        if self.era != "mvcc" or not late:
            return unknown
        where = f"/api/v1/repositories/{late['repository']}/branches/{late['branch']}"
        if path == f"{where}/objects" and asked.get("path") == [late["path"]]:
            found = writes.upload(facts, self.store, kind, body)
            return self.made("http_post_object", found) if found else unknown
        if path == f"{where}/commits":
            found = writes.commit(facts, self.store, body)
            return self.made("http_post_commit", found) if found else self.captured("http_no_commit_post_commit_empty")
        return unknown

    def made(self, case: str, found: Mapping[str, Any]) -> tuple[int, str, bytes]:
        """The captured answer, with what it says of this one."""
        status, kind, body = self.captured(case)
        told = {name: found.get(name, value) for name, value in json.loads(body).items()}
        return status, kind, json.dumps(told).encode()

    def of_repository(self, one: dict[str, Any], path: str, asked: Mapping[str, list[str]]) -> Any:
        if path == "":
            return one["info"]
        if path in ("/branches", "/tags"):
            return listed(one[path[1:]], asked)
        if path == "/branch_protection":
            return one["protection"]
        if match := re.fullmatch(r"/commits/([^/]+)", path):
            kept = {row["id"]: row for rows in one["commits"].values() for row in rows}
            return kept.get(unquote(match[1]))
        for kind, pattern in (("diff", r"/branches/([^/]+)/diff"), ("commits", r"/refs/([^/]+)/commits")):
            if (match := re.fullmatch(pattern, path)) and unquote(match[1]) in one[kind]:
                return listed(one[kind][unquote(match[1])], asked)
        match = re.fullmatch(r"/refs/([^/]+)/objects(/ls|/stat)?", path)
        if not match:
            return nobody(path)
        held = one["objects"].get(unquote(match[1]))
        if held is None:
            return self.captured("http_objects_ls_ref_missing")
        if match[2] == "/ls":
            return listed(grouped(held, asked, self.forms["grouped"]), asked)
        stat = held.get(asked.get("path", [""])[0])
        if not stat:
            return self.captured("http_object_missing")
        return stat if match[2] == "/stat" else self.content(stat)

    def content(self, stat: Mapping[str, Any] | None) -> bytes | None:
        """The local block store has an object under the path of its physical address, which its releases tell whole."""
        if not stat:
            return None
        address = str(stat["physical_address"]).removeprefix("local://")
        return Path(self.blocks, address).read_bytes()

    def through_gateway(self, path: str) -> bytes | None:
        repository, _slash, rest = path.lstrip("/").partition("/")
        ref, _slash, name = rest.partition("/")
        one = self.repositories().get(repository)
        return self.content(one["objects"].get(ref, {}).get(unquote(name))) if one else None


def nobody(what: str) -> Answer:
    return NOBODY, "text/plain", f"nobody captured this: {what}".encode()


def grouped(held: Mapping[str, Any], asked: Mapping[str, list[str]], rule: str) -> list[Any]:
    """The objects below a prefix, by the rule of the release; a group is told without a size (L33)."""
    prefix, delimiter = asked.get("prefix", [""])[0], asked.get("delimiter", [None])[0]
    groups = rule.startswith("always") or (delimiter != "" if rule.startswith("by /") else delimiter == "/")
    more = {} if rule.startswith("always") else {"checksum": "", "mtime": 0, "physical_address": ""}
    found: dict[str, Any] = {}
    for name, stat in sorted(held.items()):
        if not name.startswith(prefix):
            continue
        first, slash, _rest = name[len(prefix) :].partition("/")
        group = f"{prefix}{first}/"
        found[group if groups and slash else name] = (
            {"path": group, "path_type": "common_prefix", **more} if groups and slash else stat
        )
    return [found[name] for name in sorted(found)]


def listed(items: list[Any], asked: Mapping[str, list[str]]) -> dict[str, Any]:
    """One page: more than this no installation of the lab has."""
    amount = int(asked.get("amount", ["1000"])[0])
    after = asked.get("after", [""])[0]
    left = [one for one in items if not after or str(one.get("id", one.get("path", ""))) > after]
    shown = left[:amount]
    more = len(left) > len(shown)
    offset = str(shown[-1].get("id", shown[-1].get("path", ""))) if more and shown else ""
    return {
        "pagination": {"has_more": more, "max_per_page": 1000, "next_offset": offset, "results": len(shown)},
        "results": shown,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *_words: Any) -> None:
        """Nothing: the captures say what goes to the log."""

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_one(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        try:
            self.answer(*self.found(url.path, parse_qs(url.query, keep_blank_values=True), body))
        except Refused as error:
            # A database that is down: 500 where it is asked without credentials, and nobody is known any more.
            inside = json.dumps({"message": str(error)[:200]}).encode()
            known = url.path == "/api/v1/setup_lakefs"
            self.answer(500 if known else 401, "application/json", inside)

    def found(self, path: str, asked: Mapping[str, list[str]], sent: bytes) -> tuple[int, str, bytes]:
        if open_page := self.site.open_page(self.command, path):
            return open_page
        api = path.startswith("/api/v1/")
        if not api and not self.site.own_host(self.headers.get("Host", "")) and self.site.forms["other_host"] != SIGNED:
            return self.site.captured("s3_get_other_host")  # whatever is asked, and nothing is done (L35)
        header = self.headers.get("Authorization", "")
        if not self.site.admitted(header):
            return self.site.captured("http_repositories_no_credentials")
        if self.command == "POST":
            return self.site.written(path, asked, self.headers.get("Content-Type", ""), sent)
        if self.command not in ("GET", "HEAD"):
            return nobody(f"{self.command} {path}")
        if api:
            page = path.removeprefix("/api/v1")
            found = self.site.lacking(page) or self.site.page(page, asked)
        else:
            found = self.site.through_gateway(path)
        if isinstance(found, tuple):
            return found
        if found is None:
            return 404, "application/json", b'{"message":"not found"}'
        if isinstance(found, bytes):
            return 200, "application/octet-stream", found
        return 200, "application/json", json.dumps(found).encode()

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
