# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which settings each release wants, and how one file per release takes another's place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import config as garage_config
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import config_release
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage import config as garage_config_module

OLD = """# the cluster of the lab
metadata_dir = "/var/lib/garage/meta"  # on the fast disk
data_dir = "/var/lib/garage/data"

replication_mode = "3"  # three copies

rpc_secret = "0f"

# where clients come
[s3_api]
s3_region = "garage"
"""


def config(engine: str = "", mode: Any = "3", factor: Any = None) -> dict[str, Any]:
    return {"db_engine": engine, "replication_mode": mode, "replication_factor": factor}


@pytest.mark.parametrize(
    ("found", "engine", "expected", "targets", "stages"),
    [
        (config(), "sled", "", ["0.6.0", "0.7.0", "0.8.7"], [{}, {}, {}]),
        # trap G01: from 0.9 on the default is another engine
        (config(), "sled", "", ["0.9.4"], [{"db_engine": "sled"}]),
        (config(), "sled", "lmdb", ["0.8.7", "0.9.4", "1.3.0"], [{}, {"db_engine": "lmdb"}, {}]),
        (config("sled"), "sled", "", ["0.9.4", "1.3.0"], [{}, {"db_engine": "lmdb"}]),
        (config(), "lmdb", "", ["1.3.0"], [{"db_engine": "lmdb"}]),
        (config("sqlite"), "sqlite", "", ["1.3.0"], [{}]),
        # trap G21: 2.x refuses replication_mode, after it has opened the database
        (config("lmdb"), "lmdb", "", ["2.1.0"], [{"replication_mode": None, "replication_factor": 3}]),
        (config("lmdb", 3), "lmdb", "", ["2.1.0"], [{"replication_mode": None, "replication_factor": 3}]),
        (config("lmdb", "none"), "lmdb", "", ["2.1.0"], [{"replication_mode": None, "replication_factor": 1}]),
        (config("lmdb", None, 3), "lmdb", "", ["2.1.0"], [{}]),
        (
            config("lmdb", "2-dangerous"),
            "lmdb",
            "",
            ["1.3.0", "2.1.0"],
            [{}, {"replication_mode": None, "replication_factor": 2, "consistency_mode": "dangerous"}],
        ),
    ],
)
def test_stages(found: dict[str, Any], engine: str, expected: str, targets: list[str], stages: list[Any]) -> None:
    assert garage_config.stages(found, engine, expected, targets) == list(zip(targets, stages, strict=True))


@pytest.mark.parametrize(("mode", "factor"), [("3", 3), ("four", None)])
def test_what_cannot_be_translated_is_refused(mode: str, factor: Any) -> None:
    with pytest.raises(UpliftError, match="replication_mode"):
        garage_config.stages(config("lmdb", mode, factor), "lmdb", "", ["2.1.0"])


def test_an_edit_keeps_comments_order_and_the_rest() -> None:
    new = garage_config_module.edit(OLD, "x", {"db_engine": "lmdb", "replication_mode": None, "replication_factor": 3})
    assert new == OLD.replace('replication_mode = "3"', "replication_factor = 3").replace(
        "the fast disk\n", 'the fast disk\ndb_engine = "lmdb"\n'
    )
    assert garage_config_module.settings(new, "x")["replication_factor"] == 3


def test_a_removed_setting_leaves_nothing() -> None:
    assert "replication_mode" not in garage_config_module.edit(OLD, "x", {"replication_mode": None})


def files(tmp_path: Path) -> Path:
    path = tmp_path / "garage.toml"
    path.write_text("old")
    path.chmod(0o640)
    (tmp_path / "garage.toml.uplift-1.3.0").write_text("old")
    (tmp_path / "garage.toml.uplift-2.1.0").write_text("new")
    return path


def test_activation_swaps_the_content_and_keeps_the_mode(tmp_path: Path) -> None:
    """trap G22: program and configuration are swapped together, and back."""
    path = files(tmp_path)
    done = config_release.activate(str(path), "2.1.0", "1.3.0", False)
    assert done["changed"] and path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o640
    assert not config_release.activate(str(path), "2.1.0", "1.3.0", False)["changed"]
    assert config_release.activate(str(path), "1.3.0", "2.1.0", False)["changed"] and path.read_text() == "old"


def test_activation_follows_a_link(tmp_path: Path) -> None:
    path = files(tmp_path)
    real = tmp_path / "real.toml"
    path.rename(real)
    path.symlink_to(real.name)
    config_release.activate(str(path), "2.1.0", "1.3.0", False)
    assert path.is_symlink() and real.read_text() == "new"


def test_check_mode_changes_nothing(tmp_path: Path) -> None:
    path = files(tmp_path)
    assert config_release.activate(str(path), "2.1.0", "1.3.0", True)["changed"] and path.read_text() == "old"


def test_an_operators_edit_is_not_lost(tmp_path: Path) -> None:
    path = files(tmp_path)
    path.write_text("edited")
    with pytest.raises(UpliftError, match="it was edited since"):
        config_release.activate(str(path), "2.1.0", "1.3.0", False)
    assert path.read_text() == "edited"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = files(tmp_path)
    os.unlink(tmp_path / "garage.toml.uplift-2.1.0")
    with pytest.raises(UpliftError, match="is not there"):
        config_release.activate(str(path), "2.1.0", "1.3.0", False)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_who_may_read_the_file_still_may_when_it_says_something_else(tmp_path: Path) -> None:
    path = tmp_path / "garage.toml"
    for name, text in (("", "old"), (".uplift-1.3.0", "old"), (".uplift-2.5.0", "new")):
        (tmp_path / f"garage.toml{name}").write_text(text, encoding="utf-8")
    os.chown(path, 990, 991)
    os.setxattr(path, "user.note", b"mine")
    config_release.activate(str(path), "2.5.0", "1.3.0", False)
    assert path.read_text(encoding="utf-8") == "new" and os.getxattr(path, "user.note") == b"mine"
    assert (path.stat().st_uid, path.stat().st_gid) == (990, 991)


def test_a_copy_is_written_where_anything_of_it_differs(tmp_path: Path) -> None:
    like, path, content = (tmp_path / name for name in ("garage.toml", "garage.toml.uplift-2.5.0", "content"))
    like.write_text("old", encoding="utf-8")
    like.chmod(0o640)
    content.write_text("new", encoding="utf-8")
    asked = (str(path), str(content), str(like))
    assert config_release.write(*asked, True)["changed"] and not path.exists()
    assert config_release.write(*asked, False)["changed"] and path.read_text(encoding="utf-8") == "new"
    assert not config_release.write(*asked, False)["changed"]
    path.chmod(0o644)
    assert config_release.write(*asked, False)["changed"] and path.stat().st_mode & 0o777 == 0o640
    content.write_text("newer", encoding="utf-8")
    assert config_release.write(*asked, False)["changed"] and path.read_text(encoding="utf-8") == "newer"


def test_what_comes_from_no_file_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "content").write_text("new", encoding="utf-8")
    config_release.write(str(tmp_path / "copy"), str(tmp_path / "content"), "", False)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert not config_release.write(str(tmp_path / "copy"), str(tmp_path / "content"), "", False)["changed"]
