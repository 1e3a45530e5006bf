# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line. Each command imports what it needs when it runs: `setup` has to work before there is anything."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from tests.lab.proc import LabError, say

SHOWN = 60
PRODUCTS = ("garage", "lakefs", "pachyderm")
Subparsers: TypeAlias = Any  # argparse has no public name for it


def up(args: argparse.Namespace) -> int:
    from tests.lab import products

    start = time.monotonic()
    product = products.of(args.product)
    if args.beside:
        from tests.lab import garage_beside

        cluster = garage_beside.up(args.name, args.beside, args.release)
    else:
        cluster = product.up(product.expected(args))
    say(f"cluster {cluster.name}: {len(cluster.hosts)} nodes after {time.monotonic() - start:.1f} s")
    print(cluster.directory / "inventory.yml")
    return 0


def setup(_args: argparse.Namespace) -> int:
    from tests.lab import machine

    machine.setup()
    say("the machine is ready")
    return 0


def release(args: argparse.Namespace) -> int:
    from tests.lab import containers, garage_docker, lakefs_docker
    from tests.lab import release as releases

    recipes = {one.product: one for one in (garage_docker.RECIPE, lakefs_docker.RECIPE)}
    if args.image and args.product not in recipes:
        raise LabError(f"an image of {args.product}: expected one of {', '.join(recipes)}")
    for version in args.versions:
        path = releases.get(args.product, version, args.pin)
        print(containers.make_image(recipes[args.product], version) if args.image else path, flush=True)
    return 0


def down(args: argparse.Namespace) -> int:
    from tests.lab import cluster

    for name in sorted(cluster.known()) if args.all else [args.name]:
        cluster.down(name)
    return 0


def fill(args: argparse.Namespace) -> int:
    from tests.lab import cluster, products
    from tests.lab import fill as filling

    found = cluster.load(args.name)
    product = products.of(found.group)
    print(filling.fill(found, args.objects, True) if args.odd_names else product.fill(found, args.objects))
    return 0


def verify(args: argparse.Namespace) -> int:
    from tests.lab import cluster, products

    found = cluster.load(args.name)
    product = products.of(found.group)
    different = product.verify(found, args.release) + products.losses(found)
    for line in [*different[:SHOWN], *([f"... and {len(different) - SHOWN} more"] if len(different) > SHOWN else [])]:
        print(f"judge: {line}")
    verdict = f"{len(different)} differences" if different else "all as before"
    print(f"judge: {product.summary(found)}: {verdict}")
    return 1 if different else 0


def outputs(args: argparse.Namespace) -> int:
    from tests.lab import cluster, pachyderm_fill

    print("\n".join(pachyderm_fill.end_outputs(cluster.load(args.name), args.release)))
    return 0


def snapshot(args: argparse.Namespace) -> int:
    from tests.lab import cluster, snapshots

    (snapshots.keep if args.action == "keep" else snapshots.put_back)(cluster.load(args.name))
    return 0


def moment(args: argparse.Namespace) -> int:
    from tests.lab import cluster, record

    with record.watched(cluster.load(args.name), args.keys) as wait:
        print("watching", flush=True)
        host, key = wait(lambda: False, args.seconds)
    print(host, key, flush=True)
    return 0 if key else 1


def become(args: argparse.Namespace) -> int:
    from tests.lab import cluster, lakefs_states

    found = lakefs_states.become(cluster.load(args.name), args.release, args.users, args.drafts)
    say(f"{found.name} is an installation of lakefs {found.product['release']}")
    return 0


def late(args: argparse.Namespace) -> int:
    from tests.lab import cluster, lakefs_states

    print(lakefs_states.late(cluster.load(args.name), args.what))
    return 0


def state(args: argparse.Namespace) -> int:
    from tests.lab import cluster, lakefs_states, pachyderm_odd

    found = cluster.load(args.name)
    if found.group != "pachyderm":
        lakefs_states.set_state(found, args.state)
    elif args.state in ("odd", "noted"):
        print((pachyderm_odd.make if args.state == "odd" else pachyderm_odd.note)(found))
    else:
        raise LabError(f"state {args.state!r} of pachyderm: expected odd, or noted")
    return 0


