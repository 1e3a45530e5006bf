# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what Kubernetes has or lacks for an upgrade of Pachyderm that runs there."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding

Seen = Mapping[str, Any]


def of_kubernetes(seen: Seen) -> Iterator[Finding]:
    """What it did not answer hides whether claims are there: then only that is said of them."""
    yield from _unread(seen["unread"])
    if not seen["unread"]:
        yield from _claims(seen["backup"], seen["volumes"])
    yield from _volumes(seen["deployed"], seen["confirm"])


def _unread(said: Sequence[str]) -> Iterator[Finding]:
    if said:
        yield Finding(
            "kubernetes_unread",
            True,
            f"Kubernetes does not say what is asked of it ({'; '.join(said)})",
            "an account that may list the deployments, claims and snapshots of volumes in the namespace",
            "see pachyderm_unit, and what the account of that context may do",
        )


def _claims(expected: Sequence[Seen], volumes: Seen) -> Iterator[Finding]:
    claims = [str(one["claim"]) for one in expected if one["kind"] == "csi" and one.get("claim")]
    if claims and not volumes.get("snapshots"):
        yield Finding(
            "no_snapshots",
            True,
            "no cluster of Kubernetes that knows VolumeSnapshot",
            "one whose storage driver takes snapshots (CSI)",
            "name its deployment in pachyderm_unit, install the snapshot controller, or back the volume up otherwise",
        )
    there = volumes.get("claims") or []
    missing = [claim for claim in claims if claim not in there]
    if missing and volumes.get("snapshots"):
        yield Finding(
            "no_claim",
            True,
            f"no claim {', '.join(missing)} in the namespace, but {', '.join(there) or 'none'}",
            "the claim of the volume that is backed up",
            "correct pachyderm_backup",
        )


def _volumes(deployed: Seen, confirmed: Sequence[str]) -> Iterator[Finding]:
    """In place on Kubernetes: fresh metadata means fresh volumes. It is said before anything is shut."""
    if not deployed.get("there", True):
        yield Finding(
            "no_deployment",
            True,
            f"no server {deployed['unit']}",
            "the one that serves",
            "name it in pachyderm_unit as `kubectl get deployments` does",
        )
    if not deployed.get("undeploys"):
        return
    if "metadata_volumes" not in confirmed or not deployed["snapshot"]:
        yield Finding(
            "volumes_unconfirmed",
            True,
            "fresh metadata on Kubernetes means that the claims of etcd are deleted, and its snapshot is what is left",
            "that confirmed, and a snapshot",
            "set pachyderm_confirm: [metadata_volumes] and pachyderm_etcd_endpoint, or take the strategy side_by_side",
        )
    if deployed["directories"] and not deployed["moved"]:
        yield Finding(
            "same_host_path",
            True,
            f"metadata in {', '.join(deployed['directories'])}/etcd of a node, which no undeploy empties",
            "another directory for the new release",
            "give another --host-path in pachyderm_deploy_arguments",
        )
    yield Finding(
        "back_by_hand",
        False,
        "in place on Kubernetes the volumes of the old metadata are deleted",
        "a rollback that a playbook can take",
        "nothing, or take the strategy side_by_side: once the metadata are gone, going back means to deploy the old"
        " release and to restore the snapshot of etcd by hand",
    )
