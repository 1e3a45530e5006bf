# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import Silent, UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.s3 import Access, Store
from ansible_collections.uplift.datastores.plugins.module_utils._garage import objects
from ansible_collections.uplift.datastores.plugins.module_utils._garage.objects import Limits
from hypothesis import given
from hypothesis import strategies as st

ID = "034bf74d8bee6066f831a0812252feac90f35bd57ac4edfda321da2c4d759477"
SECRET = "4425f5c26c5e11581d3223904324dcb5"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Server(BaseHTTPRequestHandler):
    """Lists `server.objects` in pages of two and returns them."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.open += 1  # type: ignore[attr-defined]

    def finish(self) -> None:
        super().finish()
        self.server.open -= 1  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        server: Any = self.server
        server.seen.append((self.path, dict(self.headers)))
        path, _mark, query = self.path.partition("?")
        key = path[len(ID) + 2 :]
        if server.status != 200:
            self._answer(server.status, b"<Error><Code>AccessDenied</Code><Message>No such key</Message></Error>")
        elif not key:
            self._answer(200, self._page(query))
        elif server.broken.get(key) == "short":
            self.send_response(200)
            self.send_header("Content-Length", "9")
            self.send_header("Last-Modified", "Sat, 21 Nov 2026 03:00:00 GMT")
            self.send_header("ETag", "e")
            self.end_headers()
            self.wfile.write(b"x")
            self.close_connection = True
        elif key in server.broken:
            self._answer(server.broken[key], b"<Error><Code>InternalError</Code><Message>no block</Message></Error>")
        elif key in server.objects:
            self._answer(200, server.objects[key])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code><Message>Key not found</Message></Error>")

    def _page(self, query: str) -> bytes:
        objects: dict[str, bytes] = self.server.objects  # type: ignore[attr-defined]
        options = dict(part.split("=") for part in query.split("&"))
        start = options.get("prefix", "")
        after = options.get("continuation-token", "")
        rest = [key for key in sorted(objects) if key > after and key.startswith(start)]
        size = min(2, int(options["max-keys"]))
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(objects[key])}</Size><ETag>e</ETag></Contents>"
            for key in rest[:size]
        )
        more = str(len(rest) > size).lower()
        token = f"<NextContinuationToken>{rest[size - 1]}</NextContinuationToken>" if more == "true" else ""
        result = f"<ListBucketResult><IsTruncated>{more}</IsTruncated>{token}{rows}</ListBucketResult>"
        return result.encode()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", "e")
        self.send_header("Last-Modified", "Sat, 21 Nov 2026 03:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def serving(port: int = 0) -> Iterator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", port), Server)
    made.objects, made.seen, made.status, made.open = {f"k{n}": b"x" * n for n in range(5)}, [], 200, 0
    made.broken = {}
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()


@pytest.fixture
def server() -> Iterator[Any]:
    with serving() as made:
        yield made


@pytest.fixture
def other() -> Iterator[Any]:
    """A second node of the same cluster."""
    with serving() as made:
        yield made


def store(*addresses: str) -> Store:
    return Store(addresses, Access("garage", "GK1", SECRET))


def take(
    server: Any, limits: Limits | None = None, like: Any = (), buckets: Any = ({"id": ID, "alias": ""},)
) -> list[dict[str, Any]]:
    made = store("127.0.0.1:1", f"http://127.0.0.1:{server.server_port}/")
    rows: list[dict[str, Any]] = objects.take(made, buckets, limits or Limits(), like)["objects"]
    return rows


def test_a_bucket_is_read_by_its_id_and_the_next_address_is_asked(server: Any) -> None:
    """trap G15: objects are counted by listing them; after an offline repair on sled Garage's counter is one short."""
    (row,) = take(server)
    assert (row["id"], row["alias"], row["objects"], row["complete"]) == (ID, "", 5, True)
    assert [item["key"] for item in row["sample"]] == ["k0", "k1", "k2", "k3", "k4"]
    assert row["sample"][0] == {
        "key": "k0",
        "size": 0,
        "etag": "e",
        "sha256": EMPTY,
        "last_modified": "2026-11-21T03:00:00Z",
    }


def test_no_connection_is_kept_and_no_header_asks_for_that_g09(server: Any) -> None:
    # trap G09: an idle connection holds a stopping Garage up. And "Connection: close" makes it close before it answers.
    take(server)
    for _second in range(50):
        if not server.open:
            break
        threading.Event().wait(0.02)
    assert server.open == 0
    assert {headers.get("Connection") for _path, headers in server.seen} == {None}
    assert not [name for _path, headers in server.seen for name in headers if "checksum" in name.lower()]


def test_limits(server: Any) -> None:
    (row,) = take(server, Limits(sample=2, keys=3, object_bytes=1))
    assert (row["objects"], row["complete"]) == (3, False)
    assert [(item["key"], bool(item["sha256"])) for item in row["sample"]] == [("k0", True), ("k1", True)]
    (row,) = take(server, Limits(sample=5, object_bytes=3))
    assert [bool(item["sha256"]) for item in row["sample"]] == [True, True, True, True, False]


def test_the_same_objects_are_read_again(server: Any) -> None:
    like = [{"id": ID, "sample": [{"key": "k3"}, {"key": "gone"}]}]
    (row,) = take(server, like=like)
    assert [item["key"] for item in row["sample"]] == ["k3"]
    assert row["missing"] == [
        {"key": "gone", "asked": {"127.0.0.1:1": "no connection", f"http://127.0.0.1:{server.server_port}/": "absent"}}
    ]


