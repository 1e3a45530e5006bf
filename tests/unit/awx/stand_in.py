# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the API of AWX, for what the modules of awx.awx ask of it: python stand_in.py prints its port.

As AWX does, it answers lists in pages (of two, so that each is met), fills in defaults, keeps extra_vars as text, and
checks surveys and types of credentials. What it does not know is refused.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

PAGE = 2
API = "/api/v2/"
Item = dict[str, Any]
# Per endpoint: what an item has when nothing was said. A field that is not here is refused: AWX ignores it, and a
# definition would be lost.
_TEMPLATE = {
    **dict.fromkeys(("description", "limit", "job_tags", "skip_tags", "scm_branch", "webhook_service"), ""),
    **dict.fromkeys(("organization", "inventory"), None),
    "extra_vars": "",
    "survey_enabled": False,
    "allow_simultaneous": False,
    **{f"ask_{flag}_on_launch": False for flag in ("inventory", "variables", "limit", "tags", "skip_tags")},
}
FIELDS: dict[str, Item] = {
    "organizations": {"description": ""},
    "inventories": {"organization": None, "kind": "", "description": ""},
    "labels": {"organization": None},
    "credential_types": {"description": "", "kind": "cloud", "managed": False, "inputs": {}, "injectors": {}},
    "credentials": {"organization": None, "credential_type": None, "inputs": {}},
    "notification_templates": {
        "description": "",
        "organization": None,
        "notification_type": "",
        "notification_configuration": {},
        "messages": None,
    },
    "execution_environments": {"organization": None, "image": "", "pull": "", "description": "", "credential": None},
    "projects": {"organization": None, "scm_type": "", "scm_url": "", "scm_branch": "", "description": ""},
    "job_templates": {
        **_TEMPLATE,
        **dict.fromkeys(("project", "execution_environment"), None),
        "playbook": "",
        "job_type": "run",
        "forks": 0,
        "job_slice_count": 1,
        "ask_job_slice_count_on_launch": False,
    },
    "workflow_job_templates": _TEMPLATE,
    "workflow_job_template_nodes": {
        "workflow_job_template": None,
        "unified_job_template": None,
        "extra_data": {},
        "all_parents_must_converge": False,
    },
    "workflow_approval_templates": {"description": "", "timeout": 0},
}
TYPES = {name: name.removesuffix("s") for name in FIELDS} | {"inventories": "inventory"}
_NOTIFIED = [f"notification_templates_{when}" for when in ("started", "success", "error")]
RELATED: dict[str, dict[str, str]] = {
    "job_templates": {
        "credentials": "credentials",
        "labels": "labels",
        **dict.fromkeys(_NOTIFIED, "notification_templates"),
    },
    "workflow_job_templates": {
        "labels": "labels",
        **dict.fromkeys([*_NOTIFIED, "notification_templates_approvals"], "notification_templates"),
    },
    "workflow_job_template_nodes": dict.fromkeys(
        ("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"
    ),
}
KINDS = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": float,
}


class Refused(Exception):
    """A 400, with what AWX says."""


class Store:
    def __init__(self) -> None:
        self.items: dict[str, list[Item]] = {name: [] for name in FIELDS}
        self.related: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Item] = {}
        self.number = 0
        organization = self.create("organizations", {"name": "Default"})["id"]
        self.create("inventories", {"name": "nodes", "organization": organization})
        machine = self.create("credential_types", {"name": "Machine", "kind": "ssh"})["id"]
        self.create("credentials", {"name": "ssh", "credential_type": machine})

    def create(self, kind: str, given: Item) -> Item:
        self._check(kind, given)
        same = [
            one
            for one in self.items[kind]
            if kind != "workflow_job_template_nodes" and _key(one) == _key({**FIELDS[kind], **given})
        ]
        if same:
            raise Refused({"__all__": [f"{TYPES[kind]} with this Organization and Name combination already exists."]})
        self.number += 1
        item = {**FIELDS[kind], **given, "id": self.number, "type": TYPES[kind], "url": f"{API}{kind}/{self.number}/"}
        item["related"] = {"survey_spec": f"{item['url']}survey_spec/", "update": f"{item['url']}update/"}
        item["summary_fields"] = {}
        if kind == "projects":
            item["scm_revision"] = ""
        self.items[kind].append(item)
        return item

    def change(self, kind: str, item: Item, given: Item) -> Item:
        self._check(kind, given)
        item.update(given)
        return item

    def _check(self, kind: str, given: Item) -> None:
        known = {*FIELDS[kind], "name", "identifier", "type"}
        if set(given) - known:
            raise Refused({name: ["not a field of this resource"] for name in sorted(set(given) - known)})
        if not isinstance(given.get("extra_vars", ""), str):
            raise Refused({"extra_vars": ["Not a valid string."]})
        if kind == "credential_types":
            _check_credential_type(given)

    def find(self, kind: str, number: int) -> Item:
        return next(one for one in self.items[kind] if one["id"] == number)

    def listed(self, kind: str, asked: dict[str, list[str]]) -> list[Item]:
        wanted = {name: values[0] for name, values in asked.items() if name not in ("page", "page_size", "order_by")}
        found = self.items[kind]
        for name, value in wanted.items():
            if name not in {*FIELDS[kind], "name", "identifier", "id"}:
                raise Refused({"detail": f"{TYPES[kind]} has no field named '{name}'"})
            found = [one for one in found if str(one.get(name)) == value]
        return found

    def unified(self, asked: dict[str, list[str]]) -> list[Item]:
        return [
            one for kind in ("job_templates", "projects", "workflow_job_templates") for one in self.listed(kind, asked)
        ]


