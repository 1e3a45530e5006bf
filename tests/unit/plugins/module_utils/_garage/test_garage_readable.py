# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release is asked whether it can read the database before it counts; captured on a cluster of 0.5.1."""

from __future__ import annotations

import os
import pwd
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import readable

from tests.unit.replay import ONE, Answer, Replay, answer, garage

CONFIG = 'metadata_dir = "/m"  # fast\ndata_dir = "/d"\n\n[s3_api]\n'


class Reader(Replay):
    """Answers the offline repair, whatever configuration it is given, and remembers what lay there."""

    def run(self, argv: Any, **how: Any) -> Answer:
        if "offline-repair" not in argv:
            return super().run(argv, **how)
        scratch = Path(argv[2]).parent
        self.lay = sorted(str(path.relative_to(scratch)) for path in scratch.rglob("*") if path.is_file())
        self.config = Path(argv[2]).read_text()
        return answer(self.said, self.version)

    def rehearse(self, copied: Any, copy: str, params: Any, progress: Any) -> dict[str, Any]:
        assert self.lay and Path(copy, "node_key").exists(), "it is served when it was read, and before it is removed"
        return {"rehearsed": True, "served": copied.config_file.startswith(copy)}


def asked(tmp_path: Path, said: str, check_mode: bool = False) -> tuple[Reader, Any]:
    meta = tmp_path / "meta"
    (meta / "db.lmdb").mkdir(parents=True)
    (meta / "db").mkdir()
    for name in ("db.lmdb/data.mdb", "db/db", "node_key"):
        (meta / name).write_text("x")
    (tmp_path / "garage.toml.uplift-1.3.0").write_text(CONFIG)
    (tmp_path / "proc").mkdir()
    runner = Reader(ONE)
    runner.said = said
    params = {
        "release_binary": "/releases/garage", "candidate": str(tmp_path / "garage.toml.uplift-1.3.0"),
        "metadata_dir": str(meta), "engine": "lmdb", "timeout": 60.0,
    }  # fmt: skip
    node = garage(runner, running=False)
    node.user = pwd.getpwuid(os.getuid()).pw_name
    try:
        return runner, readable.run(node, params, Progress(), check_mode, runner.rehearse, tmp_path / "proc")
    finally:
        assert sorted(path.name for path in tmp_path.iterdir()) == ["garage.toml.uplift-1.3.0", "meta", "proc"]


def test_a_database_that_it_reads(tmp_path: Path) -> None:
    runner, result = asked(tmp_path, "offline_repair_rewritten")
    assert (result["readable"], result["rehearsed"], result["served"]) == (True, True, True)
    assert runner.lay == ["db.lmdb/data.mdb", "garage.toml", "node_key"], "the copy, and not the sled next to it"
    assert 'metadata_dir = "/m"' not in runner.config and 'data_dir = "/d"' in runner.config


def test_entries_of_0_5_are_refused_with_the_way_out(tmp_path: Path) -> None:
    """Else the cluster starts, is healthy and has lost its objects: 0 of 42 were readable."""
    instead = "cannot decode entries .* written by 0.5 .* Nothing was switched.*garage_created_with: '0.5'"
    with pytest.raises(UpliftError, match=instead):
        asked(tmp_path, "offline_repair_ancient")


def test_another_failure_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    said = r"Garage 1\.3\.0 does not read a copy of this node's database: .* Nothing was switched"
    with pytest.raises(UpliftError, match=said) as caught:
        asked(tmp_path, "offline_repair_unknown")
    assert "0.5" not in str(caught.value), "that is the way out of another"


def test_check_mode_copies_nothing(tmp_path: Path) -> None:
    runner, result = asked(tmp_path, "nobody asks", check_mode=True)
    assert result["readable"] is None and not hasattr(runner, "lay")


@pytest.mark.parametrize("text", ["data_dir = 1\n", 'metadata_dir = "/a"\nmetadata_dir = "/b"\n'])
def test_a_configuration_that_cannot_be_redirected(text: str) -> None:
    with pytest.raises(UpliftError, match="expected once"):
        readable.redirected(text, "/s")


@pytest.mark.parametrize(
    "line",
    [
        'metadata_dir = "/m"',
        "  metadata_dir='/m' # here",
        '"metadata_dir" = "/m"',
        "\t'metadata_dir'\t= '/m'",
        '\ufeffmetadata_dir = "/m"',
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_spelling_of_the_setting_is_found_before_the_database_is_copied(line: str, end: str) -> None:
    text = f'{line}{end}data_dir = "/d"{end}'
    parsed = tomllib.loads(readable.redirected(text, "/s").lstrip("\ufeff"))
    assert parsed == {"metadata_dir": "/s", "data_dir": "/d"}
