# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages that are made from data: nothing that an operator may meet is missing, and each has what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

from tests.pages import __main__ as pages
from tests.pages import findings, hops, keys, settings, text
from tests.unit import said

ROOT = Path(__file__).resolve().parents[3]
EVERYTHING = keys.found()
ENTRIES = [
    pytest.param(kind, key, rows, id=f"{product}-{kind}-{key}")
    for product in keys.PRODUCTS
    for kind in (keys.REFUSAL, keys.FINDING, keys.DIFFERENCE)
    for key, rows in findings.of(product, kind).items()
]


@pytest.mark.parametrize(("kind", "key", "rows"), ENTRIES)
def test_each_has_a_meaning_and_a_remedy(kind: str, key: str, rows: list[keys.Said]) -> None:
    meaning, remedy = findings.meaning(key, rows), findings.remedy(key, rows)
    told = [re.sub(r"<[^>]*>", "", one) for one in meaning]  # without what is filled in
    assert told and all(re.search(r"\w{2}.* \w", one) for one in told), (
        f"{key}: write `means` into tests/pages/keys.yml"
    )
    assert all(re.search(r"\w", one) for one in remedy) and remedy, f"{key}: write `do` into tests/pages/keys.yml"


def test_no_words_are_kept_for_a_key_that_nobody_says() -> None:
    assert not set(findings.words()) - {one.key for one in EVERYTHING}


def test_what_another_look_at_the_sources_finds_is_found() -> None:
    python = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    assert said.keys(python) <= {one.key for one in EVERYTHING}


def test_keys_that_are_handed_on_are_found_in_each_way() -> None:
    """A literal, a table, a role, a row, a function of the module, and a name that is put together."""
    assert {
        *("no_space", "service_held", "credentials", "not_compared", "config_bad_dsn"),
        *("engine_missing", "access_changed", "branch_gone", "database_silent", "uncommitted_lost"),
    } <= {one.key for one in EVERYTHING}


SOURCE = """
EXPECTED = "a " + "place"
ROWS = {"gone": ("was_gone", "it was there", "look for it")}
def free(space):
    text = f"{space['free']} bytes free" + (" now" if space else "")
    yield Finding("no_room", True, text, EXPECTED, "make some")
    yield Finding("no_word" if space else "one_word", space > 1, str(space.get("msg")), "b", f"see {OTHER[space.name]}")
    yield Finding(ROWS[space][0], True, "x", "y", "z")
def gone(what, name):
    return difference(f"{what}_gone", f"The {what} {name} is gone")
def difference(key, sentence):
    return {"key": key, "sentence": sentence}
def all_of():
    return [gone("box", "a"), {"key": "plain_row", "sentence": "It is so."}, {"key": "etag", "size": 1}]
"""


@pytest.fixture
def found(tmp_path: Path) -> dict[str, keys.Said]:
    path = tmp_path / "source.py"
    path.write_text(SOURCE, encoding="utf-8")
    return {one.key: one for one in keys.python(path, "plugins/module_utils/_lakefs/source.py")}


def test_what_is_read_from_a_source(found: dict[str, keys.Said]) -> None:
    assert set(found) == {"no_room", "no_word", "one_word", "was_gone", "box_gone", "plain_row"}
    assert found["no_room"].texts == ("<free> bytes free now", "a place", "make some")
    assert found["one_word"].texts == ("<msg>", "b", "see <OTHER>")
    assert (found["no_room"].stops, found["one_word"].stops) == (True, None)
    assert found["was_gone"].texts == ("it was there", "look for it")
    assert (found["box_gone"].kind, found["no_room"].kind) == (keys.DIFFERENCE, keys.FINDING)
    assert found["no_room"].product == "lakefs"


@pytest.mark.parametrize(
    ("plain", "rst"),
    [
        ("run `a b` now, or lakefs_via.", "run ``a b`` now, or ``lakefs_via``."),
        ("a*b_ c|d", r"a\*b\_ c\|d"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_sentence_in_restructuredtext(plain: str, rst: str) -> None:
    assert text.literal(plain) == rst


@pytest.mark.parametrize("product", CATALOGUES)
def test_each_hop_has_a_page_with_every_step(product: str) -> None:
    catalogue, made = CATALOGUES[product], hops.pages(pages.CALLED)
    there = [hop for group in hops.alike(catalogue) for hop in group]
    assert sorted(map(repr, there)) == sorted(map(repr, catalogue.hops))
    for group in hops.alike(catalogue):
        page = made[f"{hops.name(catalogue, group)}.rst"]
        steps = {step for hop in group for shape in hop.shapes for row in shape.passes.values() for step in row}
        assert not {step for step in steps if f"``{step}``" not in page}
        assert all(hop.refusal == group[0].refusal for hop in group)
        assert group[0].shapes or "no_automatic_way" in page


def test_a_page_shows_the_plan_that_the_planner_makes() -> None:
    page = hops.pages(pages.CALLED)["garage_0_7_to_0_8.rst"]
    assert "    garage 0.7.0 -> 0.8.7, rolling (" in page and "wave 3 of 3: c1: stop, backup" in page


@pytest.mark.parametrize("product", keys.PRODUCTS)
def test_each_setting_is_on_its_page_with_a_text(product: str) -> None:
    page = settings.pages(pages.CALLED)[f"{product}_settings.rst"]
    for role in (product, "operation"):
        defaults, options = settings.read(role)
        for name in defaults if role == product else set(defaults) & set(options):
            assert re.search(rf"\* - ``{name}``\n     - .+\n     - .*\w.*", page), name


@pytest.mark.parametrize(
    ("marked", "rst"),
    [
        ("V(zone) or V(node). Empty means none", "``zone`` or ``node``. Empty means none"),
        ("With C(a(b)), so", "With ``a(b)``, so"),
        ("(V(x))", "(``x``)"),
    ],
)
def test_marks_of_ansible_in_restructuredtext(marked: str, rst: str) -> None:
    assert settings.rst(marked) == rst


def _listed(contents: str) -> Iterator[str]:
    for section in yaml.safe_load(contents)["sections"]:
        yield from section["toctree"]


def test_every_page_is_reached_from_the_table_of_contents() -> None:
    site = ROOT / "docs" / "docsite"
    written = {path.stem for path in (site / "rst").glob("*.rst")}
    made = pages.made()
    assert not written & {name.removesuffix(".rst") for name in made}, "a page is made and written"
    contents = pages.contents((site / "extra-docs.yml").read_text(encoding="utf-8"))
    reached = {*_listed(contents)}
    for page in made.values():
        reached |= set(re.findall(r"(?m)^   (\w+)$", page.partition(":hidden:")[2]))
    assert reached == written | {name.removesuffix(".rst") for name in made}
