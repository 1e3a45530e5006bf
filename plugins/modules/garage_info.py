#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_info
short_description: Ask a Garage node what it runs, who it sees and what it has to do
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Asks the Garage daemon of this host through its own command line, with the program of the B(running) release, and returns
    its version, identity, neighbours, layout, queues, workers, broken blocks, buckets and keys.
  - Changes nothing and returns no secret.
  - A line of Garage's answers that no rule knows is returned in RV(unparsed), never left out in silence.
options:
  gather:
    description:
      - What to ask for. V(version) is always answered and alone needs no running daemon.
      - V(inventory) means buckets and keys.
    type: list
    elements: str
    choices: [version, status, layout, stats, workers, inventory]
    default: [version, status, layout, stats, workers]
  known_ids:
    description:
      - Full node ids (64 hexadecimal digits, with or without C(@address)), as RV(node_id) of every host of the cluster gives them.
      - Garage prints the first 16 digits of its neighbours' ids only. Ids that are found here are returned in full.
    type: list
    elements: str
    default: []
  tolerant:
    description:
      - Return what is known instead of failing when the daemon does not answer; what it would have reported is null then, and
        RV(problem) says why.
      - For a preflight that reports everything at once.
    type: bool
    default: false
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
  - uplift.datastores.attributes.actiongroup_garage
"""

EXAMPLES = r"""
- name: Ask what the node runs, also when its daemon is down
  uplift.datastores.garage_info:
    gather: [version]
  register: garage

- name: Stop when the layout has changes that nobody has applied
  uplift.datastores.garage_info:
    gather: [layout]
  register: garage
  failed_when: garage.staged
"""

RETURN = r"""
version:
  description: Release that the daemon runs. Null when no daemon runs.
  type: str
  returned: always
  sample: 0.7.0
binary_version:
  description: Release of the binary that the next start would use. Differs from RV(version) between a switch and the restart.
  type: str
  returned: always
  sample: 0.8.7
running:
  description: Whether a daemon with this configuration file runs.
  type: bool
  returned: always
  sample: true
binary:
  description: The program that the next start would use.
  type: str
  returned: always
  sample: /usr/local/bin/garage
cli:
  description: The program that was asked. It is the running daemon's own, whatever the binary's path holds by now.
  type: str
  returned: always
  sample: /usr/local/bin/garage-0.7.0
problem:
  description: Why parts of the answer are missing. Empty when none is.
  type: str
  returned: always
  sample: ''
not_itself:
  description:
    - The finding that the unit does not start Garage itself, but a container, or a script that leads to an unknown program.
    - Empty where it does. Without O(tolerant) the module fails then.
  type: dict
  returned: always
  sample: {}
config_file:
  description: The configuration file that the daemon reads.
  type: str
  returned: always
  sample: /etc/garage.toml
user:
  description: The account that the service runs as. Empty when it is not known.
  type: str
  returned: always
  sample: garage
mounting:
  description: The commands of the unit, next to its program, that mount something or take it away.
  type: list
  elements: str
  returned: always
  sample: [/usr/bin/mount /srv/meta]
script:
  description: What the unit starts, where that is a script that leads to the program; else empty.
  type: str
  returned: always
  sample: ''
config_made:
  description: >-
    When others make its configuration anew, so that a change in it is lost: when the unit starts, by what it runs before its program, or
    when the host boots, where the file lies below C(/run). Empty where neither is seen.
  returned: always
  type: str
  sample: at each start of the unit, by what it runs before its program
stray_config:
  description: A file that the command line would read by default, while the service reads another and no other one of the node reads it.
  type: str
  returned: always
  sample: ''
stop_signal:
  description: The signal on which the release stops properly.
  type: str
  returned: always
  sample: SIGINT
lingers:
  description: Whether the release that runs serves a connection which a client keeps until the client ends it, when it is told to stop.
  type: bool
  returned: always
  sample: false
node_id:
  description: The node's full id, 64 hexadecimal digits. Answered with the daemon down too.
  type: str
  returned: always
  sample: b32fae7856e6018913e856d84126350aea8c118abda5f96af28632f52b2302d3
