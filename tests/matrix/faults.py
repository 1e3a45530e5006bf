# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults: what is done to a host when the step begins, and how it is taken away. One function each way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import hosts, record
from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.proc import LabError, run, signal_family
from tests.matrix.cells import Upgrade

# Runs on the host: every python that sshd has started after the moment (seconds), within twenty seconds.
KILL_MODULE = """
import os, signal, sys, time
moment, end = float(sys.argv[1]), time.time() + 20

def started(pid):
    with open("/proc/%s/stat" % pid) as handle:
        ticks = int(handle.read().rpartition(")")[2].split()[19])
    with open("/proc/uptime") as handle:
        up = float(handle.read().split()[0])
    return time.time() - up + ticks / os.sysconf("SC_CLK_TCK")

def module(pid):
    with open("/proc/%s/cgroup" % pid) as handle:
        group = handle.read()
    with open("/proc/%s/cmdline" % pid, "rb") as handle:
        argv = handle.read().split(b"\\0")
    by_ssh = ".service" not in group or "ssh" in group
    return by_ssh and b"python" in os.path.basename(argv[0]) and b"-I" not in argv and started(pid) > moment

while time.time() < end:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if module(pid):
                found.append(int(pid))
        except (OSError, IndexError):
            pass
    if found:
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        print(len(found))
        break
    time.sleep(0.01)
"""
SSHD = """
import os, sys
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if open("/proc/%s/comm" % pid).read().startswith("sshd"):
            os.kill(int(pid), int(sys.argv[1]))
    except OSError:
        pass
"""
FILL = """
import errno, os
with open("/var/backups/full", "wb", buffering=0) as handle:
    try:
        while True:
            handle.write(bytes(1 << 16))
    except OSError:
        try:
            while True:
                handle.write(bytes(1))
        except OSError:
            pass
"""
FLIP = """
import os
found = [os.path.join(at, name) for at, _dirs, names in os.walk("/var/backups/uplift") for name in names]
largest = max(found, key=os.path.getsize)
with open(largest, "r+b") as handle:
    handle.seek(os.path.getsize(largest) // 2)
    one = handle.read(1)
    handle.seek(-1, 1)
    handle.write(bytes([one[0] ^ 1]))
print(largest)
"""
FOREIGN = """
import json, sys
path = sys.argv[1]
with open(path) as handle:
    record = json.load(handle)
with open(path + ".ours", "w") as handle:
    json.dump(record, handle)
record["id"] = "20200101T000000Z-other"
record["cluster"] = "other"
record["who"] = "somebody@elsewhere"
for step in record["plan"]["hops"]:
    for one in step["passes"].values():
        one["waves"] = [["other-" + name for name in wave] for wave in one["waves"]]
with open(path, "w") as handle:
    json.dump(record, handle)
"""
LIAR = """#!/bin/sh
# Exits 0 and does nothing but {says}, unless it is asked for something else.
case " $* " in
    {true_of}) exec {real} "$@" ;;
    {lies_of}) {says}; exit 0 ;;
    *) exec {real} "$@" ;;
esac
"""
APPEND = """
import sys
with open(sys.argv[1], "a") as handle:
    handle.write(sys.argv[2] + "\\n")
"""
EDITED = "# edited by the operator"
DROP_IN = "/etc/systemd/system/{}.d/50-matrix.conf"
DIES = "[Service]\nRuntimeMaxSec=30\nRestart=no\n"


@dataclass
class Scene:
    """Where a fault is played. `started`: when the step began; `output`: the file in which the run says what it does;
    `said`: what the fault did, for the result."""

    upgrade: Upgrade
    cluster: Cluster
    host: Host
    run: subprocess.Popen[str]
    key: str
    started: float
    output: Path
    said: str = ""
    kept: dict[str, str] = field(default_factory=dict)

    def python(self, text: str, *argv: str, check: bool = True) -> str:
        words = ["docker", "exec", self.host.container, "python3", "-I", "-c", text, *argv]
        return run(words, check=check, timeout=120).stdout.strip()

    def on(self, *argv: str, check: bool = True) -> str:
        return run(["docker", "exec", self.host.container, *argv], check=check).stdout.strip()


def kill_controller(scene: Scene) -> None:
    signal_family(scene.run.pid, signal.SIGKILL)


def kill_module(scene: Scene) -> None:
    killed = scene.python(KILL_MODULE, str(scene.started))
    scene.said = f"{killed} processes killed" if killed else "no module ran within 20 s"


def reboot(scene: Scene) -> None:
    hosts.reboot(scene.host)


def ssh_cut(scene: Scene) -> None:
    scene.on("systemctl", "stop", "ssh.service")
    scene.python(SSHD, str(int(signal.SIGKILL)))


def ssh_back(scene: Scene) -> None:
    scene.on("systemctl", "start", "ssh.service")
    hosts.wait_until_up(scene.host)


def ssh_hang(scene: Scene) -> None:
    scene.python(SSHD, str(int(signal.SIGSTOP)))


def ssh_goes_on(scene: Scene) -> None:
    scene.python(SSHD, str(int(signal.SIGCONT)))
    hosts.wait_until_up(scene.host)


def fill_disk(scene: Scene) -> None:
    scene.python(FILL)


def empty_disk(scene: Scene) -> None:
    scene.on("rm", "-f", "/var/backups/full")


def slow(scene: Scene) -> None:
    run(["docker", "update", "--cpus", "0.33", scene.host.container])


def fast(scene: Scene) -> None:
    run(["docker", "update", "--cpus", str(os.cpu_count() or 1), scene.host.container])


