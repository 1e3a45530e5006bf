# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pachd: listens for lines of JSON, one to a connection, and ticks; or migrates etcd and ends."""

from __future__ import annotations

import json
import os
import socketserver
import sys
import threading
import time
from typing import Any

from .dump import Dumps
from .pod import migrate_etcd
from .release import Failed, Panic, Uncaptured
from .store import Store

# Seconds between two looks at the crons.
PACE = 0.5


class Server(Dumps):
    """One at a time; whatever was done before it failed stays done."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.guard = threading.Lock()

    def answer(self, name: str, args: dict[str, Any]) -> Any:
        with self.guard:
            self.turn += 1
            try:
                return getattr(self, name.replace("-", "_"))(**args)
            finally:
                self.store.save(self.state)

    def watch(self) -> None:
        while True:
            time.sleep(PACE)
            if any("cron" in json.dumps(one["spec"].get("input")) for one in self.state["pipelines"].values()):
                try:
                    self.answer("tick", {})
                except (Failed, Uncaptured) as error:
                    print(f"cron: {error}", file=sys.stderr, flush=True)


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline()
        if not line:
            return
        asked = json.loads(line)
        try:
            answer = {"value": self.server.pachd.answer(asked["name"], asked["args"])}  # type: ignore[attr-defined]
        except Failed as error:
            answer = {"error": str(error)}
        except Uncaptured as error:
            answer = {"uncaptured": str(error)}
        except Panic as error:
            print(f"panic: {error}", file=sys.stderr, flush=True)
            os._exit(2)
        self.wfile.write(json.dumps(answer).encode() + b"\n")


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True
    pachd: Server


def main(argv: list[str]) -> int:
    pair = next((word.partition("=")[2] for word in argv if word.startswith("--migrate")), None)
    if pair is not None:
        return migrate_etcd(pair)
    with Listener(("0.0.0.0", int(os.environ.get("PORT", "650"))), Handler) as listener:
        listener.pachd = Server(Store())
        threading.Thread(target=listener.pachd.watch, daemon=True).start()
        listener.serve_forever()
    return 0
