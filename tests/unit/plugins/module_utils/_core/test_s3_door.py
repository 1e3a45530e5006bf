# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""S3 behind a proxy with TLS of its own, by a socket file, with buckets in the host's name; and bad input."""

from __future__ import annotations

import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import s3
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SECRET = "4425f5c26c5e11581d3223904324dcb5"
DENIED = b"<Error><Code>AccessDenied</Code></Error>"
LIST = (
    b"<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><EncodingType>url</EncodingType>"
    b"<IsTruncated>false</IsTruncated><Contents><Key>a%20b%2Fc%01</Key><Size>3</Size><ETag>&quot;e&quot;</ETag></Contents>"
    b"</ListBucketResult>"
)


class Handler(BaseHTTPRequestHandler):
    """Lists for whoever has a key."""

    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append((self.headers["Host"], self.path))
        signed = "Authorization" in self.headers
        self.send_response(200 if signed else 403)
        self.end_headers()
        self.wfile.write(LIST if signed else DENIED)

    def log_message(self, *_arguments: object) -> None:
        pass


class Unix(socketserver.UnixStreamServer):
    def get_request(self) -> tuple[Any, Any]:
        return super().get_request()[0], ("a socket", 0)


def serve(server: Any) -> None:
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()


def authority(directory: Path, name: str) -> Path:
    """A certificate that is its own authority."""
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(directory / f"{name}.key"), "-out", str(directory / f"{name}.crt")]
    names = ["-addext", "subjectAltName=DNS:localhost,DNS:*.localhost"]
    subprocess.run([*words, *names, *files], capture_output=True, check=True)
    return directory / f"{name}.crt"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    """A server, and the directory with its certificate `own` and that of somebody else, `other`."""
    directory = tmp_path_factory.mktemp("tls")
    own = authority(directory, "own")
    authority(directory, "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, own.with_suffix(".key"))
    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        made.socket = context.wrap_socket(made.socket, server_side=True)
        serve(made)
        yield made, directory
        made.shutdown()


def access(**more: Any) -> s3.Access:
    return s3.Access("garage", "GK1", SECRET, **more)


def test_a_proxy_with_an_authority_of_its_own(secure: tuple[Any, Path]) -> None:
    server, directory = secure
    address, trusted = f"https://localhost:{server.server_port}/", str(directory / "own.crt")
    assert s3.silence(address, s3.Access(ca_file=trusted)) == ""
    (row,) = s3.Door(address, access(ca_file=trusted)).page("alpha")["rows"]
    assert row == {"key": "a b/c\x01", "size": 3, "etag": '"e"'}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("other.crt", "certificate verify failed"),
        ("", "certificate verify failed"),
        ("none.crt", "The certificates of .*none.crt cannot be read .*; expected the authority's, in PEM"),
        ("own.key", "The certificates of .*own.key cannot be read"),
    ],
)
def test_an_authority_that_is_not_the_proxys(secure: tuple[Any, Path], name: str, says: str) -> None:
    server, directory = secure
    given = s3.Access(ca_file=str(directory / name) if name else "")
    with pytest.raises(AssertionError, match=says):
        assert not s3.silence(f"https://localhost:{server.server_port}", given)


def test_a_socket_file(tmp_path: Path) -> None:
    path = str(tmp_path / "s3.sock")
    assert "No such file" in s3.silence(f"unix:{path}", s3.Access())
    with Unix(path, Handler) as server:
        serve(server)
        assert s3.silence(f"unix:{path}", s3.Access()) == ""
        # Whatever the style: there is no host to put a bucket before.
        assert s3.Door(f"unix:{path}", access(virtual=True)).page("alpha", prefix="a b")["next"] == ""
        asked: Any = server
        assert asked.asked[-1] == ("localhost", "/alpha?encoding-type=url&list-type=2&prefix=a%20b")
        server.shutdown()


def test_a_bucket_in_the_name_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    real, wanted = socket.getaddrinfo, []

    def resolve(host: str, *more: Any, **how: Any) -> Any:
        wanted.append(host)
        return real("127.0.0.1", *more, **how)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serve(server)
        port, asked = server.server_port, server
        door = s3.Door(f"s3.example.org:{port}", access(virtual=True))
        door.page("alpha")
        door.page("f" * 64)  # an id is no part of a name
        assert s3.silence(f"s3.example.org:{port}", s3.Access(virtual=True)) == ""
        server.shutdown()
    seen: Any = asked
    assert [host for host, _path in seen.asked] == [
        f"alpha.s3.example.org:{port}", f"s3.example.org:{port}", f"uplift.s3.example.org:{port}",
    ]  # fmt: skip
    assert [path.partition("?")[0] for _host, path in seen.asked] == ["/", f"/{'f' * 64}", "/"]
    assert wanted == ["alpha.s3.example.org", "s3.example.org", "uplift.s3.example.org"]


@pytest.mark.parametrize("address", ["ftp://a:1", "a:port", "http://", "https://:1"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UpliftError, match="expected host:port, a URL of http or https, or unix:/path"):
        s3.Door(address, access())
    assert "expected host:port" in s3.silence(address, s3.Access())


@pytest.mark.parametrize("key", ["k", "a b/ä+~&=?#%", "//x", "./y", "a\x01"])
def test_it_is_signed_as_amazons_own_library_signs(key: str) -> None:
    made = s3.signed("GET", "h:3900", f"/alpha/{key}", "list-type=2&prefix=a%20b", access(), "20261121T000000Z")
    path = s3.quote(f"/alpha/{key}", "/~")
    theirs = AWSRequest("GET", f"http://h:3900{path}?list-type=2&prefix=a%20b", data=b"")
    signer = S3SigV4Auth(Credentials("GK1", SECRET), "s3", "garage")
    theirs.context["timestamp"] = "20261121T000000Z"
    theirs.headers["X-Amz-Date"] = "20261121T000000Z"
    theirs.headers["X-Amz-Content-SHA256"] = made["x-amz-content-sha256"]
    text = signer.string_to_sign(theirs, signer.canonical_request(theirs))
    assert made["Authorization"].endswith(signer.signature(text, theirs))


def test_an_answer_that_is_none_of_s3s() -> None:
    with pytest.raises(s3.S3Error, match="a listing that is no XML"):
        s3.listing(b"<html><br></html>")
    assert str(s3.refused(503, b"<html><br>")) == "503"
