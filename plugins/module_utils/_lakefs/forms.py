# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: what a release of lakeFS has, lacks, calls otherwise, and where it looks. Nothing else of the project is needed
to read it: the lab's emulator reads it, too.

Each entry holds from its release on, up to the next entry. `source` is the capture that says so, as `release/case`;
or SOURCES: read in the sources, at every tag on both sides of the border.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence, Tuple

SOURCES = "read in the sources at the tag"
OLDEST = (0, 8, 1)
NEWEST = (2, 0, 0)
Release = Tuple[int, ...]


class Form(NamedTuple):
    since: Release
    value: Any
    source: str


# What lists of objects are grouped by.
ALWAYS, UNLESS_EMPTY, WHEN_ASKED = "always by /", "by / unless the delimiter is empty", "when asked"
# What the S3 gateway answers to that comes under another host name than its own.
PAGE, WRONG_ENDPOINT, SIGNED = "nothing: the page of the web interface", "nothing: an error", "what is signed"
_KINDS = ("json", "toml", "yaml", "yml", "properties", "props", "prop", "hcl", "dotenv", "env", "ini", "")
_KINDS_SINCE_TFVARS = (*_KINDS[:8], "tfvars", *_KINDS[8:])
# (directory, name without its ending); {home} and {here} are the service's home and working directory.
_HOME_ONLY = (("{home}", ".lakefs"),)
_FOUR = (("{here}", "config"), ("{home}/.lakefs", "config"), ("/etc/lakefs", "config"))

