# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of Garage from the real binaries, put together as its makers do: the program at /garage, its words in CMD."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.lab import image, release
from tests.lab.proc import run, say

RECIPE = """
FROM {base}
ENV RUST_BACKTRACE=1
ENV RUST_LOG=garage=info
COPY garage /garage
CMD ["/garage", "server"]
"""


def make(version: str) -> str:
    """The image's name; made when it is not there."""
    name = f"uplift-lab-garage:{version}"
    if not image.exists(name):
        image.make()
        say(f"making {name}")
        with tempfile.TemporaryDirectory() as place:
            shutil.copy2(release.binary(version), Path(place, "garage"))
            Path(place, "Dockerfile").write_text(RECIPE.format(base=image.wanted()))
            run(["docker", "build", "-q", "-t", name, place], timeout=300)
    return name
