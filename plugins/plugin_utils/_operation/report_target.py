# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Where a report is put by HTTP, besides the controller's own directory: a web server that takes files, or S3."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

from ansible.module_utils.urls import open_url
from ansible_collections.uplift.datastores.plugins.module_utils._core import s3
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

SECONDS = 30
TRY = "uplift-possible"  # what the plan puts there, to see that it may
_KINDS = {".html": "text/html", ".json": "application/json", ".md": "text/markdown"}
_KEYS = ("access_key_id", "secret_access_key")

Access = Mapping[str, Any]


def wrong(url: str, access: Access, setting: str) -> str:
    """Why nothing can be put there, without asking it; "" where that may be. The address may be a key."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        return (
            f"{setting}_url is no address below which files can be put; expected https://host/path or http://host/path,"
            f" without anything after the path. Nothing was begun. Set {setting}_url to another."
        )
    strange = sorted(set(access) - {"headers", "region", *_KEYS})
    if strange or any(access.get(name) for name in _KEYS) and not all(access.get(name) for name in _KEYS):
        return (
            f"{setting}_access has {', '.join(strange) or 'one of two keys'}; expected headers, or access_key_id,"
            f" secret_access_key and region for S3. Nothing was begun. Correct {setting}_access."
        )
    return ""


def put(url: str, access: Access, name: str, data: bytes, setting: str) -> None:
    """One file, by its name below the address."""
    parts = urlsplit(url)
    path = f"{parts.path.rstrip('/')}/{name}"
    kind = next((kind for end, kind in _KINDS.items() if name.endswith(end)), "text/plain")
    host = parts.netloc.rpartition("@")[2]
    headers = {str(key): str(value) for key, value in (access.get("headers") or {}).items()}
    if access.get(_KEYS[0]):
        keys = s3.Access(str(access.get("region") or "us-east-1"), str(access[_KEYS[0]]), str(access[_KEYS[1]]))
        headers.update(s3.signed("PUT", host, path, "", keys, digest=hashlib.sha256(data).hexdigest()))
    address = f"{parts.scheme}://{parts.netloc}{quote(path, '/~')}"
    try:
        open_url(address, method="PUT", data=data, headers={**headers, "Content-Type": kind}, timeout=SECONDS).close()
    except HTTPError as error:
        raise _refused(setting, f"{host} answers {error.code} to a PUT of {name}") from error
    except (URLError, OSError, ValueError) as error:
        raise _refused(setting, f"{host} cannot be asked ({getattr(error, 'reason', None) or error})") from error


def _refused(setting: str, seen: str) -> UpliftError:
    return UpliftError(
        f"The report cannot be put where {setting}_url says: {seen}; expected 200, 201 or 204. See {setting}_url and"
        f" {setting}_access, or leave them empty: it lies on the controller all the same."
    )
