# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person is shown of a run: lines that stay, and the one line of now. Pure: events come in, lines go out.

A step is open from its first node that begins it until the record is asked for the next one.
"""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import span

Words = TypeVar("Words", bound=Hashable)

FAILED, DONE, RUNNING = "failed in", "after", "in"
NARROW = 40  # columns; a narrower terminal is written to as if it had these


@dataclass
class Step:
    """A step that some nodes have begun together. `since` by the steady clock, `until` once it has ended."""

    key: str
    since: float
    nodes: list[str] = field(default_factory=list)
    until: float | None = None

    @property
    def verb(self) -> str:
        return self.key.rsplit("/", 1)[1]


@dataclass
class View:
    """steady: seconds that only grow. clock: the time of day as it is printed."""

    steady: Callable[[], float] = time.monotonic
    clock: Callable[[], str] = lambda: time.strftime("%H:%M:%S")
    plan: Mapping[str, Any] = field(default_factory=dict)
    place: Mapping[str, int] = field(default_factory=dict)
    """Node -> its number in the plan."""
    step: Step | None = None
    stands: dict[str, str] = field(default_factory=dict)
    """Node -> what it did last, in words."""
    bad: list[str] = field(default_factory=list)
    """The nodes that something failed at, not those that were stopped for it."""
    wave: str = ""
    noticed: str = ""
    begun_at: float = 0.0

    def __post_init__(self) -> None:
        self.begun_at = self.steady()

    def planned(self, plan: Mapping[str, Any]) -> None:
        passes = [one for hop in plan["hops"] for one in hop["passes"].values()]
        nodes = [node for one in passes for wave in one["waves"] for node in wave]
        self.plan, self.place = plan, {node: at for at, node in enumerate(dict.fromkeys(nodes))}

    def begin(self, key: str, node: str) -> list[str]:
        """A node begins a step: what the step before took, and the wave where that is another one."""
        if self.step and self.step.key == key and self.step.until is None:
            self.step.nodes.append(node)
            self.stands[node] = self._words(RUNNING, self.step)
            return []
        lines = self.end()
        self.step = Step(key, self.steady(), [node])
        self.stands[node] = self._words(RUNNING, self.step)
        wave = self._wave(key, node)
        if wave != self.wave:
            self.wave = wave
            lines.append(f"{self.clock()}  {wave}{f'  ({self.noticed})' if self.noticed else ''}")
        return lines

    def end(self) -> list[str]:
        """The record is asked for the next step, or the pass is over: the open one took so long."""
        step = self.step
        if step is None or step.until is not None:
            return []
        step.until = self.steady()
        self.stands.update((node, self._words(DONE, step)) for node in step.nodes)
        return [f"{self.clock()}    {step.verb:<16}{span(step.until - step.since):>9}  {self.names(step.nodes)}"]

    def clients(self, figures: Mapping[str, Any]) -> None:
        """`client_probe` has said what its client saw."""
        unserved, longest = figures.get("unserved", 0), figures.get("longest_unavailable_seconds", 0)
        self.noticed = f"clients: {unserved} requests failed, longest outage {span(float(longest))}"

    def said(self, nodes: Sequence[str], text: str, width: int) -> list[str]:
        """What a task shows. `nodes`: those that say it, where others say something else; else none."""
        if nodes and "\n" not in text:
            return wrapped(f"{self.names(nodes)}: {text}", "", width)
        return [*([f"{self.names(nodes)}:"] if nodes else []), *wrapped(text, "  " if nodes else "", width)]

    def failed(self, nodes: Sequence[str], task: str, said: str, width: int) -> list[str]:
        """One sentence for all nodes that say the same. A step in which a node failed has no end."""
        self.bad += nodes
        step = self.step
        if step and (step.until is None or any(self.stands.get(node, "").startswith(FAILED) for node in step.nodes)):
            step.until = step.until or self.steady()
            self.stands.update((node, self._words(FAILED, step)) for node in nodes if node in step.nodes)
        return wrapped(f"FAILED  {self.names(nodes)}: {task}", "", width) + wrapped(said, "    ", width)

    def stopped(self, said: str, width: int) -> list[str]:
        """The last sentence of a run that failed, the same for all nodes."""
        return wrapped(f"STOPPED  {said}", "", width)

    def now(self, width: int) -> str:
        """The line of now, no longer than `width`; "" between steps."""
        step = self.step
        if step is None or step.until is not None:
            return ""
        at = self.steady()
        parts = [self.wave, f"{step.verb} {self.names(step.nodes, 2)}", span(at - step.since)]
        parts += [f"{span(at - self.begun_at)} in all", self.noticed]
        return "  ".join(part for part in parts if part)[: max(width, NARROW) - 1]

    def summary(self, again: str) -> list[str]:
        """The end of a run. `again`: how this command names its inventory, such as `-i hosts.yml`."""
        took = span(self.steady() - self.begun_at)
        if not self.bad:
            return [f"{self.clock()}  Done after {took}."]
        lines = [f"{self.clock()}  Failed after {took} at {self.names(list(dict.fromkeys(self.bad)))}."]
        stands: dict[str, list[str]] = {}
        for node, words in self.stands.items():
            stands.setdefault(words, []).append(node)
        if stands:
            lines += ["Where the nodes stand:", *(f"  {self.names(nodes)}: {words}" for words, nodes in stands.items())]
        product = self.plan.get("product")
        if product and stands:
            call = f"ansible-playbook {again} uplift.datastores.{product}"
            lines += ["Next, when the cause is corrected: the same command again. It goes on where this run stopped."]
            lines += [f"To see the state: {call}_status", f"To go back: {call}_rollback"]
        return lines

    def names(self, nodes: Sequence[str], most: int = 6) -> str:
        """`a1, b1, c1` in the order of the plan, and of many `a1, b1, c1 and 97 more`."""
        known = sorted(nodes, key=lambda node: self.place.get(node, len(self.place)))
        shown = known if len(known) <= most else known[: max(most // 2, 1)]
        rest = f" and {len(known) - len(shown)} more" if len(shown) < len(known) else ""
        return ", ".join(shown) + rest

    def _hop(self, key: str) -> Mapping[str, Any]:
        hop: Mapping[str, Any] = self.plan["hops"][int(key.split("/", 1)[0])]
        return hop

    def _wave(self, key: str, node: str) -> str:
        """`0.8.0 -> 0.8.7, walk, wave 1 of 3: a1`, without the wave where there is one only."""
        name = key.split("/")[1]
        hop = self._hop(key)
        waves = hop["passes"][name]["waves"]
        number = next((at for at, wave in enumerate(waves, 1) if node in wave), 0)
        of = f", wave {number} of {len(waves)}: {self.names(waves[number - 1])}" if len(waves) > 1 and number else ""
        return f"{hop['source']} -> {hop['target']}, {name}{of}"

    def _words(self, state: str, step: Step) -> str:
        hop = self._hop(step.key)
        return f"{state} the step {step.verb} of {hop['source']} -> {hop['target']} ({step.key})"


def wrapped(text: str, indent: str, width: int) -> list[str]:
    """Its own lines are kept, and those that are too long are broken between words."""
    room = max(width, NARROW)
    lines = [
        textwrap.wrap(
            line, room, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for line in text.splitlines()
    ]
    return [line for part in lines for line in part or [""]]


def grouped(said: Iterable[tuple[str, Words]]) -> dict[Words, list[str]]:
    """(node, what it said) -> what was said -> the nodes that did, in their order."""
    found: dict[Words, list[str]] = {}
    for node, words in said:
        found.setdefault(words, []).append(node)
    return found


def said_by(answer: Mapping[str, Any]) -> str:
    """What a task `debug` shows, of a loop that of all its items: a text, lines, or values by their names."""
    rows = answer.get("results", [answer])
    return "\n".join(line for row in rows if not row.get("skipped") for line in _lines(row.get("msg", "")))


def _lines(said: Any) -> list[str]:
    if isinstance(said, Mapping):
        return [f"{name}: {value if isinstance(value, str) else json.dumps(value)}" for name, value in said.items()]
    return [str(one) for one in said] if isinstance(said, (list, tuple)) else [str(said)]


def why(answer: Mapping[str, Any]) -> str:
    """Why a task failed: its sentence, and of a loop those of the items that did."""
    rows = [row for row in answer.get("results") or [] if row.get("failed")] or [answer]
    told = [[str(row.get(name) or "").strip() for name in ("msg", "module_stderr")] for row in rows]
    return "\n".join(text for row in told for text in row if text) or "no reason given"
