# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""One object through S3, signed by hand (version 4): managed nodes have nothing but the standard library."""

from __future__ import annotations

import time
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit

from ansible.module_utils.urls import open_url
from ansible_collections.uplift.datastores.plugins.module_utils._core import s3
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import Silent, UpliftError

REGION = "us-east-1"  # any will do for lakeFS


def get(url: str, path: str, key: str, secret: str, host: str = "", timeout: float = 60) -> bytes:
    """The bytes of /bucket/key. `host`: signed and sent in place of the URL's."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = signed(host or urlsplit(url).netloc, path, key, secret, REGION, stamp)
    try:
        with open_url(f"{url.rstrip('/')}{quote(path)}", headers=headers, timeout=timeout, use_proxy=False) as answer:
            return bytes(answer.read())
    except HTTPError as exc:
        raise UpliftError(f"The S3 gateway {url} answers {exc.code} for {path}; expected the object.") from exc
    except OSError as exc:
        raise Silent(f"The S3 gateway {url} does not answer: {exc}; expected the object {path}.") from exc


def signed(host: str, path: str, key: str, secret: str, region: str, stamp: str) -> dict[str, str]:
    """The headers of a GET with nothing in it."""
    return s3.signed("GET", host, path, "", s3.Access(region, key, secret), stamp)
