# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Where a server is reached and by whom it is trusted: addresses with their scheme, a CA, a context of pachctl."""

from __future__ import annotations

import base64
import binascii
import json
import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import Silent, UpliftError

_ADDRESS = re.compile(r"(?:(grpcs?|https?)://)?(\[[^\]]+\]|[^:/\[\]]+):(\d+)/?")
_SECURED = ("grpcs", "https")


class Unreachable(CliError, Silent):
    """Nobody answers at any of the addresses."""


@dataclass(frozen=True)
class Address:
    """`text`: as pachctl takes it, and the old ones do: without a scheme where it is plain."""

    host: str
    port: int
    secured: bool = False

    @property
    def text(self) -> str:
        place = f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
        return f"grpcs://{place}" if self.secured else place


@dataclass(frozen=True)
class Dial:
    """ca: PEM, "" for the CAs of this machine. by: what an operator has named it with, for sentences."""

    addresses: Sequence[Address]
    token: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)
    by: str = ""


def of(params: Mapping[str, Any]) -> Dial:
    """For a module's parameters. What is said counts; then the context of pachctl, where one is named."""
    client = params.get("client") or {}
    context = _context(client["config"], client.get("context") or "") if client.get("config") else {}
    addresses = _addresses(params["addresses"], context.get("pachd_address") or "")
    if client.get("ca_file"):
        ca, by = _text(client["ca_file"], "pachyderm_ca_file"), f"{client['ca_file']} (pachyderm_ca_file)"
    else:
        ca, by = _pem(context.get("server_cas") or ""), f"the context in {client.get('config')}"
    return Dial(addresses, params["token"] or context.get("session_token") or "", ca, by if ca else "")


def read(text: str, secured: bool = False) -> Address:
    """`host:port`, with or without a scheme; secured: what counts without."""
    found = _ADDRESS.fullmatch(text.strip())
    if not found:
        raise UpliftError(
            f"{text!r} is no address of a Pachyderm server; expected host:port, or grpcs://host:port where it speaks"
            " TLS. Correct pachyderm_address. Nothing was changed."
        )
    return Address(found[2].strip("[]"), int(found[3]), found[1] in _SECURED if found[1] else secured)


def _addresses(texts: Sequence[str], context: str) -> list[Address]:
    """One without a scheme speaks as its neighbours do: it is the same server with another port."""
    of_context = read(context) if context else None
    plain = [read(text) for text in texts]
    if of_context and not any((one.host, one.port) == (of_context.host, of_context.port) for one in plain):
        raise UpliftError(
            f"The context of pachctl leads to {of_context.text}, and the addresses are"
            f" {', '.join(one.text for one in plain)}; expected the same server. Set pachyderm_address to"
            f" {of_context.text}, or leave pachyderm_client_config out. Nothing was changed."
        )
    secured = any(one.secured for one in [*plain, *([of_context] if of_context else [])])
    return [read(text, secured) for text in texts]


def _context(path: str, name: str) -> Mapping[str, Any]:
    try:
        known = json.loads(_text(path, "pachyderm_client_config"))["v2"]
        found = known["contexts"][name or known["active_context"]]
    except (ValueError, KeyError, TypeError) as exc:
        raise UpliftError(
            f"{path} has no context {name or 'that is active'} of pachctl; expected a configuration as 1.9.1 and later"
            " write it, with one. Correct pachyderm_client_config or pachyderm_context. Nothing was changed."
        ) from exc
    if not found.get("pachd_address"):
        raise UpliftError(
            f"The context {name or 'that is active'} in {path} has no pachd_address: pachctl forwards a port by kubectl"
            " there. Expected an address that can be connected to. Set pachyderm_address, and leave"
            " pachyderm_client_config out. Nothing was changed."
        )
    return dict(found)


def _pem(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise UpliftError(
            "server_cas of the context of pachctl cannot be read; expected certificates (PEM) in base64. Name the file"
            " of the CA with pachyderm_ca_file. Nothing was changed."
        ) from exc


def _text(path: str, setting: str) -> str:
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except (OSError, UnicodeDecodeError) as exc:
        raise UpliftError(
            f"{path} cannot be read ({exc}); expected the file that {setting} names, at the node."
        ) from exc


def reachable(dial: Dial, timeout: float = 3.0) -> Address:
    """The first address that takes a connection: pachctl itself would wait half a minute for one (P12)."""
    reasons = []
    for address in dial.addresses:
        try:
            with socket.create_connection((address.host, address.port), timeout=timeout) as plain:
                if address.secured:
                    _greet(plain, address, dial)
            return address
        except ssl.SSLError as exc:
            raise UpliftError(_untrusted(address, dial, exc)) from exc
        except OSError as exc:
            reasons.append(f"{address.text}: {exc}")
    tried = "; ".join(reasons) or "none was given"
    raise Unreachable(f"No Pachyderm server takes a connection ({tried}); expected one. Start it, or name its address.")


def demand_plain(text: str, timeout: float = 3.0) -> None:
    """What pachctl does not say: a server that speaks TLS gives a plain client no answer for half a minute."""
    address = read(text)
    if address.secured:
        return
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # nothing is sent; who it is does not matter
    try:
        with socket.create_connection((address.host, address.port), timeout=timeout) as plain:
            trust.wrap_socket(plain).close()
    except OSError:
        return
    raise UpliftError(
        f"The server at {text} speaks TLS; expected an address that says so. Set pachyderm_address to grpcs://{text},"
        " and pachyderm_ca_file where its CA is your own. Nothing was changed."
    )


def demand_names(dial: Dial, timeout: float = 3.0) -> None:
    """That the certificate is valid at the other addresses, too: the same server answers there later, moved or not."""
    there = reachable(dial, timeout)
    for other in dial.addresses:
        if there.secured and other.secured and other.host != there.host:
            try:
                with socket.create_connection((there.host, there.port), timeout=timeout) as plain:
                    _greet(plain, other, dial)
            except ssl.SSLError as exc:
                raise UpliftError(_untrusted(other, dial, exc)) from exc


def _greet(plain: socket.socket, address: Address, dial: Dial) -> None:
    """The handshake that pachctl will make: with this CA and no other, for this name."""
    trust = ssl.create_default_context(cadata=dial.ca or None)
    trust.set_alpn_protocols(["h2"])
    trust.wrap_socket(plain, server_hostname=address.host).close()


def _untrusted(address: Address, dial: Dial, exc: ssl.SSLError) -> str:
    said = getattr(exc, "verify_message", "") or exc.reason or str(exc)
    if not getattr(exc, "verify_message", ""):
        return (
            f"{address.text} does not speak TLS as it should ({said}); expected a server that does. Correct the scheme"
            " in pachyderm_address (grpcs:// or none), or the server's certificate. Nothing was changed."
        )
    return (
        f"The server at {address.text} is not trusted ({said.rstrip('.')}); expected a certificate for {address.host},"
        f" signed by {dial.by or 'a CA that this machine trusts'}. Name its CA with pachyderm_ca_file, or the name that"
        " the certificate has in pachyderm_address and pachyderm_quiet_address. Nothing was changed."
    )
