# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of servers of every era, and what real ones answered to it."""

from __future__ import annotations

import json
from http.client import BadStatusLine, IncompleteRead
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible.module_utils.urls import ConnectionError as NoCertificate
from ansible_collections.uplift.datastores.plugins.module_utils._core import s3_read
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import api as lakefs_api
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import forms, health, info, inventory, listing
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.asked_findings import (
    access,
    unanswered,
    without_commit,
)
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import ApiError, Reply
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.schema import Hop

from tests.unit.lakefs_replay import capture, reply

RUN = ("0.30.0", "0.55.0", "0.70.6", "0.80.2", "1.84.0")
Asked = tuple[str, str]


class Recorded:
    """One real server: the captures that are named, by path and prefix; everything else is an unknown page of it.

    The delimiter is left out of it where it makes no difference to the release.
    """

    def __init__(self, release: str, *cases: str, **more: Reply) -> None:
        self.release, self.pages, self.asked = release, dict[Asked, Reply](), list[str]()
        for case in cases:
            kept = capture(f"{release}/{case}")
            self.pages[self._key(kept["path"])] = Reply(kept["status"], kept["body"])
        self.pages.update({(f"/api/v1/{path}", ""): one for path, one in more.items()})

    def __call__(self, _method: str, url: str, *_rest: Any) -> Reply:
        self.asked.append(url.partition("/api/v1")[2])
        status = forms.form(parse(self.release), "unknown_page")
        return self.pages.get(self._key(url.partition(":8000")[2]), Reply(status, '{"message":"invalid API endpoint"}'))

    def _key(self, path: str) -> Asked:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        return parts.path, (query.get("prefix") or query.get("path") or [""])[0]

    def api(self) -> Api:
        return Api("http://l1:8000", "A", "S", self)


def rows(*found: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps({"results": list(found), "pagination": {"has_more": False}}))


COMMITTED = ("http_objects_ls_committed", "http_objects_ls_prefix_committed", "http_object_committed")


@pytest.mark.parametrize("release", RUN)
def test_objects_are_found_below_the_groups(release: str) -> None:
    """Trap L33: 0.30.0 groups whatever it is asked, and a group is no object."""
    server = Recorded(release, *COMMITTED)
    found = list(listing.objects(server.api(), "repo1", "main"))
    assert [row["path"] for row in found] == ["f/1", "f/2", "g.txt"]
    assert all(row["path_type"] == "object" and row["size_bytes"] for row in found)
    assert all("delimiter=&" in f"{asked}&" for asked in server.asked), "off by an empty one in 0.33.0 to 0.41.1"
    assert inventory._object(server.api(), "repo1", "main", None)["path"] == "f/1"


@pytest.mark.parametrize("release", RUN)
def test_tags_are_asked_of_releases_that_have_them(release: str) -> None:
    """Trap L32: 404 in 0.30.0."""
    server = Recorded(release, "http_tags_one")
    found = listing.tags(server.api(), parse(release), "repo1")
    assert list(found) == ([] if release == "0.30.0" else ["v1"])
    assert bool(server.asked) == (release != "0.30.0")


@pytest.mark.parametrize("release", RUN)
def test_the_release_is_asked_where_nobody_has_told_it(release: str) -> None:
    server = Recorded(release, "http_config_version_set_up")
    expected = forms.NEWEST if release == "0.30.0" else parse(release)
    assert listing.release(server.api(), "") == expected
    assert listing.release(server.api(), release) == parse(release)


EMPTY = (
    "http_no_commit_branches_empty",
    "http_no_commit_branches_staged",
    "http_no_commit_objects_ls_empty",
    "http_no_commit_objects_ls_staged",
    "http_objects_ls_prefix_staged",
    "http_no_commit_branch_diff_empty",
    "http_no_commit_branch_diff_staged",
    "http_auth_groups",
    "http_auth_policies",
)


