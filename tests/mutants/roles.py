# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes each decision of the role files out in turn, and wants a test of tests/roles to fail.

    python tests/mutants/roles.py [--only REGEX] [--sample N --seed TEXT] [--jobs 2] [--tests REGEX] [--kept FILE]

A mutant is no file: the child in which its tests run reads the changed text in place of the file's own. Those tests
are run that have come by the changed task, until one fails: those first that noticed another mutant of the same file,
then the fastest. Which tests come by what is measured at the beginning, minutes; FILE keeps it for the next run, which
measures those test files again that have changed. (It does not see that roles call each other otherwise: delete it.)
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import decisions
import pytest
import table
import yaml
from _pytest.runner import runtestprotocol
from decisions import Mutant

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ROOT / "tests" / "roles"
# Which test files notice most of what is taken out of a role; of others no file is nearer than another.
NEAR = {
    **{product: product for product in ("garage", "lakefs", "pachyderm")},
    "operation": "operation|recover",
    "service": "service|hold",
}
OPTIONS = ["-qq", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(ROOT)]


class Loop:
    """In place of pytest's own loop over the tests that it has collected: children run some of them, many times."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked, self.status = asked, 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        items = {item.nodeid: item for item in session.items}
        self.status = table_of(self.asked, items)
        return True


def fails(item: Any) -> bool:
    """Run the test, and take down all that was set up for it."""
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def baseline(items: Sequence[Any]) -> dict[str, Any]:
    """Per test its seconds, and which tasks it comes by; and those that fail."""
    import inprocess

    seen: dict[str, Any] = {}
    failed: list[str] = []
    for item in items:
        inprocess.touched.clear()
        began = time.monotonic()
        if fails(item):
            failed.append(item.nodeid)
        seen[item.nodeid] = {"seconds": time.monotonic() - began, "tasks": sorted(named(inprocess.touched))}
    return {"seen": seen, "failed": failed}


def tried(mutant: Mutant, items: Iterable[Any]) -> dict[str, Any]:
    import inprocess

    inprocess.overlay[str((ROOT / mutant.path).resolve())] = mutant.text.encode()
    began = time.monotonic()
    killer = next((item.nodeid for item in items if fails(item)), "")
    return {"killed": killer, "seconds": time.monotonic() - began}


def named(places: Iterable[str]) -> set[str]:
    """Tasks at FILE:LINE, by file and name: lines move."""
    found: set[str] = set()
    for place in places:
        path, _colon, line = place.rpartition(":")
        _tree, ours, name = path.rpartition("/uplift/datastores/")
        if ours and (ROOT / name).exists():  # else it is a test's own, as the toy product is
            found |= {task for at, task in _in_file(ROOT / name) if at == int(line)}
    return found


@functools.cache
def _in_file(path: Path) -> list[tuple[int, str]]:
    return decisions.tasks_of(ROOT, path)


def child(work: Callable[[], Any]) -> tuple[int, Path]:
    """Do the work in a process of its own; what it returns is in the file afterwards, as JSON."""
    descriptor, name = tempfile.mkstemp(prefix="uplift-mutant-")
    os.close(descriptor)
    pid = os.fork()
    if pid:
        return pid, Path(name)
    errors = os.dup(2)
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        Path(name).write_text(json.dumps(work()), encoding="utf-8")
    except BaseException:
        os.write(errors, traceback.format_exc().encode())
    finally:
        os._exit(0)


def answered(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    path.unlink()
    return json.loads(text) if text else None


def by_task(seen: dict[str, Any]) -> dict[str, list[str]]:
    """The tests that came by each task, the fastest first."""
    found: dict[str, list[str]] = {}
    for test in sorted(seen, key=lambda name: seen[name]["seconds"]):
        for task in seen[test]["tasks"]:
            found.setdefault(task, []).append(test)
    return found


def selected(mutant: Mutant, tests: dict[str, list[str]], first: Container[str] = ()) -> list[str]:
    """The tests that came by it; `first`: of those that noticed something else in its file."""
    found = list(dict.fromkeys(test for task in mutant.tasks for test in tests.get(task, [])))
    return sorted(found, key=lambda test: test not in first)


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


def stamp(path: Path) -> str:
    """Of a test file and the stage."""
    made = hashlib.sha256()
    for name in (*sorted(TESTS.glob("[!t]*.py")), path):
        made.update(name.read_bytes())
    return made.hexdigest()


def measured(jobs: int, kept: Path | None, items: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Every test once, unchanged: which tasks it comes by; and those that fail, which can tell nothing of a mutant."""
    files: dict[Path, list[Any]] = {}
    for item in items.values():
        files.setdefault(item.path, []).append(item)
    known = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    missed = [path for path in files if path.name not in known or not _holds(path, known[path.name])]
    work = [(path, lambda path=path: baseline(files[path])) for path in missed]
    for path, answer in pool(jobs, work):
        known[path.name] = answer or {"seen": {}, "failed": [str(path)]}
        known[path.name]["stamp"] = stamp(path)
        if kept:
            kept.write_text(json.dumps(known), encoding="utf-8")
    seen: dict[str, Any] = {}
    failed: list[str] = []
    for answer in (known[path.name] for path in files):
        seen.update({test: told for test, told in answer["seen"].items() if test not in answer["failed"]})
        failed += answer["failed"]
    return seen, failed