FORMS: dict[str, Sequence[Form]] = {
    # GET /setup_lakefs, the one page that asks the database without credentials.
    "setup_state": (
        Form(OLDEST, False, "0.30.0/http_setup_lakefs_set_up"),
        Form((0, 55, 0), False, "0.55.0/http_setup_lakefs_set_up"),
        Form((0, 56, 0), True, SOURCES),
        Form((0, 70, 6), True, "0.70.6/http_setup_lakefs_set_up"),
    ),
    # The name of the secret key in the answers that make one.
    "secret_name": (
        Form(OLDEST, "access_secret_key", "0.30.0/http_post_setup_lakefs"),
        Form((0, 40, 0), "secret_access_key", SOURCES),
        Form((0, 55, 0), "secret_access_key", "0.55.0/http_post_setup_lakefs"),
    ),
    # GET /config/version.
    "version_page": (
        Form(OLDEST, False, "0.30.0/http_config_version_set_up"),
        Form((0, 43, 0), True, SOURCES),
        Form((0, 55, 0), True, "0.55.0/http_config_version_set_up"),
    ),
    # GET /repositories/{repository}/tags.
    "tags": (
        Form(OLDEST, False, "0.30.0/http_tags_empty"),
        Form((0, 31, 0), True, SOURCES),
        Form((0, 55, 0), True, "0.55.0/http_tags_empty"),
    ),
    # The log of a ref: GET /refs/{ref}/commits.
    "ref_commits": (
        Form(OLDEST, False, "0.30.0/http_ref_commits_committed"),
        Form((0, 40, 0), True, SOURCES),
        Form((0, 55, 0), True, "0.55.0/http_ref_commits_committed"),
    ),
    # The log of a branch: GET /branches/{branch}/commits.
    "branch_commits": (
        Form(OLDEST, True, "0.30.0/http_branch_commits_committed"),
        Form((0, 109, 0), False, SOURCES),
        Form((1, 84, 0), False, "1.84.0/http_branch_commits_committed"),
    ),
    "branch_protection": (
        Form(OLDEST, False, "0.30.0/http_branch_protection_none"),
        Form((0, 52, 0), True, SOURCES),
        Form((0, 55, 0), True, "0.55.0/http_branch_protection_none"),
    ),
    # GET /auth/groups and /auth/policies; from the basic authentication on they are kept no more.
    "groups": (
        Form(OLDEST, True, "0.30.0/http_auth_groups"),
        Form((0, 80, 2), True, "0.80.2/http_auth_groups"),
        Form((1, 33, 0), False, SOURCES),
        Form((1, 84, 0), False, "1.84.0/http_auth_groups"),
    ),
    # The status of a page that is not there.
    "unknown_page": (
        Form(OLDEST, 404, "0.30.0/http_unknown_page"),
        Form((0, 48, 0), 500, SOURCES),
        Form((0, 55, 0), 500, "0.55.0/http_unknown_page"),
        Form((1, 75, 0), 404, SOURCES),
        Form((1, 84, 0), 404, "1.84.0/http_unknown_page"),
    ),
    # How GET /refs/{ref}/objects/ls groups.
    "grouped": (
        Form(OLDEST, ALWAYS, "0.30.0/http_objects_ls_delimiter_none_committed"),
        Form((0, 33, 0), UNLESS_EMPTY, SOURCES),
        Form((0, 42, 0), WHEN_ASKED, SOURCES),
        Form((0, 55, 0), WHEN_ASKED, "0.55.0/http_objects_ls_committed"),
    ),
    # Whether a branch without a commit has a page of what is not committed on it.
    "diff_without_commit": (
        Form(OLDEST, True, "0.30.0/http_no_commit_branch_diff_staged"),
        Form((0, 80, 2), True, "0.80.2/http_no_commit_branch_diff_staged"),
        Form((1, 26, 0), False, SOURCES),
        Form((1, 84, 0), False, "1.84.0/http_no_commit_branch_diff_staged"),
    ),
    # What the S3 gateway answers under another name than gateways.s3.domain_name.
    "other_host": (
        Form(OLDEST, PAGE, "0.30.0/s3_get_other_host"),
        Form((0, 33, 1), WRONG_ENDPOINT, SOURCES),
        Form((0, 48, 0), SIGNED, SOURCES),
        Form((0, 55, 0), SIGNED, "0.55.0/s3_get_other_host"),
    ),
    # Where a server that is given no file looks for one, in this order; `last` is opened, not looked for.
    "searched": (
        Form(OLDEST, _HOME_ONLY, "0.30.0/config_files_tried"),
        Form((0, 48, 1), _FOUR, SOURCES),
        Form((0, 55, 0), _FOUR, "0.55.0/config_files_tried"),
        Form((1, 84, 0), _FOUR, "1.84.0/config_files_tried"),
    ),
    "kinds": (
        Form(OLDEST, _KINDS, "0.30.0/config_files_tried"),
        Form((0, 55, 0), _KINDS, "0.55.0/config_files_tried"),
        Form((0, 70, 6), _KINDS_SINCE_TFVARS, "0.70.6/config_files_tried"),
    ),
    "last": (
        Form(OLDEST, "", "0.30.0/config_files_tried"),
        Form((0, 48, 1), "{home}/.lakefs.yaml", SOURCES),
        Form((0, 55, 0), "{home}/.lakefs.yaml", "0.55.0/run_home_unreadable"),
        Form((1, 84, 0), "{home}/.lakefs.yaml", "1.84.0/run_home_unreadable"),
    ),
    # Where a server makes its cache when committed.local_cache.dir does not say; it ends where it may not.
    "cache": (
        Form(OLDEST, "{home}/data/lakefs/cache", "0.30.0/run_home_not_there"),
        Form((0, 80, 2), "{home}/data/lakefs/cache", "0.80.2/run_home_not_there"),
        Form((1, 84, 0), "{home}/lakefs/data/cache", "1.84.0/run_home_not_there"),
    ),
    # What sends the log to stderr; up to 0.60.0 `=` is a file of that name.
    "log_to_stderr": (
        Form(OLDEST, False, "0.30.0/migrate_db_success_log_equals"),
        Form((0, 60, 1), True, SOURCES),
        Form((0, 70, 6), True, "0.70.6/migrate_version_current"),
    ),
}

# What an installation begins with; all else an operator has made. Of the captures http_auth_groups and _policies.
OWN_GROUPS = ("Admins", "Developers", "SuperUsers", "Viewers")
OWN_POLICIES = (
    "AuthFullAccess",
    "AuthManageOwnCredentials",
    "ExportSetConfiguration",
    "FSFullAccess",
    "FSReadAll",
    "FSReadWriteAll",
    "RepoManagementFullAccess",
    "RepoManagementReadAll",
)


def form(version: Release, name: str) -> Any:
    """The value of the last entry that has begun by this release; the first one for releases before it."""
    rows = FORMS[name]
    return ([row.value for row in rows if row.since <= tuple(version)] or [rows[0].value])[-1]


def of(version: Release) -> dict[str, Any]:
    """All of a release, by name."""
    return {name: form(version, name) for name in FORMS}


def places(version: Release, home: str, here: str) -> list[str]:
    """The files that a server which is given none looks for, in its order. The first that is there is read alone."""
    known = {"home": home.rstrip("/"), "here": here.rstrip("/")}
    found = [
        f"{directory.format(**known)}/{name}{'.' if kind else ''}{kind}"
        for directory, name in form(version, "searched")
        for kind in form(version, "kinds")
    ]
    last = form(version, "last")
    return [*found, last.format(**known)] if last else found