def without(release: str) -> Recorded:
    """Two repositories without a commit, made by 0.30.0."""
    listed = rows(*({"id": name, "storage_namespace": f"local://{name}"} for name in ("empty", "staged")))
    return Recorded(release, *EMPTY, repositories=listed)


@pytest.mark.parametrize("release", RUN)
def test_a_repository_without_a_commit_is_counted_by_listing(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap L36: 1.84.0 has no page of changes for it, and it is the same before and after a migration."""
    server = without(release)
    monkeypatch.setattr(inventory, "Api", lambda *_words: server.api())
    params = {"url": "http://l1:8000", "access_key_id": "A", "secret_access_key": "S", "version": release, "text": ""}
    found = inventory.commit_all(params, check=True)
    assert found["uncommitted"] == [{"repository": "staged", "branch": "main", "changes": 3}]
    assert found["without_commit"] == ["empty/main", "staged/main"]
    assert [(one.key, one.stops) for one in without_commit(found)] == [("no_commit", False)]
    assert list(without_commit({})) == []


def test_a_first_commit_afterwards_is_no_loss() -> None:
    """What had no commit has none to lose."""
    server = Recorded("1.84.0")
    assert inventory._lost(server.api(), "/repositories/r", {"main": "c1"}, {"main": ""}) == []
    assert server.asked == []


# Bad input: what is not answered, in preflight and beyond


def asked(server: Recorded, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the module `lakefs_commit` fails with, as the role keeps it."""
    monkeypatch.setattr(inventory, "Api", lambda *_words: server.api())
    params = {"url": "http://l1:8000", "access_key_id": "A", "secret_access_key": "S", "text": ""}
    with pytest.raises(ApiError) as caught:
        inventory.commit_all({**params, "version": server.release}, check=True)
    return {"asked": True, "msg": str(caught.value), **caught.value.facts}


LAKE = {"id": "lake", "storage_namespace": "local://lake", "default_branch": "main"}
MAIN = rows({"id": "main", "commit_id": "c1"})


@pytest.mark.parametrize("release", RUN)
def test_a_key_that_is_refused_is_a_finding(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traps L18, L19."""
    seen = asked(Recorded(release, repositories=reply(f"{release}/http_repositories_no_credentials")), monkeypatch)
    (found,) = unanswered(seen, needed=True)
    assert (found.key, found.stops) == ("credentials", True) and "401" in found.saw
    assert "lakefs_secret_access_key" in found.do


@pytest.mark.parametrize("answer", [reply("0.30.0/http_ui_root"), Reply(503, "<html><h1>503</h1></html>")])
def test_a_proxy_that_answers_in_its_place_is_a_finding(answer: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = unanswered(asked(Recorded("0.80.2", repositories=answer), monkeypatch), needed=False)
    assert (found.key, found.stops) == ("not_lakefs", True)
    assert found.saw.startswith("Listing the repositories: ") and "lakefs_url" in found.do


@pytest.mark.parametrize("release", RUN)
@pytest.mark.parametrize("gone", ["branches", "branches/main/diff"])
def test_a_repository_that_is_listed_and_then_gone_is_a_finding(
    release: str, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.30.0 answers 200 and no branches, and says 404 of the repository itself (facts 10.1)."""
    server, where = Recorded(release, repositories=rows(LAKE)), "/api/v1/repositories/lake"
    missing = reply(f"{release}/http_repository_missing")
    empty = rows() if release == "0.30.0" else missing
    server.pages.update({(where, ""): missing, (f"{where}/branches", ""): empty if gone == "branches" else MAIN})
    server.pages[f"{where}/branches/main/diff", ""] = missing
    (found,) = unanswered(asked(server, monkeypatch), needed=True)
    assert (found.key, found.stops) == ("repository_gone", True) and "lake" in found.saw and "404" in found.saw


def test_a_repository_without_branches_is_one() -> None:
    """As a bare one is made."""
    server = Recorded(
        "1.84.0", **{"repositories/lake": Reply(200, json.dumps(LAKE)), "repositories/lake/branches": rows()}
    )
    assert listing.branches(server.api(), "lake") == {}


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        (Reply(404, '{"message":"not found"}'), ["main"]),
        (Reply(200, "{}"), []),
        (Reply(404, "<html>404</html>"), None),
        (reply("0.30.0/http_unknown_page"), None),
        (reply("1.84.0/http_unknown_page"), None),
        (Reply(500, '{"message":"x"}'), None),
        (Reply(401, "{}"), None),
    ],
)
def test_only_an_answer_about_a_commit_tells_whether_it_is_lost(answer: Reply, lost: list[str] | None) -> None:
    """It was taken for being there, whatever was answered but a 404, and for lost when a proxy answered that."""
    server = Recorded("1.84.0", **{"repositories/r/commits/c1": answer})
    if lost is None:
        with pytest.raises(ApiError, match="Looking for the commit c1"):
            inventory._lost(server.api(), "/repositories/r", {"main": "c2"}, {"main": "c1"})
    else:
        assert inventory._lost(server.api(), "/repositories/r", {"main": "c2"}, {"main": "c1"}) == lost


