# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The lakefs program of a node: how its server is started, and how it is asked for anything else."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import forms
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import program as parse
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import unit_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.said_version import said_version

# An address that nobody serves: a release can be asked to read its configuration and gets no further.
NOWHERE = "postgres://nobody@127.0.0.1:1/nothing?sslmode=disable"
CACHE_VARIABLE = "LAKEFS_COMMITTED_LOCAL_CACHE_DIR"
DSN_VARIABLES = ("LAKEFS_DATABASE_CONNECTION_STRING", "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING")


@dataclass(frozen=True)
class Lakefs:
    """A binary or an image, with the configuration, the environment and the account of the service."""

    runner: Runner
    binary: str
    config_file: str = ""
    user: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    program: str = ""
    """Where `binary` is an image: the program in it."""
    directory: str = ""
    """Where the unit's program runs; `environment` then is all that it is given, as by systemd (L31)."""

    @functools.cached_property
    def version(self) -> Version:
        return core_version.parse(said_version(self.runner, self.binary, user=self.user))

    def call(self, words: Sequence[str], timeout: float, more: Mapping[str, str] | None = None) -> Answer:
        config = ["--config", self.config_file] if self.config_file else []
        env = {**self.environment, **logging(self.version), **(more or {})}
        argv, whole = [self.binary, *config, *words], bool(self.directory)
        return self.runner.run(argv, env=env, timeout=timeout, user=self.user, cwd=self.directory, whole=whole)


def logging(version: Version) -> dict[str, str]:
    """Log lines to stderr, apart from results (L30). 0.30 takes `=` for a file and writes the password there (L15).

    Never the level `none`: it hides the reason of a fatal error.
    """
    output = "=" if forms.form(version, "log_to_stderr") else "-"
    return {"LAKEFS_LOGGING_OUTPUT": output, "LAKEFS_LOGGING_LEVEL": "INFO", "LAKEFS_LOGGING_FORMAT": "text"}


def named_config(argv: Sequence[str]) -> str:
    """The file that this command line names; "" for none: the server then looks for one itself."""
    for place, word in enumerate(argv):
        if word in ("--config", "-c") and place + 1 < len(argv):
            return argv[place + 1]
        if word.startswith("--config="):
            return word.partition("=")[2]
    return ""


def found_config(version: Version, home_dir: str, here: str, there: Callable[[str], bool] = os.path.isfile) -> str:
    """The file that a server of this release reads which is given none; "" when the environment says everything."""
    return next(filter(there, forms.places(version, home_dir, here)), "")


def reads(lakefs: Lakefs) -> dict[str, Any]:
    """Does this release take the configuration? It gets as far as an address nobody serves, or not even there."""
    nowhere = dict.fromkeys(DSN_VARIABLES, NOWHERE)
    # `migrate version` creates tables (L07): there is no database at this address in which it could.
    answer = lakefs.call(["migrate", "version"], 60, {"LAKEFS_DATABASE_TYPE": "postgres", **nowhere})
    said = parse.outcome(answer)
    if not re.search(r"127\.0\.0\.1:1\b|connection refused|connect failed", said.line):
        raise UpliftError(
            f"lakeFS {lakefs.version} does not take {lakefs.config_file or 'its environment'}:"
            f" {said.line or 'no reason given'}. Expected a configuration of its form: correct the keys that it names."
            " Nothing was changed."
        )
    if lakefs.directory:
        _may_keep_its_cache(lakefs)
    return {"changed": False, "version": str(lakefs.version), "said": said.line[:120]}


def _may_keep_its_cache(lakefs: Lakefs) -> None:
    """`migrate version` makes no cache, and `run` ends where it cannot: after the migration, too late (L31)."""
    if CACHE_VARIABLE in lakefs.environment or "local_cache:" in _text(lakefs.config_file):
        return
    home = unit_place.home(lakefs.environment, lakefs.user)
    cache = forms.form(lakefs.version, "cache").format(home=home.rstrip("/"))
    place = unit_place.may_not_make(lakefs.runner, cache, lakefs.user)
    if place:
        raise UpliftError(
            f"lakeFS {lakefs.version} keeps its cache in {cache}, and {lakefs.user or 'root'} may make nothing in"
            f" {place}: it would not start. Expected a place of its own. Let the account write there, or name another"
            " directory (committed.local_cache.dir). Nothing was changed."
        )


def _text(path: str) -> str:
    if not path:
        return ""
    with open(path, encoding="utf-8", errors="replace") as handle:
        return handle.read()
