# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import Silent, UpliftError

with suppress(ImportError):  # the action says that it is missing
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError
    from botocore.handlers import validate_bucket_name

T = TypeVar("T")

_CONFIG: dict[str, Any] = {
    "signature_version": "s3v4",
    "s3": {"addressing_style": "path", "payload_signing_enabled": True},
    "connect_timeout": 2,
    "read_timeout": 5,
    "retries": {"total_max_attempts": 1},
    "proxies": {},
    # Newer botocore adds checksum headers of its own, which old Garage refuses.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def url_of(address: str) -> str:
    """An S3 address as an operator writes it: host:port, or a whole URL."""
    return address.rstrip("/") if "://" in address else f"http://{address}"


def client(address: str, region: str, key: str, secret: str, ca_file: str = "") -> Any:
    """A botocore client for one Garage address: path style, short timeouts, no retries, no proxy."""
    made = botocore.session.Session().create_client(
        "s3",
        endpoint_url=url_of(address),
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        verify=ca_file or True,
        config=Config(**_CONFIG),
    )
    # Garage knows a bucket by its id too, which is one character too long for a bucket's name.
    made.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    return made


class Store:
    """One cluster by several addresses: a call goes to the address that served last, else to the next one."""

    def __init__(self, addresses: Sequence[str], connect: Callable[[str], Any]) -> None:
        if not addresses:
            raise UpliftError("No S3 address was given; expected at least one host:port or URL.")
        self._clients = [(address, connect(address)) for address in addresses]

    def ask(self, what: str, call: Callable[[Any], T]) -> T:
        answers, heard = [], False
        for at, (address, asked) in enumerate(list(self._clients)):
            try:
                answer = _and_hang_up(asked, call)
            except (BotoCoreError, ClientError) as error:
                if is_refusal(error):
                    raise UpliftError(f"{what}: {address} said {said(error)}.") from error
                answers.append(f"{address}: {said(error)}")
                heard = heard or not isinstance(error, ConnectionError)
            else:
                self._clients = self._clients[at:] + self._clients[:at]
                return answer
        raise (UpliftError if heard else Silent)(
            f"{what}: no address served ({'; '.join(answers)}); see that one of them is reachable from here."
        )

    def each(self, call: Callable[[Any], str]) -> dict[str, str]:
        """What every address answers, or why it does not."""
        answers = {}
        for address, asked in self._clients:
            try:
                answers[address] = _and_hang_up(asked, call)
            except (BotoCoreError, ClientError) as error:
                answers[address] = "no connection" if isinstance(error, ConnectionError) else said(error)
        return answers


def _and_hang_up(asked: Any, call: Callable[[Any], T]) -> T:
    """The call's answer, with the connection closed afterwards.

    An idle connection makes Garage 0.6 and 0.7 take 14 s to stop, and 0.9 for ever (trap G09). It is closed from this
    side: asked by the header "Connection: close" to do so, Garage 0.7 and 0.8 close about one connection in seven
    before they have answered (measured, 0.7.0 and 0.8.7).
    """
    try:
        return call(asked)
    finally:
        asked.close()


def status_of(error: Exception) -> int:
    """The HTTP status of an answer, 0 when there was none."""
    if not isinstance(error, ClientError):
        return 0
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_refusal(error: Exception) -> bool:
    """Whether the cluster has said no, which the next address would say too."""
    return 400 <= status_of(error) < 500


def said(error: Exception) -> str:
    if isinstance(error, ClientError):
        detail = error.response.get("Error", {})
        return f"{status_of(error)} {detail.get('Code', '')} {detail.get('Message', '')}".strip()
    return str(error)
