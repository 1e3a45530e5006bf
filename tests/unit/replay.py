# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that real Garage binaries once gave, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.module_utils import _cli
from ansible_collections.uplift.datastores.plugins.module_utils._cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage_repair import Clock

FIXTURES = Path(__file__).parent / "fixtures" / "garage"
RUNBOOK = FIXTURES.with_name("garage_runbook")  # what is asked once in a cluster's life, of releases old and new
FIRST, SECOND, OLD, BARE, NEW, NINE, ONE, TWO = "0.5.1", "0.6.0", "0.7.0", "0.8.0", "0.8.7", "0.9.4", "1.3.0", "2.1.0"
ALL = (OLD, BARE, NEW)
# Without a list of workers, and with one.
LOGGED, LISTED = (FIRST, SECOND, OLD), (BARE, NEW, NINE, ONE, TWO)
BINARY, CONFIG = "/releases/garage", "/etc/garage.toml"


def answer(case: str, version: str) -> Answer:
    """One captured call, cleaned as LocalRunner cleans it."""
    file = f"{case}_{version}.yml"
    kept = yaml.safe_load(
        (FIXTURES if (FIXTURES / file).exists() else RUNBOOK).joinpath(file).read_text(encoding="utf-8")
    )
    clean = [_cli._text(kept[stream].encode()) for stream in ("stdout", "stderr")]
    return Answer(tuple(kept["argv"]), kept["rc"], *clean)


def raw(case: str, version: str) -> str:
    return (FIXTURES / f"{case}_{version}.yml").read_text(encoding="utf-8")


def out(case: str, version: str) -> str:
    return answer(case, version).out


def cases(prefix: str, version: str) -> list[str]:
    """Names of all captures of a command that went well."""
    names = [path.stem[: -len(version) - 1] for path in FIXTURES.glob(f"{prefix}*_{version}.yml")]
    return sorted(name for name in names if answer(name, version).rc == 0)


def questions(version: str) -> dict[str, str]:
    """The captures of buckets and keys by the words that this release is asked with."""
    if version == TWO:
        return {
            "json-api ListBuckets null": "api_buckets", 'json-api GetBucketInfo {"search": "photos"}': "api_bucket",
            "json-api ListKeys null": "api_keys", 'json-api GetKeyInfo {"search": "app key"}': "api_key",
        }  # fmt: skip
    return {
        "bucket list": "bucket_list", "bucket info photos": "bucket_info",
        "key list": "key_list", "key info app key": "key_info",
    }  # fmt: skip


def names(version: str) -> dict[str, str]:
    """Short node ids by the host names of the captured cluster."""
    lines = [line.replace("…", " ").split() for line in out("status", version).splitlines() if "127.0.0.1" in line]
    return {words[1]: words[0] for words in lines}


def bucket_id(alias: str, version: str) -> str:
    return next(line.split()[-1] for line in out("bucket_list", version).splitlines() if alias in line)


def key_id(name: str, version: str) -> str:
    return next(
        line.split()[0] for line in out("key_list_leftover", version).splitlines() if line.endswith(f"  {name}")
    )


@dataclass
class Replay:
    """A runner. `script` says by the words after the configuration file which captures answer; the last one stays."""

    version: str
    script: Mapping[str, str | Answer | CliError | Sequence[str | Answer | CliError]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    _used: dict[str, int] = field(default_factory=dict)

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        words = " ".join(argv[3:]) if list(argv[1:3]) == ["-c", CONFIG] else " ".join(argv[1:])
        words = "journal" if argv[0] == "journalctl" else words
        self.asked.append(words)
        self.calls.append({"argv": list(argv), **how})
        if words == "--version":
            return answer("version", self.version)
        if words not in self.script:
            raise AssertionError(f"nobody has captured an answer to {words!r} for this test")
        entry = self.script[words]
        steps = [entry] if isinstance(entry, (str, Answer, CliError)) else list(entry)
        step = steps[min(self._used.get(words, 0), len(steps) - 1)]
        self._used[words] = self._used.get(words, 0) + 1
        if isinstance(step, CliError):
            raise step
        return answer(step, self.version) if isinstance(step, str) else step

    def without_version(self) -> list[str]:
        return [words for words in self.asked if words != "--version"]


def garage(runner: Replay, **more: Any) -> Garage:
    return Garage(runner=runner, **{"binary": BINARY, "config_file": CONFIG, "next_binary": BINARY, **more})


@dataclass
class FakeTime:
    """Seconds pass only in sleep()."""

    seconds: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> Clock:
        return Clock(now=lambda: self.seconds, sleep=self.sleep, epoch=lambda: 1_800_000_000.0 + self.seconds)
