# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module loads is compiled on the node at each of some hundred calls: the dear is loaded where it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import errors

PLUGINS = "ansible_collections.uplift.datastores.plugins"
TREE = str(Path(errors.__file__).parents[6])
HTTP = "ansible.module_utils.urls"  # a third of a call, with all of cryptography
DOCKER = f"{PLUGINS}.module_utils._runtime.docker"
CALLED_OFTEN = {
    "operation": (HTTP, DOCKER),
    **dict.fromkeys(
        ("garage_info", "garage_connect", "garage_settled", "garage_repair", "service", "release"), (HTTP,)
    ),
}


@pytest.mark.parametrize("module", CALLED_OFTEN)
def test_a_module_that_is_called_often_loads_only_what_every_call_needs(module: str) -> None:
    looks = f"import sys, {PLUGINS}.modules.{module}; print(*(n for n in {CALLED_OFTEN[module]!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", looks], cwd=TREE, capture_output=True, text=True, check=True)
    assert not done.stdout.split(), f"{module} loads {done.stdout.strip()} at every call"