@pytest.mark.parametrize(
    "raised", [BadStatusLine("SSH-2.0"), IncompleteRead(b""), ValueError("unknown url type"), NoCertificate("expired")]
)
def test_an_address_that_speaks_no_http_is_a_sentence(monkeypatch: pytest.MonkeyPatch, raised: Exception) -> None:
    def open_url(*_words: Any, **_how: Any) -> Any:
        raise raised

    monkeypatch.setattr(lakefs_api, "open_url", open_url)
    with pytest.raises(
        ApiError, match="http://l1:22/api/v1/repositories does not answer: .*; expected the API of lakeFS"
    ):
        Api("http://l1:22", "A", "S").get("/repositories", amount=1)


def test_a_page_that_names_itself_as_the_next_ends() -> None:
    again = Reply(200, json.dumps({"results": [LAKE], "pagination": {"has_more": True, "next_offset": "lake"}}))
    assert len(list(Recorded("0.80.2", repositories=again).api().rows("Listing", "/repositories"))) == 2


def served(server: Recorded) -> dict[str, Any]:
    params = {"url": "http://l1:8000", "access_key_id": "A", "secret_access_key": "S"}
    return info._server(params, server)


@pytest.mark.parametrize("release", RUN)
def test_what_the_server_says_of_its_setup(release: str) -> None:
    has = forms.form(parse(release), "setup_state")
    found = served(Recorded(release, "http_setup_lakefs_set_up", "http_config_version_set_up"))
    assert found["setup"] == ("initialized" if has else "unknown")
    assert found["answered_version"] == ("" if release == "0.30.0" else release)


def test_a_page_in_place_of_the_setup_is_of_lakefs_where_its_health_page_is() -> None:
    """L34: 0.40 to 0.47 probably show their interface for pages that they lack."""
    page = reply("0.30.0/http_ui_root")
    old = Recorded("0.40.0", **{"setup_lakefs": page, "config/version": page, "healthcheck": Reply(204, "")})
    assert served(old) == {"setup": "unknown", "answered_version": ""}
    with pytest.raises(ApiError, match="no JSON object"):
        served(Recorded("0.40.0", **{"setup_lakefs": page, "config/version": page, "healthcheck": page}))


# L34


class Active:
    active = "active"


def healthy(monkeypatch: pytest.MonkeyPatch, version: str, key: str, **pages: Reply) -> Any:
    monkeypatch.setattr(lakefs_where, "read_unit", lambda *_args: Active())
    seconds = iter(range(1000))
    server = Recorded(version, "http_setup_lakefs_set_up", "http_config_version_set_up", **pages)
    params = {"unit": "l", "url": "http://l1:8000", "access_key_id": key, "secret_access_key": "S", "timeout": 5}

    def clock() -> float:
        return float(next(seconds))

    return health.wait(None, {**params, "version": version}, server, clock, lambda _s: None)  # type: ignore[arg-type]


