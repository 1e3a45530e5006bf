# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed hosts: Docker containers with their own systemd and sshd, on a network of their own. Knows no product."""

from __future__ import annotations

import ipaddress
import json
import socket
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.lab import image, paths
from tests.lab.proc import LabError, at_once, lock, run, say, wait_for

LABEL = "uplift-lab"
# One `docker exec` costs 0.1 s of a core; files and a list of commands through one of them cost that once.
BATCH = """
import json, os, subprocess, sys
files, commands = json.load(sys.stdin)
os.umask(0o022)
for path, text in files.items():
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as handle:
        handle.write(text)
answers = []
for argv in commands:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    answers.append([done.returncode, done.stdout, done.stderr])
    if done.returncode:
        break
json.dump(answers, sys.stdout)
"""


@dataclass(frozen=True)
class Host:
    name: str
    zone: str
    address: str
    container: str
    gateway: bool = False


def plan(cluster: str, nodes: int, zones: int, third: int, gateways: int = 0) -> list[Host]:
    """Hosts dealt out to the zones in turn, listed zone by zone: a1 a2 b1 b2 c1 c2. The last dealt are gateways."""
    if not 1 <= zones <= min(nodes, 26) or nodes > 200:
        raise LabError(f"{nodes} nodes in {zones} zones were asked for: expected 1 to 26 zones with a node in each")
    if not 0 <= gateways < nodes:
        raise LabError(f"{gateways} gateways among {nodes} nodes were asked for: expected a node that stores")
    seats = sorted((string.ascii_lowercase[i % zones], i // zones + 1, i >= nodes - gateways) for i in range(nodes))
    return [
        Host(f"{zone}{i}", zone, f"198.18.{third}.{11 + place}", f"uplift-{cluster}-{zone}{i}", gateway)
        for place, (zone, i, gateway) in enumerate(seats)
    ]


def free_third(taken: Iterable[str]) -> int:
    """The first K of 198.18.K.0/24 (1 - 127) that overlaps none of these networks."""
    networks = [ipaddress.ip_network(net, strict=False) for net in taken]
    for third in range(1, 128):
        mine = ipaddress.ip_network(f"198.18.{third}.0/24")
        if not any(mine.version == net.version and mine.overlaps(net) for net in networks):
            return third
    raise LabError("no free network is left in 198.18.1.0 - 198.18.127.0: take clusters away with `lab down --all`")


def taken_networks() -> list[str]:
    ids = run(["docker", "network", "ls", "-q"]).stdout.split()
    found = json.loads(run(["docker", "network", "inspect", *ids]).stdout)
    return [part["Subnet"] for net in found for part in (net["IPAM"]["Config"] or []) if part.get("Subnet")]


def make_network(cluster: str) -> int:
    """Two `up` at once must not choose the same network: docker refuses overlaps, but only after we looked."""
    with lock("network"):
        third = free_third(taken_networks())
        subnet = f"198.18.{third}.0/24"
        run(["docker", "network", "create", "--label", f"{LABEL}={cluster}", "--subnet", subnet, f"uplift-{cluster}"])
        return third


def boot(
    cluster: str, hosts: Sequence[Host], small_disk: int = 0, packages: Sequence[str] = (),
    volumes: Mapping[str, str] | None = None, more: Callable[[Host], list[str]] = lambda _host: [],
) -> None:  # fmt: skip
    """`small_disk`: megabytes of a tmpfs at /var/backups, for tests of full disks; `packages`: more of Debian's.

    `volumes`: directories that all these hosts have in common, by the names of Docker's volumes. `more`: words for
    `docker run`.
    """
    image_name, public_key = image.ready(packages), paths.key().with_suffix(".pub").read_text()
    disk = ["--tmpfs", f"/var/backups:rw,mode=755,size={small_disk}m"] if small_disk else []

    for volume, path in (volumes or {}).items():
        run(["docker", "volume", "create", "--label", f"{LABEL}={cluster}", volume])
        disk += ["-v", f"{volume}:{path}"]

    def start(host: Host) -> None:
        launch(cluster, host, image_name, [*disk, *more(host)])
        must(host, [["chmod", "-R", "go=", "/root/.ssh"]], files={"/root/.ssh/authorized_keys": public_key})

    say(f"booting {len(hosts)} hosts: {', '.join(f'{h.name} {h.address}' for h in hosts)}")
    at_once(start, hosts, width=6)
    at_once(wait_until_up, hosts)


def launch(
    cluster: str, host: Host, image_name: str, words: Sequence[str], boot: Sequence[str] = ("/sbin/init",)
) -> None:
    """On a real host root may look at /proc/<pid>/exe of any process (SYS_PTRACE) and change routes (NET_ADMIN)."""
    caps = [word for cap in ("SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN") for word in ("--cap-add", cap)]
    run([
        "docker", "run", "-d", "--name", host.container, "--hostname", host.name, "--label", f"{LABEL}={cluster}",
        "--network", f"uplift-{cluster}", "--ip", host.address, *caps,
        "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
        "--cgroupns", "host", "-v", "/sys/fs/cgroup:/sys/fs/cgroup", "--tmpfs", "/run", "--tmpfs", "/tmp:exec",
        *words, image_name, *boot,
    ])  # fmt: skip


def wait_until_up(host: Host) -> None:
    def missing() -> str:
        state = run(["docker", "exec", host.container, "systemctl", "is-system-running"], check=False)
        if state.stdout.strip() not in ("running", "degraded"):
            return f"systemd says {state.stdout.strip() or state.stderr.strip()}"
        try:
            with socket.create_connection((host.address, 22), timeout=1) as peer:
                return "" if peer.recv(4) == b"SSH-" else "port 22 answers without an SSH banner"
        except OSError as error:
            return f"port 22: {error}"

    wait_for(f"host {host.name} is up", missing, 180)
    # Where people log in it is there: each session is a transient unit. Else systemd makes it for our first one.
    run(["docker", "exec", host.container, "mkdir", "-p", "/run/systemd/transient"])


def reboot(host: Host) -> None:
    """As by a cut of its power: no service is stopped, what is in /run is gone, and what is enabled comes up."""
    run(["docker", "kill", host.container])
    run(["docker", "start", host.container])
    wait_until_up(host)


def put(host: Host, source: str, target: str) -> None:
    run(["docker", "cp", source, f"{host.container}:{target}"])


def must(host: Host, commands: Sequence[Sequence[str]], files: Mapping[str, str] | None = None) -> list[str]:
    """Writes the files, runs the argv lists one after another, and gives what each printed; a failure ends it."""
    argv = ["docker", "exec", "-i", host.container, "python3", "-I", "-c", BATCH]
    answers = json.loads(run(argv, stdin=json.dumps([files or {}, commands])).stdout)
    for command, (code, out, err) in zip(commands, answers, strict=False):
        if code:
            text = f"{err.strip()}\n{out.strip()}".strip()[-1500:]
            raise LabError(f"on {host.name} `{' '.join(command)}` exited {code}, expected 0: {text}")
    return [out for _code, out, _err in answers]


def cut(cluster: str, host: Host) -> None:
    run(["docker", "network", "disconnect", "--force", f"uplift-{cluster}", host.container])


def heal(cluster: str, host: Host) -> None:
    run(["docker", "network", "connect", "--ip", host.address, f"uplift-{cluster}", host.container])


def connected(cluster: str, host: Host) -> bool:
    seen: list[dict[str, Any]] = json.loads(run(["docker", "inspect", host.container]).stdout)
    return f"uplift-{cluster}" in seen[0]["NetworkSettings"]["Networks"]


def running(cluster: str) -> set[str]:
    """Names of the containers of this cluster that run."""
    argv = ["docker", "ps", "--filter", f"label={LABEL}={cluster}", "--format", "{{.Names}}"]
    return set(run(argv).stdout.split())


def clusters() -> set[str]:
    """Every cluster that Docker knows, whether or not its directory is still there."""
    form = f'{{{{.Label "{LABEL}"}}}}'
    lists = (["docker", "ps", "-a"], ["docker", "network", "ls"])
    return {
        name for argv in lists for name in run([*argv, "--filter", f"label={LABEL}", "--format", form]).stdout.split()
    }


def remove(cluster: str) -> None:
    label = f"label={LABEL}={cluster}"
    if ids := run(["docker", "ps", "-aq", "--filter", label]).stdout.split():
        # Killing first, all at once: `rm -f` alone takes them one after another.
        run(["docker", "kill", *run(["docker", "ps", "-q", "--filter", label]).stdout.split()], check=False)
        run(["docker", "rm", "-fv", *ids])
    if volumes := run(["docker", "volume", "ls", "-q", "--filter", label]).stdout.split():
        run(["docker", "volume", "rm", *volumes])
    if nets := run(["docker", "network", "ls", "-q", "--filter", label]).stdout.split():
        run(["docker", "network", "rm", *nets])
    if images := run(["docker", "images", "-q", "--filter", label]).stdout.split():
        run(["docker", "rmi", "-f", *sorted(set(images))])
