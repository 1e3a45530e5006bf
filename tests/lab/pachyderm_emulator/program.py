# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of pachctl: which command it is, its words and flags, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from . import deploy, pipes, shows, usage, writes
from .client import ask
from .release import DASHED, RELEASE, UNCAPTURED, Failed, Uncaptured, V, proved


def plain(verb: str, *names: str) -> Callable[..., None]:
    """A command that says nothing when it is done."""

    def run(*words: str) -> None:
        ask(verb, **dict(zip(names, words, strict=True)))

    return run


# command -> (function, number of words, flags without a value, flags with one); the flags in the function's order.
Command = tuple[Callable[..., None], int, tuple[str, ...], tuple[str, ...]]
COMMANDS: dict[str, Command] = {
    "version": (writes.version, 0, ("--raw", *(("--client-only",) if V >= (1, 6, 0) else ())), ()),
    "list-repo": (shows.list_repo, 0, ("--raw",), ()),
    "inspect-repo": (shows.inspect_repo, 1, (), ()),
    "list-commit": (shows.list_commit, 1, ("--raw",), ()),
    "inspect-commit": (shows.inspect_commit, 2, ("--raw",), ()),
    "list-branch": (shows.list_branch, 1, ("--raw",), ()),
    "list-file": (shows.list_file, 3, ("--raw",), ()),
    "list-pipeline": (pipes.list_pipeline, 0, ("--raw",), ()),
    "inspect-pipeline": (pipes.inspect_pipeline, 1, (), ()),
    "extract-pipeline": (pipes.extract_pipeline, 1, (), ()),
    "list-job": (pipes.list_job, 0, ("--raw",), ()),
    "get-file": (shows.get_file, 3, (), ()),
    "put-file": (writes.put_file, 3, ("--recursive",), ("--file",)),
    "delete-file": (writes.delete_file, 3, (), ()),
    "create-repo": (writes.create_repo, 1, (), ("--description",)),
    "delete-repo": (plain("delete-repo", "name"), 1, (), ()),
    "create-branch": (writes.create_branch, 2, (), ("--head", "--provenance")),
    "delete-branch": (plain("delete-branch", "repo", "branch"), 2, (), ()),
    "delete-commit": (plain("delete-commit", "repo", "commit"), 2, (), ()),
    "start-commit": (writes.start_commit, 2, (), ("--parent", "--message")),
    "finish-commit": (writes.finish_commit, 2, (), ("--message",)),
    "create-pipeline": (writes.create_pipeline, 0, (), ("--file",)),
    "update-pipeline": (writes.update_pipeline, 0, (), ("--file",)),
    "delete-pipeline": (plain("delete-pipeline", "name"), 1, (), ()),
    "stop-pipeline": (plain("stop-pipeline", "name"), 1, (), ()),
    "start-pipeline": (plain("start-pipeline", "name"), 1, (), ()),
    "garbage-collect": (plain("garbage-collect"), 0, (), ()),
    "delete-all": (writes.delete_all, 0, (), ()),
    "undeploy": (deploy.undeploy, 0, ("--all",), ("--namespace",)),
}  # fmt: skip
if V >= (1, 7, 0):
    COMMANDS["inspect-cluster"] = (writes.inspect_cluster, 0, (), ())
if V >= (1, 8, 7):
    COMMANDS["fsck"] = (writes.fsck, 0, (), ())
if V >= (1, 6, 9):
    COMMANDS["restore"] = (writes.restore, 0, (), ("--url",))
    if V >= (1, 7, 0):
        COMMANDS["extract"] = (writes.extract, 0, ("--no-objects",), ("--url",))
    else:
        COMMANDS["extract"] = (lambda url: writes.extract(False, url), 0, (), ("--url",))
if (1, 5, 0) <= V < (1, 7, 0):
    COMMANDS["migrate"] = (lambda *words: deploy.migrate(*words[:2]), 0, (), ("--from", "--to", "--namespace"))
SHORT = {"-r": "--recursive", "-f": "--file", "-d": "--description", "-u": "--url", "-m": "--message"}
VERBS = ("list", "create", "start", "stop", "finish", "put", "get", "inspect", "delete", "update", "extract")
# What a command that says nothing may rest on, and the first series for what made its states.
SILENT = {
    "stop-pipeline": ("stop_pipeline",), "start-pipeline": ("start_pipeline",),
    "garbage-collect": ("garbage_collect", "garbage_collect_running"),
    "create-pipeline": ("create_pipeline_stdin", "list_pipeline", "rich_list_pipeline_migrated"),
    "restore": ("restore", "restore_from_1_7_14_full", "restore_garbage"),
}  # fmt: skip


def complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


def command(argv: list[str]) -> tuple[str, list[str]]:
    """trap of spellings: `list-repo` up to 1.8; `list repo` from 1.9, which still knows the old words."""
    joined = "-".join(argv[:2])
    if not DASHED and argv[:1] and argv[0] in VERBS and joined in COMMANDS:
        return joined, argv[2:]
    if not DASHED and argv[0] in COMMANDS and argv[0].partition("-")[0] in VERBS and "-" in argv[0]:
        proved("an old spelling", "list_repo_other_syntax")
        new = argv[0].replace("-", " ", 1)
        said = f"'pachctl {argv[0]}' is deprecated and will be removed in a future release"
        sys.stderr.write(f"WARNING: {said}, use 'pachctl {new}' instead.\n")
    return argv[0], argv[1:]


def places(words: list[str]) -> list[str]:
    """From 1.9 `repo@commit:/path` is one word."""
    if DASHED or not words or "@" not in words[0]:
        return words
    repo, _at, rest = words[0].partition("@")
    commit, colon, path = rest.partition(":")
    return [repo, commit, *([path or "/"] if colon else []), *words[1:]]


def short(name: str, word: str) -> str:
    """-p is the parent of a commit, and the provenance of a branch."""
    if word == "-p":
        return "--provenance" if name == "create-branch" else "--parent"
    return SHORT.get(word, word)


class Unknown(Exception):
    """A flag that the command does not know."""


def taken(name: str, rest: list[str]) -> tuple[list[str], dict[str, bool | str]]:
    """The words and the flags of a call."""
    _function, _count, bare, valued = COMMANDS[name]
    words: list[str] = []
    seen: dict[str, bool | str] = {**dict.fromkeys(bare, False), **dict.fromkeys(valued, "")}
    while rest:
        word, _equals, value = rest.pop(0).partition("=") if rest[0].startswith("--") else (rest.pop(0), "", "")
        word = short(name, word)
        if word in bare:
            seen[word] = True
        elif word in valued:
            seen[word] = value or rest.pop(0)
        elif word.startswith("--"):
            raise Unknown(word)
        else:
            words.append(word)
    words = places(words)
    return [*words, "/"] if name == "list-file" and len(words) == 2 else words, seen


def pachctl(argv: list[str]) -> int:
    argv = [word for word in argv if word not in ("--no-metrics", "-v")]
    if argv[:2] == ["auth", "whoami"]:
        writes.whoami()
    name, rest = command(argv or ["help"])
    if name not in COMMANDS:
        return usage.unknown(name)
    if rest == ["--help"]:
        return usage.help_of(name)
    try:
        words, seen = taken(name, rest)
    except Unknown as error:
        proved("a flag that is not known", "extract_no_objects_unknown_flag", "version_client_only")
        sys.stderr.write(f"Error: unknown flag: {error}\n{usage.usage(name)}\nunknown flag: {error}\n")
        return 1
    function, count, bare, valued = COMMANDS[name]
    if len(words) != count:
        # trap P08: exit 0, and the text on stdout becomes the backup.
        proved(f"{name} with {len(words)} words", f"{name.replace('-', '_')}_extra_argument")
        print(f"expected {count} arguments, got {len(words)}\n")
        sys.stderr.write(usage.usage(name))
        return 0
    if name in SILENT:
        proved(name, *SILENT[name])
    function(*words, *(seen[flag] for flag in (*bare, *valued)))
    return 0


def main(argv: list[str]) -> int:
    """Which program it is, its name says."""
    try:
        if Path(sys.argv[0]).name.startswith("pachd"):
            from . import daemon

            return daemon.main(argv)
        return pachctl(argv)
    except Failed as error:
        sys.stdout.flush()
        return complain(str(error))
    except Uncaptured as error:
        sys.stdout.flush()
        said = " ".join(Path(word).name if word.startswith("/") else word for word in argv)
        sys.stderr.write(f"nobody captured this: {said or 'no command'} of {RELEASE}: {error}\n")
        return UNCAPTURED