rpc_address:
  description: The address that other nodes reach it at. Null when the configuration does not tell C(rpc_public_addr).
  type: str
  returned: always
  sample: 198.18.1.11:3901
nodes:
  description: Every node that this one knows, itself included. What is up may lag by 20 seconds.
  type: list
  elements: dict
  returned: when O(gather) has V(status)
  contains:
    id: {description: "Full id where it is known, else the first 16 digits.", type: str, sample: 92b558b0448c9410}
    hostname: {description: "Null until the node has told it.", type: str, sample: n2}
    address: {description: "Null when never seen.", type: str, sample: '127.0.0.1:21020'}
    up: {description: Whether this node has a connection to it., type: bool, sample: true}
    role: {description: "C(storage), C(gateway), C(pending) or C(none).", type: str, sample: storage}
    zone: {description: "Null without a role.", type: str, sample: z2}
    tags: {description: Tags of the role., type: list, elements: str, sample: [ssd, rack b]}
    capacity: {description: "As Garage prints it. Null without a role or for a gateway.", type: str, sample: 2.0 GB}
    last_seen: {description: "As Garage prints it, for a node that is not up.", type: str, sample: 32s ago}
layout:
  description: The cluster's layout.
  type: dict
  returned: when O(gather) has V(layout)
  contains:
    version: {description: Its version number., type: int, sample: 1}
    roles:
      description: One entry per node with a role, with id, zone, tags, capacity (null for a gateway).
      type: list
      elements: dict
      sample: [{id: 92b558b0448c9410, zone: z2, tags: [ssd, rack b], capacity: 2.0 GB}]
    staged:
      description: Role changes that wait to be applied, with id, removed, zone, tags, capacity.
      type: list
      elements: dict
      sample: []
    zone_redundancy:
      description: "From 0.9 on, in how many zones a copy must lie, C(maximum) or a number; otherwise empty."
      type: str
      sample: maximum
    staged_redundancy:
      description: From 0.9 on, the number of zones that a waiting change wants a copy in; otherwise null.
      type: str
      sample: null
staged:
  description: Whether RV(layout.staged) has any, or RV(layout.staged_redundancy) is set.
  type: bool
  returned: when O(gather) has V(layout)
  sample: false
stats:
  description: The node's own statistics.
  type: dict
  returned: when O(gather) has V(stats)
  contains:
    version: {description: Release that the daemon itself names., type: str, sample: 0.8.7}
    engine:
      description: "Database engine as the daemon names it, C(Sled) or C(LMDB (using Heed crate)). Null up to 0.7 (always sled)."
      type: str
      sample: Sled
    tables:
      description: "Per table its name, merkle_todo and gc_todo."
      type: list
      elements: dict
      sample: [{name: object, merkle_todo: 0, gc_todo: 0}]
queues:
  description: What the node has to do. Entries of C(resync) may merely wait for their time, for ten minutes after a delete.
  type: dict
  returned: when O(gather) has V(stats)
  contains:
    resync: {description: Blocks in the resync queue., type: int, sample: 0}
    merkle: {description: Items in the Merkle queues of all tables., type: int, sample: 0}
    gc: {description: Items in the garbage collection queues of all tables., type: int, sample: 0}
block_errors:
  description: Blocks whose last resync failed.
  type: int
  returned: when O(gather) has V(stats)
  sample: 0
workers:
  description: The daemon's background workers. Null when the release cannot list them (before 0.8).
  type: list
  elements: dict
  returned: when O(gather) has V(workers)
  contains:
    tid: {description: Task number., type: int, sample: 4}
    state: {description: "C(busy), C(throttled), C(idle) or C(done).", type: str, sample: idle}
    name: {description: Its name., type: str, sample: 'Block resync worker #1'}
    queue: {description: Entries in its queue or null., type: int, sample: 0}
    progress: {description: What it says of its progress or null., type: str, sample: null}
    errors: {description: Errors since the start., type: int, sample: 0}
    consecutive_errors: {description: "Errors since it last succeeded. More than 0 means trouble now.", type: int, sample: 0}
