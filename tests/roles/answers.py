# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules answer when nobody scripted them: the samples of their documentation, made true of a sound cluster."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from inprocess import Asked

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
ID = "20261121T031500Z-test"
# What runs, and what is wanted where a test does not say otherwise.
VERSIONS = {"garage": ("0.8.0", "0.8.7"), "lakefs": ("1.82.0", "1.84.0"), "pachyderm": ("1.11.9", "1.13.4")}
# Modules of which the real code runs: they only compute, or keep the record in the test's own directory.
REALLY = {"operation", "operation_history", "operation_leftovers", "upgrade_plan", "garage_compare"}
MAKERS = {
    "garage": "dxflrs/garage:v{version}",
    "lakefs": "treeverse/lakefs:{version}",
    "pachyderm": "pachyderm/pachd:{version}",
}
CANARY = "canary-5f1d"  # part of every secret
# Modules whose samples leave evidence: here it would be looked for on this host.
NO_EVIDENCE = (
    *("config_release", "directory_rename", "etcd_snapshot", "garage_convert_db", "garage_live_backup"),
    *("garage_ports", "garage_snapshot", "lakefs_config", "metadata_backup", "pachyderm_extract", "postgres_backup"),
    *("pachyderm_port", "pachyderm_trial", "release", "service", "systemd_environment"),
)
# In place of what a sample shows, where a sound cluster says otherwise.
SOUND: Mapping[str, Mapping[str, Any]] = {
    "bucket_compare": {"differences": []},
    "config_release": {"evidence": []},
    "garage_access": {"secret_access_key": f"garage-secret-{CANARY}", "access_key_id": "GKtest"},
    "garage_inventory": {"inventory": {"objects": [], "taken": "2026-11-21T06:41:23Z"}},
    "garage_settled": {"answer": "yes", "settled": True, "reason": ""},
    "garage_s3_ping": {"silent": []},
    "garage_watch": {"worsened": []},
    "garage_findings": {"findings": [], "said": [], "stopping": []},
    "lakefs_config": {
        "settings": {"database": {"type": "postgres", "place": "here"}},
        "findings": [],
        "dsn": "postgres://lakefs@127.0.0.1:5432/lakefs",
    },
    "lakefs_info": {"closed": []},
    "pachyderm_info": {"closed": []},
    "lakefs_findings": {"findings": [], "said": [], "stopping": []},
    "pachyderm_findings": {"findings": [], "said": [], "stopping": []},
    "garage_engine": {"engine": "sled", "opens": "sled", "engines": ["sled"], "same": True},
    "lakefs_inventory": {"differences": [], "notes": []},
    "lakefs_commit": {"asked": True, "uncommitted": [], "commits": []},
    "pachyderm_amend": {"amended": [], "refused": [], "ticking": []},
    "pachyderm_inventory": {"differences": [], "unreadable": []},
    "operation_report": {"summary": {}, "report": {}},
    # Builtin ones, and those of other collections
    "stat": {"stat": {"exists": False}},
    "wait_for": {},
    "file": {},
    "copy": {},
}


@functools.cache
def sample(module: str) -> dict[str, Any]:
    path = MODULES / f"{module}.py"
    if not path.exists():
        return {}
    found = re.search(r'RETURN = r?"""(.*?)"""', path.read_text(encoding="utf-8"), re.S)
    said = yaml.safe_load(found[1]) if found else {}
    return {key: value["sample"] for key, value in (said or {}).items() if "sample" in value}


