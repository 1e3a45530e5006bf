# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: keys of lakeFS's configuration that one release wants and another refuses (L14, L21).

A release refuses the whole file for one key that it does not know. What is missing here, the staged release says itself
before anything stops for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import schema


@dataclass(frozen=True)
class Gone:
    """A key that releases from `since` on refuse; `now`: what it is called there. `matters`: what is lost with it."""

    key: str
    since: Version
    now: str = ""
    matters: str = ""


OLD_DSN, NEW_DSN, TYPE = "database.connection_string", "database.postgres.connection_string", "database.type"
CATALOGER = "cataloger.type"
POOL = ("max_open_connections", "max_idle_connections", "connection_max_lifetime")


GONE: Sequence[Gone] = (
    Gone("cataloger", schema.AFTER_GRAVELER),
    Gone(OLD_DSN, schema.ONLY_KV),
    *(Gone(f"database.{key}", schema.ONLY_KV) for key in POOL),
    Gone("blockstore.s3.credentials.access_secret_key", schema.ANY_KV, "blockstore.s3.credentials.secret_access_key"),
    Gone("blockstore.s3.streaming_chunk_size", Version(0, 110, 0)),
    Gone("blockstore.s3.streaming_chunk_timeout", Version(0, 110, 0)),
    Gone("auth.ldap", Version(0, 95, 0), matters="users log in by LDAP, which this release leaves to another service"),
    Gone("auth.oidc", Version(0, 95, 0), matters="users log in by OIDC, which this release leaves to another service"),
    Gone("auth.cookie_domain", Version(1, 70, 0)),
    Gone("auth.remote_authenticator.external_principals_enabled", Version(1, 18, 0)),
    Gone("database.dynamodb.read_capacity_units", Version(1, 0, 0)),
    Gone("database.dynamodb.write_capacity_units", Version(1, 0, 0)),
    Gone("diff", Version(1, 10, 0)),
    Gone("plugins", Version(1, 10, 0)),
    Gone("email", Version(1, 0, 0), matters="mails are sent, which this release does not do"),
    Gone("ui.enable", Version(1, 0, 0), "ui.enabled"),
    Gone("fixed_installation_id", Version(1, 0, 0), "installation.fixed_id"),
    Gone("graveler.reposiory_cache", Version(1, 0, 0), "graveler.repository_cache"),
)
# From 1.33 on this value is fatal where no server for it is named.
RBAC, RBAC_SERVER = "auth.ui_config.rbac", "auth.api.endpoint"
