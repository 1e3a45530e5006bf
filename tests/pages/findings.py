# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of findings: what each refusal, finding and difference means, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import yaml

from tests.pages import text
from tests.pages.keys import DIFFERENCE, FINDING, PRODUCTS, REFUSAL, Said, found

WORDS = Path(__file__).with_name("keys.yml")
SAW, EXPECTED, DO = range(3)
_BLANK = re.compile(r"\{\d(?:!r)?\}")
_PARTS = {
    REFUSAL: (
        "Refusals",
        "Said before anything is begun, by the plan or by the way back. Nothing was changed.",
    ),
    FINDING: (
        "Findings",
        "Said by the playbook ``_plan`` and by the step ``preflight``, all at once. Those that stop do so unless their"
        " key is in ``{0}_accept``. Accept one only when you know why it does not matter here.",
    ),
    DIFFERENCE: (
        "Differences",
        "Said when the cluster is compared with the inventory of the time before: by the step ``verify``, and by the"
        " playbook ``{0}_verify`` at any time after. They stop unless their key is in ``{0}_accept``.",
    ),
}


@cache
def words() -> dict[str, dict[str, str]]:
    """Per key what it means (`means`) and what to do (`do`), where the sources do not say it apart."""
    return dict(yaml.safe_load(WORDS.read_text(encoding="utf-8")))


def meaning(key: str, rows: Sequence[Said]) -> list[str]:
    own = words().get(key, {}).get("means")
    seen = dict.fromkeys(_BLANK.sub("<that>", one.texts[SAW]) for one in rows if one.texts)
    return [own] if own else [one for one in seen if len(seen) == 1 or not re.fullmatch(r"<[^>]*>", one)]


def remedy(key: str, rows: Sequence[Said]) -> list[str]:
    own = words().get(key, {}).get("do")
    return [own] if own else list(dict.fromkeys(one.texts[DO] for one in rows if len(one.texts) > DO))


def of(product: str, kind: str) -> dict[str, list[Said]]:
    """Everything of that kind that an operator of the product may meet, by its key."""
    mine = [one for one in found() if one.product in ("", product)]
    elsewhere = {one.key for one in mine if one.texts}  # what a role asks for, a finding or a difference has said
    rows: dict[str, list[Said]] = {}
    for one in mine:
        if one.kind == kind and (one.texts or one.key not in elsewhere):
            rows.setdefault(one.key, []).append(one)
    return rows


def _listed(name: str, texts: Sequence[str]) -> Iterator[str]:
    said = [text.literal(text.sentence(one)) for one in texts if one]
    if len(said) == 1:
        yield f"{name}: {said[0]}\n"
    elif said:
        yield f"{name}:\n"
        yield from (f"* {one}" for one in said)
        yield ""


def entry(key: str, rows: Sequence[Said]) -> str:
    """One key as a section."""
    out = [text.heading(f"``{key}``", "~")]
    if rows[0].kind == FINDING:
        stops = {one.stops for one in rows}
        out.append(
            "*A note.*\n" if stops == {False} else "*Stops.*\n" if stops == {True} else "*Stops, or is a note.*\n"
        )
    expected = list(dict.fromkeys(one.texts[EXPECTED] for one in rows if len(one.texts) > DO))
    out += _listed("Seen" if rows[0].kind == FINDING else "Meaning", meaning(key, rows))
    out += _listed("Expected", [] if "means" in words().get(key, {}) else expected)
    out += _listed("To do", remedy(key, rows))
    return "\n".join(out)


def page(product: str, called: str) -> str:
    body = (
        f"Each sentence that stops {called}'s operations, or notes something, begins with a key. The keys are here,"
        " with what they mean and what to do. What stands in <brackets> is filled in when it is said.\n\n"
        ".. contents::\n   :local:\n   :depth: 2\n\n"
    )
    for kind, (title, what) in _PARTS.items():
        body += f"{text.heading(title, '-')}\n{what.format(product)}\n\n"
        for key, rows in of(product, kind).items():
            body += entry(key, rows) + "\n"
    return text.page(f"{product}_findings", f"Findings, refusals and differences of {called}", body)


def pages(called: dict[str, str]) -> dict[str, str]:
    return {f"{product}_findings.rst": page(product, called[product]) for product in PRODUCTS}
