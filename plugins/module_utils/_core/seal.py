# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a module has to tell its action and nobody else: the ssh plugin prints every result at -vvv.

The action makes a key for the one call and sends it as an argument under no_log: arguments go by standard input or in a
file of mode 0600, and are neither printed nor logged. The module encrypts with it. Nodes have Python's standard library
alone, so the cipher is a keystream (SHAKE256 of key and nonce) with an HMAC over all of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

NAME = "seal"  # of the argument; in the result it is "sealed"
SPEC = {NAME: {"type": "str", "default": "", "no_log": True}}
_NONCE, _TAG = 16, 32


def new_key() -> str:
    """64 hexadecimal digits, for one call."""
    return os.urandom(32).hex()


def seal(key: str, value: Any) -> str:
    """A value that JSON can hold, as base64 that says nothing without the key; UpliftError without a key."""
    secret = _bytes(key)
    nonce, raw = os.urandom(_NONCE), json.dumps(value).encode()
    body = nonce + _crossed(secret, nonce, raw)
    return base64.b64encode(body + _tag(secret, body)).decode()


def opened(key: str, text: str) -> Any:
    """The value again; UpliftError when the text is not what was sealed with this key."""
    secret, raw = _bytes(key), base64.b64decode(text)
    body, tag = raw[:-_TAG], raw[-_TAG:]
    if len(body) < _NONCE or not hmac.compare_digest(_tag(secret, body), tag):
        raise UpliftError("The node's answer is not what was sealed for this call; expected it whole. Run it again.")
    return json.loads(_crossed(secret, body[:_NONCE], body[_NONCE:]))


def _bytes(key: str) -> bytes:
    if len(key) != 64:
        raise UpliftError(
            "The module was called without its action; expected a task of a playbook: it returns secrets."
        )
    return bytes.fromhex(key)


def _crossed(secret: bytes, nonce: bytes, raw: bytes) -> bytes:
    stream = hashlib.shake_256(secret + nonce).digest(len(raw) or 1)[: len(raw)]
    return bytes(one ^ other for one, other in zip(raw, stream))


def _tag(secret: bytes, body: bytes) -> bytes:
    return hmac.new(hashlib.sha256(secret).digest(), body, hashlib.sha256).digest()
