# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator would call a host's state, as a listing that two moments can be compared by."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.proc import at_once, run

ROOTS = (
    "/etc", "/usr/local", "/opt", "/var/lib", "/var/backups", "/run/systemd/system", "/run/systemd/transient",
    "/root", "/home",
)  # fmt: skip
# What a host changes by itself, and the directory that Ansible makes for itself wherever it goes.
NOISE = ("/var/lib/systemd", "/var/lib/dbus", "/root/.ansible")
# Runs on the host, with the standard library only.
AGENT = """
import hashlib, json, os, stat, subprocess, sys
roots, noise, service = json.load(sys.stdin)
found = {}

def digest(path):
    total = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()

def look(path):
    if any(path == one or path.startswith(one + "/") for one in noise) or path.endswith(".scope"):
        return
    try:
        info = os.lstat(path)
        kind = stat.S_IFMT(info.st_mode)
        entry = {"mode": stat.filemode(info.st_mode), "owner": "%d:%d" % (info.st_uid, info.st_gid)}
        if kind == stat.S_IFREG:
            entry.update(size=info.st_size, sha256=digest(path))
        elif kind == stat.S_IFLNK:
            entry["target"] = os.readlink(path)
        found[path] = entry
        names = os.listdir(path) if kind == stat.S_IFDIR else []
    except FileNotFoundError:
        return
    for name in names:
        look(os.path.join(path, name))

for root in roots:
    look(root)
show = ["systemctl", "show", service, "-p", "ActiveState,MainPID,ExecMainStartTimestamp,UnitFileState,NRestarts"]
lines = subprocess.run(show, capture_output=True, text=True).stdout.splitlines()
json.dump({"files": found, "service": dict(line.split("=", 1) for line in lines)}, sys.stdout)
"""


def listing(cluster: Cluster, host: Host) -> dict[str, Any]:
    # The binary is looked at by name too: one form has it in /usr/bin, which is too large to read as a whole.
    question = [[*ROOTS, cluster.product["binary"]], [*NOISE, *cluster.own_data], cluster.service]
    argv = ["docker", "exec", "-i", host.container, "python3", "-I", "-c", AGENT]
    found: dict[str, Any] = json.loads(run(argv, stdin=json.dumps(question)).stdout)
    return found


def listings(cluster: Cluster) -> dict[str, Any]:
    return dict(at_once(lambda host: (host.name, listing(cluster, host)), cluster.hosts, 4))


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = []
    for host in sorted(before.keys() | after.keys()):
        if host not in before or host not in after:
            found.append(f"{host}: only in the {'first' if host in before else 'second'} listing")
            continue
        for part in ("files", "service"):
            old, new = before[host][part], after[host][part]
            for name in sorted(old.keys() | new.keys()):
                if name not in new:
                    found.append(f"{host}: {name} is gone")
                elif name not in old:
                    found.append(f"{host}: {name} is new: {shown(new[name])}")
                elif old[name] != new[name]:
                    found.append(f"{host}: {name} was {shown(old[name])}, is {shown(new[name])}")
    return found


def shown(entry: Any) -> str:
    return " ".join(str(x) for x in entry.values()) if isinstance(entry, dict) else str(entry)
