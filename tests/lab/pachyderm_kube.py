# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a lab host: as much of a Kubernetes API as pachd needs to keep the state of its pipelines. No pod ever runs.

Any object can be created, read, listed, changed and deleted under any path; a watch opens and never says anything.
What is kept is kept in memory only: pachd makes again what it misses.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

SINGULAR = {"services": "Service", "replicationcontrollers": "ReplicationController", "statefulsets": "StatefulSet"}
held: dict[str, dict[str, Any]] = {}
guard = threading.Lock()


def kind(plural: str) -> str:
    return SINGULAR.get(plural, plural.rstrip("s").capitalize())


def status(code: int, reason: str, name: str = "") -> dict[str, Any]:
    result = "Success" if code < 300 else "Failure"
    # pachd looks for these words, as the real one says them.
    message = {404: f'"{name}" not found', 409: f'"{name}" already exists'}.get(code, reason)
    return {
        "kind": "Status", "apiVersion": "v1", "status": result, "message": message, "reason": reason, "code": code,
        "details": {"name": name},
    }  # fmt: skip


def chosen(thing: dict[str, Any], selector: str) -> bool:
    """`name=value` or a name alone, which asks whether there is such a label."""
    labels = thing.get("metadata", {}).get("labels") or {}
    parts = [part.partition("=") for part in selector.split(",") if part]
    return all(labels.get(key) == value if equals else key in labels for key, equals, value in parts)


def listed(plural: str, prefix: str, selector: str) -> dict[str, Any]:
    things = [thing for path, thing in held.items() if path.startswith(prefix) and f"/{plural}/" in path]
    return {
        "kind": f"{kind(plural)}List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"},
        "items": [thing for thing in things if chosen(thing, selector)],
    }  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        print(format % args, flush=True)

    def answer(self, code: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        return read

    def question(self) -> tuple[str, list[str], dict[str, str]]:
        """Path, its words after the API's version, and the query."""
        parts = urlsplit(self.path)
        words = parts.path.strip("/").split("/")
        rest = words[2:] if words[0] == "api" else words[3:]
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            rest = rest[2:]
        return parts.path.rstrip("/"), rest, {key: value[0] for key, value in parse_qs(parts.query).items()}

    def do_GET(self) -> None:
        path, rest, query = self.question()
        if not rest:
            return self.answer(200, {"major": "1", "minor": "14", "gitVersion": "v1.14.0", "versions": ["v1"]})
        if query.get("watch") in ("true", "1"):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            time.sleep(3600)
            return None
        with guard:
            if path in held:
                return self.answer(200, held[path])
            if len(rest) == 1:
                prefix = path.rsplit("/", 1)[0] + ("/" if "/namespaces/" in path else "")
                return self.answer(200, listed(rest[0], prefix, query.get("labelSelector", "")))
        if rest[-1] == "log":
            return self.answer(200, {})
        return self.answer(404, status(404, "NotFound", rest[-1]))

    def do_POST(self) -> None:
        path, rest, _query = self.question()
        thing = self.body()
        meta = thing.setdefault("metadata", {})
        name = meta.setdefault("name", meta.get("generateName", "") + str(len(held)))
        thing.setdefault("kind", kind(rest[0]))
        thing.setdefault("apiVersion", "v1")
        meta.update(uid=f"uid-{len(held)}", resourceVersion="1")
        with guard:
            if f"{path}/{name}" in held:
                return self.answer(409, status(409, "AlreadyExists", name))
            held[f"{path}/{name}"] = thing
        return self.answer(201, thing)

    def do_PUT(self) -> None:
        thing = self.body()
        with guard:
            held[self.question()[0]] = thing
        self.answer(200, thing)

    def do_PATCH(self) -> None:
        with guard:
            thing = held.get(self.question()[0])
            if thing:
                thing.update({key: value for key, value in self.body().items() if key != "metadata"})
        self.answer(*((200, thing) if thing else (404, status(404, "NotFound"))))

    def do_DELETE(self) -> None:
        path, rest, query = self.question()
        self.body()
        with guard:
            if len(rest) == 1:
                selector = query.get("labelSelector", "")
                gone = [key for key, thing in held.items() if key.startswith(path + "/") and chosen(thing, selector)]
            else:
                gone = [path] if path in held else []
            for key in gone:
                del held[key]
        code, reason = (200, "") if gone or len(rest) == 1 else (404, "NotFound")
        self.answer(code, status(code, reason, rest[-1]))


def certificate(directory: Path) -> tuple[Path, Path]:
    cert, key = directory / "kube.crt", directory / "kube.key"
    if not key.exists():
        argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=kubernetes"]
        names = ["-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*argv, *names, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True)
    return cert, key


def main(directory: Path, namespaces: list[str]) -> None:
    # Before 1.10 pachd panics at start when the list of its own pods works but is empty.
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "pachd", "labels": {"app": "pachd"}}}
    for namespace in namespaces:
        held[f"/api/v1/namespaces/{namespace}/pods/pachd"] = {**pod, "status": {"phase": "Running"}}
    held["/api/v1/nodes/node"] = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "node"}}
    server = ThreadingHTTPServer(("127.0.0.1", 443), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(directory))
    # The handshake belongs to the thread of the request: a client that stays silent must not hold up the others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