ALIVE, PAGE = Reply(204, ""), reply("0.30.0/http_ui_root")


@pytest.mark.parametrize("version", ["0.30.0", "0.55.0"])
@pytest.mark.parametrize(
    ("key", "pages", "says"),
    [
        ("A", {"repositories": rows()}, ""),
        ("A", {"repositories": rows(), "setup_lakefs": PAGE, "config/version": PAGE}, ""),
        ("A", {"repositories": Reply(401, "{}")}, "the credentials are not taken"),
        ("A", {"repositories": PAGE}, "is no JSON object"),
        ("", {"healthcheck": ALIVE}, ""),
        ("", {"healthcheck": PAGE}, "not as lakeFS does"),
    ],
)
def test_releases_without_the_page_that_asks_the_database(
    monkeypatch: pytest.MonkeyPatch, version: str, key: str, pages: dict[str, Reply], says: str
) -> None:
    """Trap L34: 405 in 0.30.0, 500 in 0.55.0, set up or not."""
    if says:
        with pytest.raises(UpliftError, match=says):
            healthy(monkeypatch, version, key, **pages)
    else:
        assert healthy(monkeypatch, version, key, **pages)["seconds"] > 0


def test_a_release_that_has_the_page_has_to_answer_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"repositories": rows(), "setup_lakefs": reply("1.84.0/http_setup_lakefs_db_down")}
    with pytest.raises(UpliftError, match="the page that asks the database does not answer"):
        healthy(monkeypatch, "0.70.6", "A", **pages)


# L35


@pytest.mark.parametrize(
    ("url", "domain", "version", "expected"),
    [
        ("http://127.0.0.1:8000", "s3.lakefs.lab", "0.30.0", "s3.lakefs.lab"),
        ("http://127.0.0.1:8000", "s3.lakefs.lab", "0.47.0", "s3.lakefs.lab"),
        ("http://127.0.0.1:8000", "s3.lakefs.lab", "0.48.0", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000", "s3.lakefs.lab", "1.84.0", "127.0.0.1:8000"),
        ("https://s3.lakefs.lab:8443", "s3.lakefs.lab", "0.30.0", "s3.lakefs.lab:8443"),
        ("https://repo1.s3.lakefs.lab", "s3.lakefs.lab", "0.30.0", "repo1.s3.lakefs.lab"),
        ("http://127.0.0.1:8000", "", "0.30.0", "127.0.0.1:8000"),
    ],
)
def test_under_which_name_the_gateway_is_asked(url: str, domain: str, version: str, expected: str) -> None:
    assert inventory.gateway_host(url, domain, parse(version)) == expected


def test_the_name_is_signed_and_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = {}

    class Answer:
        def read(self) -> bytes:
            return b"one\n"

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_why: object) -> None: ...

    def open_url(url: str, headers: dict[str, str], **_how: Any) -> Answer:
        sent.update(headers, url=url)
        return Answer()

    monkeypatch.setattr(s3_read, "open_url", open_url)
    assert s3_read.get("http://127.0.0.1:8000", "/repo1/main/f/1", "A", "S", host="s3.lakefs.lab") == b"one\n"
    stamp = sent["x-amz-date"]
    assert sent["url"] == "http://127.0.0.1:8000/repo1/main/f/1" and sent["Host"] == "s3.lakefs.lab"
    expected = s3_read.signed("s3.lakefs.lab", "/repo1/main/f/1", "A", "S", s3_read.REGION, stamp)
    assert sent["Authorization"] == expected["Authorization"]


