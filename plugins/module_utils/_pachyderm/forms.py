# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: what a dump of each release of Pachyderm leaves out, and what a restoring release refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

READ = "read in the sources at the tag"
_FIRST, _NEVER = Version(1, 7, 0), Version(2, 0, 0)


@dataclass(frozen=True)
class Form:
    """What the releases from `since` up to, and without, `until` do. `seen`: captures, as RELEASE/CASE, or READ."""

    values: Sequence[str]
    seen: Sequence[str]
    since: Version = _FIRST
    until: Version = _NEVER


# Of a release that writes a dump.
OUTPUTS_LEFT_OUT: Sequence[Form] = (
    Form(
        ("repos that have a branch with provenance",),
        (
            "1.7.14/worker_extract",
            "1.7.14/stats_stopped_extract",
            "1.8.8/worker_extract",
            "1.8.8/stats_stopped_extract",
        ),
        since=Version(1, 6, 9),
        until=Version(1, 9, 12),
    ),
)
"""P27, P41: such a repo is left out as a whole, with every branch of it."""
NEEDS_TREE: Sequence[Form] = (
    Form(
        ("tree",),
        ("1.7.14/failed_stopped_extract", "1.8.8/worker_stopped_extract", "1.8.8/failed_stopped_extract_no_objects"),
        until=Version(1, 9, 12),
    ),
)
"""P36, P37: of a finished commit the dump carries nothing but its `tree`; without one it is open for who reads it."""
SETTINGS_LEFT_OUT: Sequence[Form] = (
    Form(
        ("standby", "datum_tries", "scheduling_spec", "pod_spec", "pod_patch", "spout"),
        ("1.7.14/settings_stopped_extract", "1.8.8/settings_stopped_extract"),
        until=Version(1, 9, 0),
    ),
    Form(
        ("standby", "datum_tries", "scheduling_spec", "pod_spec", "pod_patch", "spout"),
        (READ,),
        since=Version(1, 9, 0),
        until=Version(1, 9, 12),
    ),
)
"""P38: settings of a pipeline that a dump does not carry."""
SETTINGS_TAKEN: Sequence[Form] = (
    Form(
        ("standby", "datum_tries", "scheduling_spec", "pod_spec"),
        ("1.7.14/settings_list_pipeline_raw",),
        until=Version(1, 8, 0),
    ),
    Form(
        ("standby", "datum_tries", "scheduling_spec", "pod_spec", "pod_patch", "spout"),
        ("1.8.8/settings_list_pipeline_raw",),
        since=Version(1, 8, 0),
        until=Version(1, 9, 0),
    ),
    Form(
        ("standby", "datum_tries", "scheduling_spec", "pod_spec", "pod_patch", "spout"),
        (READ,),
        since=Version(1, 9, 0),
    ),
)
"""P38: those of them that can be set at a release by `update pipeline`."""
MESSAGES_LEFT_OUT: Sequence[Form] = (
    Form(
        ("description",),
        ("1.8.8/message_list_commit_raw_from_1_7_14", "1.9.0/message_list_commit_raw_from_1_8_8"),
        until=Version(1, 9, 0),
    ),
)
"""P43: what a dump does not carry of a commit."""
TICK_FILES: Sequence[Form] = (
    Form(("time",), ("1.7.14/cron_list_file",), until=Version(1, 8, 0)),
    Form((), ("1.8.8/cron_list_file", "1.9.0/cron_list_file_from_1_8_8"), since=Version(1, 8, 0)),
)
"""P39: the name of the file that a tick is written to; without one it is named by its time, which is read again."""
DEFAULTS: Sequence[Form] = (Form(("datum_tries=3",), ("1.9.0/settings_list_pipeline_raw_from_1_8_8",)),)
"""What a setting is where nobody has set it."""

AUTH_CARRIED: Sequence[Form] = (
    Form(
        ("authentication", "admins", "access lists", "tokens of robots", "the license"),
        (READ,),
        since=Version(1, 11, 9),
    ),
)
"""P46: what the dump of an administrator has besides. 1.9.12 knows none of it; releases between were not to be had."""

EMPTY_DUMPS: Sequence[Form] = (
    Form(
        ("0 bytes",),
        ("1.7.14/bare_extract_no_objects", "1.8.8/bare_extract_no_objects"),
        until=Version(1, 9, 0),
    ),
)
"""P42: what a dump is of a cluster without repos whose objects it does not carry."""
BARE_STREAMS: Sequence[Form] = (Form(("1.7", "1.8"), ("1.7.14/bare_extract", "1.8.8/bare_extract")),)
"""P42: streams whose dumps may end without any repo. Later ones have at least that of the specs."""

# Of a release that reads a dump.
BRANCH_NAMES: Sequence[Form] = (
    Form(
        ("[a-zA-Z0-9_-]+",),
        ("1.9.0/names_restore_from_1_8_8", "1.9.0/names_restore_from_1_7_14", "1.9.0/names_create_branch_dot"),
        since=Version(1, 9, 0),
    ),
)
"""P40: names that branches may have. Older ones take any."""

ONE_OF_A_BRANCH: Sequence[Form] = (
    Form(("one commit of a branch",), ("1.13.4/restore_provenance_twice", READ), since=Version(1, 9, 12)),
)
"""P47: what the provenance of a commit may have; a dump carries what older releases have written into it."""

REPO_NAMES: Sequence[Form] = (
    Form(
        ("[a-zA-Z0-9_-]+",),
        (
            "1.7.14/create_repo_dot",
            "1.8.8/create_repo_dot",
            "1.9.0/create_repo_dot",
            "1.13.4/names_restore_repo_dot",
            "1.13.4/names_restore_repo_dot_empty",
        ),
    ),
)
"""P45: names that repos may have. Others are in clusters that were begun with older ones."""


def of(forms: Sequence[Form], version: Version) -> Sequence[str]:
    """What is so with this release; nothing where no form is of it."""
    return next((one.values for one in forms if one.since <= version < one.until), ())


TABLES = (
    OUTPUTS_LEFT_OUT,
    NEEDS_TREE,
    SETTINGS_LEFT_OUT,
    SETTINGS_TAKEN,
    MESSAGES_LEFT_OUT,
    TICK_FILES,
    DEFAULTS,
    AUTH_CARRIED,
    EMPTY_DUMPS,
    BARE_STREAMS,
    BRANCH_NAMES,
    ONE_OF_A_BRANCH,
    REPO_NAMES,
)
