# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A staged release is asked on an empty database all that a later step will ask it, before anything stops."""

from __future__ import annotations

import os
import pwd
import secrets
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Callable, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup import scratch_database
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse as parse_dsn
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core import s3_read
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.port import free_ports
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import forms, health, inventory, listing
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.catalogue import LAKEFS
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import Lakefs
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.scratch import (
    DOMAIN,
    InContainer,
    InPods,
    OnSystemd,
    Scratch,
    config,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan import path as plan_path
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    container_spec,
    scratch_container,
    scratch_pod,
    transient,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.trial import Subject, Unstarted, untried

_NAME, _BRANCH, _PATH, _BODY = "scratch", "main", "a/b.txt", "scratch\n"
_POLL = 0.3
_CALL = 20.0  # seconds for an answer of a server without data


@dataclass
class Trial:
    """One release, and where a server of it runs. `key`, `secret`: its throw-away user's. `head`: of its branch."""

    release: Version
    api: Api
    key: str = ""
    secret: str = field(default="", repr=False)
    head: str = ""


def wait(one: Scratch, port: int, timeout: float, clock: Clock) -> Api:
    """Until it answers at all: where it does."""
    end = clock.now() + timeout
    while True:
        for host in one.server.hosts():
            api = Api(f"http://{host}:{port}", timeout=_CALL)
            with suppress(UpliftError):
                api.get("/healthcheck")
                return api
        gone = not one.server.alive()
        if gone or clock.now() > end:
            how = (
                "it ended"
                if gone
                else f"it has not answered in {timeout:g} s at {', '.join(one.server.hosts()) or 'any address'}"
            )
            log = " / ".join(line.strip() for line in one.server.said().splitlines()[-3:])
            raise Unstarted(f"{how}; its log ends with: {log:.400}.")
        clock.sleep(_POLL)


def furnish(trial: Trial) -> None:
    """A user, a repository and an object. No later step does that: without it there is nothing to be asked."""
    try:
        made = http.loads(http.demand(trial.api.post("/setup_lakefs", {"username": _NAME}), "Making a user").body)
        trial.key = str(made["access_key_id"])
        trial.secret = str(made[forms.form(trial.release, "secret_name")])
        trial.api = Api(trial.api.url, trial.key, trial.secret, timeout=_CALL)
        repository = {"name": _NAME, "storage_namespace": f"local://{_NAME}", "default_branch": _BRANCH}
        http.demand(trial.api.post("/repositories", repository), "Making a repository")
        put = trial.api.put_object(f"/repositories/{_NAME}/branches/{_BRANCH}/objects", _PATH, _BODY)
        http.demand(put, "Writing an object")
    except (UpliftError, KeyError) as exc:
        raise Unstarted(f"it could not be given a user, a repository and an object: {exc}") from exc


def healthy(trial: Trial) -> None:
    asked = {"version": str(trial.release), "url": trial.api.url, "access_key_id": trial.key}
    why = health.unwell(trial.api, asked)
    if why:
        raise UpliftError(why)


def uncommitted(trial: Trial) -> None:
    found, empty = inventory.uncommitted(trial.api)
    if found != [{"repository": _NAME, "branch": _BRANCH, "changes": 1}] or empty:
        raise UpliftError(f"it lists {found} as uncommitted; expected the one object that was just written.")


def commit(trial: Trial) -> None:
    where = [{"repository": _NAME, "branch": _BRANCH, "changes": 1}]
    trial.head = inventory.commit(trial.api, where, "scratch")[0]["commit"]


def tag(trial: Trial) -> None:
    if forms.form(trial.release, "tags"):
        path = f"/repositories/{_NAME}/tags"
        http.demand(trial.api.post(path, {"id": "v1", "ref": trial.head}), "Making a tag")


def contents(trial: Trial) -> None:
    """As before and after a switch: what is read twice has to be the same, and what was just made."""
    before = inventory.take(trial.api, None, str(trial.release))
    seen = before["repositories"].get(_NAME, {})
    if seen.get("branches") != {_BRANCH: trial.head} or not seen.get("object"):
        raise UpliftError(f"it lists {seen or 'no repository'}; expected the commit {trial.head} with its object.")
    ended = inventory.compare(before, inventory.take(trial.api, before, str(trial.release)))
    if ended:
        raise UpliftError(f"read twice it is not the same: {ended[0]['sentence']}")


def access(trial: Trial) -> None:
    problem = listing.access(trial.api, trial.release)["access_problem"]
    if problem:
        raise UpliftError(problem)


def s3(trial: Trial) -> None:
    host = inventory.gateway_host(trial.api.url, DOMAIN, trial.release)
    found = s3_read.get(trial.api.url, f"/{_NAME}/{trial.head}/{_PATH}", trial.key, trial.secret, host=host)
    if found != _BODY.encode():
        raise UpliftError(f"the S3 gateway gives {found[:60]!r}; expected the object that was just written.")


Question = Callable[[Trial], None]
QUESTIONS: Mapping[str, Question] = {
    "its health": healthy,
    "uncommitted changes": uncommitted,
    "a commit": commit,
    "a tag": tag,
    "repositories, branches, commits and objects": contents,
    "groups and policies": access,
    "S3": s3,
}


def ask(trial: Trial) -> Iterator[str]:
    return _subject(trial.release).ask({name: partial(question, trial) for name, question in QUESTIONS.items()})


def run(params: Mapping[str, Any], progress: Progress, check_mode: bool) -> dict[str, Any]:
    """What `lakefs_trial` does."""
    if check_mode:
        return untried()
    release = core_version.parse(params["version"])
    return _subject(release).answer(_tried(release, params), len(QUESTIONS), progress)


def _subject(release: Version) -> Subject:
    return Subject(f"lakeFS {release}", "an empty database", "server", "lakefs", not plan_path.notes(LAKEFS, release))


def _tried(release: Version, params: Mapping[str, Any]) -> Iterator[str]:
    local = LocalRunner()
    one = _place(local, params)
    one.remove()
    with ExitStack() as stack:
        try:
            live = Postgres(local, parse_dsn(params["dsn"]))
            database = stack.enter_context(scratch_database.empty(live, params["scratch"]))
            stack.callback(one.remove)  # before its database is
            trial = _begun(release, one, database, params["start_timeout"])
        except UpliftError as exc:
            raise Unstarted(str(exc)) from exc
        yield from ask(trial)


def _place(local: Runner, params: Mapping[str, Any]) -> Scratch:
    """Where a server of the release can run as the service does."""
    where, name = lakefs_where.of(local, params["unit"]), transient.ident(params["unit"])
    if isinstance(where, lakefs_where.AsDeployment):
        image = container_spec.tagged(params["binary"] or where.pods.container()["image"])
        pod = scratch_pod.Server(f"uplift-scratch-{where.pods.place.pod}", where.pods)
        return InPods(image, where.environment(), pod)
    lakefs = where.program(params)
    if isinstance(where, lakefs_where.InContainer):
        server = scratch_container.Server(name, where.seen, where.docker)
        return InContainer(lakefs.binary, lakefs.program, where.environment(), server)
    path = os.path.join(params["directory"], name)
    return OnSystemd(path, _account(lakefs), lakefs.binary, lakefs.environment, transient.Server(name, local))


def _begun(release: Version, one: Scratch, database: Postgres, timeout: float) -> Trial:
    port = free_ports(1)[0]
    address = f"{one.server.listens}:{port}"
    one.start(config(release, one.path, address, database.dsn.text, secrets.token_hex(32)))
    trial = Trial(release, wait(one, port, timeout, Clock()))
    furnish(trial)
    return trial


def _account(lakefs: Lakefs) -> str:
    """The service's own, who reads what its connection string names; nobody where it is made for each start."""
    try:
        return pwd.getpwnam(lakefs.user or "root").pw_name
    except KeyError:
        return transient.NOBODY
