# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of pachctl that change something, and those that ask nothing of the data."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from .client import ask, first_call
from .release import RELEASE, Failed, Uncaptured, V, proved
from .text import columns, dump_json


def create_repo(name: str, description: str) -> None:
    ask("create-repo", name=name, description=description)


def create_branch(repo: str, branch: str, head: str, provenance: str) -> None:
    pairs = [word.replace("@", "/").split("/", 1) for word in provenance.split(",") if word]
    ask("create-branch", repo=repo, branch=branch, head=head, provenance=pairs)


def start_commit(repo: str, branch: str, parent: str, message: str) -> None:
    print(ask("start-commit", repo=repo, branch=branch, parent=parent, description=message))


def finish_commit(repo: str, branch: str, message: str) -> None:
    ask("finish-commit", repo=repo, branch=branch, description=message)


def from_stdin(source: str, out: Any) -> bytes:
    """create_pipeline_stdin, put_file_output_branch: said on stdout by the one, on stderr by the other."""
    if source != "-":
        return Path(source).read_bytes()
    if V >= (1, 7, 0):
        print("Reading from stdin.", file=out, flush=True)
    return sys.stdin.buffer.read()


def put_file(repo: str, branch: str, path: str, recursive: bool, source: str) -> None:
    if recursive:
        found = {str(one.relative_to(source)): one for one in Path(source).rglob("*") if one.is_file()}
        files = {f"{path.rstrip('/')}/{name}": one.read_bytes() for name, one in found.items()}
    else:
        files = {path: from_stdin(source, sys.stderr)}
    encoded = {"/" + name.lstrip("/"): base64.b64encode(data).decode() for name, data in files.items()}
    ask("put-file", repo=repo, branch=branch, files=encoded)


def delete_file(repo: str, branch: str, path: str) -> None:
    ask("delete-file", repo=repo, branch=branch, path="/" + path.lstrip("/"))


def create_pipeline(source: str) -> None:
    ask("create-pipeline", spec=json.loads(from_stdin(source, sys.stdout)))


def update_pipeline(source: str) -> None:
    ask("update-pipeline", spec=json.loads(from_stdin(source, sys.stdout)))


def fsck() -> None:
    proved("fsck", "fsck")
    ask("version")
    print("No errors found.")


def inspect_cluster() -> None:
    proved("inspect-cluster", "inspect_cluster")
    print(ask("inspect-cluster"))


def whoami() -> None:
    proved("auth whoami", "auth_whoami")
    raise Failed("error: the auth service is not activated")


def extract(no_objects: bool, url: str) -> None:
    if url:
        raise Uncaptured("extract --url")
    proved("extract", "extract", "extract_refused")
    sys.stdout.buffer.write(base64.b64decode(ask("extract", objects=not no_objects)))


def restore(url: str) -> None:
    """trap P01: nothing at all is restored without a word."""
    if url:
        raise Uncaptured("restore --url")
    ask("restore", dump=base64.b64encode(sys.stdin.buffer.read()).decode())


def version(raw: bool, client_only: bool = False) -> None:
    cases = ("version_client_only",) if client_only else ("version_raw",) if raw else ("version", "version_migrated")
    proved("version", *cases, *(() if client_only else ("version_refused",)))
    if client_only:
        # Alone. Tried on 1.9.12 besides: asked by an account that may write nowhere and has no HOME, it says just this.
        print(RELEASE)
        return
    first_call()
    numbers = dict(zip(("major", "minor", "micro"), V, strict=True))
    if raw:
        dump_json([numbers])
    else:
        sys.stdout.write(columns([["COMPONENT", "VERSION"], ["pachctl", RELEASE]], 20))
    sys.stdout.flush()
    server = ask("version")
    if raw:
        dump_json([dict(zip(("major", "minor", "micro"), map(int, server.split(".")), strict=True))])
    else:
        sys.stdout.write(columns([["pachd", server]], 20))


def delete_all() -> None:
    proved("delete-all", "delete_all_yes", "delete_all_eof")
    repos = [one["name"] for one in ask("list-repo")]
    pipelines = [one["spec"]["pipeline"]["name"] for one in ask("list-pipeline")]
    listed = [f"Repos to delete: {', '.join(repos)}", f"Pipelines to delete: {', '.join(pipelines)}"]
    if V < (1, 8, 0):
        print("Are you sure you want to delete all ACLs, repos, commits, files, pipelines and jobs?\nyN")
        print("\n".join(listed))
        yes = sys.stdin.readline().strip().lower() in ("y", "yes")
    else:
        print("All ACLs, repos, commits, files, pipelines and jobs will be deleted.\n" + "\n".join(listed))
        yes = sure("delete_all_eof")
    if yes:
        ask("delete-all")


def sure(case: str) -> bool:
    print("Are you sure you want to do this? (y/n):", flush=True)
    line = sys.stdin.readline()
    if not line:
        proved("a question at the end of stdin", case)
        raise Failed("EOF")
    return line.strip().lower() in ("y", "yes")
