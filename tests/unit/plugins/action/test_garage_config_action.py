# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action as a task of a real playbook, on this machine, by a connection that tells at -vvv what comes back."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ansible_collections.uplift.datastores.plugins.plugin_utils._garage.config as found_at
import pytest
import yaml

SECRET = "4425f5c26c5e11581d3223904324dcb5b5d5dfb14e5e7f35e38c595424f5f1e6"
TEXT = f"""metadata_dir = "/meta"  # fast
data_dir = "/data"
rpc_secret = "{SECRET}"
[s3_api]
api_bind_addr = "[::]:3900"
s3_region = "garage"
"""


def run(
    tmp_path: Path, task: dict[str, Any], *options: str, action: str = "garage_config"
) -> tuple[dict[str, Any], str]:
    """The result of the task, and all that the run has printed at -vvv."""
    (result,), printed = run_all(tmp_path, [task], *options, action=action)
    return result, printed


def run_all(
    tmp_path: Path, tasks: Sequence[dict[str, Any]], *options: str, action: str = "garage_config"
) -> tuple[list[dict[str, Any]], str]:
    """The results of the tasks of one playbook: each run of ansible-playbook costs more than what is tested."""
    known = {"ansible_connection": "telling", "ansible_python_interpreter": sys.executable}
    play = {"hosts": "localhost", "vars": known, "gather_facts": False}
    given: list[dict[str, Any]] = []
    for number, task in enumerate(tasks):
        given.append({f"uplift.datastores.{action}": task, "register": f"found_{number}", "ignore_errors": True})
    found = ", ".join(f"found_{number}" for number in range(len(tasks)))
    content = f"{{{{ [{found}] | to_json }}}}"
    given.append({"copy": {"content": content, "dest": str(tmp_path / "result")}, "check_mode": False})
    (tmp_path / "play.yml").write_text(json.dumps([{**play, "tasks": given}]))
    tree = str(Path(found_at.__file__).parents[6])
    telling = str(Path(__file__).parents[2] / "connection_plugins")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": tree, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local")}
    environment["ANSIBLE_CONNECTION_PLUGINS"] = telling
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-vvv", "--diff", *options, "play.yml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((tmp_path / "result").read_text()), done.stdout + done.stderr


def demand_untold(secret: str, said: str) -> None:
    """Neither in clear nor in any base64 of something around it. What was sealed has come by the same way."""
    assert '"sealed": ' in said, "the connection did not tell what came back"
    words = re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", said)
    for word in (said, *(base64.b64decode(word + "=" * (-len(word) % 4)).decode("latin-1") for word in words)):
        assert secret not in word, f"{secret} is in {word[:200]}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "garage.toml"
    path.write_text(TEXT)
    path.chmod(0o640)
    os.setxattr(path, "user.note", b"mine")
    return path


def test_a_copy_is_written_and_no_secret_is_shown(tmp_path: Path, config: Path) -> None:
    dest = tmp_path / "quiet.toml"
    task = {"src": str(config), "dest": str(dest), "state": "present", "set": {"s3_api.api_bind_addr": "127.0.0.1:0"}}
    result, checked = run(tmp_path, task, "--check")
    assert result["changed"]
    assert not dest.exists()
    result, printed = run(tmp_path, task)
    assert result["changed"]
    assert dest.read_text() == TEXT.replace("[::]:3900", "127.0.0.1:0")
    assert stat.S_IMODE(dest.stat().st_mode) == 0o640 and os.getxattr(dest, "user.note") == b"mine"
    assert '+s3_api.api_bind_addr = "127.0.0.1:0"' in printed
    assert "rpc_secret = ********" in printed
    demand_untold(SECRET, json.dumps(result) + checked + printed)
    assert not list((tmp_path / "local").rglob("tmp*/*"))
    (again, gone), _printed = run_all(tmp_path, [task, {"src": str(config), "dest": str(dest), "state": "absent"}])
    assert not again["changed"] and gone["changed"]
    assert not dest.exists()