def _key(item: Item) -> tuple[Any, ...]:
    return item.get("name"), item.get("organization"), item.get("credential_type")


def _check_credential_type(given: Item) -> None:
    fields = given.get("inputs", {}).get("fields", [])
    ids = [field["id"] for field in fields]
    if len(ids) != len(set(ids)) or "tower" in ids:
        raise Refused({"inputs": ["field IDs must be unique"]})
    for field in fields:
        extra = set(field) - {
            "id",
            "label",
            "type",
            "secret",
            "multiline",
            "help_text",
            "choices",
            "default",
            "format",
            "ask_at_runtime",
        }
        if extra or not field.get("label"):
            raise Refused({"inputs": [f"Additional properties are not allowed ({extra})"]})
    if set(given.get("injectors", {})) - {"env", "file", "extra_vars"}:
        raise Refused({"injectors": ["Additional properties are not allowed"]})


def check_survey(spec: Item) -> None:
    """As AWX's view of surveys checks them."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(spec.get(name), kind):
            raise Refused({"error": f"Field '{name}' is missing from survey spec."})
    if not spec["spec"]:
        raise Refused({"error": "'spec' doesn't contain any items."})
    seen: set[str] = set()
    for number, one in enumerate(spec["spec"]):
        for name in ("type", "question_name", "variable", "required"):
            if not isinstance(one.get(name), bool if name == "required" else str):
                raise Refused({"error": f"'{name}' missing from survey question {number}"})
        if one["variable"] in seen or one["type"] not in KINDS:
            raise Refused(
                {"error": f"'variable' '{one['variable']}' duplicated, or type, in survey question {number}."}
            )
        seen.add(one["variable"])
        default = one.get("default", "")
        if default != "" and not isinstance(default, KINDS[one["type"]]):
            raise Refused(
                {"error": f"Default value {default} in survey question {number} expected to be {one['type']}."}
            )
        if one["type"] in ("multiplechoice", "multiselect"):
            choices = one.get("choices", "")
            choices = choices.splitlines() if isinstance(choices, str) else choices
            if not choices or [line for line in default.splitlines() if line not in choices]:
                raise Refused({"error": "Default choice must be answered from the choices listed."})


class Handler(BaseHTTPRequestHandler):
    store: Store
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the name is the standard library's
        return

    def _say(self, status: int, body: Any = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, method: str) -> None:
        address = urlparse(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        given = json.loads(self.rfile.read(length) or b"{}")
        if self.headers.get("Authorization") != "Bearer stand-in":
            return self._say(401, {"detail": "Authentication credentials were not provided."})
        try:
            status, body = self._route(
                method, address.path.removeprefix(API).strip("/").split("/"), parse_qs(address.query), given
            )
        except Refused as refused:
            status, body = 400, refused.args[0]
        except (StopIteration, KeyError):
            status, body = 404, {"detail": "Not found."}
        self._say(status, body)

    def _route(self, method: str, way: list[str], asked: dict[str, list[str]], given: Item) -> tuple[int, Any]:
        kind, rest = way[0], way[1:]
        if kind == "dump":
            return 200, {
                "items": self.store.items,
                "related": [[*key, ids] for key, ids in self.store.related.items()],
                "surveys": [[*key, spec] for key, spec in self.store.surveys.items()],
            }
        if not rest:
            if method == "POST":
                return 201, self.store.create(kind, given)
            found = self.store.unified(asked) if kind == "unified_job_templates" else self.store.listed(kind, asked)
            return 200, self._page(found, asked)
        item = self.store.find(kind, int(rest[0]))
        if not rest[1:]:
            return 200, item if method == "GET" else self.store.change(kind, item, given)
        return self._part(method, kind, item, rest[1], asked, given)

    def _part(
        self, method: str, kind: str, item: Item, part: str, asked: dict[str, list[str]], given: Item
    ) -> tuple[int, Any]:
        if part == "survey_spec":
            if method == "GET":
                return 200, self.store.surveys.get((kind, item["id"]), {})
            check_survey(given)
            self.store.surveys[kind, item["id"]] = given
            return 200, {}
        if part == "create_approval_template":
            made = self.store.create("workflow_approval_templates", given)
            item["unified_job_template"] = made["id"]
            item["related"]["unified_job_template"] = made["url"]
            return 201, made
        other = RELATED[kind][part]
        ids = self.store.related.setdefault((kind, item["id"], part), [])
        if method == "GET":
            return 200, self._page([self.store.find(other, number) for number in ids], asked)
        self.store.find(other, given["id"])
        if given.get("disassociate"):
            ids.remove(given["id"])
        else:
            ids.append(given["id"])
        return 204, None

    def _page(self, found: list[Item], asked: dict[str, list[str]]) -> Item:
        number = int(asked.get("page", ["1"])[0])
        path = urlparse(self.path).path
        following = f"{path}?page={number + 1}" if number * PAGE < len(found) else None
        return {
            "count": len(found),
            "next": following,
            "previous": None,
            "results": found[(number - 1) * PAGE : number * PAGE],
        }

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")


if __name__ == "__main__":
    Handler.store = Store()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    sys.stdin.close()
    server.serve_forever()
