# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would go wrong with a release, however healthy the cluster: configuration, engine, names, clients."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage import config
from ansible_collections.uplift.datastores.plugins.module_utils._garage.names import new_name, valid

Seen = Mapping[str, Any]
NAMES = Version(0, 6, 0)
"""From here on buckets have names that S3 allows; others get a new one at the migration (G14)."""
ADMIN_API = {
    Version(0, 9, 0): "/v0 is gone, /v1 takes its place",
    Version(2, 0, 0): "/v2 takes the place of /v0 and /v1",
}


def hop_findings(seen: Seen) -> Iterator[Finding]:
    targets = [version.parse(text) for text in seen.get("targets") or []]
    source = version.find(str(seen["info"].get("version") or seen["info"].get("binary_version") or ""))
    yield from _engine(seen.get("engine") or {})
    yield from _elsewhere(seen)
    yield from _live(seen)
    if seen.get("pod"):
        yield from _in_pod(seen)
    if seen["settings"].get("config"):
        yield from _config(seen, [str(target) for target in targets])
    if source and source < NAMES and any(target >= NAMES for target in targets):
        yield from _names((seen.get("contents") or {}).get("buckets") or [])
    admin = (seen["settings"].get("config") or {}).get("admin") or {}
    for since, what in ADMIN_API.items():
        if source and admin.get("has_admin_token") and source < since and any(target >= since for target in targets):
            yield Finding(
                "admin_api_moves",
                False,
                f"an admin token is set, and from {since} on {what}",
                "programs that use the admin API know the new paths",
                "change them together with the upgrade; nothing here uses that API",
            )


def _in_pod(seen: Seen) -> Iterator[Finding]:
    beyond = seen.get("beyond_pods") or []
    if beyond:
        yield Finding(
            "kubernetes_hop",
            True,
            f"{seen['pod']} is a pod, and the path takes {', '.join(beyond)}",
            "a path without, with garage_strategy all_at_once and garage_backup_method archive: that is not built for"
            " pods",
            "set garage_version, or garage_stop_after, to a release before it and leave garage_strategy empty; from"
            " there go on as the makers say, with a copy of the metadata of every node",
        )


def _names(buckets: Any) -> Iterator[Finding]:
    for bucket in buckets:
        for name in bucket["global_aliases"]:
            if not valid(name):
                yield Finding(
                    "bucket_renamed",
                    True,
                    f"the bucket {name!r}, whose name S3 does not allow: the migration calls it {new_name(name)}",
                    "names of 3 to 63 lower-case letters, digits, dots and dashes",
                    "tell its users the new name and accept this finding; an alias can be added afterwards",
                )


def _engine(engine: Seen) -> Iterator[Finding]:
    found = engine.get("finding") or {}
    if found:
        yield Finding(found["key"], True, found["seen"], found["expected"], found["advice"])
    elif engine.get("failed") or engine.get("msg"):  # the role's failed_when takes the first away
        yield Finding("engine_missing", True, str(engine.get("msg")), "a database", "correct metadata_dir")


def _elsewhere(seen: Seen) -> Iterator[Finding]:
    """What lies on the host is not what the service writes (G31)."""
    if (seen.get("engine") or {}).get("elsewhere"):
        yield Finding(
            "other_directory",
            True,
            f"the service finds another directory at {seen.get('metadata_dir')} than this host does",
            "the same directory: what the host has there is backed up, and read while the unit is down",
            "set metadata_dir to where the directory lies on the host, or mount it there for everybody (fstab), in the"
            " place of BindPaths= or TemporaryFileSystem= of the unit",
            final=True,
        )


def _live(seen: Seen) -> Iterator[Finding]:
    """Up to 0.9 a node may have an engine of which Garage takes no snapshot; a file system takes one of any."""
    engine, taken = seen.get("engine") or {}, seen.get("filesystem") or {}
    if not seen.get("live"):
        return
    if taken:
        yield from _filesystem(taken)
    elif engine.get("opens") and not engine.get("snapshots"):
        yield Finding(
            "engine_no_snapshot",
            True,
            f"garage_backup_method is snapshot, and the metadata are in {engine['opens']}, of which Garage takes none",
            "lmdb or sqlite",
            "set garage_backup_method to archive, which stops each node for its backup",
        )


def _filesystem(taken: Seen) -> Iterator[Finding]:
    """taken: {tasks, from: as they are set, absent: files of tasks that the controller has not}."""
    unset = [f"garage_backup_{name}" for name in ("tasks", "from") if not taken[name]]
    if unset or taken["absent"]:
        lacks = [f"no {name}" for name in unset] + [f"no file {path} on the controller" for path in taken["absent"]]
        yield Finding(
            "backup_tasks",
            True,
            f"garage_backup_method is filesystem, and there is {' and '.join(lacks)}",
            "a file of tasks that take the snapshot, and the directory in which it shows the metadata",
            "set them as the guide says, or set garage_backup_method to archive",
        )


def _made_anew(info: Seen, names: list[str]) -> Iterator[Finding]:
    """The new release would be started with what the old one wants."""
    if names and info.get("config_made"):
        yield Finding(
            "config_made",
            True,
            f"{info['config_file']} is made anew {info['config_made']}; the way changes {', '.join(names)} in it",
            "a file that is written once, in which a change stays",
            "let the unit read such a file for the time of the upgrade, by a drop-in that leaves out what makes it, and"
            " then make the same changes in what it is made of",
        )


def _config(seen: Seen, targets: list[str]) -> Iterator[Finding]:
    """Each release's configuration is made before anything is stopped; here it is only looked whether it can be."""
    engine = (seen.get("engine") or {}).get("engine") or "lmdb"
    try:
        stages = config.stages(seen["settings"]["config"], engine, seen.get("wanted_engine") or "", targets)
        yield from _made_anew(seen["info"], sorted({name for _target, change in stages for name in change}))
    except UpliftError as exc:
        yield Finding("config_ambiguous", True, str(exc), "a configuration that can be translated", "as it says")
    if seen.get("other_config"):
        yield Finding(
            "two_configs",
            True,
            f"the service reads another configuration than {seen['other_config']}, which is there too",
            "one configuration file",
            "remove the one that is not meant, or set GARAGE_CONFIG_FILE for everybody, and accept this finding",
        )
