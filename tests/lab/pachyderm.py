# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs Pachyderm on one host: etcd, pachd with a local object store, pachctl, and what stands in for Kubernetes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import hosts, paths, release
from tests.lab import pachyderm_forms as forms
from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.proc import LabError, run, say, wait_for

PACKAGES = ("etcd-server", "etcd-client")
# The lab's own home on the host: the operator's configuration is nobody's business here.
HOME = "/etc/uplift-lab"


# Without metrics 1.9 - 1.12 wait 10 s after they have said it all (trap P12).
FIRST = """
import subprocess, sys
with subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
    for line in process.stdout:
        print(line, end="", flush=True)
        if line.startswith("pachd "):
            process.kill()
            sys.exit(0)
sys.exit(process.returncode)
"""


# What a worker says to an emulated server, in its place.
TELL = """
import json, socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20) as connection:
    connection.sendall(sys.argv[2].encode() + b"\\n")
    sys.stdout.write(connection.makefile("r").readline())
"""


def tell(cluster: Cluster, verb: str, **args: Any) -> None:
    """Only of emulated releases: the lab stands in for what pachctl has no word for."""
    line = json.dumps({"name": verb, "args": args})
    argv = [
        "docker",
        "exec",
        cluster.hosts[0].container,
        "python3",
        "-I",
        "-c",
        TELL,
        str(cluster.product["port"]),
        line,
    ]
    answer = json.loads(run(argv, timeout=60).stdout or "{}")
    if "value" not in answer:
        raise LabError(f"{cluster.name}: {verb} {args} was answered {answer}")


def base(cluster: Cluster, version: str) -> list[str]:
    port = cluster.product["port"]
    # Contexts begin at 1.9.1.
    old = tuple(map(int, version.split("."))) < (1, 9, 1)
    address = [f"PACHD_ADDRESS={cluster.product.get('address', '127.0.0.1')}:{port}"] if old else []
    return ["env", f"HOME={HOME}", f"PACH_CONFIG={HOME}/pachctl.json", *address, forms.PACHCTL]


def configuration(cluster: Cluster, version: str) -> dict[str, str]:
    """Written anew each time: from 1.9.12 a context remembers its cluster and refuses the one that replaced it."""
    text = forms.client(version, cluster.product["port"], cluster.product.get("address", "127.0.0.1"))
    return {f"{HOME}/pachctl.json": text, f"{HOME}/.pachyderm/config.json": text}


def client(host: Host) -> str:
    """Which pachctl the host has now. 1.4 and 1.5 do not know --client-only, and show a table."""
    for argv in (["--client-only"], []):
        if not argv:  # nobody captured of these what a first call says, which has no configuration
            hosts.must(host, [], files={f"{HOME}/.pachyderm/config.json": forms.client("1.4.8")})
        answer = run(
            ["docker", "exec", "-e", f"HOME={HOME}", host.container, forms.PACHCTL, "version", *argv],
            check=False, timeout=60,
        )  # fmt: skip
        if found := re.search(r"(\d+\.\d+\.\d+)", answer.stdout):
            return found.group(1)
    raise LabError(f"{host.name}: pachctl tells no version: {answer.stderr.strip()[-200:] or 'no word'}")


def pachctl(cluster: Cluster, version: str, commands: Sequence[Sequence[str]]) -> list[str]:
    """What each of these printed; the first that fails ends it."""
    prefix = base(cluster, version)
    argv = [[*prefix, *words] for words in commands]
    return hosts.must(cluster.hosts[0], argv, files=configuration(cluster, version))


def server(cluster: Cluster) -> str:
    """The version of the server that runs now, empty if it does not answer."""
    version = client(cluster.hosts[0])
    command = [*base(cluster, version), "version", *(["--no-metrics"] if forms.series(version) < (1, 9) else [])]
    hosts.must(cluster.hosts[0], [], files=configuration(cluster, version))
    first = ["docker", "exec", cluster.hosts[0].container, "python3", "-I", "-c", FIRST]
    answer = run([*first, *command], check=False, timeout=60)
    found = re.search(r"^pachd\s+(\S+)", answer.stdout, re.M)
    return found.group(1) if answer.returncode == 0 and found else ""


