# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One real single-node Kubernetes on this machine: etcd, containerd and the makers' programs, each under its own pid.

One a machine; clusters of the lab have namespaces of it. Nothing of it is in the short test command.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import hosts, paths, release
from tests.lab import kubernetes_forms as forms
from tests.lab.containers import libraries
from tests.lab.hosts import Host
from tests.lab.kubernetes_release import VERSION
from tests.lab.proc import LabError, lock, run, say, wait_for

PACKAGES = {
    "etcd": "etcd-server", "containerd": "containerd", "iptables": "iptables", "openssl": "openssl",
    "busybox": "busybox-static",
    f"{forms.CNI_PROGRAMS}/bridge": "containernetworking-plugins",
}  # fmt: skip
# Docker drops what comes from outside its own bridges: pods have to reach a database on a lab host.
PASSED = ["DOCKER-USER", "-s", forms.PODS, "-j", "ACCEPT"]
# Clients of the lab are on the node itself. What they send to a service without pods would be refused after it has come
# into the table of connections, whose entry lasts: for two minutes each port that they use again is refused as well.
EXTERNAL = "KUBE-EXTERNAL-SERVICES"
REFUSED_FIRST = ["OUTPUT", "-m", "conntrack", "--ctstate", "NEW", "-j", EXTERNAL]
GONE = 30.0


def home() -> Path:
    """Resolved: mounts are recognised by their real places."""
    return paths.cache().resolve() / "kubernetes" / "node"


def kubeconfig() -> Path:
    return home() / "kubeconfig"


def ctr(*argv: str, check: bool = True) -> str:
    return run(["ctr", "--address", forms.SOCKET, "--namespace", "k8s.io", *argv], timeout=300, check=check).stdout


def kubectl(*argv: str, stdin: str = "", check: bool = True, timeout: float = 120) -> str:
    program = str(release.program("kubernetes", VERSION, "kubectl"))
    return run([program, f"--kubeconfig={kubeconfig()}", *argv], stdin=stdin, check=check, timeout=timeout).stdout


def apply(*things: dict[str, Any]) -> None:
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(things)}))


def packages() -> None:
    missing = {package for program, package in PACKAGES.items() if not shutil.which(program)}
    if missing:
        say(f"installing {', '.join(sorted(missing))} with apt-get")
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        run(["apt-get", "update", "-q"], timeout=600)
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *sorted(missing)], timeout=1800)


def certificates(directory: Path) -> None:
    """One authority, one certificate for the server, one for whoever may do everything, and a key for accounts."""
    names = f"IP:{forms.ADDRESS},IP:{forms.FIRST_SERVICE},IP:127.0.0.1,DNS:kubernetes,DNS:kubernetes.default.svc"
    paths.made(directory).chmod(0o700)

    def openssl(*argv: str) -> None:
        run(["openssl", *(word.replace("@", f"{directory}/") for word in argv)])

    whole = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650")
    openssl(*whole, "-keyout", "@ca.key", "-out", "@ca.crt", "-subj", "/CN=uplift-lab")
    signed = (*whole, "-CA", "@ca.crt", "-CAkey", "@ca.key", "-addext", "basicConstraints=critical,CA:FALSE")
    openssl(*signed, "-keyout", "@server.key", "-out", "@server.crt", "-subj", "/CN=server",
            "-addext", f"subjectAltName={names}")  # fmt: skip
    openssl(*signed, "-keyout", "@client.key", "-out", "@client.crt", "-subj", "/O=system:masters/CN=lab")
    openssl("genrsa", "-out", "@accounts.key", "2048")
    openssl("rsa", "-in", "@accounts.key", "-pubout", "-out", "@accounts.pub")


def written() -> None:
    here = home()
    certificates(here / "pki")
    names = ("ca.crt", "client.crt", "client.key")
    encoded = {name: base64.b64encode((here / "pki" / name).read_bytes()).decode() for name in names}
    clusters.write(kubeconfig(), forms.kubeconfig(here, encoded))
    clusters.write(here / "containerd.toml", forms.containerd(here))
    clusters.write(here / "cni" / "10-pods.conflist", forms.network())
    clusters.write(here / "kubelet.json", forms.kubelet(here))
    clusters.write(here / "proxy.json", forms.proxy(here))