blocks_in_error:
  description: Blocks whose last resync failed, with hash, references, errors, next_try. Null when the release cannot list them (before 0.8.1).
  type: list
  elements: dict
  returned: when O(gather) has V(workers)
  sample: []
buckets:
  description: All buckets, sorted by id.
  type: list
  elements: dict
  returned: when O(gather) has V(inventory)
  contains:
    id: {description: "Full id; of a bucket of 0.5 the one that it will have in 0.6.", type: str, sample: (64 hexadecimal digits)}
    s3_name: {description: "By what any key can name it: its id, or in 0.5 its name.", type: str, sample: (64 hexadecimal digits)}
    global_aliases: {description: Sorted names., type: list, elements: str, sample: [photos]}
    local_aliases:
      description: "Per local name: key (id) and alias."
      type: list
      elements: dict
      sample: [{key: GKef53aeaa7f4d8d904deff04c, alias: pictures}]
    website: {description: Whether it is served as a website., type: bool, sample: false}
    keys:
      description: "Per key that may do anything: id, read, write, owner."
      type: list
      elements: dict
      sample: [{id: GKef53aeaa7f4d8d904deff04c, read: true, write: true, owner: false}]
    quotas:
      description: "What is limited, by Garage's words, such as C(maximum size)."
      type: dict
      sample: {maximum size: 10.0 GB}
    objects: {description: "Object count that Garage counts. Null before 0.8.", type: int, sample: 42}
    size: {description: "Bytes as Garage prints them. Null before 0.8.", type: str, sample: 11.6 MB}
keys:
  description: All access keys (id, name, create_buckets), sorted by id. Never their secrets.
  type: list
  elements: dict
  returned: when O(gather) has V(inventory)
  sample: [{id: GKef53aeaa7f4d8d904deff04c, name: app, create_buckets: false}]
container:
  description:
    - How the machine sees what is in the container, places and published ports, for M(uplift.datastores.garage_config). Empty without one.
    - C(published) is null where ports are the same outside.
  type: dict
  returned: always
  sample:
    name: garage
    image: dxflrs/garage:v0.8.7
    mounts: {/etc/garage.toml: /srv/garage/garage.toml, /var/lib/garage/meta: /srv/garage/meta}
    published: {'3900': '0.0.0.0:3900'}
    others: [{name: backups, sources: [/srv/backups]}]
pod:
  description: The pod that the node is, where Garage runs on Kubernetes; otherwise empty.
  type: str
  returned: always
  sample: ''
closed:
  description:
    - What keeps clients out of this node, by this collection's own doing. C(thing) is C(service), which is held down, or C(ports), for
      which the service reads a copy of its configuration; C(operation) is empty where that is not known.
  type: list
  elements: dict
  returned: always
  sample: [{thing: ports, what: it reads /etc/garage.toml.uplift-quiesced, operation: ''}]
unparsed:
  description: Lines that no rule knows. A non-empty list means that this collection does not know this release well enough.
  type: list
  elements: str
  returned: always
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.info import gather, nothing
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.ports import closed
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place, workload
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_info import around
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.held import everything

PARTS = ["version", "status", "layout", "stats", "workers", "inventory"]
SPEC = {
    **GARAGE,
    "gather": {"type": "list", "elements": "str", "choices": PARTS, "default": PARTS[:-1]},
    "known_ids": {"type": "list", "elements": "str", "default": []},
    "tolerant": {"type": "bool", "default": False},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    try:
        garage = from_unit(LocalRunner(), params)
    except UpliftError as exc:
        if not params["tolerant"]:
            raise
        left = closed(place.bare(params["unit"]), "", everything())
        return {"closed": left, **nothing(params["gather"], exc)}
    if garage.pod:
        owner = str(place.read(params["unit"]).owner())
        facts = gather(garage, params["gather"], params["known_ids"], params["tolerant"])
        return {"container": {}, "closed": closed(owner, "", workload.held(LocalRunner(), owner)), **facts}
    container = around(Docker(), garage.container) if garage.container else {}
    facts = gather(garage, params["gather"], params["known_ids"], params["tolerant"])
    return {"container": container, "closed": closed(garage.unit, garage.config_file, everything()), **facts}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
