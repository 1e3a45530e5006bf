# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a case before a world: makes its state, asks as was asked then, and compares what is said and what is there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_series as series
from tests.lab.pachyderm_cases import Case, restore_of
from tests.lab.pachyderm_masks import blur, masked, stream_differences
from tests.lab.pachyderm_states import Maker, Said, World, go_on, load
from tests.lab.proc import LabError, wait_for

# States that are nothing but a server on nothing, or not even that.
NOTHING = ("empty", "kubectl", "job", "job_exists", "no_kubectl")
DOWN = ("refused", "new")
# Of these, captures count what had been tried before.
ON_THE_WAY = ("start_pipeline", "restore_non_empty", "restore_stopped", "delete_all")
MISSED = 20  # seconds that had gone by when a dump with a cron was restored


def kept_state(world: World, name: str, version: str, fill: Callable[[], None]) -> None:
    """Made once, and taken from there when it is wanted again."""
    world.stop()
    world.wipe(metadata=True, objects=True)
    if not world.recall(name):
        fill()
        world.stop()
        world.remember(name)
    world.start(version)


def make(world: World, version: str, state: str) -> None:
    """An empty cluster, then what the state's name says."""
    if state in (*NOTHING, *DOWN):
        world.stop()
        world.wipe(metadata=True, objects=True)
        if state in NOTHING:
            world.start(version)
        return
    maker = Maker(world, version)

    def fill() -> None:
        if forms.series(version) < (1, 7) and state != "rich":
            return fill_old(world, version, state)
        world.start(version)
        if state in series.STATES:
            return series.STATES[state](maker)
        load(world, version)
        go_on(maker, state)

    if state == "patched":
        make(world, "1.8.0", "finished")
        world.stop()
        return world.start(version)
    if state.startswith("pod"):
        # The pod runs while the server does not.
        kept_state(world, f"{version}-{state}", "1.4.8", fill)
        world.stop()
        return world.take(version)
    kept_state(world, f"{version}-{state}", version, fill)


def fill_old(world: World, version: str, state: str) -> None:
    """Metadata of 1.4.8, as the release finds it, or as its migration has left it."""
    world.start("1.4.8")
    if "rich" in state:
        series.rich(Maker(world, "1.4.8"))
    else:
        load(world, "1.4.8", few=True)
    world.stop()
    world.take(version)
    if state in ("migrated", "rich_migrated", "pod_again"):
        world.pod(["--migrate=1.4.8-1.5.0"])


def dumped(world: World, case: Case) -> bytes:
    """The dump; afterwards the world is a new cluster of the case's release."""
    make(world, case.source, case.dumped)
    quiet = ["--no-metrics"] if forms.series(case.source) < (1, 9) else []
    said = world.run(["extract", *(["--no-objects"] if case.no_objects else []), *quiet])
    if said.rc:  # what is restored of nothing would look like an answer (trap P01)
        raise LabError(f"{case.source}: extract exited {said.rc}: {said.err.decode(errors='replace')}")
    if case.name == "restore_non_empty":
        return said.out
    world.stop()
    world.wipe(metadata=True, objects=not case.keep)
    world.later = MISSED if "cron" in case.name else 0
    world.start(case.version)
    world.later = 0
    return cut(said.out, case.name)


