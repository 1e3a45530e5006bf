# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Makes the mesh instead of waiting for it: tries at once what Garage's own timer tries in half a minute (G18)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.cluster import Peer

POLL, AGAIN = 0.2, 2.0  # seconds between two looks, and between two attempts at a peer that is still away
THREADS = 16


def connect(
    garage: Garage,
    peers: Sequence[str],
    timeout: float,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Connects to every peer and lets it connect to this node, then waits until the node counts all of them as up.

    A peer is `id@address`, or its id alone: without rpc_public_addr that is all that `node id` says (G30). Its address
    is then the one at which this node sees it; where there is none, the daemons find each other as they are set to.
    """
    began = now()
    others, mine = _addressed(garage, peers)
    before = away = _away(garage, others)
    # A peer that was restarted a moment ago may still be shown as up, by its old connection: everyone is tried once.
    due, said = dict(others), {}
    attempt = began
    while True:
        said.update(_attempt(garage, due, mine))
        away = _away(garage, others)
        while away and now() - attempt < AGAIN and now() - began < timeout:
            sleep(POLL)
            away = _away(garage, others)
        if not away:
            return {"changed": bool(before), "seconds": round(now() - began, 2), "connected": sorted(others)}
        if now() - began >= timeout:
            raise UpliftError(_sentence(away, said, timeout))
        due, attempt = {key: others[key] for key in away}, now()


def _addressed(garage: Garage, peers: Sequence[str]) -> tuple[dict[str, str], Peer]:
    """By their short ids, all but this node, which comes second."""
    mine = garage.node_id()
    others = {peer[:16]: peer for peer in peers if not peer.startswith(mine.id)}
    if mine.address and all("@" in peer for peer in others.values()):
        return others, mine
    seen = addresses(garage)
    for key, peer in others.items():
        if "@" not in peer and key in seen:
            others[key] = f"{peer}@{seen[key]}"
    return others, Peer(mine.id, mine.address or seen.get(mine.id[:16]))


def addresses(garage: Garage) -> dict[str, str]:
    """Where this node sees each, itself among them, by short ids. Empty while it does not answer."""
    try:
        return {node.id[:16]: node.address for node in garage.status().nodes if node.address}
    except CliError:
        return {}


def away_now(garage: Garage, peers: Sequence[str]) -> list[str]:
    """Who would have to be connected, changing nothing."""
    mine = garage.node_id().id
    return _away(garage, {peer[:16]: peer for peer in peers if not peer.startswith(mine)})


def _attempt(garage: Garage, peers: dict[str, str], mine: Peer) -> dict[str, str]:
    """In both directions, what each attempt said; empty where it went well."""

    def one(peer: str) -> str:
        if "@" not in peer:
            return "no address is known, here or by its rpc_public_addr"
        try:
            if mine.address:
                garage.be_connected(peer, f"{mine.id}@{mine.address}")
            answer = garage.connect(peer)
        except CliError as exc:
            return str(exc)
        return "" if answer.rc == 0 else (answer.err.strip() or answer.out.strip()).splitlines()[-1]

    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(peers, pool.map(one, peers.values())))


def _away(garage: Garage, peers: dict[str, str]) -> list[str]:
    try:
        up = {node.id[:16] for node in garage.status().nodes if node.up}
    except CliError:
        up = set()  # this node itself has only just been started
    return sorted(key for key in peers if key not in up)


def _sentence(away: list[str], said: dict[str, str], timeout: float) -> str:
    words = "; ".join(f"{key}: {said.get(key) or 'connected, but not counted as up'}" for key in away)
    seen = f"After {timeout:g} s {len(away)} peers are not connected ({words}); expected all. "
    return seen + "See that they run and that their ports are open."
