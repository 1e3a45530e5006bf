# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the real 1.84.0 are asked again, in the state in which they were captured; the emulated releases' are
asked by a unit test. Before the commands, by its name: those stop the servers.
"""

from __future__ import annotations

import base64
import http.client
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT))

from tests.lab import cluster as clusters  # noqa: E402
from tests.lab import lakefs  # noqa: E402
from tests.lab.lakefs_api import Api  # noqa: E402
from tests.lab.lakefs_pages import plain  # noqa: E402

VERSION = "1.84.0"
FOLDER = ROOT / "tests/unit/fixtures/lakefs" / VERSION
PAGES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
# Of a server that is not set up, whose database is down, of a database that older releases have left, or of writes.
LEFT_OUT = re.compile(
    r"not_set_up|db_down|no_commit|not_initialized|sql_era|_post_|_two$|initialized$|^http_(health|healthcheck)$"
    r"|^http_config_version(_no_credentials)?$|^http_(branches|repositories|branch_diff_uncommitted)$|^s3_(put|delete)"
    r"|put_other_host_stored"
)
# state of the captures -> what is done to come to it
STEPS = ("none", "three", "changed")
UPLOADS = {"f/1": b"one\n", "f/2": b"second\n", "g.txt": b"g\n"}


def state_of(case: dict[str, Any]) -> str:
    if "f/2 changed" in case["state"]:
        return "changed"
    return "none" if re.search("no repository", case["state"]) else "three"


ASKED = [
    pytest.param(name, case, id=name)
    for step in STEPS
    for name, case in PAGES.items()
    if "status" in case and not LEFT_OUT.search(name) and state_of(case) == step
]


class Bench:
    def __init__(self, name: str) -> None:
        self.cluster = clusters.load(name)
        self.address = lakefs.instances(self.cluster)[0].address
        self.key, self.secret = self.cluster.product["key"], self.cluster.product["secret"]
        self.api = Api(self.address, self.key, self.secret)
        self.reached = "none"

    def go_to(self, state: str) -> None:
        for step in STEPS[STEPS.index(self.reached) + 1 : STEPS.index(state) + 1]:
            {"three": self.make_three, "changed": self.change}[step]()
            self.reached = step

    def make_three(self) -> None:
        for name in ("empty", "staged", "repo1"):
            body = {"name": name, "storage_namespace": f"local://ns-{VERSION}-{name}", "default_branch": "main"}
            self.api.call("POST", "/repositories", body)
        for name in ("staged", "repo1"):
            for path, content in UPLOADS.items():
                self.api.upload(name, "main", path, content)
        self.api.call("POST", "/repositories/repo1/branches/main/commits", {"message": "first", "metadata": {"k": "v"}})
        self.api.call("POST", "/repositories/repo1/tags", {"id": "v1", "ref": "main"})

    def change(self) -> None:
        self.api.call("POST", "/repositories/repo1/branches", {"name": "dev", "source": "main"})
        self.api.upload("repo1", "main", "f/2", b"changed\n")
        self.api.upload("repo1", "main", "f/3", b"three\n")
        self.api.send("DELETE", "/api/v1/repositories/repo1/branches/main/objects?path=g.txt")

    def ask(self, case: dict[str, Any]) -> tuple[int, str, str]:
        headers = {"Host": re.sub(r"^127\.0\.0\.1:\d+$", f"{self.address}:8000", case.get("host", self.address))}
        if case["credentials"] == "signature":
            secret = "another" if "wrong secret" in case["state"] or "wrong_secret" in case["case"] else self.secret
            request = AWSRequest(case["method"], f"http://{headers['Host']}{case['path']}", headers=dict(headers))
            S3SigV4Auth(Credentials(self.key, secret), "s3", "us-east-1").add_auth(request)
            headers = dict(request.headers.items())
        if case["credentials"] == "basic":
            word = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {word}"
        there = http.client.HTTPConnection(self.address, 8000, timeout=30)
        there.request(case["method"], case["path"], None, headers)
        answer = there.getresponse()
        body = answer.read().decode()
        there.close()
        return answer.status, answer.headers.get("Content-Type", ""), body


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(os.environ["MOLECULE_SCENARIO_NAME"])


@pytest.mark.parametrize(("name", "case"), ASKED)
def test_the_real_one_answers_as_it_was_captured(name: str, case: dict[str, Any], bench: Bench) -> None:
    bench.go_to(state_of(case))
    status, kind, body = bench.ask(case)
    assert (status, kind) == (case["status"], case["headers"].get("content-type", "")), body[:300]
    if case["method"] != "HEAD" and "text/html" not in kind and not name.startswith("s3_list"):
        assert plain(body) == plain(str(case["body"]))