def bridge() -> None:
    if run(["ip", "link", "show", forms.BRIDGE], check=False).returncode:
        run(["ip", "link", "add", forms.BRIDGE, "type", "bridge"])
        run(["ip", "address", "add", f"{forms.ADDRESS}/24", "dev", forms.BRIDGE])
    run(["ip", "link", "set", forms.BRIDGE, "up"])
    if run(["iptables", "-w", "-C", *PASSED], check=False).returncode:
        run(["iptables", "-w", "-I", *PASSED])
    run(["iptables", "-w", "-N", EXTERNAL], check=False)
    if run(["iptables", "-w", "-C", *REFUSED_FIRST], check=False).returncode:
        run(["iptables", "-w", "-A", *REFUSED_FIRST])


def launch(process: forms.Process) -> None:
    with (paths.made(home() / "log") / f"{process.name}.log").open("a") as log:
        # These addresses are on this machine: no proxy lies between.
        own = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        made = subprocess.Popen(
            process.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=own
        )
    (paths.made(home() / "pid") / process.name).write_text(str(made.pid))


def pid(process: forms.Process) -> int:
    return clusters.process_of(home() / "pid" / process.name, process.mark)


def all_processes() -> list[forms.Process]:
    return forms.processes(home(), release.program("kubernetes", VERSION).parent)


def silence() -> str:
    """What is missing until the node takes pods."""
    dead = [one.name for one in all_processes() if not pid(one)]
    if dead:
        return f"{', '.join(dead)} does not run: see {home()}/log"
    return unready()


def unready() -> str:
    if not kubeconfig().exists():
        return "there is no kubeconfig"
    ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    said = kubectl("get", "node", forms.NODE, "-o", ready, "--request-timeout=5s", check=False).strip()
    account = kubectl("get", "serviceaccount", "default", "--ignore-not-found", "-o", "name", check=False).strip()
    return "" if (said, bool(account)) == ("True", True) else f"the node is {said or 'not there'}"


def pause_image() -> None:
    """The program that holds a pod's network while its containers come and go."""
    source = home() / "pause.c"
    source.write_text(forms.PAUSE_SOURCE)
    run(["gcc", "-static", "-Os", "-s", "-o", str(home() / "pause"), str(source)])
    packed = run(["tar", "-C", str(home()), "-cf", str(home() / "pause.tar"), "pause"])
    assert not packed.stderr
    run(["docker", "import", "--change", 'ENTRYPOINT ["/pause"]', str(home() / "pause.tar"), forms.PAUSE])
    imported(forms.PAUSE)


def imported(*names: str) -> None:
    """From docker into the node's own containerd, by way of a file."""
    file = home() / f"images-{os.getpid()}.tar"  # two clusters may be made at a time
    run(["docker", "save", "-o", str(file), *names], timeout=300)
    ctr("images", "import", str(file))
    file.unlink()


def up() -> Path:
    """The kube configuration of a node that is ready."""
    with lock("kubernetes"):
        if not silence():
            say("the Kubernetes node is up already")
            return kubeconfig()
        if os.geteuid():
            raise LabError("a Kubernetes node wants root: it makes bridges, mounts and rules of the firewall")
        release.get("kubernetes", VERSION)
        packages()
        if home().exists():
            clear()
        written()
        bridge()
        for process in (everything := all_processes()):
            if process.name == "kubelet":
                wait_for("containerd answers", lambda: "" if ctr("version", check=False) else "it is silent", 30)
                pause_image()
            launch(process)
        wait_for("the node is ready", unready, 120, pause=0.5)
        say(f"Kubernetes {VERSION} is ready: {len(everything)} processes, {kubeconfig()}")
        return kubeconfig()


def ended(process: forms.Process) -> str:
    return f"process {found} runs" if (found := pid(process)) else ""


def stop(process: forms.Process) -> None:
    if clusters.stop_process(home() / "pid" / process.name, process.mark):
        try:
            wait_for(f"{process.name} ends", lambda: ended(process), GONE)
        except LabError:
            os.kill(pid(process), signal.SIGKILL)


def clear() -> None:
    """By pid, from the kubelet back: what still runs in containers goes while containerd is there to end it."""
    *first, last = reversed(all_processes())
    for process in first:
        stop(process)
    if pid(last):
        for task in ctr("tasks", "list", "--quiet", check=False).split():
            ctr("tasks", "delete", "--force", task, check=False)
        stop(last)
    unmount()
    for name in (forms.BRIDGE, forms.POD_BRIDGE):
        run(["ip", "link", "delete", name], check=False)
    run(["iptables", "-w", "-D", *PASSED], check=False)
    proxy = str(release.program("kubernetes", VERSION, "kube-proxy"))
    run([proxy, "--cleanup"], check=False)
    unruled()
    shutil.rmtree(home(), ignore_errors=True)
    shutil.rmtree(forms.RUN, ignore_errors=True)