def install(host: Host, version: str) -> None:
    for name, link in (("pachctl", forms.PACHCTL), ("pachd", forms.PACHD)):
        hosts.put(host, str(release.program("pachyderm", version, name)), f"{link}-{version}")
    hosts.put(host, str(paths.HERE / "pachyderm_kube.py"), forms.KUBE)
    files = {
        "/etc/default/etcd": forms.ETCD,
        forms.ENVIRONMENT: forms.environment(),
        "/etc/systemd/system/kube.service": forms.KUBE_UNIT,
        "/etc/systemd/system/pachd.service": forms.unit(forms.PACHD, forms.ENVIRONMENT, "etcd.service"),
        "/etc/systemd/system/etcd-parallel.service": forms.ETCD_PARALLEL,
        "/etc/systemd/system/pachd-parallel.service": forms.unit(
            f"{forms.PACHD}-parallel", forms.PARALLEL_ENVIRONMENT, "etcd-parallel.service"
        ),
        forms.PARALLEL_ENVIRONMENT: forms.environment(parallel=True),
    }
    hosts.must(host, files=files, commands=[
        ["useradd", "--system", "--uid", forms.UID, "--home-dir", "/var/lib/pachyderm", "pachyderm"],
        ["install", "-d", "-o", "pachyderm", "-g", "pachyderm", "-m", "0750", "/var/lib/pachyderm", forms.ROOT],
        ["install", "-d", "-o", "pachyderm", "-g", "pachyderm", "-m", "0750", forms.CACHE, f"{forms.CACHE}-parallel"],
        ["install", "-d", "-o", "pachyderm", "-g", "pachyderm", "-m", "0750", forms.PARALLEL_ROOT],
        *(["chown", "root:root", f"{link}-{version}"] for link in (forms.PACHCTL, forms.PACHD)),
        *(["chmod", "755", f"{link}-{version}"] for link in (forms.PACHCTL, forms.PACHD)),
        *(["ln", "-s", f"{link.rsplit('/', 1)[1]}-{version}", link] for link in (forms.PACHCTL, forms.PACHD)),
        ["systemctl", "daemon-reload"],
        ["systemctl", "restart", "etcd.service"],  # the package's own start knew nothing of the settings
        ["systemctl", "enable", "--now", "etcd.service", "kube.service", "pachd.service"],
    ])  # fmt: skip


def asked_for(name: str, version: str, small_disk: int) -> Cluster:
    product = {
        "release": version, "small_disk": small_disk, "binary": forms.PACHD, "port": forms.PORT,
        "emulated": forms.emulated(version), "variables": forms.VARIABLES,
    }  # fmt: skip
    own = ("/var/lib/pachyderm", "/var/lib/etcd")
    return Cluster(name, "pachyderm", tuple(hosts.plan(name, 1, 1, 0)), "pachd.service", own, product)


def up(expected: Cluster) -> Cluster:
    if found := clusters.standing(expected):
        say(f"cluster {found.name} is up already")
        return found
    name, version = expected.name, expected.product["release"]
    release.get("pachyderm", version)
    seats = hosts.plan(name, 1, 1, hosts.make_network(name))
    hosts.boot(name, seats, expected.product["small_disk"], PACKAGES)
    must_have = [["install", "-d", "-m", "0755", str(forms.KUBE).rsplit("/", 1)[0], HOME]]
    hosts.must(seats[0], must_have)
    say(f"installing pachyderm {version} and starting it")
    install(seats[0], version)
    cluster = replace(expected, hosts=tuple(seats))
    calls = forms.calls_itself(version)

    def missing() -> str:
        seen = server(cluster)
        return "" if seen == calls else seen or "no answer"

    wait_for(f"pachd says that it is {calls}", missing, 60)
    cluster.save()
    return cluster