def missing(*servers: Any, **more: Any) -> list[dict[str, Any]]:
    """What the nodes say of k1, which was there."""
    made = store(*(f"http://127.0.0.1:{one.server_port}" for one in servers))
    like = [{"id": ID, "sample": [{"key": "k1"}]}]
    (row,) = objects.take(made, [{"id": ID, "alias": ""}], Limits(), like, **more)["objects"]
    assert bool(row["missing"]) == (not row["sample"])
    return [list(found["asked"].values()) for found in row["missing"]]


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        ("there", "there", []),
        ("gone", "gone", [["absent", "absent"]]),
        ("unlisted", "unlisted", [["absent", "absent"]]),
        (404, 404, [["broken", "broken"]]),
        ("gone", 404, [["absent", "broken"]]),
        (500, 500, [["broken", "broken"]]),
        (500, "there", []),
        (
            "short",
            "short",
            [["broken", "broken"]],
        ),  # seen on 0.9.4 without its blocks: the answer begins, and breaks off
        ("short", "there", []),
    ],
)
def test_every_node_is_asked_for_what_is_missing(server: Any, other: Any, here: Any, there: Any, said: Any) -> None:
    for node, state in ((server, here), (other, there)):
        if state in ("gone", "unlisted"):
            del node.objects["k1"]
        if state == "unlisted":
            node.objects["k10"] = b""  # begins alike
        if state in (404, 500, "short"):
            node.broken["k1"] = state
    assert missing(server, other) == said


def test_a_node_that_cannot_be_asked_says_nothing(server: Any, other: Any) -> None:
    del server.objects["k1"]
    other.status = 503
    assert missing(server, other) == [["absent", "503 AccessDenied No such key"]]
    assert missing(server, mute={"c1": "it serves no S3"}) == [["absent", "it serves no S3"]]


def test_the_first_inventory_takes_what_is_there_only(server: Any) -> None:
    """Then nothing can be missing yet: an object that is listed and cannot be read stops the upgrade."""
    server.broken["k1"] = 500
    with pytest.raises(UpliftError, match="Reading 'k1' of bucket 034bf74d8bee6066: no address served"):
        take(server)


def test_our_own_buckets_are_left_out(server: Any) -> None:
    assert take(server, buckets=[{"id": ID, "alias": "uplift-20261121t031500z-garage-0.8.7-probe"}]) == []
    for name in ("alpha", "uplift-probe", "uplift-data"):
        assert take(server, buckets=[{"id": ID, "alias": name}])[0]["alias"] == name


def test_a_refusal_is_a_sentence_and_no_other_address_is_asked(server: Any) -> None:
    server.status = 403
    with pytest.raises(UpliftError, match="Listing bucket 034bf74d8bee6066: .* said 403 AccessDenied No such key"):
        take(server)
    assert len(server.seen) == 1


def test_no_address_serves(server: Any) -> None:
    server.status = 503
    with pytest.raises(UpliftError, match="no address served .127.0.0.1:1: .*; http://127.*503"):
        take(server)


def test_no_address_given() -> None:
    with pytest.raises(UpliftError, match="No S3 address"):
        store()


@given(st.lists(st.text(max_size=3), unique=True, max_size=60), st.integers(0, 30))
def test_a_sample_is_spread(rows: list[str], expected: int) -> None:
    found = objects.spread(rows, expected)
    places = [rows.index(row) for row in found]
    assert len(found) == min(expected, len(rows))
    assert places == sorted(set(places))
    gaps = [later - earlier for earlier, later in zip(places, [*places[1:], len(rows)], strict=False)]
    assert not gaps or max(gaps) - min(gaps) <= 1


ROWS = st.lists(
    st.fixed_dictionaries({"key": st.text(max_size=4), "size": st.integers(0, 9), "etag": st.text(max_size=2)})
)


@given(ROWS, st.randoms())
def test_a_digest_does_not_hang_on_the_order(rows: list[dict[str, Any]], random: Any) -> None:
    other = list(rows)
    random.shuffle(other)
    assert objects.digest(rows) == objects.digest(other)
    assert objects.digest([*rows, {"key": "one more", "size": 1, "etag": ""}]) != objects.digest(rows)


class Passing:
    """A clock whose sleep opens a server after so many seconds; it says how long was slept."""

    def __init__(self, after: float) -> None:
        self.after, self.slept, self.servers = after, 0.0, ExitStack()
        self.port = socket.socket()
        self.port.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.port.getsockname()[1]}"
        self.clock = Clock(now=lambda: self.slept, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if self.slept >= self.after and self.port.fileno() >= 0:
            number = self.port.getsockname()[1]
            self.port.close()
            self.servers.enter_context(serving(number))


@pytest.mark.parametrize("after", [3.0, 60.0])
def test_that_nobody_takes_a_connection_for_a_moment_is_waited_out(after: float) -> None:
    """A service of Kubernetes refuses while it looks for who serves; what was asked for is not missing then."""
    passing = Passing(after)
    with passing.servers:
        made = Store([passing.address], Access("garage", "GK1", SECRET), 60.0, passing.clock)
        found = objects._again(made, ID, "k0", 1 << 20, {})
        assert found["key"] == "k0" and "asked" not in found
        assert passing.slept == after


def test_nobody_is_waited_for_longer_than_that() -> None:
    passing = Passing(1e9)
    made = Store([passing.address], Access("garage", "GK1", SECRET), 60.0, passing.clock)
    with pytest.raises(Silent, match="no address served"):
        objects._page(made, ID, {})
    assert made.each(lambda door: str(door.page(ID)["next"])) == {passing.address: "no connection"}
    assert passing.slept == 60.0
