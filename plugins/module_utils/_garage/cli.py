# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The Garage command line: one method per question, spelled as the release that is asked wants it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import Silent, UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage import log
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import (
    BLOCK_ERRORS_SINCE,
    COMMANDS,
    LISTED,
    OFFLINE_REPAIRS,
    PAGED,
    REPAIRS,
    RIGHTS,
    Form,
    said,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import api, first, inventory, work
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import cluster as parse

FINISHED = "Repair operation finished"
PARTLY = "(launched successfully on other nodes)"
READERS: Mapping[str, Any] = {"": inventory, "first": first, "api": api}


class NoSuchForm(UpliftError):
    """This release has no such command or repair."""


def form(table: Mapping[str, Sequence[Form]], name: str, version: Version, what: str) -> Form:
    """How this release says it, or a sentence with what it has instead."""
    found = said(table.get(name, ()), version)
    if found:
        return found
    known = sorted(other for other, forms in table.items() if said(forms, version))
    instead = f"take one of {', '.join(known)}" if known else "it has none at all"
    raise NoSuchForm(f"Garage {version} has no {what} {name!r}; {instead}.")


@dataclass
class Garage:
    """A node's daemon, as its own command line sees it. `environment` may hold secrets: it is never printed."""

    runner: Runner
    binary: str
    config_file: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str = ""
    dynamic: bool = False
    """Whether the account is there while the unit runs, and for systemd alone."""
    mounting: tuple[str, ...] = ()
    """The unit's own commands that mount or unmount around its program."""
    config_made: str = ""
    """When others make its configuration anew, "" where none is seen to do so."""
    script: str = ""
    """What the unit starts, where that is a script that leads to the program."""
    timeout: float = 30.0
    running: bool = True
    next_binary: str = ""
    unit: str = ""
    container: str = ""
    pod: str = ""
    address: str = ""
    """Where the others reach it, host:port, where that is known from outside; its own rpc_public_addr counts more."""
    token: str = ""
    _versions: dict[str, Version] = field(default_factory=dict, repr=False)

    def version(self, binary: str = "") -> Version:
        """What a program calls itself; by default the one that is asked here."""
        path = binary or self.binary
        if path not in self._versions:
            said = demand(
                self.runner.run([path, "--version"], timeout=self.timeout), f"Asking {path} for its version"
            ).out
            found = core_version.find(said)
            if found is None:
                raise CliError(
                    f"{path} --version said {said.strip()!r}; expected a release number, as in `garage 0.8.7`."
                )
            self._versions[path] = found
        return self._versions[path]

    def node_id(self) -> parse.Peer:
        found = parse.node_id(self._ask("node id"))
        return found if found.address or not self.address else parse.Peer(found.id, self.address)

    def status(self) -> parse.Status:
        return parse.status(self._ask("status"))

    def layout(self) -> parse.Layout:
        return parse.layout(self._ask("layout"))

    def stats(self) -> work.Stats:
        """Up to 0.6 the log alone tells of blocks in error; where there is none, that stays unknown."""
        stats = work.stats(self._ask("stats"))
        if self.version() >= BLOCK_ERRORS_SINCE:
            return stats
        return replace(stats, block_errors=log.blocks_in_error(self.runner, self.unit))

    def tables(self, everywhere: bool = False) -> tuple[work.Table, ...]:
        """How many entries each table has here; or, `everywhere`, every node's queues, a row for each."""
        said = work.stats(self._ask("stats of all" if everywhere else "entries"))
        if said.unparsed:
            raise CliError(f"`garage stats` said {said.unparsed[0]!r}, which is not known here.")
        return said.tables

    def workers(self, peer: str = "") -> work.Workers | None:
        """This node's, or those of a peer (`id@address`). None when this release cannot list its workers."""
        if not self.knows("workers"):
            return None
        words = form(COMMANDS, "workers", self.version(), "command").words
        target = ["-h", peer] if peer else []
        return work.workers(demand(self.call(*target, *words), f"Asking {peer or 'Garage'} for its workers").out)

    def blocks_in_error(self) -> work.BrokenBlocks | None:
        return work.broken_blocks(self._ask("blocks in error")) if self.knows("blocks in error") else None

    def buckets(self) -> inventory.Buckets:
        found: inventory.Buckets = self._reader("buckets").buckets(self._ask("buckets"))
        self._demand_all("buckets", len(found.rows))
        return found

    def bucket(self, row: inventory.BucketRow) -> inventory.Bucket:
        """With all its aliases: 2.x tells some of the local ones in its list alone."""
        found: inventory.Bucket = self._reader("bucket").bucket(self._ask("bucket", row.word))
        return replace(found, local_aliases=tuple(sorted({*found.local_aliases, *row.local_aliases})))

    def keys(self) -> inventory.Keys:
        found: inventory.Keys = self._reader("keys").keys(self._ask("keys"))
        self._demand_all("keys", len(found.rows))
        return found

    def key(self, name: str) -> inventory.Key:
        found: inventory.Key = self._reader("key").key(self._ask("key", name))
        return found

    def connect(self, peer: str) -> Answer:
        """The attempt is made at once; a peer that is down is an answer, not an exception."""
        return self._run("node connect", peer)

    def be_connected(self, peer: str, me: str) -> Answer:
        """Let a running peer make the attempt: after a restart it is the peer's timer that takes half a minute."""
        return self.call("-h", peer, "node", "connect", me)

    def launch_repair(self, name: str, all_nodes: bool = False) -> bool:
        """Returns when it is launched, not when it is done (G16). False when not all of the nodes asked took it."""
        words = form(REPAIRS, name, self.version(), "repair").words
        everywhere = ["--all-nodes"] if all_nodes else []
        answer = self.call("repair", *everywhere, "--yes", *words)
        refused = work.not_launched(answer.out)
        if all_nodes and (PARTLY in answer.err or refused):
            return False
        demand(answer, f"Launching the repair of {name}")
        if refused:
            raise CliError(f"Launching the repair of {name} failed, though it ended with 0: {refused}.")
        return True

    def create_key(self, name: str) -> inventory.Key:
        made: inventory.Key = self._reader("create key").key(self._ask("create key", name))
        return made

    def delete_key(self, name: str) -> None:
        self._ask("delete key", name)

    def create_bucket(self, name: str) -> None:
        self._ask("create bucket", name)

    def delete_bucket(self, name: str) -> None:
        self._ask("delete bucket", name)

    def rights(self) -> tuple[str, ...]:
        """All that a key can be allowed on a bucket. 0.5 knows no owners."""
        return next(one.words for one in RIGHTS if one.covers(self.version()))

    def permit(self, verb: str, bucket: str, key: str, *rights: str) -> None:
        """`allow` or `deny` read, write, owner."""
        flags = [f"--{right}" for right in rights]
        demand(self.call("bucket", verb, *flags, "--key", key, bucket), f"bucket {verb} {bucket}")

    def offline_repair(self, name: str, timeout: float) -> Answer:
        """As the service's user, else files change hands; success is a line on stderr, not exit status 0 (G19)."""
        words = form(OFFLINE_REPAIRS, name, self.version(), "offline repair").words
        argv = [self.binary, "-c", self.config_file, "offline-repair", "--yes", *words]
        env = {**self.environment, "RUST_LOG": "garage=info"}
        answer = demand(
            self.runner.run(argv, env=env, timeout=timeout, user=self.user), f"The offline repair of {name}"
        )
        said = answer.err or answer.out  # the log of a Job has both in one
        if FINISHED not in said:
            raise CliError(
                f"The offline repair of {name} ended with 0 but never said `{FINISHED}`; its last words: "
                f"{said.strip()[-200:]!r}."
            )
        return answer

    def demand_running(self) -> None:
        if not self.running:
            raise Silent(
                f"No Garage daemon with {self.config_file} runs; expected a running one. Start {self.unit or 'it'}"
                " first."
            )

    def _demand_all(self, what: str, listed: int) -> None:
        if self.version() < PAGED and listed >= LISTED:
            raise UpliftError(
                f"Garage {self.version()} has listed {listed} {what}, and its list ends at {LISTED} without a word; "
                f"expected fewer. What is behind them cannot be compared after an upgrade: bring them below {LISTED}."
            )

    def knows(self, command: str) -> bool:
        return said(COMMANDS[command], self.version()) is not None

    def call(self, *words: str) -> Answer:
        return self.runner.run(
            [self.binary, "-c", self.config_file, *words], env=dict(self.environment), timeout=self.timeout
        )

    def _run(self, command: str, word: str = "") -> Answer:
        said = form(COMMANDS, command, self.version(), "command")
        word = json.dumps({said.field: word}) if said.field else word
        return self.call(*(part.format(word) for part in said.words))

    def _reader(self, command: str) -> Any:
        return READERS[form(COMMANDS, command, self.version(), "command").reader]

    def _ask(self, command: str, word: str = "") -> str:
        return demand(self._run(command, word), f"Asking Garage for `{command}`").out
