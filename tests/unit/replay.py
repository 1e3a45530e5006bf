# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that real Garage binaries once gave, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core import cli
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import READERS, Garage, form
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import COMMANDS
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import inventory

FIXTURES = Path(__file__).parent / "fixtures" / "garage"
RUNBOOK = FIXTURES.with_name("garage_runbook")  # what is asked once in a cluster's life, of releases old and new
FIRST, SECOND, OLD, BARE, NEW, NINE, ONE, TWO = "0.5.1", "0.6.0", "0.7.0", "0.8.0", "0.8.7", "0.9.4", "1.3.0", "2.1.0"
NEWEST = "2.5.0"
ALL = (FIRST, SECOND, OLD, BARE, NEW, NINE, ONE, TWO, NEWEST)
LISTED = (BARE, NEW, NINE, ONE, TWO, NEWEST)  # with a list of workers
TEXT = (SECOND, OLD, BARE, NEW, NINE, ONE)  # 0.5 has other buckets, 2.x another way to ask for them
IN_ERROR = tuple(one for one in LISTED if one != NEWEST)  # 2.5.0 had not tried its block again when it was captured
BINARY, CONFIG = "/releases/garage", "/etc/garage.toml"


def _file(case: str, version: str) -> Path:
    """By its name alone, or `garage_runbook/NAME` where both captures have one."""
    file = f"{case}_{version}.yml"
    places = [FIXTURES.parent] if "/" in case else [FIXTURES, RUNBOOK]
    return next((place / file for place in places if (place / file).exists()), FIXTURES / file)


def answer(case: str, version: str) -> Answer:
    """One captured call, cleaned as LocalRunner cleans it."""
    kept = yaml.safe_load(_file(case, version).read_text(encoding="utf-8"))
    clean = [cli._text(kept[stream].encode()) for stream in ("stdout", "stderr")]
    return Answer(tuple(kept["argv"]), kept["rc"], *clean)


def raw(case: str, version: str) -> str:
    return (FIXTURES / f"{case}_{version}.yml").read_text(encoding="utf-8")


def out(case: str, version: str) -> str:
    return answer(case, version).out


def cases(prefix: str, version: str) -> list[str]:
    """Names of all captures of a command that went well."""
    names = [path.stem[: -len(version) - 1] for path in FIXTURES.glob(f"{prefix}*_{version}.yml")]
    return sorted(name for name in names if answer(name, version).rc == 0)


def names(version: str) -> dict[str, str]:
    """Short node ids by the host names of the captured cluster."""
    lines = [line.replace("…", " ").split() for line in out("status", version).splitlines() if "127.0.0.1" in line]
    return {words[1]: words[0] for words in lines}


def question(command: str, version: str, word: str = "") -> str:
    """A question in the words of a release; that they are right is what the captures' own words tell."""
    said = form(COMMANDS, command, parse(version), "command")
    word = json.dumps({said.field: word}) if said.field else word
    return " ".join(part.format(word) for part in said.words)


def told(case: str, version: str) -> str:
    """The capture that answers a question for buckets and keys: from 2.0 on they are asked for by `json-api`."""
    if version not in (TWO, NEWEST):
        return case
    plural = {"bucket_list": "api_buckets", "key_list": "api_keys", "key_info": "api_key"}
    for text, api in plural.items():
        if case.startswith(text):
            return case.replace(text, api)
    return "api_key_new" if case == "key_new" else case.replace("bucket_info", "api_bucket")


def buckets(case: str, version: str) -> inventory.Buckets:
    reader = READERS[form(COMMANDS, "buckets", parse(version), "command").reader]
    found: inventory.Buckets = reader.buckets(out(told(case, version), version))
    return found


def bucket(case: str, version: str) -> inventory.Bucket:
    reader = READERS[form(COMMANDS, "bucket", parse(version), "command").reader]
    found: inventory.Bucket = reader.bucket(out(told(case, version), version))
    return found


def keys(case: str, version: str) -> inventory.Keys:
    reader = READERS[form(COMMANDS, "keys", parse(version), "command").reader]
    found: inventory.Keys = reader.keys(out(told(case, version), version))
    return found


def key(case: str, version: str) -> inventory.Key:
    reader = READERS[form(COMMANDS, "key", parse(version), "command").reader]
    found: inventory.Key = reader.key(out(told(case, version), version))
    return found


def bucket_id(alias: str, version: str) -> str:
    return next(row.id for row in buckets("bucket_list", version).rows if alias in row.aliases)


def bucket_word(alias: str, version: str) -> str:
    """What the bucket is asked for by."""
    return next(row.word for row in buckets("bucket_list", version).rows if alias in row.aliases)


def key_id(name: str, version: str) -> str:
    return next(row.id for row in keys("key_list_leftover", version).rows if row.name == name)


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