def unruled() -> None:
    """What kubelet and kube-proxy leave of their rules after their own cleaning."""
    for table in ("filter", "nat", "mangle"):
        rules = [shlex.split(line) for line in run(["iptables", "-w", "-t", table, "-S"]).stdout.splitlines()]
        mine = [rule for rule in rules if any(word.startswith("KUBE-") for word in rule)]
        for rule in (rule for rule in mine if rule[0] == "-A"):
            run(["iptables", "-w", "-t", table, "-D", *rule[1:]], check=False)
        for rule in (rule for rule in mine if rule[0] == "-N"):
            run(["iptables", "-w", "-t", table, "-X", rule[1]], check=False)


def unmount() -> None:
    """The deepest first: volumes of pods, and the file systems of containers."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    places = sorted((line.split(" ")[1] for line in lines), key=len, reverse=True)
    for place in places:
        if place.startswith((f"{home()}/", f"{forms.RUN}/", "/run/netns/cni-", "/var/run/netns/cni-")):
            run(["umount", "--lazy", place], check=False)


def down() -> None:
    with lock("kubernetes"):
        say("taking the Kubernetes node away: processes, containers, bridges, rules, files")
        clear()


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"uplift-lab": name}}}


def volumes(name: str) -> Path:
    """Directories on the node that pods of this cluster keep data in."""
    return home() / "volumes" / name


def forget(name: str) -> None:
    """What a cluster has here goes with it, and after the last one the node."""
    if not kubeconfig().exists() or silence():
        return
    mine = kubectl("get", "namespace", "-l", f"uplift-lab={name}", "-o", "name").split()
    if mine:
        kubectl("delete", *mine, "--timeout=120s", check=False, timeout=150)
        kubectl("delete", "persistentvolume", "-l", f"uplift-lab={name}", "--timeout=60s", check=False)
        shutil.rmtree(volumes(name), ignore_errors=True)
        if not kubectl("get", "namespace", "-l", "uplift-lab", "-o", "name").split():
            down()


def control(host: Host) -> None:
    """With the right to do everything in the cluster, for root alone."""
    hosts.put(host, str(release.program("kubernetes", VERSION, "kubectl")), "/usr/local/bin/kubectl")
    files = {"/root/.kube/config": kubeconfig().read_text()}
    hosts.must(host, [["chmod", "-R", "go=", "/root/.kube"], ["chmod", "755", "/usr/local/bin/kubectl"]], files=files)


@contextmanager
def stage(name: str, changes: Sequence[str] = ()) -> Iterator[Path]:
    """A directory that is an image, once it is filled, and that the node knows."""
    root = paths.made(home() / "images" / name.replace("/", "_").replace(":", "_"))
    shutil.rmtree(root)
    for place in (root / "tmp", root / "etc"):
        paths.made(place)
    (root / "tmp").chmod(0o1777)
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/:/bin/false\n")
    yield root
    archive = root.with_suffix(".tar")
    run(["tar", "-C", str(root), "-cf", str(archive), "."])
    run(["docker", "import", *(word for change in changes for word in ("--change", change)), str(archive), name])
    archive.unlink()
    shutil.rmtree(root)
    imported(name)


def program_image(
    name: str, program: Path, entrypoint: Sequence[str], command: Sequence[str] = (), plain: Sequence[str] = ()
) -> None:
    """An image with one real program, the libraries that it is linked with, and nothing else.

    `plain`: its whole command line, in the place of an entry point.
    """
    if known(name):
        return
    changes = [f"ENTRYPOINT {json.dumps(list(entrypoint))}", *([f"CMD {json.dumps(list(command))}"] if command else [])]
    with stage(name, [f"CMD {json.dumps(list(plain))}"] if plain else changes) as root:
        target = root / entrypoint[0].lstrip("/")
        shutil.copy2(program, paths.made(target.parent) / target.name)
        for library in libraries(program):
            shutil.copy2(library, paths.made((root / library.lstrip("/")).parent) / Path(library).name)


def known(name: str) -> bool:
    whole = name if "." in name.split("/")[0] else f"docker.io/{name if '/' in name else f'library/{name}'}"
    return whole in ctr("images", "list", "--quiet").split()
