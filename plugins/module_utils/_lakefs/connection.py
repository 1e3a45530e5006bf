# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a server adds to its connection string: the variables of libpq that it is given, and files in its home.

Its driver reads both; psql as root has another environment and another home, and would ask another database.
"""

from __future__ import annotations

import os
from typing import Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup import conninfo
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import Lakefs
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.where import AsUnit, InContainer, Where
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec, unit_place

# Where the driver looks when nothing is said, below the home of its account.
FILES: Mapping[str, str] = {
    "passfile": ".pgpass",
    conninfo.SERVICE_FILE: ".pg_service.conf",
    "sslcert": ".postgresql/postgresql.crt",
    "sslkey": ".postgresql/postgresql.key",
    "sslrootcert": ".postgresql/root.crt",
}
_PATHS = {*FILES, "sslcrl", "sslcrldir"}


def besides(where: Where, lakefs: Lakefs) -> dict[str, str]:
    """By libpq's names, files as this machine has them. Secret."""
    own = conninfo.besides(where.environment())
    if isinstance(where, AsUnit):
        return {**of_account(unit_place.home(lakefs.environment, lakefs.user), lakefs.user or "root"), **own}
    return in_container(own, where.here.mounts if isinstance(where, InContainer) else {})


def of_account(home: str, user: str) -> dict[str, str]:
    """What counts where neither string nor environment says anything."""
    there = {name: os.path.join(home, place) for name, place in FILES.items()}
    return {"user": user, **{name: path for name, path in there.items() if os.path.isfile(path)}}


def in_container(own: Mapping[str, str], mounts: Mapping[str, str]) -> dict[str, str]:
    """Pure. A file that lies in the container alone is named as it is there: who looks for it here says so."""
    return {
        name: container_spec.host_path(mounts, value) or value if name in _PATHS else value
        for name, value in own.items()
    }
