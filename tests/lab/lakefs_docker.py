# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""lakeFS in docker containers, over one block store in a volume that all have."""

from __future__ import annotations

import os

from tests.lab import containers, hosts
from tests.lab import lakefs_forms as forms
from tests.lab.cluster import write
from tests.lab.containers import Recipe
from tests.lab.hosts import Host

# As the makers' image: an account of its own, and of the programs next to it the one that is asked whether it may
# write.
RECIPE = Recipe(
    "lakefs", "{}", "/app/lakefs", ('ENTRYPOINT ["/app/lakefs"]', 'CMD ["run"]', "USER lakefs", "WORKDIR /app"),
    ("/usr/bin/test",),
    {"/etc/passwd": f"root:x:0:0:root:/root:/bin/false\nlakefs:x:{forms.UID}:{forms.UID}::/home/lakefs:/bin/false\n"},
    int(forms.UID), ("/home/lakefs", "/tmp"),
)  # fmt: skip
PARTS = ("tmp",)


def blocks(cluster: str) -> str:
    """The volume."""
    return f"uplift-{cluster}-blocks"


def variables(cluster: str, host: Host) -> dict[str, str]:
    """The machine's daemon does not know the lab host's own /tmp."""
    here = containers.directory(cluster, host)
    return {"lakefs_unit": f"docker:{containers.container(host, RECIPE.product)}", "lakefs_tmpdir": f"{here}/tmp"}


def mounts(cluster: str, host: Host) -> list[str]:
    return containers.mounts(cluster, host, PARTS)


def start(cluster: str, host: Host, version: str, text: str) -> None:
    here = containers.directory(cluster, host)
    config = here / "config.yaml"
    write(config, text)
    os.chown(config, 0, int(forms.UID))
    config.chmod(0o640)
    (here / "tmp").chmod(0o1777)
    hosts.must(host, [["chown", f"{forms.UID}:{forms.UID}", forms.BLOCKS]])
    containers.start(cluster, host, RECIPE, version, {forms.CONFIG: str(config), forms.BLOCKS: blocks(cluster)})
