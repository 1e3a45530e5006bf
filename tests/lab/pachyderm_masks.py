# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an answer of Pachyderm differs from a captured one: what changes from run to run is taken out. Pure."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from tests.lab import pachyderm_forms as forms

# What the emulator does not keep: sums of ranges that nobody reads, and what a worker leaves next to the files.
UNKEPT = {"workers_requested", "subvenance", "committed", "objects", "blockRefs", "commitProvenance", "restart"}
# Lists that the real ones write in the order of a hash.
UNORDERED = {"provenance", "branchProvenance", "directProvenance", "childCommits"}
# In the middle of their way nobody can say how far pipelines have come (trap P14).
ON_ITS_WAY = {"PIPELINE_RUNNING", "PIPELINE_STARTING", "PIPELINE_RESTARTING"}
MASKS: tuple[tuple[str, str], ...] = (
    (r"\x1b\[\d*m", ""),
    (r"\b[0-9a-f]{128}\b", "HASH"),
    (r"\b[0-9a-f]{64}\b", "DATUM"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "JOB"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
    (r"(\d+ (seconds?|minutes?)|Less than a second|About a minute)( ago)?", "AGO"),
    (r'"hash": "([^"]{44}|[^"]{88})"', '"hash": "SUM"'),
    (r'"(download|process|upload)_?[tT]ime": "[^"]+"', r'"\1": "TIME"'),
    (r"(127\.0\.0\.1|0\.0\.0\.0):\d+", "ADDRESS"),
    # A port that is not the usual one has its own words, and the tests have such a port (1.8.7/extract_refused).
    (r'\(note: (port is usually 30650[^)]*|address "ADDRESS" looks like[^)]*)\)', "(note)"),
    (r"/lab/bin/[\d.]+/pachctl", "pachctl"),
    (r'/lab/tmp/\d+|/lab/home[^\s"]*|/tmp/[^\s"]+', "FILE"),
    # Nothing runs pipelines of these releases where the captures were made.
    (r"(edges/master\s+AGO)\s+(running|restarting)", r"\1 STATE"),
    (r"\b(running|starting)( / starting|$)", r"STATE\2"),
    (r"^State: (running|starting)", "State: STATE"),
    (r'unexpected byte 0x\w+|unknown field name "," in \S+', "WHY"),
)


def masked(text: str) -> str:
    """What differs from run to run, and the width of columns, taken out; what nobody keeps, left out."""
    if text[:1] == "{" and "}" in text and not text.startswith("{\n\t"):
        # 1.4 and 1.5 print the table of files as well.
        text, name, table = text.partition("}NAME ")
        listed = [json.dumps(kept(one), indent=1) for one in forms.objects(text + name[:1])]
        # What was made in one transaction is listed by its id.
        text = "".join(sorted(listed, key=masked_lines) if '"commit"' in text else listed) + name[1:] + table
    return masked_lines(text)


def masked_lines(text: str) -> str:
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text, flags=re.M)
    return "\n".join(re.sub(r"[ \t]+", " ", line).rstrip() for line in text.strip().splitlines())


def kept(thing: Any) -> Any:
    if isinstance(thing, list):
        return [kept(one) for one in thing]
    if isinstance(thing, dict):
        found = {key: kept(value) for key, value in sorted(thing.items()) if key not in UNKEPT and value != {}}
        for key in UNORDERED & set(found):
            found[key] = sorted(found[key], key=lambda one: masked_lines(json.dumps(one)))
        return {key: value for key, value in found.items() if key != "state" or value not in ON_ITS_WAY}
    return thing


ENDS = {"": "RUNNING", " stopped": "PAUSED stopped"}


def blur(text: str, restored: bool, opened: bool) -> str:
    """The repos in the order of their names; of a pipeline on its way, where it goes (trap P14).

    How many output commits there are differs with what was tried before, and after a start how many are open, too.
    """
    on_its_way = r"PIPELINE_(?:RUNNING|STARTING|RESTARTING)( stopped)?"
    text = re.sub(on_its_way, lambda found: f"PIPELINE_{ENDS[found[1] or '']}", text)
    if opened:
        text = re.sub(r"edges \(\d+ commits, \d+", "edges (N", text)
    elif not restored:
        text = re.sub(r"edges \(\d+ commits", "edges (N", text)
    # Ticks come while somebody looks.
    text = re.sub(r"(clock\w*) \(\d+ commits, \d+", r"\1 (N", text)
    found = re.fullmatch(r"Repos: (.*)\. Pipelines: (.*)\.", text)
    repos = sorted(re.findall(r"\w+ \([^)]*\)", found[1])) if found else []
    return f"Repos: {', '.join(repos) or 'none'}. Pipelines: {found[2]}." if found else text


def stream_differences(name: str, seen: bytes, captured: Any, ticks: bool = False) -> list[str]:
    """Of a dump, that it begins as one, and the field of its release; of ticks, of which more come, each line once."""
    if isinstance(captured, dict):
        whole = captured.get("base64")
        first = (base64.b64decode(whole) if whole else bytes.fromhex(captured["first_bytes_hex"]))[:10]
        return [] if seen[:10] == first else [f"std{name} begins {seen[:10].hex()}, captured {first.hex()}"]
    text, expected = masked(seen.decode(errors="replace")), masked(captured)
    if ticks and "file" in text + expected or ticks and expected.startswith("REPO"):
        text, expected = ("\n".join(sorted(set(one.splitlines()))) for one in (text, expected))
    return [] if text == expected else [f"std{name} is {text!r}, captured {expected!r}"]
