# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: the tables of the SQL era, with their columns, as the last SQL schema has them. What has other columns is
somebody else's, whatever it is called. From columns_after_setup of 0.70.6, and columns_after_migration of 0.80.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

RECORD = "schema_migrations"
VIEWS = ("catalog_entries_v",)
# SQL schema -> table -> columns. 0.80.2 makes all SQL migrations before its own, so there is no other number to drop.
TABLES: Mapping[int, Mapping[str, str]] = {
    38: {
        "actions_run_hooks": "repository_id run_id hook_run_id action_name hook_id start_time end_time passed",
        "actions_runs": "repository_id run_id event_type start_time end_time branch_id source_ref commit_id passed",
        "auth_credentials": "access_key_id secret_access_key issued_date user_id",
        "auth_expired_tokens": "token_id token_expires_at",
        "auth_group_policies": "group_id policy_id",
        "auth_groups": "id created_at display_name",
        "auth_installation_metadata": "key_name key_value",
        "auth_policies": "id created_at display_name statement",
        "auth_user_groups": "user_id group_id",
        "auth_user_policies": "user_id policy_id",
        "auth_users": "id created_at display_name friendly_name source email encrypted_password external_id",
        "catalog_branches": "repository_id id name lineage",
        "catalog_branches_export": "branch_id export_path export_status_path last_keys_in_prefix_regexp continuous",
        "catalog_branches_export_state": "branch_id current_ref state error_message",
        "catalog_commits": "branch_id commit_id previous_commit_id committer message creation_date metadata"
        " merge_source_branch merge_source_commit merge_type lineage_commits",
        "catalog_entries": "branch_id path physical_address creation_date size checksum metadata min_commit max_commit"
        " is_expired",
        "catalog_object_dedup": "repository_id dedup_id physical_address deleting",
        "catalog_repositories": "id name storage_namespace creation_date default_branch",
        "catalog_repositories_config": "repository_id key value description created_at",
        "gateway_multiparts": "upload_id path creation_date physical_address metadata content_type",
        "graveler_branches": "repository_id id staging_token commit_id",
        "graveler_commits": "repository_id id committer message creation_date meta_range_id metadata parents version"
        " generation",
        "graveler_repositories": "id storage_namespace creation_date default_branch",
        "graveler_staging_kv": "staging_token key identity data",
        "graveler_tags": "repository_id id commit_id",
        RECORD: "version dirty",
    }
}


@dataclass(frozen=True)
class Left:
    """What the SQL era has left: `ours` may go; `foreign` is in the same schema and is not lakeFS's, so it stays."""

    ours: Sequence[str] = ()
    views: Sequence[str] = ()
    foreign: Sequence[str] = ()


def left(sql: int | None, columns: Mapping[str, Sequence[str]], views: Sequence[str] = ()) -> Left:
    """Pure. `columns`: each table of the schema; tables of the KV era belong to nobody's list.

    A version record alone is anybody's: other programs keep theirs under the same name.
    """
    known = TABLES.get(sql if sql is not None else -1, {})
    ours = [table for table, found in columns.items() if sorted(known.get(table, "").split()) == sorted(found)]
    if set(ours) <= {RECORD}:
        ours = []
    foreign = sorted(set(columns) - set(ours) - {"kv"})
    return Left(sorted(ours), [view for view in VIEWS if view in views and "catalog_entries" in ours], foreign)
