# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The customer of Pachyderm: one who puts a file into a repo of its own, again and again, by the host's own pachctl."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from tests.lab import hosts
from tests.lab import pachyderm_forms as forms
from tests.lab.cluster import Cluster
from tests.lab.ledger import Entry
from tests.lab.manifest import LOAD
from tests.lab.pachyderm import base, client, configuration
from tests.lab.pachyderm_judge import READER
from tests.lab.proc import LabError, run

# Its own: the judge's may be read at the same time.
HOME = "/etc/uplift-lab-load"
# Runs on the host: [files, argv, what goes to its stdin] -> [exit status, stdout, stderr].
AGENT = """
import json, os, subprocess, sys
files, argv, body = json.load(sys.stdin)
for path, text in files.items():
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as handle:
        handle.write(text)
try:
    done = subprocess.run(argv, input=body, capture_output=True, text=True, timeout=15)
    json.dump([done.returncode, done.stdout, done.stderr], sys.stdout)
except subprocess.TimeoutExpired:
    json.dump([-1, "", "no answer within 15 s"], sys.stdout)
"""


class PachydermWriter:
    def __init__(self, cluster: Cluster, begun: float) -> None:
        self.cluster, self.begun = cluster, begun

    def pachctl(self, version: str, words: list[str], body: str = "") -> tuple[int, str, str]:
        lab, own = "/etc/uplift-lab", HOME
        files = {path.replace(lab, own): text for path, text in configuration(self.cluster, version).items()}
        argv = [word.replace(lab, own) for word in base(self.cluster, version)]
        agent = ["docker", "exec", "-i", self.cluster.hosts[0].container, "python3", "-I", "-c", AGENT]
        done = run(agent, stdin=json.dumps([files, [*argv, *words], body]), check=False, timeout=30)
        if done.returncode:
            return done.returncode, "", done.stderr
        code, out, err = json.loads(done.stdout)
        return code, out, err

    def make_repo(self) -> None:
        version = client(self.cluster.hosts[0])
        code, _out, err = self.pachctl(version, forms.words(version, "create", "repo", LOAD))
        if code and "already exists" not in err:
            raise LabError(f"the load's repo cannot be made: {err.strip()[-300:]}")

    def store(self, number: int) -> list[Entry]:
        """One file is one commit; what the command exits with is what the client was told."""
        place = f"/kept/{self.begun:.0f}-{number:06}"
        try:
            version = client(self.cluster.hosts[0])
            words = forms.words(version, "put", "file", *forms.place(version, LOAD, "master", place))
            code = self.pachctl(version, words, place)[0]
        except LabError:
            return []
        return [] if code else [{"what": "object", "key": place, "body": place}]

    def lost(self, expected: Sequence[Entry]) -> list[str]:
        """All of them by one call of the host, as the judge reads."""
        version = client(self.cluster.hosts[0])
        hosts.must(self.cluster.hosts[0], [], files=configuration(self.cluster, version))
        words = [
            forms.words(version, "get", "file", *forms.place(version, LOAD, "master", one["key"])) for one in expected
        ]
        asked = json.dumps([[*base(self.cluster, version), *one] for one in words])
        argv = ["docker", "exec", "-i", self.cluster.hosts[0].container, "python3", "-I", "-c", READER]
        found = []
        for one, (_size, digest, said) in zip(
            expected, json.loads(run(argv, stdin=asked, timeout=600).stdout), strict=True
        ):
            if said:
                found.append(f"file {one['key']}, which a client was told is stored: {said}")
            elif digest != hashlib.sha256(one["body"].encode()).hexdigest():
                found.append(f"file {one['key']} has another content than was stored")
        return found
