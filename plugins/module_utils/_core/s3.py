# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""S3 as a client asks it, by TCP, TLS or a socket file: with the standard library alone, which nodes have."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Sequence, TypeVar
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree

from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import Silent, UpliftError

T = TypeVar("T")

UNIX = "unix:"
CONNECT_SECONDS, READ_SECONDS, AGAIN_SECONDS = 2.0, 5.0, 1.0
CLOCK = Clock()
_NOTHING = hashlib.sha256(b"").hexdigest()


class S3Error(UpliftError):
    """What came in place of what was asked for. status: of HTTP, 0 for none. connected: whether anybody was there.

    late: whether somebody was there and said nothing in time.
    """

    def __init__(self, said: str, status: int = 0, code: str = "", connected: bool = True, late: bool = False) -> None:
        super().__init__(said)
        self.status, self.code, self.connected, self.late = status, code, connected, late


@dataclass(frozen=True)
class Access:
    """How S3 is asked. Without a key nothing is signed. virtual: the bucket is a part of the host's name."""

    region: str = "garage"
    key: str = ""
    secret: str = ""
    ca_file: str = ""
    virtual: bool = False


class _Socket(http.client.HTTPConnection):
    """A socket of the file system in place of a host."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


class Door:
    """One address: host:port, a URL, or unix:/path. A connection for each request, closed from this side.

    An idle connection makes Garage 0.6 and 0.7 take 14 s to stop, and 0.9 for ever (trap G09). Asked by the header
    "Connection: close" to close it, Garage 0.7 and 0.8 do so in one case of seven before they have answered.
    """

    def __init__(self, address: str, access: Access) -> None:
        self.address, self.access = address, access
        self._file = address[len(UNIX) :] if address.startswith(UNIX) else ""
        parts = urlsplit("http://localhost" if self._file else url_of(address))
        self._netloc, self._host, self._base = parts.netloc, parts.hostname or "", parts.path.rstrip("/")
        self._port = _port(parts, address)
        self._context = _trusting(access.ca_file) if parts.scheme == "https" else None

    @contextmanager
    def asked(self, method: str, bucket: str = "", key: str = "", **query: Any) -> Iterator[http.client.HTTPResponse]:
        """The answer, its body still to be read. S3Error where it is no success."""
        virtual = self.access.virtual and self._a_name(bucket)
        host = f"{bucket}." if virtual else ""
        inside = "/".join(part for part in ("" if virtual else bucket, key) if part)
        path = f"{self._base}/{inside}"
        words = "&".join(f"{quote(name, '~')}={quote(str(query[name]), '~')}" for name in sorted(query))
        headers = {"Host": host + self._netloc}
        if self.access.key:
            headers = signed(method, headers["Host"], path, words, self.access)
        connection = self._connection(host + self._host)
        try:
            answer = self._sent(connection, method, quote(path, "/~") + (f"?{words}" if words else ""), headers)
            if answer.status >= 300:
                raise refused(answer.status, read(answer))
            yield answer
        finally:
            connection.close()

    def _a_name(self, bucket: str) -> bool:
        """Whether it can be a part of a host's name: an id is one character too long for that."""
        return 0 < len(bucket) < 64 and not self._file

    def _connection(self, host: str) -> http.client.HTTPConnection:
        if self._file:
            return _Socket(self._file, timeout=CONNECT_SECONDS)
        if self._context:
            return http.client.HTTPSConnection(host, self._port, timeout=CONNECT_SECONDS, context=self._context)
        return http.client.HTTPConnection(host, self._port, timeout=CONNECT_SECONDS)

    def _sent(
        self, connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        try:
            connection.connect()
            connection.sock.settimeout(READ_SECONDS)
        except (OSError, http.client.HTTPException) as exc:
            raise S3Error(_reason(exc), connected=False) from exc
        try:
            connection.request(method, target, headers=dict(headers))
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as exc:
            raise _broken(exc) from exc

    def page(self, bucket: str, **query: Any) -> dict[str, Any]:
        """One page of a listing: rows of key, size and etag, and the token of the next page, "" for none."""
        query = {name.replace("_", "-"): value for name, value in query.items()}
        with self.asked("GET", bucket, **{"list-type": 2, "encoding-type": "url", **query}) as answer:
            return listing(read(answer))


class Store:
    """One cluster by several addresses: a call goes to the address that served last, else to the next one.

    Where no address takes a connection, all are asked again, for `patience` seconds in all calls together: a balancer
    or Kubernetes refuses for a moment while it looks for who serves.
    """

    def __init__(self, addresses: Sequence[str], access: Access, patience: float = 0.0, clock: Clock = CLOCK) -> None:
        if not addresses:
            raise UpliftError("No S3 address was given; expected at least one host:port or URL.")
        self._doors = [Door(address, access) for address in addresses]
        self._left, self._clock = patience, clock

    def ask(self, what: str, call: Callable[[Door], T]) -> T:
        while True:
            try:
                return self._asked(what, call)
            except Silent:
                if not self._waited():
                    raise

    def _asked(self, what: str, call: Callable[[Door], T]) -> T:
        answers, heard = [], False
        for at, door in enumerate(list(self._doors)):
            try:
                answer = call(door)
            except S3Error as error:
                if 400 <= error.status < 500:  # the cluster has said no, which the next address would say too
                    raise UpliftError(f"{what}: {door.address} said {error}.") from error
                answers.append(f"{door.address}: {error}")
                heard = heard or error.connected
            else:
                self._doors = self._doors[at:] + self._doors[:at]
                return answer
        raise (UpliftError if heard else Silent)(
            f"{what}: no address served ({'; '.join(answers)}); see that one of them is reachable from here."
        )

    def each(self, call: Callable[[Door], str]) -> dict[str, str]:
        """What every address answers, or why it does not."""
        return {door.address: self._said(door, call) for door in self._doors}

    def _said(self, door: Door, call: Callable[[Door], str]) -> str:
        while True:
            try:
                return call(door)
            except S3Error as error:
                if error.connected:
                    return str(error)
                if not self._waited():
                    return "no connection"

    def _waited(self) -> bool:
        """Whether there was time to wait for."""
        if self._left <= 0:
            return False
        began = self._clock.now()
        self._clock.sleep(min(AGAIN_SECONDS, self._left))
        self._left -= max(self._clock.now() - began, 0.001)
        return True


def url_of(address: str) -> str:
    """An S3 address as an operator writes it: host:port, or a whole URL."""
    return address.rstrip("/") if "://" in address else f"http://{address}"


def silence(address: str, access: Access) -> str:
    """Why this is not an S3 API that answers, or "". Asked without a key it says no in S3's own words."""
    name = "uplift" if access.virtual else ""  # any: that it may not be asked comes first
    try:
        with Door(address, access).asked("GET", name) as answer:
            status = answer.status
    except S3Error as error:
        if error.status in (400, 403) and error.code:  # up to 0.5 a request without credentials is a bad one
            return ""
        if not error.status:
            return str(error)
        status = error.status
    except UpliftError as error:
        return str(error)
    return f"it answers with the status {status} and without an S3 error; expected one, such as 403 AccessDenied"


def read(answer: http.client.HTTPResponse, most: int | None = None) -> bytes:
    try:
        return answer.read(most)
    except (OSError, http.client.HTTPException) as exc:
        raise _broken(exc) from exc


def listing(body: bytes) -> dict[str, Any]:
    """Pure. Keys come encoded where the answer says so: XML has no way to write every character of a key."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as exc:
        raise S3Error(f"a listing that is no XML ({exc})", 200) from exc
    flat = {_tag(one): one.text or "" for one in root}
    plain = unquote if flat.get("EncodingType") == "url" else str
    rows = []
    for one in root:
        if _tag(one) == "Contents":
            row = {_tag(part): part.text or "" for part in one}
            rows.append({"key": plain(row["Key"]), "size": int(row["Size"]), "etag": row["ETag"]})
    more = flat.get("IsTruncated") == "true"
    return {"rows": rows, "next": flat["NextContinuationToken"] if more else ""}


def refused(status: int, body: bytes) -> S3Error:
    """Pure. In S3's own words where they are any."""
    try:
        words = {_tag(one): one.text or "" for one in ElementTree.fromstring(body)}
    except ElementTree.ParseError:
        words = {}
    said = f"{status} {words.get('Code', '')} {words.get('Message', '')}".strip()
    return S3Error(said, status, words.get("Code", ""))


def signed(
    method: str, host: str, path: str, query: str, access: Access, stamp: str = "", digest: str = _NOTHING
) -> dict[str, str]:
    """The headers of a request. path: not yet quoted. query: sorted and quoted. digest: of what is in it."""
    stamp = stamp or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = "host;x-amz-content-sha256;x-amz-date"
    head = f"host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{stamp}\n"
    canonical = f"{method}\n{quote(path, '/~')}\n{query}\n{head}\n{names}\n{digest}"
    scope = f"{stamp[:8]}/{access.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = f"AWS4{access.secret}".encode()
    for part in (stamp[:8], access.region, "s3", "aws4_request"):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(made, text.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={access.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {"Host": host, "x-amz-date": stamp, "x-amz-content-sha256": digest, "Authorization": credential}


def _port(parts: Any, address: str) -> int | None:
    try:
        port: int | None = parts.port
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        port, known = None, False
    if not known:
        raise UpliftError(
            f"The S3 address {address!r} is none; expected host:port, a URL of http or https, or unix:/path."
        )
    return port


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as exc:
        raise UpliftError(
            f"The certificates of {ca_file} cannot be read ({exc}); expected the authority's, in PEM. Name that file."
        ) from exc


def _broken(error: Exception) -> S3Error:
    return S3Error(_reason(error), late=isinstance(error, socket.timeout))


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
