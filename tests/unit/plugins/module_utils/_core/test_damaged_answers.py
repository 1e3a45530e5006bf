# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every capture, damaged, to every parser of its product: what comes out is a value, or a sentence of the house."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import info
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import api, cluster, work
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import first as garage_first
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import inventory as garage_inventory
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import inventory
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http, program
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dial
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import info as pachyderm_info
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as pachyderm_pachctl

from tests.unit import lakefs_replay, pachyderm_replay, replay
from tests.unit.plugins.module_utils._garage.test_garage_node import EVERYTHING, asking
from tests.unit.plugins.module_utils._lakefs.test_lakefs_listing import Recorded

HTML = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"
CASES = 40  # captures of a product that are cut and turned, spread over all: each is taken whole
OF = {
    "garage": [cluster, api, garage_first, garage_inventory, work],
    "lakefs": [program, http],
    "pachyderm": [pachyderm_pachctl],
}
TAKES = ("text", "answer", "reply", "body")  # what the first argument of a parser is called
WHOLE = (
    *("", "\n", "null", "7", '"word"', "[]", "{}", "[null]", "[[]]", "[{}]", "{}{}", "\x00", HTML),
    *('{"results": [7]}', '{"results": [{}]}', '{"results": [], "pagination": 7}'),
)


def functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """All that a module of parsers offers and that takes one answer."""
    for name, one in inspect.getmembers(module, inspect.isfunction):
        first = next(iter(inspect.signature(one).parameters), "")
        own = one.__module__ == module.__name__ and not name.startswith("_")
        if own and first in TAKES:
            yield name, one


def asked(one: Callable[..., Any], text: str) -> Any:
    """The parser's answer to this, in the form in which it takes it."""
    first, *more = inspect.signature(one).parameters
    rest = ["Asking"] * len(more)
    if first == "reply":
        return one(http.Reply(200, text), *rest)
    return one(Answer(("x",), 0, text, "") if first == "answer" else text, *rest)


def captures(product: str) -> list[str]:
    if product == "pachyderm":
        texts = {pachyderm_replay.answer(*case).out for case in pachyderm_replay.cases("")}
    elif product == "garage":
        kept = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(replay.FIXTURES.glob("*.yml")))
        texts = {str(one["stdout"]) for one in kept}
    else:
        found = [lakefs_replay.capture(case) for case in lakefs_replay.ALL]
        texts = {str(one.get("body") or one.get("stdout") or "") for one in found}
    return sorted(texts)


