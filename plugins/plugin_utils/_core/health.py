# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import json
import urllib.error
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ansible.module_utils.urls import open_url

with suppress(ImportError):  # the action says that it is missing
    import jmespath
    from jmespath.exceptions import JMESPathError

YES, NO, CANNOT_TELL = "yes", "no", "cannot tell"
_LIMIT = 1024 * 1024


def ask(check: Mapping[str, Any]) -> dict[str, str]:
    """One check of the operator's: the answer, and a sentence."""
    where = shown(check["url"])
    try:
        status, body = _fetch(check)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        answer, sentence = CANNOT_TELL, f"it did not answer ({reason}); see that it can be reached from here."
    else:
        answer, sentence = judge(check, status, body)
    return {"url": where, "answer": answer, "sentence": f"{where}: {sentence}"}


def judge(check: Mapping[str, Any], status: int, body: bytes) -> tuple[str, str]:
    """Pure. An answer with a 4xx status is none: the check asks for the wrong thing or may not ask."""
    if status >= 500:
        return NO, f"it answered with the status {status}; expected 200."
    if status >= 400:
        return CANNOT_TELL, f"it answered with the status {status}; correct the URL or the headers of the check."
    try:
        document = json.loads(body)
    except ValueError:
        return (
            CANNOT_TELL,
            f"its {len(body)} bytes are not JSON (the first 1 MiB is read); correct the URL of the check.",
        )
    try:
        found = jmespath.search(check["expression"], document)
    except JMESPathError:
        return CANNOT_TELL, f"{check['expression']!r} cannot be evaluated as JMESPath; correct it."
    expected = check["expected"]
    if isinstance(found, bool) == isinstance(expected, bool) and found == expected:
        return YES, f"{check['expression']} is {_json(found)}."
    return NO, f"{check['expression']} is {_json(found)}; expected {_json(expected)}."


def shown(url: str) -> str:
    """The URL without what may be secret in it: user, password and query."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _fetch(check: Mapping[str, Any]) -> tuple[int, bytes]:
    try:
        answer = open_url(check["url"], headers=check["headers"], timeout=check["timeout"], use_proxy=False)
    except urllib.error.HTTPError as error:
        return error.code, b""
    with answer:
        return answer.status, answer.read(_LIMIT)


def _json(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 200 else f"{text[:200]}..."
