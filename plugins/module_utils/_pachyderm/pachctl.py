# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""pachctl: one method per question, spelled as the release that is asked wants it, with a configuration of its own."""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Iterator, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import (
    Answer,
    CliError,
    LocalRunner,
    Runner,
    demand,
)
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dial
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import spelling as cli
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse

_BUSY_JOBS = ("starting", "running", "merging", "egressing")
_CONTEXT = "uplift"
_SERVER = r"(?m)^pachd[ \t]+\S+[ \t]*\n"


def configuration(version: Version, address: str, token: str, ca: str = "") -> dict[str, Any]:
    """A client's own: no first-call text on stdout (P32), no metrics (P12), no cluster remembered (P11)."""
    secured = address.startswith("grpcs://")
    if version < cli.CONTEXTS and secured:
        raise UpliftError(
            f"pachctl {version} knows no contexts, and none older than {cli.CONTEXTS} was seen to speak TLS"
            f" ({address}); expected an address without. Name one in pachyderm_address, such as of a tunnel. Nothing"
            " was changed."
        )
    if version < cli.CONTEXTS:
        old = {"pachd_address": address, **({"session_token": token} if token else {})}
        return {"user_id": _CONTEXT, "v1": old, "metrics": False}
    context = {
        "pachd_address": address if secured else f"grpc://{address}",
        **({"server_cas": base64.b64encode(ca.encode()).decode()} if secured and ca else {}),
        **({"session_token": token} if token else {}),
    }
    return {
        "user_id": _CONTEXT,
        "v2": {"active_context": _CONTEXT, "contexts": {_CONTEXT: context}, "metrics": False},
    }


@dataclass
class Pachctl:
    """One program, asking one cluster. `home` is a directory of its own and goes with the call."""

    runner: Runner
    binary: str
    home: str
    address: str = ""
    token: str = field(default="", repr=False)
    timeout: float = 60.0
    ca: str = field(default="", repr=False)
    _version: Version | None = None

    def version(self) -> Version:
        """The client's own. The oldest releases print it only next to a server's."""
        if self._version is None:
            answer = self._run(["version", "--client-only"])
            found = parse.client_version(answer.out) if answer.rc == 0 else None
            found = found or parse.versions(self._run(["version", "--no-metrics"]).out).get("pachctl")
            if found is None:
                said = (answer.err or answer.out).strip()[:80]
                raise CliError(f"{self.binary} said {said!r} when asked for its version; expected a release number.")
            self._version = found
            write_configuration(self.home, configuration(found, self.address, self.token, self.ca))
        return self._version

    def server(self) -> Version:
        # P12: 1.9 - 1.12 wait 10 s more when they may not send their metrics, with everything said.
        answer = self.call("version", enough=_SERVER)
        found = parse.versions(answer.out).get("pachd")
        if found is None:
            dial.demand_plain(self.address)
            demand(answer, "Asking the server for its version")
            raise CliError(f"pachctl named no pachd in {answer.out.strip()!r}; expected its version.")
        return found

    def argv(self, name: str, *more: str) -> list[str]:
        """The whole call. Settings of whoever runs this must not lead to another cluster."""
        version = self.version()
        old = [f"PACHD_ADDRESS={self.address}"] if version < cli.CONTEXTS else []
        # Some lists go through `less`, terminal or not, and fail where there is none.
        own = [f"HOME={self.home}", f"PACH_CONFIG={self.home}/config.json", "PAGER=cat", *old]
        return ["env", "-u", "PACH_CONTEXT", "-u", "PACHD_ADDRESS", *own, self.binary, *cli.spell(version, name, *more)]

    def call(self, name: str, *more: str, stdin: str = "", timeout: float = 0, enough: str = "") -> Answer:
        argv = self.argv(name, *more)
        answer = self.runner.run(argv, stdin=stdin, timeout=timeout or self.timeout, enough=enough)
        return replace(answer, argv=tuple(argv[argv.index(self.binary) :]))

    def ask(self, name: str, *more: str) -> str:
        what = " ".join(cli.COMMANDS[name][1])
        return demand(self.call(name, *more), f"Asking Pachyderm to {what}").out

    def knows(self, name: str) -> bool:
        return self.version() >= cli.COMMANDS[name][0]

    def repos(self) -> list[parse.Row]:
        if self.version() < cli.RAW:
            return parse.table_repos(self.ask("repos"))
        return parse.repos(self.ask("repos", "--raw"))

    def pipelines(self, tables: bool = False) -> list[parse.Pipeline]:
        if tables or self.version() < cli.RAW:
            return parse.table_pipelines(self.ask("pipelines"))
        return parse.pipelines(self.ask("pipelines", "--raw"))

    def branches(self, repo: str) -> list[parse.Row]:
        return parse.branches(self.ask("branches", repo, "--raw"))

    def commits(self, repo: str) -> list[parse.Commit]:
        return parse.commits(self.ask("commits", repo, "--raw"))

    def busy_jobs(self) -> list[parse.Row]:
        states = ["--raw"]
        if cli.has(self.version(), "--state"):
            states += [word for state in _BUSY_JOBS for word in ("--state", state)]
        return [job for job in parse.jobs(self.ask("jobs", *states)) if job["state"] not in parse.ENDED]

    def files(self, repo: str, commit: str, path: str = "/") -> list[parse.Row]:
        return parse.files(self.ask("files", *cli.place(self.version(), repo, commit, path), "--raw"))

    def request(self, name: str) -> parse.Row:
        """What would make this pipeline anew, in the very words; of releases of dumps without what those leave out."""
        return parse.request(self.ask("spec", name))

    def cluster(self) -> str:
        return self.ask("cluster").strip() if self.knows("cluster") else ""

    def auth(self) -> str:
        """`off`, `on`, or `closed` when it is on and our token does not open it."""
        answer = self.call("whoami")
        if answer.rc == 0:
            return "on"
        return "off" if cli.AUTH_OFF in answer.err + answer.out else "closed"

    def _run(self, words: Sequence[str]) -> Answer:
        own = [f"HOME={self.home}", f"PACH_CONFIG={self.home}/config.json", f"PACHD_ADDRESS={self.address}"]
        return self.runner.run(["env", "-u", "PACH_CONTEXT", *own, self.binary, *words], timeout=self.timeout)