class World:
    """A cluster that is well, and does what it is told: what is activated and started is what runs."""

    def __init__(self, product: str, hosts: Sequence[str]) -> None:
        self.product, self.hosts = product, list(hosts)
        self.version, self.target = VERSIONS[product]
        self.active = dict.fromkeys(hosts, self.version)
        self.runs = dict.fromkeys(hosts, self.version)  # "" while it is down
        self.held: dict[tuple[str, str], str] = {}

    def settings(self) -> dict[str, Any]:
        return {f"{self.product}_version": self.target, f"{self.product}_release_source": "/srv/releases"}

    def begun(self) -> dict[str, Any]:
        """What the beginning of an operation has registered, for passes that are played without it."""
        if self.product != "garage":
            return {}
        contents = {"buckets": self._buckets(), "keys": self._keys()}
        return {"garage_contents": contents, "garage_key": {**SOUND["garage_access"], "bucket": "uplift-probe"}}

    def answer(self, asked: Asked) -> dict[str, Any]:
        if asked.module in REALLY:
            return {"_really": True}
        known = asked.module in SOUND or (MODULES / f"{asked.module}.py").exists()
        said = {**copy.deepcopy(sample(asked.module)), **copy.deepcopy(SOUND.get(asked.module, {}))}
        special = getattr(self, f"_{asked.module.replace('.', '_')}", None)
        if special is not None:
            said.update(special(asked))
        elif not known:
            return {"failed": True, "msg": f"Nobody scripted {asked.module}."}
        return {**said, "evidence": []} if asked.module in NO_EVIDENCE else said

    # Services and releases

    def _service(self, asked: Asked) -> dict[str, Any]:
        unit, down = asked.args["unit"], asked.args["state"] == "stopped"
        if not asked.check:
            self.runs[asked.at] = "" if down else self.active[asked.at]
            self.held[asked.at, unit] = (asked.args.get("hold") or "") if down else ""
        return {"unit": unit}

    def _service_info(self, asked: Asked) -> dict[str, Any]:
        unit, active = asked.args["unit"], "active" if self.runs[asked.at] else "inactive"
        held = self.held.get((asked.at, unit), "")
        seen = {
            "unit": unit,
            "active": active,
            "held": held,
            "started": 1795230800.9,
            "replicas": int(active == "active"),
        }
        return {"unit": seen, "held": [], "evidence": []}

    def _release(self, asked: Asked) -> dict[str, Any]:
        version, unit = asked.args["version"], asked.args["unit"]
        if asked.args["state"] == "activated" and not asked.check:
            self.active[asked.at] = version
        named = (asked.args["image"] or MAKERS[self.product]).replace("{version}", version)
        image = place.kind_of(unit) != place.SYSTEMD
        more = {"release": named if image else f"{asked.args['path']}-{version}", "version": version, "evidence": []}
        return {**more, "helm": "lakefs" if place.kind_of(unit) == place.KUBERNETES else ""}

    # Garage

    def _garage_info(self, asked: Asked) -> dict[str, Any]:
        roles = [{"id": self._node_id(host), "zone": host[0]} for host in self.hosts]
        return {
            "version": self.runs[asked.at],
            "binary_version": self.active[asked.at],
            "lingers": False,
            "running": bool(self.runs[asked.at]),
            "node_id": self._node_id(asked.at),
            "rpc_address": f"{asked.at}:3901",
            "container": self._container(asked),
            "nodes": [{"id": self._node_id(host), "up": bool(self.runs[host])} for host in self.hosts],
            "layout": {"version": 1, "roles": roles},
            "staged": [],
            "closed": [],
            "buckets": self._buckets(),
            "keys": self._keys(),
        }

    def _garage_access(self, asked: Asked) -> dict[str, Any]:
        return {} if asked.args["state"] == "present" else {"secret_access_key": None, "access_key_id": None}

    def _container(self, asked: Asked) -> dict[str, Any]:
        image = f"dxflrs/garage:v{self.active[asked.at]}"
        unit = asked.args["unit"]
        return {"name": place.bare(unit), "image": image, "mounts": {}} if place.kind_of(unit) == place.DOCKER else {}

    def _buckets(self) -> list[dict[str, Any]]:
        return [{"id": "b1", "global_aliases": ["photos"], "local_aliases": [], "keys": [], "website": False}]

    def _keys(self) -> list[dict[str, Any]]:
        return [{"id": "GK1", "name": "app"}]

    def _node_id(self, host: str) -> str:
        return (host * 32)[:64]

    def _garage_config(self, asked: Asked) -> dict[str, Any]:
        config = {
            "metadata_dir": "/var/lib/garage/meta",
            "data_dir": "/var/lib/garage/data",
            "db_engine": "lmdb" if asked.args["src"].endswith(f"-{self.target}") else "sled",
            "replication_mode": "3" if len(self.hosts) > 2 else "none",
            "replication_factor": None,
            "admin": {"api_bind_addr": "127.0.0.1:3903"},
            "s3": {"addresses": [f"http://{asked.at}:3900"], "s3_region": "garage"},
        }
        return {"config": config, "findings": []}

    # lakeFS

    def _lakefs_config(self, asked: Asked) -> dict[str, Any]:
        database = {"type": "postgres", "place": "db:5432/lakefs", "old": True, "new": False}
        return {
            "settings": {"blockstore": "s3", "listen": "0.0.0.0:8000", "database": database},
            **({"dsn": f"postgres://lakefs:dsn-{CANARY}@db/lakefs"} if asked.args["state"] == "read" else {}),
            "findings": [],
            "changes": [],
            "lost": [],
            "path": "/etc/lakefs/config.yaml",
            "staged": f"/etc/lakefs/config.uplift-{asked.args['version']}.yaml" if asked.args["version"] else "",
        }

    def _lakefs_info(self, asked: Asked) -> dict[str, Any]:
        return {
            "version": self.runs[asked.at],
            "binary_version": self.active[asked.at],
            "running": bool(self.runs[asked.at]),
            "unfit": "",
            "sessions": [],
            "problems": [],
            "binary": "/usr/local/bin/lakefs",
        }

    # Pachyderm

    def _pachyderm_info(self, asked: Asked) -> dict[str, Any]:
        second = asked.args["addresses"][0].endswith(":31650")  # the cluster next to the old one
        waiting = asked.args["expected"] and not asked.args["gather"]  # for one that has just been started
        release = asked.args["expected"] if second or waiting else self.runs[asked.at]
        return {"release": release, "version": release, "problem": "", "open_commits": [], "jobs": []}

    def _pachyderm_deployed(self, asked: Asked) -> dict[str, Any]:
        image = MAKERS["pachyderm"].replace("{version}", self.version)
        return {
            "there": True,
            "image": image,
            "replicas": 2,
            "directories": [],
            "claims": ["etcd-storage"],
            "snapshots": True,
        }