def routes(scene: Scene, verb: str) -> None:
    for other in scene.cluster.hosts:
        if other != scene.host:
            scene.on("ip", "route", verb, "blackhole", other.address)


def dies_later(scene: Scene) -> None:
    hosts.must(scene.host, [["systemctl", "daemon-reload"]], files={DROP_IN.format(scene.cluster.service): DIES})


def lives(scene: Scene) -> None:
    """The drop-in goes, and an operator starts what it has ended, unless the operation itself has stopped it."""
    service = scene.cluster.service
    scene.on("rm", "-f", DROP_IN.format(service))
    scene.on("systemctl", "daemon-reload")
    if scene.on("systemctl", "show", service, "-p", "Result", "--value") == "timeout":
        scene.on("systemctl", "start", service, check=False)


LIARS = "/var/lib/liar"


def liar(upgrade: Upgrade, binary: str, key: str) -> tuple[str, str, str]:
    """The program that the step works with, the words that it answers truly, and those of which it only says 0.

    Pachyderm's is the client's own, too: whoever stores something with it has to be told the truth.
    """
    release = upgrade.source if key.split("/")[1] == "before" else upgrade.target
    if upgrade.product == "pachyderm":
        return f"/usr/local/bin/pachctl-{release}", '*" version "*', f'*" {key.rsplit("/", 1)[1]} "*'
    return f"{binary}-{release}", '*" server "*|*" run "*|*" --version "*', "*"


# A step that looks at its program again before it uses it, and puts a good one in its place: the task that uses it.
USED_BY = {"migrate": "Migrate the database"}


def until_it_is_used(scene: Scene, task: str) -> None:
    """Let the run go on until it says the task's name: its module takes longer than this to come to the host."""
    signal_family(scene.run.pid, signal.SIGCONT)
    end = time.monotonic() + 120
    while f": {task}]" not in scene.output.read_text(encoding="utf-8", errors="replace"):
        if scene.run.poll() is not None or time.monotonic() > end:
            raise LabError(f"the run never came to the task {task!r}")
        time.sleep(0.005)
    signal_family(scene.run.pid, signal.SIGSTOP)


MUMBLED = {"garage": '*" bucket info "*', "pachyderm": '*" list repo "*'}


def mumble(scene: Scene) -> None:
    program, true_of, _lies_of = liar(scene.upgrade, str(scene.cluster.product.get("binary", "")), scene.key)
    put_over(scene, program, true_of=true_of, lies_of=MUMBLED[scene.upgrade.product], says="echo mumble")


def lie(scene: Scene) -> None:
    if task := USED_BY.get(scene.key.rsplit("/", 1)[1]):
        until_it_is_used(scene, task)
    program, true_of, lies_of = liar(scene.upgrade, str(scene.cluster.product.get("binary", "")), scene.key)
    put_over(scene, program, true_of=true_of, lies_of=lies_of, says=":")


def put_over(scene: Scene, program: str, **words: str) -> None:
    """Mounted over the program: its path, and what the running service is known by, stay what they are."""
    scene.kept["liar"] = program
    text = LIAR.format(real=f"{LIARS}/true", **words)
    commands = [
        ["cp", program, f"{LIARS}/true"],
        ["chmod", "755", f"{LIARS}/liar"],
        ["mount", "--bind", f"{LIARS}/liar", program],
    ]
    hosts.must(scene.host, commands, files={f"{LIARS}/liar": text})


def speak_true(scene: Scene) -> None:
    scene.on("umount", "--lazy", scene.kept["liar"])


def flip(scene: Scene) -> None:
    scene.said = scene.python(FLIP)


def foreign(scene: Scene) -> None:
    kill_controller(scene)
    scene.run.wait(timeout=60)
    scene.python(FOREIGN, record.path(scene.cluster, scene.host))


def ours(scene: Scene) -> None:
    where = record.path(scene.cluster, scene.host)
    scene.on("mv", f"{where}.ours", where)


def config(cluster: Cluster) -> str:
    return str(cluster.product.get("config") or "/etc/pachyderm/pachd.env")


def edit(scene: Scene) -> None:
    scene.python(APPEND, config(scene.cluster), EDITED)


ASKED = re.compile(r"Make the same edit in (\S+) and copy (\S+) over (\S+),")


def obey(scene: Scene) -> None:
    """What the run asked for, where it did, to the letter: the same edit in the staged file, and the other put back."""
    asked = ASKED.search(" ".join(scene.kept["words"].split()))
    if asked:
        staged, kept, path = asked.groups()
        scene.python(APPEND, staged, EDITED)
        scene.on("cp", kept, path)
        scene.said = "the run told of the edit, and what it asked for was done"


INJECT: Mapping[str, Callable[[Scene], None]] = {
    "kill-controller": kill_controller,
    "kill-module": kill_module,
    "reboot": reboot,
    "ssh-cut": ssh_cut,
    "ssh-hang": ssh_hang,
    "disk-full": fill_disk,
    "slow": slow,
    "partition": lambda scene: routes(scene, "add"),
    "dies-later": dies_later,
    "lies": lie,
    "mumbles": mumble,
    "flipped-bit": flip,
    "foreign-record": foreign,
    "edited-config": edit,
}
HEAL: Mapping[str, Callable[[Scene], None]] = {
    "ssh-cut": ssh_back,
    "ssh-hang": ssh_goes_on,
    "disk-full": empty_disk,
    "slow": fast,
    "partition": lambda scene: routes(scene, "del"),
    "dies-later": lives,
    "lies": speak_true,
    "mumbles": speak_true,
    "foreign-record": ours,
    "edited-config": obey,
}
