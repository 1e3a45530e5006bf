# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes each decision of the role files out in turn, and wants a test of tests/roles to fail.

    python tests/mutants/roles.py [--only REGEX] [--sample N --seed TEXT] [--jobs 2]

A mutant is no file: the child in which its tests run reads the changed text in place of the file's own. Those tests
are run that have come by the changed task, the fastest first, until one fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import decisions
import pytest
import table
import yaml
from decisions import Mutant

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ROOT / "tests" / "roles"
OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(ROOT)]


class Watch:
    """Per test its seconds, and which tasks it came by; and those that failed."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, Any]] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        import inprocess

        inprocess.touched.clear()
        began = time.monotonic()
        result = yield
        self.seen[item.nodeid] = {"seconds": time.monotonic() - began, "tasks": sorted(inprocess.touched)}
        return result

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def child(work: Callable[[], Any]) -> tuple[int, Path]:
    """Do the work in a process of its own; what it returns is in the file afterwards, as JSON."""
    descriptor, name = tempfile.mkstemp(prefix="uplift-mutant-")
    os.close(descriptor)
    pid = os.fork()
    if pid:
        return pid, Path(name)
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        Path(name).write_text(json.dumps(work()), encoding="utf-8")
    finally:
        os._exit(0)


def answered(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    path.unlink()
    return json.loads(text) if text else None


def baseline(files: Sequence[str]) -> dict[str, Any]:
    watch = Watch()
    pytest.main([*OPTIONS, *files], plugins=[watch])
    return {"seen": watch.seen, "failed": watch.failed}


def tried(mutant: Mutant, tests: Sequence[str]) -> dict[str, Any]:
    import inprocess

    inprocess.overlay[str((ROOT / mutant.path).resolve())] = mutant.text.encode()
    watch, began = Watch(), time.monotonic()
    code = pytest.main([*OPTIONS, "-x", *tests], plugins=[watch])
    killer = (watch.failed or [""])[0] if code in (0, 1) else "no test could be run"
    return {"killed": killer, "seconds": time.monotonic() - began}


def by_line(seen: dict[str, Any]) -> dict[tuple[str, int], list[str]]:
    """The tests that came by each task, the fastest first."""
    found: dict[tuple[str, int], list[str]] = {}
    for test in sorted(seen, key=lambda name: seen[name]["seconds"]):
        for place in seen[test]["tasks"]:
            path, _colon, line = place.rpartition(":")
            found.setdefault((path.rpartition("/uplift/datastores/")[2], int(line or 0)), []).append(test)
    return found


def selected(mutant: Mutant, tests: dict[tuple[str, int], list[str]]) -> list[str]:
    return list(dict.fromkeys(test for line in mutant.lines for test in tests.get((mutant.path, line), [])))


def pool(jobs: int, work: Sequence[tuple[Any, Callable[[], Any]]]) -> Iterator[tuple[Any, Any]]:
    """Each piece of work in a child, so many at a time; what it is of, and its answer (None: the child has died)."""
    running: dict[int, tuple[Any, Path]] = {}
    waiting = list(work)
    while waiting or running:
        while waiting and len(running) < jobs:
            what, do = waiting.pop(0)
            pid, path = child(do)
            running[pid] = what, path
        pid, _status = os.wait()
        what, path = running.pop(pid)
        yield what, answered(path)


def measured(jobs: int) -> tuple[dict[str, Any], list[str]]:
    """Every test once, unchanged: which tasks it comes by; and those that fail, which can tell nothing of a mutant."""
    files = sorted(TESTS.glob("test_*.py"), key=lambda path: -path.stat().st_size)
    pytest.main([*OPTIONS, "--collect-only", *map(str, files)])  # the children have all modules loaded
    seen: dict[str, Any] = {}
    failed: list[str] = []
    for path, answer in pool(jobs, [(path, lambda path=path: baseline([str(path)])) for path in files]):
        answer = answer or {"seen": {}, "failed": [str(path)]}
        seen.update({test: told for test, told in answer["seen"].items() if test not in answer["failed"]})
        failed += answer["failed"]
    return seen, failed


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="a regular expression for the names of mutants")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", default="")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    chosen = [one for one in decisions.of_tree(ROOT) if re.search(asked.only, str(one))]
    names = {str(one) for one in decisions.of_tree(ROOT)}
    if asked.sample:
        chosen = random.Random(asked.seed).sample(chosen, min(asked.sample, len(chosen)))
    accepted = yaml.safe_load((HERE / "accepted.yml").read_text(encoding="utf-8")) or {}
    os.chdir(ROOT)
    seen, failed = measured(asked.jobs)
    tests = by_line(seen)
    work = [(one, lambda one=one: tried(one, selected(one, tests))) for one in chosen if selected(one, tests)]
    out = table.Table(accepted, names)
    for one in chosen:
        if not selected(one, tests):
            out.row(str(one), "", 0.0)
    for one, answer in pool(asked.jobs, work):
        answer = answer or {"killed": "its process died", "seconds": 0.0}
        out.row(str(one), answer["killed"], answer["seconds"])
    out.minded += [f"{test}: fails without any mutant" for test in failed]
    return out.end(whole=not (asked.only or asked.sample))


if __name__ == "__main__":
    sys.path[:0] = [str(TESTS)]
    sys.exit(main())
