# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Repairs, waited for until they are done: `garage repair` itself returns when they are launched (G16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage, form
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import METRICS_SINCE, REPAIRS
from ansible_collections.uplift.datastores.plugins.module_utils._garage.log import read_log
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import work

SEEN, ASSUMED = "seen", "assumed"
BLIND = 4  # times the quiet seconds, where nothing at all tells when a sync ends
_LOG_BEGINS = 5.0  # seconds in which a launch shows in a log that is written at all


def fetch(url: str) -> str:
    from ansible.module_utils.urls import open_url  # dear to load, and most modules of Garage ask nothing by HTTP

    with open_url(url, timeout=10, use_proxy=False) as answer:
        return str(answer.read().decode("utf-8", "replace"))


@dataclass
class Watch:
    """One node's repairs: how they are watched, and until when.

    quiet: seconds. 0.7 sends its sync requests in bursts, and was seen to pause for 3.9 s between two of one sync.
    """

    garage: Garage
    timeout: float
    quiet: float = 5.0
    poll: float = 0.5
    metrics_url: str = ""
    clock: Clock = field(default_factory=Clock)
    progress: Progress = field(default_factory=Progress)
    fetch: Callable[[str], str] = fetch
    peers: Sequence[str] = ()
    """Other nodes (`id@address`) whose tables are to be synced as well, where their workers can be asked."""
    certainty: str = SEEN
    missed: bool = False

    @classmethod
    def of(cls, garage: Garage, params: Mapping[str, Any], peers: Sequence[str] = ()) -> Watch:
        return cls(
            garage,
            params["timeout"],
            quiet=params["quiet_seconds"],
            metrics_url=params["metrics_url"],
            progress=Progress(params["progress_file"]),
            peers=peers,
        )

    def __post_init__(self) -> None:
        self._began = self.clock.now()
        self._since = self.clock.epoch()

    def repair(self, name: str, all_nodes: bool = False, wait: bool = True) -> float:
        """Launches one repair, waits for its end on this node, and gives the seconds it took."""
        began, self._since = self.clock.now(), self.clock.epoch()
        worker = form(REPAIRS, name, self.garage.version(), "repair").worker
        done, requests = self._done(worker), None if worker else self._sync_requests()
        if not self.garage.launch_repair(name, all_nodes):
            self.certainty, self.missed = (
                ASSUMED,
                True,
            )  # a node is down, or of a patch release that reads it differently
        if wait:
            if worker:
                self._until(f"the repair of {name}", self._workers_end(name, worker, done))
            elif name == "tables":
                self._wait_for_sync(requests)
            else:
                self._wait_for_log(name)
            self._demand_no_errors(name)
        return round(self.clock.now() - began, 1)

    def drain(self) -> Mapping[str, int]:
        """Waits until nothing in the resync queue is due (entries may wait for their time, G17), no block in error."""
        lowest, fell = None, self.clock.now()
        idle = 0
        while True:
            stats = self.garage.stats()
            if stats.resync_queue is None:
                raise UpliftError("`garage stats` names no resync queue; cannot tell whether the node is drained.")
            if stats.block_errors is None:
                raise UpliftError(
                    f"Neither `garage stats` nor the journal of {self.garage.unit or 'any unit'} tells the blocks in "
                    "error; cannot tell whether the node is drained. Name the unit that the daemon logs under."
                )
            workers = self.garage.workers()
            if lowest is None or stats.resync_queue < lowest:
                lowest, fell = stats.resync_queue, self.clock.now()
            busy = [one.name for one in workers.workers if one.active and "resync" in one.name] if workers else []
            idle = 0 if busy else idle + 1
            quiet = idle > 1 if workers else self.clock.now() - fell >= self.quiet or not stats.resync_queue
            if quiet and not stats.block_errors:
                return {"queue": stats.resync_queue, "block_errors": stats.block_errors}
            self._tick(
                f"resync queue {stats.resync_queue}, blocks in error {stats.block_errors}", self._stuck(stats, busy)
            )

    def _workers_end(self, name: str, worker: str, before: int) -> Callable[[], str]:
        """Empty when the end is seen twice running: between two rounds of a sync a worker is idle for a moment."""
        seen = [0]

        def state() -> str:
            mine = [one for one in self.listed(name == "tables") if one.name.endswith(worker)]
            active = [one for one in mine if one.active]
            finished = name == "tables" or sum(one.state == "done" for one in mine) > before
            seen[0] = seen[0] + 1 if finished and not active else 0
            failing = [
                f"{one.name} failed {one.consecutive_errors} times running" for one in mine if one.consecutive_errors
            ]
            queue = sum(one.queue or 0 for one in active)
            return "" if seen[0] > 1 else ", ".join(failing) or f"{name}: {len(active)} workers busy, {queue} to do"

        return state

    def _wait_for_sync(self, before: int | None) -> None:
        """Up to 0.7 only a counter tells: it rises while the tables are synced, and then stays put."""
        if before is None:
            self.certainty = ASSUMED
            self._pause(BLIND * self.quiet, "tables: no metrics here, waiting for a fixed time")
            return
        last, moved, rose = before, self.clock.now(), False
        while self.clock.now() - moved < (self.quiet if rose else BLIND * self.quiet):
            self._tick(f"tables: {last - before} sync requests", "the tables still sync")
            count = self._sync_requests()
            if count is not None and count != last:
                last, moved, rose = count, self.clock.now(), True
        if not rose:
            self.certainty = ASSUMED  # empty tables send no requests; so does a sync that never began

    def _wait_for_log(self, name: str) -> None:
        began = self.clock.now()
        while True:
            log = self.log()
            if log and log.started and log.exited >= log.started:
                return
            if not (log and log.started) and self.clock.now() - began > _LOG_BEGINS:
                self.certainty = ASSUMED
                self._pause(BLIND * self.quiet, f"{name}: the log is silent, waiting for a fixed time")
                return
            self._tick(f"{name}: running", f"the log of {self.garage.unit} shows no end of the repair of {name}")

    def log(self) -> work.Log | None:
        """What the daemon has logged since the launch; None where there is no journal."""
        return read_log(self.garage.runner, self.garage.unit, self._since)

    def _demand_no_errors(self, name: str) -> None:
        log = self.log()
        if log and log.errors:
            raise UpliftError(
                f"The repair of {name} ended with {len(log.errors)} errors in its log; expected none. "
                f"The last: {log.errors[-1]}. See that all nodes are connected, and repair again."
            )

    def _done(self, worker: str) -> int:
        return sum(one.state == "done" and one.name.endswith(worker) for one in self.listed()) if worker else 0

    def listed(self, everywhere: bool = False) -> list[work.Worker]:
        workers = self.garage.workers()
        found = list(workers.workers) if workers else []
        for peer in self.peers if everywhere else ():
            try:
                theirs = self.garage.workers(peer)
            except CliError:
                self.certainty = ASSUMED  # another patch release lists its workers in another form
                continue
            found += theirs.workers if theirs else ()
        return found

    def _sync_requests(self) -> int | None:
        if not self.metrics_url or self.garage.version() < METRICS_SINCE:
            return None
        try:
            return work.metrics(self.fetch(self.metrics_url)).sync_requests
        except OSError:  # none of the node's own, or a token is wanted (G32): watched as where there are no metrics
            return None

    def _until(self, what: str, state: Callable[[], str]) -> None:
        self.clock.sleep(self.poll)  # at once, nothing is queued yet
        while True:
            left = state()
            if not left:
                return
            self._tick(left, f"{what} is not done: {left}")

    def _pause(self, seconds: float, text: str) -> None:
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self._tick(text, text)

    def _tick(self, text: str, late: str) -> None:
        self.progress.say(0, 0, text)
        if self.clock.now() - self._began >= self.timeout:
            raise UpliftError(
                f"After {self.timeout:g} s {late}. Look at the daemon's log, or allow more time by timeout."
            )
        self.rest()

    def rest(self) -> None:
        """Until the next question, which may be one to each peer too: what takes long is asked for once a second."""
        self.clock.sleep(max(self.poll, min(1.0, (self.clock.now() - self._began) / 10)))

    def _stuck(self, stats: work.Stats, busy: list[str]) -> str:
        if stats.block_errors:
            return f"{stats.block_errors} blocks are in error; expected none"
        return f"the resync queue ({stats.resync_queue}) still shrinks" + (f", busy: {', '.join(busy)}" if busy else "")


def run(garage: Garage, params: Mapping[str, Any], watch: Watch, check_mode: bool) -> dict[str, Any]:
    """What `garage_repair` does."""
    names = params["repairs"]
    for name in names:
        form(REPAIRS, name, garage.version(), "repair")
    result: dict[str, Any] = {"changed": bool(names), "launched": list(names), "seconds": {}, "certainty": SEEN}
    if check_mode:
        return result
    for name in names:
        result["seconds"][name] = watch.repair(name, params["all_nodes"], params["wait"])
        if watch.missed:
            raise UpliftError(
                f"The repair of {name} was not launched on all nodes; expected all. See that all are connected."
            )
    if params["wait"]:
        result.update(watch.drain())
    return {**result, "certainty": watch.certainty if params["wait"] else ASSUMED}
