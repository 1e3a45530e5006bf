# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.lab`. Whoever starts it, all commands but `setup` run by the virtual environment's Python."""

from __future__ import annotations

import os
import sys

from tests.lab import paths
from tests.lab.cli import main

if __name__ == "__main__":
    venv = paths.venv_python().parents[1]
    if sys.argv[1:2] != ["setup"] and paths.venv_python().exists() and not venv.samefile(sys.prefix):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH")]))
        os.execv(paths.venv_python(), [str(paths.venv_python()), "-m", "tests.lab", *sys.argv[1:]])
    sys.exit(main(sys.argv[1:]))