def kubernetes(args: argparse.Namespace) -> int:
    from tests.lab import kubernetes as node

    if args.action == "up":
        print(node.up())
    else:
        node.down()
    return 0


def load(args: argparse.Namespace) -> int:
    from tests.lab import cluster
    from tests.lab import load as loads

    found = cluster.load(args.name)
    if args.action == "run":
        loads.serve(found, args.interval)
    else:
        print(loads.stop(found) if args.action == "stop" else loads.start(found, args.interval))
    return 0


def trees(args: argparse.Namespace) -> int:
    from tests.lab import cluster
    from tests.lab import trees as listings

    if args.diff:
        first, second = (json.loads(Path(path).read_text()) for path in args.diff)
        different = listings.differences(first, second)
        print("\n".join(different) or "trees: no difference")
        return 1 if different else 0
    if not args.name:
        raise LabError("`lab trees` wants --name NAME, or --diff A B")
    text = json.dumps(listings.listings(cluster.load(args.name)), indent=1, sort_keys=True) + "\n"
    if args.output:
        Path(args.output).write_text(text)
    else:
        sys.stdout.write(text)
    return 0


def execute(args: argparse.Namespace) -> int:
    from tests.lab import cluster

    container = cluster.load(args.name).host(args.host).container
    argv = args.argv[1:] if args.argv[:1] == ["--"] else args.argv
    return subprocess.run(["docker", "exec", "-i", container, *argv], check=False).returncode


def net(args: argparse.Namespace) -> int:
    from tests.lab import cluster, hosts

    host = cluster.load(args.name).host(args.host)
    if hosts.connected(args.name, host) is args.expected:
        say(f"{host.name} is {'connected' if args.expected else 'cut off'} already")
    else:
        (hosts.heal if args.expected else hosts.cut)(args.name, host)
        say(f"{host.name} ({host.address}) is {'connected again' if args.expected else 'cut off from everybody'}")
    return 0


def reboot(args: argparse.Namespace) -> int:
    from tests.lab import cluster, hosts

    host = cluster.load(args.name).host(args.host)
    hosts.reboot(host)
    say(f"{host.name} ({host.address}) is up again")
    return 0