def turned(value: Any) -> Iterator[Any]:
    """A JSON value with one part of it left out, null, or of another type, at every place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            rest = {other: one for other, one in value.items() if other != key}
            yield rest
            for wrong in (None, 7, "word", [], {}, [None], {"x": 1}):
                yield {**value, key: wrong}
            for one in turned(inner):
                yield {**value, key: one}
    elif isinstance(value, list) and value:
        for wrong in (None, 7, "word", [], {}):
            yield [wrong, *value[1:]]
        for one in turned(value[0]):
            yield [one, *value[1:]]


def rows(text: str) -> list[Any]:
    """The JSON values that a text is, one after another; none where it is not that."""
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        try:
            row, at = decoder.raw_decode(text, at)
        except ValueError:
            return []
        found.append(row)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def damaged(text: str, deep: bool) -> Iterator[str]:
    yield text
    if not deep:
        return
    lines = text.splitlines(keepends=True)
    yield from (text[: len(text) * part // 7] for part in range(1, 7))
    yield from ("".join(lines[:at] + lines[at + 1 :]) for at in range(min(len(lines), 12)))
    yield "".join(line.replace(" ", "") for line in lines)
    yield "".join(f"unknown {line}" for line in lines)
    yield text.replace("0", "many").replace("1", "NaN")
    found = rows(text)[:1]
    yield from (json.dumps(one) for row in found for one in turned(row))


def everything(product: str) -> Iterator[str]:
    yield from WHOLE
    texts = captures(product)
    assert len(texts) > CASES
    step = len(texts) // CASES
    for number, text in enumerate(texts):
        yield from damaged(text, number % step == 0)


def stumbles(ask: Callable[[], Any], what: str, said: str, wrong: dict[str, str]) -> None:
    """Note in `wrong` what comes out that is neither a value nor a sentence."""
    try:
        ask()
    except UpliftError as exc:
        assert len(str(exc).split()) > 4, f"{what}: {exc}"
    except Exception as exc:  # whatever else it is, it is what this is about
        wrong.setdefault(f"{what}: {type(exc).__name__}", f"{exc!r} of {said[:200]!r}")


MODULES = [(product, module) for product, modules in OF.items() for module in modules]
NAMES = [module.__name__.rpartition(".")[2] for _product, module in MODULES]


@pytest.mark.parametrize(("product", "module"), MODULES, ids=NAMES)
def test_a_damaged_answer_is_a_value_or_a_sentence(product: str, module: ModuleType) -> None:
    parsers = list(functions(module))
    wrong: dict[str, str] = {}
    for text in everything(product):
        for name, one in parsers:
            stumbles(partial(asked, one, text), name, text, wrong)
    assert parsers and not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def test_a_secret_is_not_in_the_sentence() -> None:
    """What cannot be read may be the answer that holds a new key."""
    with pytest.raises(UpliftError) as caught:
        api.key('{"accessKeyId": "GK1", "name": "n", "permissions": "4425f5c26c5e11581d"}')
    assert "4425f5c2" not in str(caught.value) and "which is not understood" in str(caught.value)


PAGES = ("http_repositories", "http_branches", "http_tags_one", "http_branch_diff_uncommitted", "http_auth_users")
OBJECTS = ("http_objects_ls_committed", "http_object_committed")


def test_a_list_of_lakefs_with_a_damaged_row_is_a_sentence() -> None:
    """A row without what it is asked for is met where it is used, behind the parser."""
    other = {"repositories/repo1/branches/dev/diff": lakefs_replay.reply("1.84.0/http_branch_diff_empty")}
    server, wrong = Recorded("1.84.0", *PAGES, *OBJECTS, **other), dict[str, str]()
    whole = dict(server.pages)
    inventory.uncommitted(server.api())
    for page, reply in whole.items():
        for text in (*WHOLE, *damaged(reply.body, True)):
            server.pages = {**whole, page: http.Reply(200, text)}
            for ask in (inventory.uncommitted, inventory.take):
                stumbles(partial(ask, server.api()), f"{ask.__name__} {page[0]}", text, wrong)
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


ODD = [(release, text) for release in (replay.NEW, replay.TWO) for text in (HTML, "[7]", '{"id": 7}')]


@pytest.mark.parametrize(("version", "text"), [(replay.FIRST, HTML), *ODD])
def test_whatever_garage_answers_there_is_a_problem_and_no_traceback(version: str, text: str) -> None:
    """By each question in turn: what is unknown is a finding of the preflight (no_answer, unknown_answer)."""
    whole = dict(asking(version).script)
    for words in whole.keys() - {"journal"}:
        runner = replay.Replay(version, {**whole, words: Answer(("garage",), 0, text, "")})
        facts = info.gather(replay.garage(runner), EVERYTHING, (), tolerant=True)
        heard = words not in runner.asked or facts["problem"] or facts["unparsed"]
        assert heard, f"{words} was answered with {text!r}, and nobody noticed"


@pytest.mark.parametrize("text", ["", HTML, "[7]", "{}", '{"repo": null}'])
def test_whatever_pachyderm_answers_there_is_a_problem_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(dial, "reachable", lambda by: by.addresses[0])
    params = {"pachctl": "/bin/pachctl", "addresses": ["127.0.0.1:30650"], "token": "", "call_timeout": 1}
    params.update(gather=["repos", "enterprise", "jobs"], expected="1.11.9", units=[], tolerant=True, cluster="")

    class Odd:
        """pachctl knows its own version, and whatever else it is asked gets this."""

        def run(self, argv: Any, **_how: Any) -> Answer:
            own = "version --client-only" in " ".join(argv)
            return pachyderm_replay.answer("1.11.9", "version_client_only") if own else Answer(tuple(argv), 0, text, "")

    found = pachyderm_info.run(Odd(), params)
    assert found["problem"]
