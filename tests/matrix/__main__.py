# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make matrix ARGS="..."`: plays the cells that are chosen and have not passed at this commit; prints the table."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.lab import cluster as clusters
from tests.lab import paths, snapshots
from tests.lab.proc import lock
from tests.matrix import play
from tests.matrix.cells import FAULTS, UPGRADES, Cell, cells, chosen, cover, sample
from tests.matrix.results import Newest, Results, commit, state, table


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="make matrix", description=__doc__)
    top.add_argument("--product", action="append", choices=sorted({one.product for one in UPGRADES}))
    top.add_argument("--source", action="append", help="the release that it begins with, such as 0.7.0")
    top.add_argument("--strategy", action="append", choices=sorted({one.strategy for one in UPGRADES}))
    top.add_argument("--fault", action="append", choices=[one.name for one in FAULTS])
    top.add_argument("--key", action="append", metavar="PATTERN", help="a step's key, such as '0/walk/*/backup'")
    top.add_argument(
        "--cover", action="store_true", help="each fault of each upgrade once, and each of its steps with some fault"
    )
    top.add_argument("--again", action="store_true", help="cells that passed at this commit, too")
    top.add_argument("--list", action="store_true", help="play nothing: the table of what is chosen")
    top.add_argument("--sample", metavar="SEED", help="one cell, chosen by the seed")
    top.add_argument("--minutes", type=float, default=0, help="begin no cell after so long")
    top.add_argument(
        "--commit", default="", help="with --list, results of another commit, or of any: the newest of each"
    )
    top.add_argument("--keep", action="store_true", help="leave the clusters for the next call")
    return top


def expected(args: argparse.Namespace) -> list[Cell]:
    every = cells()
    if args.sample:
        return sample(every, args.sample)
    picked = [args.product or (), args.strategy or (), args.fault or (), args.key or (), args.source or ()]
    return chosen(cover(every) if args.cover else every, *picked)


def played(listed: Sequence[Cell], results: Results, args: argparse.Namespace) -> None:
    begun = time.monotonic()
    todo = [
        one for one in listed if not one.fault.impossible and (args.again or results.of(one).get("result") != "passed")
    ]
    for number, cell in enumerate(todo, 1):
        if args.minutes and time.monotonic() - begun > 60 * args.minutes:
            print(f"{len(todo) - number + 1} cells are left: {args.minutes:.0f} minutes are over", flush=True)
            return
        print(f"-- {number} of {len(todo)}: {cell.name} (log: {results.logs(cell)})", flush=True)
        with lock(cell.upgrade.cluster):  # two calls may play cells of two clusters
            outcome = play.play(cell, results.logs(cell))
        results.save(cell, asdict(outcome))
        said = "; ".join(outcome.wrong) or outcome.how
        print(f"   {outcome.result} in {outcome.seconds:.0f} s, runs {json.dumps(outcome.runs)}: {said}", flush=True)


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    # So that a run that is told to end takes the upgrade and the client with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    root = Path(os.environ["UPLIFT_ROOT"])
    every = paths.cache() / "matrix"
    results = Newest(every) if args.commit == "any" else Results(every / (args.commit or commit(root)))
    listed = expected(args)
    if args.sample:
        print(f"the sample of seed {args.sample}: {', '.join(cell.name for cell in listed)}", flush=True)
    if not args.list:
        try:
            played(listed, results, args)
        finally:
            for name in {cell.upgrade.cluster for cell in listed} & clusters.known():
                with lock(name):
                    (snapshots.rest if args.keep else clusters.down)(name)
    print(table(listed, results))
    bad = [cell for cell in listed if state(cell, results.of(cell)) in ("failed", "missed")]
    return 1 if bad else 0


sys.exit(main(sys.argv[1:]))
