# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the collection and Ansible itself ready, once for a process."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

_PLACE = Path(tempfile.mkdtemp(prefix="uplift-roles-"))
_TREE = _PLACE / "collections"
ROOT = Path(__file__).resolve().parents[2]


def with_toy(ours: Path, toy: dict[str, Path], place: Path) -> None:
    """The collection as it is and, in it, what a further product brings: path there -> path here."""
    place.mkdir(parents=True)
    inside = {name.partition("/")[0] for name in toy}
    for path in ours.iterdir():
        if path.name not in inside:
            (place / path.name).symlink_to(path)
    for name in inside:
        rest = {one.partition("/")[2]: path for one, path in toy.items() if one.partition("/")[0] == name}
        if "" in rest:
            (place / name).symlink_to(rest[""])
        else:
            with_toy(ours / name, rest, place / name)


TOY = {
    "plugins/module_utils/_toy": ROOT / "tests" / "toy" / "package",
    "roles/toy": ROOT / "tests" / "toy" / "roles" / "toy",
    **{f"playbooks/{path.name}": path for path in (ROOT / "tests" / "toy" / "playbooks").glob("*.yml")},
}
with_toy(ROOT, TOY, _TREE / "ansible_collections" / "uplift" / "datastores")
(_PLACE / "ansible.cfg").touch()
os.environ.update(
    ANSIBLE_HOME=str(_PLACE / "home"),
    ANSIBLE_LOCAL_TEMP=str(_PLACE / "tmp"),
    ANSIBLE_CONFIG=str(_PLACE / "ansible.cfg"),
    ANSIBLE_COLLECTIONS_PATH=str(_TREE),
    ANSIBLE_DEPRECATION_WARNINGS="0",
    ANSIBLE_RETRY_FILES_ENABLED="0",
    ANSIBLE_PIPELINING="0",
)

from ansible.plugins.loader import init_plugin_loader  # noqa: E402

init_plugin_loader([str(_TREE)])
sys.path.insert(0, str(Path(__file__).parent))

import inprocess  # noqa: E402
import pytest  # noqa: E402
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES  # noqa: E402
from answers import VERSIONS  # noqa: E402
from stage import Stage  # noqa: E402

inprocess.install()
_OWNER = os.getpid()
atexit.register(lambda: os.getpid() == _OWNER and shutil.rmtree(_PLACE, ignore_errors=True))


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two nodes of the toy; its line in the registry, and the versions that the stage plays with."""
    from ansible_collections.uplift.datastores.plugins.module_utils._toy.catalogue import TOY as CATALOGUE

    monkeypatch.setitem(CATALOGUES, "toy", CATALOGUE)
    monkeypatch.setitem(VERSIONS, "toy", ("1.0.0", "2.0.0"))
    return Stage(tmp_path, "toy", ["t1", "t2"])


@pytest.fixture
def garage(tmp_path: Path) -> Stage:
    """A Garage cluster of three zones, one node in each."""
    return Stage(tmp_path, "garage", ["a1", "b1", "c1"])


@pytest.fixture
def lakefs(tmp_path: Path) -> Stage:
    """Two lakeFS servers of one database."""
    return Stage(tmp_path, "lakefs", ["l1", "l2"])


@pytest.fixture
def pachyderm(tmp_path: Path) -> Stage:
    """A Pachyderm cluster on systemd, and its control node."""
    return Stage(tmp_path, "pachyderm", ["p1"])