def test_findings(tmp_path: Path, config: Path) -> None:
    config.write_text(TEXT.replace("\ndata_dir", "\ndb_engin = 'sled'\ndata_dir"))
    config.chmod(0o644)
    (missing, unnamed, result, same), printed = run_all(
        tmp_path,
        [
            {"src": str(tmp_path / "missing")},
            {"src": ""},
            {"src": str(config), "host_address": "198.18.1.11"},
            {"src": str(config), "dest": str(config), "state": "present"},
        ],
    )
    assert [(row["key"], row["severity"]) for row in missing["findings"]] == [("config_missing", "error")]
    assert unnamed["findings"][0]["sentence"].startswith("The service names no configuration file; name it:")
    assert result["config"]["s3"]["addresses"] == ["198.18.1.11:3900"]
    assert result["config"]["world_readable"]
    keys = [(row["key"], row["severity"]) for row in result["findings"]]
    assert keys == [("config_unknown_key", "warning"), ("config_world_readable", "warning")]  # trap G20
    assert "expected another file than src" in same["msg"]
    assert printed.count("/modules/stat.py") <= 1, "looked at and read in two trips; one is of the copy of the result"


def test_one_file_for_each_release_and_the_one_that_is_read_stays(tmp_path: Path, config: Path) -> None:
    """trap G01, trap G22: 0.9 has another default, 2.x another word; what was there comes back with its program."""
    config.write_text('replication_mode = "3" # three zones\n' + TEXT)
    before = config.read_text()
    task = {"src": str(config), "source": "0.8.7", "targets": ["0.9.4", "1.3.0", "2.1.0"], "engine": "sled"}
    result, checked = run(tmp_path, task, "--check", action="garage_config_stage")
    assert result["changed"] and not list(tmp_path.glob("garage.toml.*"))
    result, printed = run(tmp_path, task, action="garage_config_stage")
    assert [(file["version"], file["db_engine"], file["changed"]) for file in result["files"]] == [
        ("0.8.7", "", True), ("0.9.4", "sled", True), ("1.3.0", "lmdb", True), ("2.1.0", "lmdb", True),
    ]  # fmt: skip
    staged = {file["version"]: Path(file["path"]) for file in result["files"]}
    assert config.read_text() == staged["0.8.7"].read_text() == before
    last = staged["2.1.0"].read_text()
    assert "replication_factor = 3 # three zones\n" in last and "replication_mode" not in last, last
    assert 'db_engine = "lmdb"' in last and '"/meta"  # fast\n' in last, last
    assert {stat.S_IMODE(path.stat().st_mode) for path in staged.values()} == {0o640}
    demand_untold(SECRET, json.dumps(result) + checked + printed)
    again, _printed = run(tmp_path, task, action="garage_config_stage")
    assert not again["changed"] and not any(file["changed"] for file in again["files"])
    config.chmod(0o600)
    again, _printed = run(tmp_path, task, action="garage_config_stage")
    assert all(file["changed"] for file in again["files"])


KUBECTL = """#!{python}
import json, sys
words = sys.argv[sys.argv.index("--namespace") + 2 :]
found = json.load(open("{things}")).get(words[1].lower())
print(json.dumps(found) if words[0] == "get" and found else "")
"""
CAPTURED = Path(__file__).parents[2] / "fixtures" / "kubernetes" / "garage_pods_1.31.0.yml"


def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """By a kubectl that says what a real one said, with a secret in the ConfigMap."""
    things: dict[str, Any] = yaml.safe_load(CAPTURED.read_text(encoding="utf-8"))
    data = things["configmap"]["data"]
    data["garage.toml"] = data["garage.toml"].replace("__RPC_SECRET_REPLACE__", SECRET)
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(KUBECTL.format(python=sys.executable, things=tmp_path / "things.json"))
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{kubectl.parent}:{os.environ['PATH']}")
    return things


def test_the_configurations_of_a_pod_lie_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    things = captured(tmp_path, monkeypatch)
    (tmp_path / "things.json").write_text(json.dumps(things))
    task = {
        "src": "/etc/garage.toml", "unit": "kubernetes:shop/pod/garage-0", "dest": str(tmp_path / "garage.toml"),
        "source": "1.3.0", "targets": ["2.5.0"], "engine": "lmdb",
    }  # fmt: skip
    first, said = run(tmp_path, task, action="garage_config_stage")
    again, _said = run(tmp_path, task, action="garage_config_stage")
    demand_untold(SECRET, said)
    assert first["changed"] and not again["changed"]
    old, new = (tmp_path / f"garage.toml.uplift-{release}" for release in ("1.3.0", "2.5.0"))
    assert old.read_text() == things["configmap"]["data"]["garage.toml"]
    assert "replication_factor = 3" in new.read_text() and SECRET in new.read_text()
    assert {stat.S_IMODE(one.stat().st_mode) for one in (old, new)} == {0o600}


