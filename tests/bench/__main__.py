# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make bench` runs. Writes bench.json and bench.html below ~/.cache/uplift-lab/bench, anew after each figure."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.bench import engine, hop, idle, page
from tests.bench.measured import Figure
from tests.lab import paths

LOOK = 5.0  # seconds for which the machine is watched before anything is measured


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures what an upgrade costs.")
    parser.add_argument("--nodes", type=int, nargs="*", default=[3, 10, 30, 100], help="sizes of the engine's growth")
    parser.add_argument("--walks-to", type=int, default=10, help="how many nodes are walked over one by one")
    names = list(hop.CONTENDERS)
    parser.add_argument("--hop", nargs="*", choices=names, default=names, help="who upgrades real clusters")
    parser.add_argument("--although-busy", action="store_true", help="measure all the same, and say so on the page")
    return parser.parse_args()


def figures(args: argparse.Namespace, place: Path) -> Iterator[Figure]:
    for name in args.hop:
        yield hop.run(name, place)
    yield from engine.run(place, args.nodes, args.walks_to)


def main() -> None:
    args = asked()
    used = idle.used(LOOK)
    if idle.refused(used) and not args.although_busy:
        sys.exit(idle.refused(used))
    place = paths.made(paths.cache() / "bench")
    busy = f"BUSY: {used:.0%} of it was used by others, so no figure in seconds says anything"
    machine = {
        "machine": f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}",
        "state": busy if idle.refused(used) else "idle",
        "clusters": hop.ABOUT,
        "growth": "toys of tests/toy on a local connection: the processor time is of controller and nodes together",
    }
    found: list[Figure] = []
    for one in figures(args, place):
        found.append(one)
        print(page.line(one), flush=True)
        told = {"machine": machine, "figures": [asdict(figure) for figure in found]}
        (place / "bench.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        (place / "bench.html").write_text(page.page(found, machine), encoding="utf-8")
    print(place / "bench.html")


if __name__ == "__main__":
    main()
