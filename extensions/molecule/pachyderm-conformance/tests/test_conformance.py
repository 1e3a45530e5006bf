# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every case is made again and has to be answered as captured: 1.9.12, 1.11.9 and 1.13.4 by the real programs.

The emulated releases have the same test, all of it, in tests/unit/lab; here they are run as well, so that one scenario
tells of all.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT))

from tests.lab import cluster as clusters  # noqa: E402
from tests.lab import hosts, pachyderm, release  # noqa: E402
from tests.lab import pachyderm_cases as cases  # noqa: E402
from tests.lab import pachyderm_forms as forms  # noqa: E402
from tests.lab import pachyderm_trials as trials  # noqa: E402
from tests.lab.pachyderm_cases import Case, Said  # noqa: E402
from tests.lab.proc import wait_for  # noqa: E402

RELEASES = ("1.9.12", "1.11.9", "1.13.4")
STORES = {"metadata": "/var/lib/etcd/default", "objects": forms.ROOT}
# A kubectl that records, and a kube configuration, are not on the host.
STATES = ("empty", "open", "finished", "stopped", "refused", "restore")


class Hosted:
    """The real programs on the lab's host."""

    later = 0

    def __init__(self, name: str) -> None:
        self.cluster = clusters.load(name)
        self.host = self.cluster.hosts[0]
        self.version = ""
        for version in RELEASES:
            for program, link in (("pachctl", forms.PACHCTL), ("pachd", forms.PACHD)):
                hosts.put(self.host, str(release.program("pachyderm", version, program)), f"{link}-{version}")

    def take(self, version: str) -> None:
        self.version = version
        links = [["ln", "-sfn", f"{link}-{version}", link] for link in (forms.PACHCTL, forms.PACHD)]
        hosts.must(self.host, links, files=pachyderm.configuration(self.cluster, version))

    def start(self, version: str) -> None:
        self.take(version)
        hosts.must(self.host, [["systemctl", "start", "etcd.service", "kube.service", "pachd.service"]])
        expected = forms.calls_itself(version)

        def silent() -> str:
            return "" if pachyderm.server(self.cluster) == expected else "no answer"

        wait_for(f"pachd {version} answers", silent, 60)

    def pod(self, words: Sequence[str]) -> Said:
        raise NotImplementedError("no real release of this test has a migration")

    def tell(self, verb: str, **args: Any) -> None:
        raise NotImplementedError("real servers have workers of their own")

    def stop(self) -> None:
        hosts.must(self.host, [["systemctl", "stop", "pachd.service", "etcd.service", "kube.service"]])

    def lives(self) -> bool:
        return pachyderm.server(self.cluster) != ""

    def wipe(self, *, metadata: bool, objects: bool) -> None:
        chosen = {"metadata": metadata, "objects": objects}
        gone = [path for name, path in STORES.items() if chosen[name]]
        own = [["install", "-d", "-o", "pachyderm", "-g", "pachyderm", "-m", "0750", forms.ROOT]]
        hosts.must(self.host, [["rm", "-rf", *gone], *own])

    def remember(self, state: str) -> None:
        copies = [["cp", "-a", path, f"/var/tmp/{state}-{name}"] for name, path in STORES.items()]
        hosts.must(self.host, copies)

    def recall(self, state: str) -> bool:
        known = hosts.must(self.host, [["ls", "/var/tmp"]])[0].split()
        if f"{state}-metadata" not in known:
            return False
        self.wipe(metadata=True, objects=True)
        hosts.must(self.host, [["rm", "-rf", forms.ROOT]])
        hosts.must(self.host, [["cp", "-a", f"/var/tmp/{state}-{name}", path] for name, path in STORES.items()])
        return True

    def run(self, words: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Said:
        # By its name alone, as the captures: usage texts repeat what it was called.
        argv = [*pachyderm.base(self.cluster, self.version)[:-1], "pachctl", *words]
        command = ["docker", "exec", "-i", self.host.container, *argv]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=120)
        return Said(done.returncode, done.stdout, done.stderr)

    def kubectl_calls(self) -> list[str]:
        return []


@pytest.fixture(scope="module")
def world() -> Hosted:
    return Hosted(os.environ["MOLECULE_SCENARIO_NAME"])


@pytest.mark.parametrize(
    "case", [one for one in cases.cases(RELEASES) if one.state in STATES], ids=lambda case: case.id
)
def test_says_and_does_what_was_captured(world: Hosted, case: Case) -> None:
    if case.state == "refused":
        world.take(case.version)
    assert trials.differences(world, case, world.lives) == []


def test_the_emulator_before_all_of_its_captures() -> None:
    """None of them is answered in another way, and none is left out without a reason."""
    test = ROOT / "tests/unit/lab/test_pachyderm_emulator.py"
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    # The plugins of a scenario's tests are none of this one's.
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_PLUGINS"}
    env.update(UPLIFT_CONFORMANCE="all", PYTHONPATH=str(ROOT))
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    print(done.stdout[-200:])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
