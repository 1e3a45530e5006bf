# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import CLUSTER, Verb

_ALL = ("service", "ports", "pipelines", "balancer")

# The same verb has the same name in all products.
VERBS: Mapping[str, Verb] = {
    "preflight": Verb(what="look for everything that would stop the hop"),
    "stage": Verb(slots=("stage",), what="put the releases beside the running one and ask them for their version"),
    "inventory": Verb(CLUSTER, fresh=True, what="note what there is, and read a sample of it"),
    "pause": Verb(
        CLUSTER, closes=("pipelines",), what="stop the pipelines that run, keep their names, and wait until none runs"
    ),
    "quiesce": Verb(slots=("ports", "service"), closes=("ports",), what="close the ports that clients use"),
    "repair": Verb(what="run the online repairs and wait for their end"),
    "drain": Verb(fresh=True, what="wait until the queues have settled"),
    "commit_uncommitted": Verb(CLUSTER, fresh=True, what="commit what branches hold uncommitted, or say it is there"),
    "rehearse": Verb(CLUSTER, what="run the migration on a copy of the database, and time it"),
    "snapshot": Verb(what="take the product's own snapshot of the metadata"),
    "extract": Verb(
        CLUSTER, slots=("dump",), final_after=("metadata",), what="write the dump, decode it and count what it holds"
    ),
    "try_restore": Verb(
        CLUSTER, slots=("trial",), what="restore the dump into a server of the new release aside, and count what came"
    ),
    "recount": Verb(
        CLUSTER, what="count the cluster again and compare it with the dump, right before anything is thrown away"
    ),
    "count": Verb(fresh=True, what="count the entries of every table"),
    "renew": Verb(
        discards=True,
        bars=("ports",),
        bars_walks=True,
        what="rename the database, so that the other nodes fill a new one",
    ),
    "complete": Verb(what="prove that the node has all that the others have"),
    "leave": Verb(closes=("balancer",), what="take the wave out of the load balancer, by the operator's own tasks"),
    "stop": Verb(slots=("service",), closes=("service",), what="stop the service properly, and hold it down"),
    "alone": Verb(CLUSTER, what="prove that nobody else uses the database"),
    "uncommitted": Verb(CLUSTER, what="prove by the tables that the migration drops nothing that is not committed"),
    "backup": Verb(slots=("backup",), final_after=("release", "data"), what="back up the metadata with a manifest"),
    "prove": Verb(
        slots=("proof",), final_after=("release", "data"), what="restore the backup into a scratch place and compare"
    ),
    "activate": Verb(slots=("release",), bars=_ALL, what="make the new release the active one"),
    "convert": Verb(
        slots=("engine",), discards=True, what="convert the metadata to an engine that the new release has"
    ),
    "readable": Verb(what="let the new release read a copy of what the old one has written"),
    "configure": Verb(slots=("config",), what="put the configuration of the new release in place"),
    "move_objects": Verb(CLUSTER, what="move objects in the object store, by the operator's own tasks"),
    "migrate": Verb(
        CLUSTER,
        slots=("data",),
        discards=True,
        bars=_ALL,
        what="migrate what the new release keeps in another form, once",
    ),
    "admit": Verb(CLUSTER, slots=("data",), bars=_ALL, what="take over the one user that the new release knows"),
    "contents": Verb(CLUSTER, what="compare buckets, aliases, keys and permissions before anything may delete a block"),
    "restore": Verb(slots=("restore",), discards=True, what="put the metadata back as the backup has it"),
    "amend": Verb(
        CLUSTER, slots=("settings",), what="set again what the dump has left out of pipelines, while they are stopped"
    ),
    "undeploy": Verb(
        slots=("metadata", "service"),
        discards=True,
        bars=_ALL,
        what="take the deployment and its metadata away; the object store stays",
    ),
    "redeploy": Verb(
        slots=("metadata", "service"),
        discards=True,
        opens=("service",),
        bars=_ALL,
        what="deploy the new release with fresh metadata",
    ),
    "beside": Verb(
        slots=("beside",), discards=True, what="deploy the new release with fresh metadata beside the old one"
    ),
    "recall": Verb(
        slots=("service", "ports"),
        opens=("service", "ports"),
        what="put the old release back with the metadata that was kept for it",
    ),
    "switch": Verb(
        slots=("beside", "service", "ports"),
        opens=("service", "ports"),
        bars=_ALL,
        what="let clients use the new cluster in place of the old one",
    ),
    "offline_repair": Verb(slots=("data",), bars=_ALL, what="run the offline migration with the new release"),
    "start": Verb(slots=("service",), opens=("service",), what="start the service"),
    "restart": Verb(
        slots=("service",),
        agreed=True,
        opens=("service",),
        what="switch all nodes to the new release at one agreed moment",
    ),
    "connect": Verb(what="connect every node with every other at once"),
    "healthy": Verb(what="wait until the node has recovered: connected, synced since its start, no errors"),
    "join": Verb(opens=("balancer",), what="put the wave back into the load balancer, by the operator's own tasks"),
    "resume": Verb(slots=("ports", "service"), opens=("ports",), what="open the ports that clients use"),
    "unpause": Verb(CLUSTER, opens=("pipelines",), what="start exactly the pipelines that ran before"),
    "verify": Verb(CLUSTER, what="compare the inventory with the one taken before"),
    "watch": Verb(CLUSTER, what="watch errors, queues and the probe under production load"),
}
