# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheme, CA and context of pachctl; a server that is not trusted is told from one that does not answer."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dial
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import configuration

from tests.unit import pachyderm_replay as replay

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl is installed here")
PEM = "-----BEGIN CERTIFICATE-----\nlab\n-----END CERTIFICATE-----\n"


def of(*addresses: str, token: str = "", **client: str) -> dial.Dial:
    return dial.of({"addresses": list(addresses), "token": token, "client": client})


@pytest.mark.parametrize(
    ("addresses", "texts"),
    [
        (["127.0.0.1:30650"], ["127.0.0.1:30650"]),
        (["grpc://pach:30650/"], ["pach:30650"]),
        (["grpcs://pach:30650", "127.0.0.1:30649"], ["grpcs://pach:30650", "grpcs://127.0.0.1:30649"]),
        (["grpcs://pach:30650", "grpc://127.0.0.1:30649"], ["grpcs://pach:30650", "127.0.0.1:30649"]),
        (["https://[fd00::1]:30650"], ["grpcs://[fd00::1]:30650"]),
    ],
)
def test_addresses_keep_their_scheme_and_lend_it(addresses: list[str], texts: list[str]) -> None:
    assert [one.text for one in of(*addresses).addresses] == texts


@pytest.mark.parametrize("text", ["pach", "grpcs://pach", "tcp://pach:1", "pach:port"])
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(UpliftError, match="is no address of a Pachyderm server; .* Correct pachyderm_address"):
        of(text)


def context(directory: Path, **more: Any) -> str:
    path = directory / "config.json"
    encoded = base64.b64encode(PEM.encode()).decode()
    found = {"pachd_address": "grpcs://pach:30650", "server_cas": encoded, "session_token": "t0ken", **more}
    known = {"user_id": "u", "v2": {"active_context": "lab", "contexts": {"lab": found, "bare": {"source": 2}}}}
    path.write_text(json.dumps(known), encoding="utf-8")
    return str(path)


def test_of_a_context_scheme_ca_and_token_are_taken_where_they_are_not_given(tmp_path: Path) -> None:
    path = context(tmp_path)
    found = of("pach:30650", "pach:30649", config=path)
    assert [one.text for one in found.addresses] == ["grpcs://pach:30650", "grpcs://pach:30649"]
    assert (found.token, found.ca) == ("t0ken", PEM) and "t0ken" not in repr(found)
    (tmp_path / "ca.crt").write_text("mine", encoding="utf-8")
    given = of("pach:30650", token="other", config=path, ca_file=str(tmp_path / "ca.crt"), context="lab")
    assert (given.token, given.ca) == ("other", "mine")


@pytest.mark.parametrize(
    ("addresses", "client", "said"),
    [
        (["else:30650"], {}, "leads to grpcs://pach:30650, and the addresses are else:30650; .* Set pachyderm_address"),
        (["pach:30650"], {"context": "none"}, "has no context none .* Correct pachyderm_client_config"),
        (["pach:30650"], {"context": "bare"}, "has no pachd_address: pachctl forwards a port by kubectl"),
        (["pach:30650"], {"config": "/nowhere"}, "/nowhere cannot be read .* that pachyderm_client_config names"),
        (["pach:30650"], {"ca_file": "/nowhere"}, "/nowhere cannot be read .* that pachyderm_ca_file names"),
    ],
)
def test_a_context_that_cannot_be_used_is_said(
    addresses: list[str], client: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UpliftError, match=said):
        of(*addresses, **{"config": context(tmp_path), **client})


def test_a_ca_that_is_no_base64_is_said_without_it(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="server_cas .* cannot be read") as caught:
        of("pach:30650", config=context(tmp_path, server_cas="a"))
    assert "t0ken" not in str(caught.value)


def test_pachctl_is_told_scheme_and_ca() -> None:
    written = configuration(Version(1, 13, 4), "grpcs://pach:30650", "t0ken", PEM)["v2"]["contexts"]["uplift"]
    assert written["pachd_address"] == "grpcs://pach:30650"
    assert base64.b64decode(written["server_cas"]).decode() == PEM
    # 1.13.4 refuses a CA where the address is plain.
    plain = configuration(Version(1, 13, 4), "pach:30650", "", PEM)["v2"]["contexts"]["uplift"]
    assert plain == {"pachd_address": "grpc://pach:30650"}
    with pytest.raises(UpliftError, match="pachctl 1.8.8 knows no contexts, .* TLS"):
        configuration(Version(1, 8, 8), "grpcs://pach:30650", "")