def _holds(path: Path, answer: dict[str, Any]) -> bool:
    return not answer["failed"] and answer["stamp"] == stamp(path)


def table_of(asked: argparse.Namespace, items: dict[str, Any]) -> int:
    everything = list(decisions.of_tree(ROOT))
    chosen = [one for one in everything if re.search(asked.only, str(one))]
    accepted = yaml.safe_load((HERE / "accepted.yml").read_text(encoding="utf-8")) or {}
    out = table.Table(accepted, set(map(str, everything)))
    if asked.sample and chosen:
        chosen = sampled(chosen, asked.sample, asked.seed)
        close = {test: item for test, item in items.items() if near(chosen[0], item.path.name)}
        chosen = survivors(chosen, close, asked, out)
    for one in survivors(chosen, items, asked, out):
        out.row(str(one), "", 0.0)
    return out.end(whole=not (asked.only or asked.sample))


def survivors(
    chosen: Sequence[Mutant], items: dict[str, Any], asked: argparse.Namespace, out: table.Table
) -> list[Mutant]:
    """Those that none of these tests notices; the others are in the table."""
    if not chosen:
        return []
    seen, failed = measured(asked.jobs, asked.kept and asked.kept.resolve(), items)
    out.minded += [f"{test}: fails without any mutant" for test in failed]
    tests = by_task(seen)
    killers: dict[str, set[str]] = {}  # per file; read in the child, which begins when others have ended
    left = []

    def work(one: Mutant) -> dict[str, Any]:
        return tried(one, map(items.__getitem__, selected(one, tests, killers.get(one.path, ()))))

    for one, answer in pool(asked.jobs, [(one, functools.partial(work, one)) for one in chosen]):
        answer = answer or {"killed": "its process died", "seconds": 0.0}
        if not answer["killed"]:
            left.append(one)
            continue
        out.row(str(one), answer["killed"], answer["seconds"])
        killers.setdefault(one.path, set()).add(answer["killed"])
    return left


def place(one: Mutant) -> str:
    """The role, or the playbooks."""
    return one.path.split("/")[1] if one.path.startswith("roles/") else "playbooks"


def sampled(everything: Sequence[Mutant], number: int, seed: str) -> list[Mutant]:
    """So many of one role, another one each day: the tests of all roles take minutes to be measured."""
    dice = random.Random(seed)
    where = dice.choice(sorted({place(one) for one in everything}))
    there = [one for one in everything if place(one) == where]
    return dice.sample(there, min(number, len(there)))


def near(one: Mutant, test: str) -> bool:
    """Whether a test file is tried first; what survives those is tried by all others too."""
    return bool(re.search(NEAR.get(place(one), ""), test))


def _size(path: Path) -> int:
    return -path.stat().st_size


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="a regular expression for the names of mutants")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tests", default="", help="a regular expression for names of test files")
    parser.add_argument("--kept", type=Path, help="keep here which tests come by which tasks")
    asked = parser.parse_args()
    os.chdir(ROOT)
    loop = Loop(asked)
    files = [path for path in sorted(TESTS.glob("test_*.py"), key=_size) if re.search(asked.tests, path.name)]
    code = pytest.main([*OPTIONS, *map(str, files)], plugins=[loop])
    return loop.status or int(code == pytest.ExitCode.INTERNAL_ERROR)


if __name__ == "__main__":
    sys.path[:0] = [str(TESTS)]
    sys.exit(main())