@pytest.mark.parametrize(
    ("case", "says"),
    [("s3_get_own_host", ""), ("s3_get_other_host", "answers with a web page .* as s3.lakefs.lab"), ("", "same bytes")],
)
def test_the_gateway_is_told_apart_from_a_page(monkeypatch: pytest.MonkeyPatch, case: str, says: str) -> None:
    """Trap L35: 0.30.0 answers 200 with the page of its web interface under any other name."""
    asked: dict[str, str] = {}
    repository = {"id": "repo1", "storage_namespace": "local://repo1", "default_branch": "main"}
    pages = {"repositories": rows(repository)}
    server = Recorded("0.30.0", *COMMITTED, "http_auth_users", **pages)
    server.pages["/api/v1/repositories/repo1/branches", ""] = rows({"id": "main", "commit_id": "main"})
    server.pages["/api/v1/repositories/repo1/branches/main/diff", ""] = rows()

    def get(url: str, path: str, key: str, secret: str, host: str) -> bytes:
        asked.update(path=path, host=host)
        return capture(f"0.30.0/{case}")["body"].encode() if case else b"other"

    monkeypatch.setattr(inventory, "Api", lambda *_words: server.api())
    monkeypatch.setattr(s3_read, "get", get)
    params = {"url": "http://l1:8000", "access_key_id": "A", "secret_access_key": "S", "s3_url": "", "before": {}}
    given = {**params, "s3_host": "s3.lakefs.lab", "version": "0.30.0", "era": "kv", "live": False}
    if says:
        with pytest.raises(UpliftError, match=says):
            inventory.run(given)
    else:
        found = inventory.run(given)["inventory"]["repositories"]["repo1"]
        assert found["object"]["path"] == "f/1" and found["tags"] == {}
    assert asked == {"path": "/repo1/main/f/1", "host": "s3.lakefs.lab"}


# L37


@pytest.mark.parametrize("release", RUN)
def test_groups_and_policies_of_a_release(release: str) -> None:
    server = Recorded(release, "http_auth_groups", "http_auth_policies")
    found = listing.access(server.api(), parse(release))
    assert bool(found["groups"]) == bool(found["policies"]) == (release != "1.84.0")
    assert set(found["groups"]) <= set(forms.OWN_GROUPS) and set(found["policies"]) <= set(forms.OWN_POLICIES)


def test_lakefs_own_groups_and_policies_are_those_of_the_captures() -> None:
    seen = [listing.access(Recorded(one, "http_auth_groups", "http_auth_policies").api(), parse(one)) for one in RUN]
    assert sorted({name for one in seen for name in one["groups"]}) == sorted(forms.OWN_GROUPS)
    assert sorted({name for one in seen for name in one["policies"]}) == sorted(forms.OWN_POLICIES)


def test_a_key_that_may_not_list_them_is_said() -> None:
    found = listing.access(Recorded("0.80.2").api(), parse("0.80.2"))
    assert found["access_problem"].startswith("Listing the groups: status 500")
    assert [one.stops for one in access(found, Hop(parse("0.80.2"), parse("1.84.0")))] == [True]
    assert list(access(found, Hop(parse("0.70.6"), parse("0.80.2")))) == []


@pytest.mark.parametrize(
    ("source", "target", "groups", "policies", "stops"),
    [
        ("0.80.2", "1.84.0", ["Admins"], ["FSReadAll"], False),
        ("0.80.2", "1.84.0", ["Admins", "Night"], ["FSReadAll"], True),
        ("0.80.2", "1.33.0", [], ["OnlyLake"], True),
        ("0.80.2", "0.103.0", ["Night"], [], None),
        ("1.82.0", "1.84.0", ["Night"], [], None),
        ("0.80.2", "1.84.0", [], [], None),
    ],
)
def test_what_the_basic_authentication_does_not_keep(
    source: str, target: str, groups: list[str], policies: list[str], stops: bool | None
) -> None:
    """Trap L37: nobody says so afterwards."""
    found = list(access({"groups": groups, "policies": policies}, Hop(parse(source), parse(target))))
    assert [one.stops for one in found] == ([] if stops is None else [stops])
    assert all(name in found[0].saw for name in [*groups, *policies] if found)
    assert all(one.key == "access_lost" for one in found)