def openssl(directory: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


@pytest.fixture(scope="module", name="keys")
def _keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, a certificate of it for localhost, and another CA."""
    here = tmp_path_factory.mktemp("tls")
    new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj"]
    for name in ("ca", "other"):
        openssl(here, *new, f"/CN={name}", "-x509", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2")
    openssl(here, *new, "/CN=pachd", "-keyout", "tls.key", "-out", "tls.csr")
    (here / "names").write_text("subjectAltName=DNS:localhost\n", encoding="utf-8")
    signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
    openssl(here, "x509", "-req", "-in", "tls.csr", "-out", "tls.crt", *signed)
    return here


def serve(keys: Path, secured: bool) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(keys / "tls.crt", keys / "tls.key")

        def answer() -> None:
            while True:
                try:
                    taken, _who = listening.accept()
                except OSError:
                    return
                try:
                    if secured:
                        trust.wrap_socket(taken, server_side=True).close()
                    else:
                        taken.sendall(b"\0\0\6\4\0\0\0\0\0\0\5\0\0@\0")  # what a gRPC server says first
                        taken.close()
                except OSError:
                    taken.close()

        threading.Thread(target=answer, daemon=True).start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(name="secured")
def _secured(keys: Path) -> Iterator[int]:
    yield from serve(keys, True)


@pytest.fixture(name="plain")
def _plain(keys: Path) -> Iterator[int]:
    yield from serve(keys, False)


@needs_openssl
@pytest.mark.parametrize(
    ("host", "ca", "said"),
    [
        ("localhost", "ca.crt", ""),
        ("localhost", "other.crt", r"is not trusted \(.*\); .* signed by .*other.crt \(pachyderm_ca_file\)"),
        (
            "localhost",
            "",
            "is not trusted .* signed by a CA that this machine trusts. Name its CA with pachyderm_ca_file",
        ),
        ("127.0.0.1", "ca.crt", "is not trusted .* expected a certificate for 127.0.0.1, .* pachyderm_quiet_address"),
    ],
)
def test_who_is_not_trusted_is_told_before_pachctl_is_asked(
    keys: Path, secured: int, host: str, ca: str, said: str
) -> None:
    by = of(f"grpcs://{host}:{secured}", **({"ca_file": str(keys / ca)} if ca else {}))
    if not said:
        assert dial.reachable(by).text == f"grpcs://{host}:{secured}"
        return
    with pytest.raises(UpliftError, match=said) as caught:
        dial.reachable(by)
    assert not isinstance(caught.value, dial.Unreachable), "somebody answers there"


@needs_openssl
def test_a_server_without_tls_is_told_by_the_scheme(keys: Path, plain: int) -> None:
    with pytest.raises(UpliftError, match=r"does not speak TLS .* Correct the scheme in pachyderm_address"):
        dial.reachable(of(f"grpcs://127.0.0.1:{plain}"))
    assert dial.reachable(of(f"127.0.0.1:{plain}")).port == plain


@needs_openssl
@pytest.mark.parametrize(
    ("quiet", "said"), [("localhost:9", ""), ("127.0.0.1:9", "grpcs://127.0.0.1:9 is not trusted")]
)
def test_the_certificate_has_to_be_valid_where_the_server_is_moved_to(
    keys: Path, secured: int, quiet: str, said: str
) -> None:
    by = of(f"grpcs://localhost:{secured}", quiet, ca_file=str(keys / "ca.crt"))
    if not said:
        dial.demand_names(by)
        return
    with pytest.raises(UpliftError, match=said):
        dial.demand_names(by)


@needs_openssl
def test_a_plain_address_of_a_server_with_tls_is_told(keys: Path, secured: int, plain: int, tmp_path: Path) -> None:
    """pachctl itself says after half a minute that there was no answer (list_repo_plain_to_tls)."""
    silent = replay.answer("1.13.4", "list_repo_plain_to_tls")
    client = replay.pachctl(replay.Replay("1.13.4", {"version": silent}), tmp_path)
    client.address = f"127.0.0.1:{secured}"
    with pytest.raises(UpliftError, match=f"speaks TLS; .* Set pachyderm_address to grpcs://127.0.0.1:{secured}"):
        client.server()
    client.address = f"127.0.0.1:{plain}"
    with pytest.raises(UpliftError, match="context deadline exceeded"):
        client.server()