def test_the_config_map_of_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that stands in it is shown nowhere."""
    things = captured(tmp_path, monkeypatch)
    task = {"src": "/etc/garage.toml", "unit": "kubernetes:shop/pod/garage-0"}

    (tmp_path / "things.json").write_text(json.dumps(things))
    (read, refused), said = run_all(tmp_path, [task, {**task, "state": "present", "dest": str(tmp_path / "copy")}])
    demand_untold(SECRET, said)
    config = read["config"]
    assert (config["metadata_dir"], config["replication_mode"]) == ("/mnt/meta", "3")
    assert config["s3"]["addresses"] == [] and config["s3"]["local"] == "", "a pod has another one after each start"
    assert not config["world_readable"] and not read["findings"]
    assert "is in a ConfigMap; expected state read" in refused["msg"] and not (tmp_path / "copy").exists()

    spec = things["statefulset"]["spec"]
    spec.pop("volumeClaimTemplates")
    spec["template"]["spec"]["volumes"] += [{"name": "meta", "emptyDir": {}}, {"name": "data", "emptyDir": {}}]
    (tmp_path / "things.json").write_text(json.dumps(things))
    lost, _said = run(tmp_path, task)
    assert not lost["config"] and [row["key"] for row in lost["findings"]] == ["data_in_container"]
    assert (
        "/mnt/meta of kubernetes:shop/pod/garage-0 lies on no volume that outlives" in lost["findings"][0]["sentence"]
    )


HELM = """#!{python}
import json, sys
words = sys.argv[1:]
words = words[words.index("--namespace") + 2 :]
if words[0] == "list":
    print(json.dumps([{{"name": "garage", "chart": "garage-0.1.0"}}]))
elif words[0] == "get":
    print("null")
else:
    assert words[0] == "template" and "--values" in words, words
    values = json.load(sys.stdin)
    things = json.load(open("{things}"))
    text = things["configmap"]["data"]["garage.toml"].replace('"3"', values["mode"])
    held = {{"kind": "ConfigMap", "metadata": things["configmap"]["metadata"], "data": {{"garage.toml": text}}}}
    own = {{"image": "dxflrs/garage:" + values["tag"]}}
    spec = {{"template": {{"spec": {{"containers": [own]}}}}}}
    made = {{"kind": "StatefulSet", "metadata": things["statefulset"]["metadata"], "spec": spec}}
    print(json.dumps(held) + "\\n---\\n" + json.dumps(made))
"""


def test_what_a_chart_would_make_other_is_named_and_no_value_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = captured(tmp_path, monkeypatch)
    (tmp_path / "things.json").write_text(json.dumps(things))
    helm = tmp_path / "bin" / "helm"
    helm.write_text(HELM.format(python=sys.executable, things=tmp_path / "things.json"))
    helm.chmod(0o755)
    candidate = tmp_path / "garage.toml.uplift-2.5.0"
    candidate.write_text(
        things["configmap"]["data"]["garage.toml"].replace('replication_mode = "3"', "replication_factor = 3")
    )
    task = {
        "unit": "kubernetes:shop/pod/garage-0", "name": "garage", "chart_ref": "/srv/chart", "src": "/etc/garage.toml",
        "image": "dxflrs/garage:v2.5.0", "values": {"tag": "v2.5.0", "mode": '"3"'},
    }  # fmt: skip
    tasks = [
        task,
        {**task, "values": {"tag": "v1.3.0", "mode": '"2"'}},
        {**task, "candidate": str(candidate)},
        {**task, "values": {"tag": "v2.5.0", "mode": '"3'}},
    ]
    (same, other, later, broken), said = run_all(tmp_path, tasks, action="garage_chart")
    demand_untold(SECRET, said)
    assert same["differences"] == [] and same["images"] == ["dxflrs/garage:v2.5.0"] and not same["changed"]
    assert other["differences"] == ["the image dxflrs/garage:v1.3.0", "the setting replication_mode"]
    assert later["differences"] == ["the setting replication_factor", "the setting replication_mode"]
    assert broken["failed"] and "is not TOML" in broken["msg"]
    (plain,), said = run_all(
        tmp_path, [{k: task[k] for k in ("unit", "name", "chart_ref", "values")}], action="helm_chart"
    )
    demand_untold(SECRET, said)
    assert plain["images"] == ["dxflrs/garage:v2.5.0"] and "opened" not in plain and "sealed" not in plain