def cut(dump: bytes, name: str) -> bytes:
    """In the middle, or where the last chunk begins."""
    if name == "restore_truncated":
        return dump[: len(dump) // 2]
    if name != "restore_truncated_at_chunk":
        return dump
    starts, at = [], 0
    while at < len(dump):
        starts.append(at)
        at += 4 + int.from_bytes(dump[at + 1 : at + 4], "little")
    return dump[: starts[-1]]


def after_restore(world: World, case: Case) -> None:
    """What was done once the dump was in: for a cron, waiting."""
    before = restore_of(case.version, case.after)
    if before is None:
        raise LabError(f"{case.id}: {case.after} is no restore")
    world.run(["restore"], dumped(world, before))
    maker = Maker(world, case.version)
    if case.after == "cron_restore_from_1_8_8":
        wait_for("the missed ticks are made", partial(_ticks, maker, 4), 20)
    elif "cron" in case.after:
        time.sleep(1.5)  # that nothing comes is seen by looking again
    if "after_delete_file" in case.name:
        maker.do("delete", "file", *maker.place("clock_tick", "master", "/time"))
        wait_for("the cron ticks again", partial(_ticks, maker, 5), 20)


def _ticks(maker: Maker, expected: int) -> str:
    """Nothing once the cron `clock` has made so many ticks; else how many there are."""
    there = len(maker.listed("commit", "clock_tick"))
    return "" if there >= expected else f"{there} ticks of {expected}"


def started_on(world: World, case: Case) -> None:
    """On what another release has left; `after`: it is asked for a file, and falls (trap P30)."""
    make(world, case.source, case.dumped)
    world.stop()
    world.start(case.version)
    if case.after and not case.name.startswith("list_repo"):
        read_back(world, case)


def read_back(world: World, case: Case) -> None:
    world.run(forms.words(case.version, "get", "file", *forms.place(case.version, "data", "master", "/a.txt")))


def asked(world: World, case: Case, captured: dict[str, Any]) -> Said:
    text = captured.get("stdin") if isinstance(captured.get("stdin"), str) else ""
    # Before a dump was written down as bytes, it was told in words.
    stdin = (text or "").encode() if case.state != "restore" else b""
    if case.state == "restore":
        stdin = dumped(world, case)
    elif case.state == "after":
        after_restore(world, case)
    elif case.state == "started_on":
        started_on(world, case)
    else:
        make(world, case.version, case.state)
    words = captured["argv"][1:]
    if case.state.startswith("pod"):
        return world.pod(words)
    if case.state == "new":
        return world.run(words, stdin, {**captured["env"], "PACH_CONFIG": ""})
    env = captured["env"] if case.state == "refused" else {"PATH": ""} if case.state == "no_kubectl" else None
    if case.state == "job_exists":
        env = {"EXISTS": "yes"}
    return world.run(placed(world, case, words), stdin, env)


def placed(world: World, case: Case, words: list[str]) -> list[str]:
    """The ids of the captured call are those of other commits: the same ones here."""
    ids = [found for word in words for found in re.findall(r"\b(?!0{32})[0-9a-f]{32}\b", word)]
    if not ids:
        return words
    repo = next(word.partition("@")[0] for word in words[1:] if not word.startswith("-") and word != "commit")
    listed = [one["commit"]["id"] for one in Maker(world, case.version).listed("commit", repo)]
    known = listed[-1] if case.name.startswith(("updated", "message")) else listed[0]
    return [re.sub(ids[0], known, word) for word in words]


def summary(world: World, version: str) -> str:
    """As the captures sum up what a cluster holds."""
    maker, shown = Maker(world, version), []
    for name in [one["repo"]["name"] for one in maker.listed("repo")]:
        held = maker.listed("commit", name)
        opened = sum("finished" not in one for one in held)
        bare = sum("finished" in one and not one.get("tree") and not one.get("trees") for one in held)
        trees = sum(bool(one.get("trees")) for one in held)
        words = [f"{len(held)} commits", f"{opened} open"]
        words += [f"{bare} finished without a tree"] if bare else []
        words += [f"{trees} with trees"] if trees else []
        shown.append(f"{name} ({', '.join(words)})")
    lines = [
        f"{one['pipeline']['name']} {one.get('state', 'PIPELINE_STARTING')}{' stopped' if one.get('stopped') else ''}"
        for one in maker.listed("pipeline")
    ]
    return f"Repos: {', '.join(shown) or 'none'}. Pipelines: {', '.join(lines) or 'none'}."


def fell(lived: Callable[[], bool]) -> list[str]:
    """A process is not gone at the very moment at which its connections end."""
    try:
        wait_for("the server falls", lambda: "it lives" if lived() else "", 20, pause=0.02)
    except LabError:
        return ["the server lives, the captured one fell"]
    return []


def differences(world: World, case: Case, lived: Callable[[], bool]) -> list[str]:
    """`lived`: whether the server still runs, for cases in which the real one falls."""
    captured = case.capture
    said = asked(world, case, captured)
    found = [] if said.rc == captured["rc"] else [f"exit {said.rc}, captured {captured['rc']}"]
    for stream in ("out", "err"):
        found += stream_differences(stream, getattr(said, stream), captured["std" + stream], "cron_list" in case.name)
    calls, wanted_calls = masked("\n".join(world.kubectl_calls())), masked("\n".join(captured.get("kubectl_calls", [])))
    if case.state in ("kubectl", "job") and calls != wanted_calls:
        found.append(f"kubectl was called {calls!r}, captured {wanted_calls!r}")
    after = captured.get("state_after", "")
    if "While the files were read back" in after:
        read_back(world, case)
    if "pachd exited; its log" in after:
        return found + fell(lived)
    expected = re.search(r"Repos: .*? Pipelines: [^.]+\.", after) if case.state not in ("kubectl", *DOWN) else None
    if (
        expected
        and not found
        and "not_migrated" not in case.state
        and not after.startswith("list repo fails")
        and "list-pipeline fails" not in after
    ):
        found += held_differences(world, case, expected[0])
    return found


def held_differences(world: World, case: Case, expected: str) -> list[str]:
    if "PIPELINE_" in expected:
        rests = "PAUSED" in expected or " stopped" in expected
        Maker(world, case.version).settle("PIPELINE_PAUSED" if rests else "PIPELINE_RUNNING")
    restored, opened = case.state in ("restore", "after"), case.name.startswith(ON_THE_WAY)
    seen = blur(summary(world, case.version), restored, opened)
    known = blur(expected, restored, opened)
    return [] if seen == known else [f"afterwards {seen!r}, captured {known!r}"]