def write_configuration(home: str, content: Mapping[str, Any]) -> None:
    """At both places where releases look for it."""
    for path in (f"{home}/config.json", f"{home}/.pachyderm/config.json"):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(content, out)


@contextmanager
def connected(runner: Runner, params: Mapping[str, Any]) -> Iterator[Pachctl]:
    """pachctl for a module's parameters, at the first address that answers; its directory is gone afterwards."""
    home = tempfile.mkdtemp(prefix="uplift-pachctl-")
    try:
        by = dial.of(params)
        address = dial.reachable(by).text
        write_configuration(home, configuration(cli.CONTEXTS, address, by.token, by.ca))
        yield Pachctl(runner, params["pachctl"], home, address, by.token, params["call_timeout"], by.ca)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def demand_cluster(pachctl: Pachctl, expected: str) -> None:
    """P11: an address or a kube context that leads to another cluster than the one that was looked at before."""
    seen = pachctl.cluster() if expected else ""
    if seen != expected:
        raise UpliftError(
            f"{pachctl.address} is the cluster {seen or 'without an id'}; expected {expected}. Correct the address or"
            " the kube context. Nothing was changed."
        )


Work = Callable[[Pachctl, Mapping[str, Any], Progress, bool], Dict[str, Any]]


def at_cluster(work: Work) -> Callable[[AnsibleModule], dict[str, Any]]:
    """What a module does with pachctl, at the cluster that its parameters name and no other."""

    def answer(module: AnsibleModule) -> dict[str, Any]:
        with connected(LocalRunner(), module.params) as pachctl:
            demand_cluster(pachctl, module.params["cluster"])
            return work(pachctl, module.params, Progress(module.params["progress_file"]), module.check_mode)

    return answer
