# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes `ansible_collections.uplift.datastores` importable from a checkout at any path."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# A busy machine is no reason to fail.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

ROOT = Path(__file__).resolve().parents[2]
_TREE = Path(tempfile.mkdtemp(prefix="uplift-tree-"))
(_TREE / "ansible_collections" / "uplift").mkdir(parents=True)
(_TREE / "ansible_collections" / "uplift" / "datastores").symlink_to(ROOT)
sys.path.insert(0, str(_TREE))
sys.path.insert(0, str(ROOT))


def pytest_unconfigure() -> None:
    import shutil

    shutil.rmtree(_TREE, ignore_errors=True)
