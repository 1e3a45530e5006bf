# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scenarios' tests share: the lab from outside, and runs of the playbooks as an operator starts them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.lab.trees import differences  # noqa: E402

CACHE = Path(os.environ.get("UPLIFT_LAB_CACHE") or Path.home() / ".cache" / "uplift-lab")
RUN_SECONDS = 900
PRODUCT = os.environ.get("UPLIFT_PRODUCT", "garage")


@dataclass(frozen=True)
class Result:
    rc: int
    out: str

    def says(self, text: str) -> bool:
        """Whether the words stand in the output, however Ansible has wrapped them and YAML has doubled their quotes."""
        said, expected = (" ".join(one.split()).replace("''", "'") for one in (self.out, text))
        return expected in said


class Cluster:
    """A cluster of the lab, by its name."""

    def __init__(self, name: str, kind: str = PRODUCT) -> None:
        self.name, self.kind = name, kind
        self.directory = CACHE / "clusters" / name
        self.reports = self.directory / "reports"

    @property
    def hosts(self) -> list[str]:
        listed = subprocess.run(
            ["ansible-inventory", "-i", str(self.directory / "inventory.yml"), "--list"],
            stdout=subprocess.PIPE,
            check=True,
            env=self._environment(),
        )
        return sorted(json.loads(listed.stdout)[self.kind]["hosts"])

    def lab(self, verb: str, *argv: str, check: bool = True) -> str:
        done = subprocess.run(
            [str(ROOT / "tests/lab/lab"), verb, "--name", self.name, *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=RUN_SECONDS,
        )
        assert not check or done.returncode == 0, f"lab {verb} ended with {done.returncode}:\n{done.stdout[-3000:]}"
        return done.stdout

    def on(self, host: str, *argv: str, check: bool = True) -> str:
        return self.lab("exec", host, "--", *argv, check=check)

    @property
    def _state(self) -> Any:
        return json.loads((self.directory / "state.json").read_text(encoding="utf-8"))

    @property
    def product(self) -> Any:
        return self._state["product"]

    @property
    def config(self) -> str:
        return str(self.product["config"])

    def garage(self, host: str, *argv: str) -> str:
        """What Garage's own command line says on the host."""
        return self.on(host, *self.product.get("cli", []), self.product["binary"], "-c", self.config, *argv)

    def access(self) -> dict[str, Any]:
        """What an operator of lakeFS gives besides; Garage's nodes have all that is needed."""
        if self.kind != "lakefs":
            return {}
        return {
            "lakefs_access_key_id": self.product["key"],
            "lakefs_secret_access_key": self.product["secret"],
            # What an operator knows of the database's host, which is not one of the play's.
            "lakefs_database_free_bytes": 10**10,
        }

    def sql(self, text: str, database: str = "lakefs") -> str:
        """As PostgreSQL's own superuser on its host."""
        psql = ("runuser", "-u", "postgres", "--", "psql", "-XqAt", "-d", database, "-c", text)
        return self.on("d1", *psql).strip()

    def address(self, host: str) -> str:
        return str(next(one["address"] for one in self._state["hosts"] if one["name"] == host))

    def dsn(self) -> str:
        """How lakeFS reaches its database; the database's own host and the lab's network only."""
        return f"postgres://lakefs:{self.product['access']['database']}@{self.address('d1')}:5432/lakefs"

    def running(self) -> list[str]:
        """Which program each host's link names."""
        binary = self.product["binary"]
        return [self.on(host, "readlink", "-f", binary).strip() for host in self.hosts]

    def words(self, host: str) -> list[str]:
        return [str(ROOT / "tests/lab/lab"), "exec", "--name", self.name, host, "--"]

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        """A run with all its workers; its pipe may be held by SSH's own connections for a while."""
        os.killpg(process.pid, signal.SIGKILL)
        if process.stdout is not None:
            process.stdout.close()
        process.wait(timeout=60)

    def record(self) -> str:
        """The KV schema record as it stands, empty without one."""
        if self.sql("SELECT to_regclass('kv')") == "":
            return ""
        return self.sql("SELECT convert_from(value, 'utf8') FROM kv WHERE key = 'kv/schema/version'::bytea")

    def trees(self) -> Any:
        """Files, links, modes, units and processes of every host."""
        return json.loads(self.lab("trees", "-o", "/dev/stdout"))

    def changes(self, before: Any, without: str = "\n") -> list[str]:
        """What is otherwise than in `before`, a line each, but for paths with the word `without`."""
        return [line for line in differences(before, self.trees()) if without not in line]

    def starts(self, host: str) -> int:
        """How often the service has been started since the host booted."""
        journal = self.on(host, "journalctl", "-u", self.kind, "-o", "cat", "--no-pager")
        return sum(line.startswith(f"Started {self.kind}") for line in journal.splitlines())

    def playbook(self, name: str, *argv: str, **variables: Any) -> Result:
        process = self.start(name, *argv, **variables)
        out = process.communicate(timeout=RUN_SECONDS)[0]
        return Result(process.returncode, out)

    def killed_at(self, key: str, name: str = "", **variables: Any) -> Result:
        """The playbook, ended by SIGKILL with all its workers as soon as a step of that key begins at any host."""
        aside = self.directory / "killed.txt"
        words = [str(ROOT / "tests/lab/lab"), "moment", "--name", self.name, key]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as watch:
            assert watch.stdout is not None
            assert watch.stdout.readline().strip() == "watching"
            process = self.start(name or f"{self.kind}_upgrade", aside=aside, **variables)
            try:
                while process.poll() is None and watch.poll() is None:
                    time.sleep(0.02)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                watch.terminate()
            begun = watch.stdout.readline().split()
        said = Result(process.wait(timeout=RUN_SECONDS), aside.read_text(encoding="utf-8"))
        assert key in begun, f"the step {key} never began, and the run ended with {said.rc}:\n{said.out[-6000:]}"
        return said

    def start(self, name: str, *argv: str, aside: Path | None = None, **variables: Any) -> subprocess.Popen[str]:
        """`aside`: a file for what it says, where nobody reads along: a full pipe would hold the run up."""
        given = {
            f"{self.kind}_release_source": str(CACHE / self.kind),
            f"{self.kind}_report_dir": str(self.reports),
            **self.access(),
            **variables,
        }
        # In a file: some of it is secret.
        extra = self.directory / f"extra-{len(list(self.directory.glob('extra-*')))}.json"
        extra.touch(0o600)
        extra.write_text(json.dumps(given), encoding="utf-8")
        words = ["ansible-playbook", "-i", str(self.directory / "inventory.yml"), f"uplift.datastores.{name}"]
        return subprocess.Popen(
            [*words, "-e", f"@{extra}", *argv],
            stdin=subprocess.DEVNULL,
            stdout=aside.open("w") if aside else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=self._environment(),
        )

    def module(self, host: str, name: str, **arguments: Any) -> dict[str, Any]:
        """One module on a host; its arguments in a file, for some are secret."""
        given = self.directory / "arguments.json"
        given.touch(0o600)
        given.write_text(json.dumps(arguments), encoding="utf-8")
        words = ["ansible", "-i", str(self.directory / "inventory.yml"), host, "-m", f"uplift.datastores.{name}"]
        told = " ".join(f"{key}={{{{ {key} }}}}" for key in arguments)
        done = subprocess.run(
            [*words, "-e", f"@{given}", "-a", told, "-o"], capture_output=True, text=True, check=False, timeout=300
        )
        assert " => " in done.stdout, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout.partition(" => ")[2])
        return found

    def container(self, host: str) -> Any:
        """What docker tells of the product's own container there."""
        return json.loads(self.on(host, "docker", "inspect", f"uplift-{self.name}-{host}-{self.kind}"))[0]

    def report(self) -> Any:
        newest = max(self.reports.glob("*/report.json"), key=lambda path: path.stat().st_mtime)
        return json.loads(newest.read_text(encoding="utf-8"))

    @staticmethod
    def _environment() -> dict[str, str]:
        mine = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_") or "PATH" in key}
        return {**mine, "ANSIBLE_CONFIG": str(ROOT / "tests/run/ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}


def scenario() -> Cluster:
    return Cluster(os.environ["MOLECULE_SCENARIO_NAME"])