def cluster_name(text: str) -> str:
    """It becomes part of container names, paths and a socket's name, which may have 100 characters."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,29}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a letter, then up to 29 of a-z, 0-9 and -")
    return text


ARGUMENTS: dict[str, dict[str, Any]] = {
    "--name": {"required": True, "type": cluster_name, "help": "the cluster"},
    "host": {"help": "its name in the inventory, such as a1"},
}


def command(
    subs: Subparsers, name: str, function: Callable[[argparse.Namespace], int], text: str, *arguments: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = subs.add_parser(name, help=text, description=text)
    for argument in arguments:
        made.add_argument(argument, **ARGUMENTS[argument])
    made.set_defaults(command=function)
    return made


def cluster_commands(subs: Subparsers) -> None:
    p = command(subs, "up", up, "make a cluster of hosts with systemd and sshd", "--name")
    p.add_argument("--product", choices=PRODUCTS, default=PRODUCTS[0])
    p.add_argument("--nodes", type=int, default=3)
    p.add_argument("--zones", type=int, default=3)
    p.add_argument("--release", required=True)
    p.add_argument("--gateways", type=int, default=0, help="so many of the nodes, the last dealt, store nothing")
    p.add_argument(
        "--form",
        default="plain",
        help="garage: plain, packaged (as the two public roles leave it), odd, docker, kubernetes or daemonset; lakefs:"
        " plain, environment, docker or kubernetes; pachyderm: plain or kubernetes",
    )
    p.add_argument("--replication", type=int, default=3)
    p.add_argument("--engine", default="", help="db_engine in the configuration; by default none is written")
    p.add_argument(
        "--secret",
        default="config",
        help="where rpc_secret is: config, world (the same, readable for all), file, or env (the unit's file)",
    )
    p.add_argument("--data-dirs", type=int, default=1, help="from 0.9 on: so many directories for blocks")
    p.add_argument("--beside", default="", metavar="NAME", help="garage: on the hosts of that cluster, as another unit")
    p.add_argument("--small-disk", type=int, default=0, metavar="MB", help="a file system of that size at /var/backups")
    p = command(subs, "down", down, "take clusters away, with all that belongs to them")
    which = p.add_mutually_exclusive_group(required=True)
    which.add_argument("--name", type=cluster_name)
    which.add_argument("--all", action="store_true", help="every cluster of this machine, whoever made it")
    p = command(subs, "exec", execute, "run a program on a host", "--name", "host")
    p.add_argument("argv", nargs=argparse.REMAINDER)
    command(subs, "reboot", reboot, "cut a host's power, and boot it again", "--name", "host")
    command(subs, "kill-net", net, "cut a host off from its peers and from SSH", "--name", "host").set_defaults(
        expected=False
    )
    command(subs, "heal-net", net, "undo kill-net", "--name", "host").set_defaults(expected=True)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lab", description="Boots hosts, forms clusters, fills and judges them.")
    subs = top.add_subparsers(required=True, metavar="COMMAND")
    command(subs, "setup", setup, "everything that a fresh machine needs")
    p = command(subs, "kubernetes", kubernetes, "one real Kubernetes node on this machine; `up` prints its kubeconfig")
    p.add_argument("action", choices=["up", "down"])
    p = command(subs, "release", release, "get releases into the cache; prints their paths")
    p.add_argument("product", choices=(*PRODUCTS, "kubernetes", "helm"))
    p.add_argument("versions", nargs="+", metavar="VERSION")
    p.add_argument("--image", action="store_true", help="as docker images; prints their names")
    p.add_argument("--pin", action="store_true", help="note the checksum of a download that has none in the table")
    cluster_commands(subs)
    p = command(subs, "fill", fill, "data as customers would have it; writes the manifest", "--name")
    p.add_argument("--objects", type=int, default=2000, help="small ones, besides those of special sizes")
    p.add_argument("--odd-names", action="store_true", help="0.5 only: buckets whose names S3 does not allow, too")
    p = command(subs, "verify", verify, "compare all with the manifest, from outside; exit 1 on a difference", "--name")
    p.add_argument("--release", default="", help="what every node has to run")
    p = command(subs, "outputs", outputs, "pachyderm: end the open commits of outputs where no worker runs", "--name")
    p.add_argument("--release", required=True)
    p = command(subs, "load", load, "a client in the background", "--name")
    p.add_argument("action", choices=["start", "stop", "run"])
    p.add_argument("--interval", type=float, default=0.05, help="seconds from request to request")
    p = command(subs, "snapshot", snapshot, "keep a filled cluster as it is, or put it back as it was kept", "--name")
    p.add_argument("action", choices=["keep", "put-back"])
    p = command(subs, "moment", moment, "wait until a step of an operation begins; prints host and key", "--name")
    p.add_argument("keys", nargs="+", metavar="KEY", help="such as 0/walk/1/backup")
    p.add_argument("--seconds", type=float, default=900)
    p = command(subs, "become", become, "lakefs: make a filled installation one of an older era", "--name")
    p.add_argument("--release", required=True)
    p.add_argument("--users", type=int, choices=[1, 2, 3], default=1, help="the others in a group of their own")
    p.add_argument("--drafts", action="store_true", help="two repositories without a commit; 0.30.0 to 0.70.6")
    p = command(
        subs, "late", late, "lakefs before 0.30: one more object of a client's, while an upgrade runs", "--name"
    )
    p.add_argument("what", choices=["upload", "commit", "look"])
    p = command(
        subs, "state", state, "put it in a state that is met, or that breaks what an upgrade rests on", "--name"
    )
    p.add_argument(
        "state",
        help="lakefs: schema-0 to schema-5, junk, no-record, dirty, clean; pachyderm: odd (what breaks a restore, or is"
        " lost in one), noted (what there is now is what there was)",
    )
    p = command(subs, "trees", trees, "list the hosts' state as JSON, or compare two listings")
    p.add_argument("--name", type=cluster_name)
    p.add_argument("-o", "--output")
    p.add_argument("--diff", nargs=2, metavar=("A", "B"))
    return top


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    try:
        return int(args.command(args))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
