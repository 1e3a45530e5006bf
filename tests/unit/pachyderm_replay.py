# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that real pachctl binaries once gave, by release and case."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core import cli, version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl

FIXTURES = Path(__file__).parent / "fixtures" / "pachyderm"
RELEASES = sorted((path.name for path in FIXTURES.glob("1.*")), key=version.parse)
REAL = ("1.9.12", "1.11.9", "1.13.4")


@cache
def kept(release: str, case: str) -> Mapping[str, Any]:
    return dict(yaml.safe_load((FIXTURES / release / f"{case}.yml").read_text(encoding="utf-8")))


def cases(prefix: str, rc: int | None = None) -> Iterator[tuple[str, str]]:
    """Release and case of every capture whose name begins so."""
    for release in RELEASES:
        for path in sorted((FIXTURES / release).glob(f"{prefix}*.yml")):
            if rc is None or kept(release, path.stem)["rc"] == rc:
                yield release, path.stem


def answer(release: str, case: str) -> Answer:
    """One captured call, cleaned as LocalRunner cleans it."""
    found = kept(release, case)
    streams = [found[name] if isinstance(found[name], str) else "" for name in ("stdout", "stderr")]
    return Answer(tuple(found["argv"]), found["rc"], *(cli._text(text.encode()) for text in streams))


def dump(release: str, case: str = "extract_dump") -> bytes:
    return base64.b64decode(kept(release, case)["stdout"]["base64"])


Step = str | Answer | CliError


@dataclass
class Replay:
    """A runner. `script` says by pachctl's words which captures answer; the last one stays."""

    release: str
    script: Mapping[str, Step | Sequence[Step]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        words = " ".join(argv[list(argv).index("/bin/pachctl") + 1 :])
        self.asked.append(words)
        self.calls.append({"argv": list(argv), **how})
        if words.startswith("version --client-only"):
            return answer(self.release, "version_client_only")
        plain = words.replace(" --no-metrics", "")
        if plain not in self.script:
            raise AssertionError(f"nobody has captured an answer to {plain!r} for this test")
        entry = self.script[plain]
        steps = [entry] if isinstance(entry, Step) else list(entry)
        step = steps[min(self.asked[:-1].count(words), len(steps) - 1)]
        if isinstance(step, CliError):
            raise step
        return answer(self.release, step) if isinstance(step, str) else step


def pachctl(runner: Any, home: Path) -> Pachctl:
    return Pachctl(runner, "/bin/pachctl", str(home), "127.0.0.1:30650")
