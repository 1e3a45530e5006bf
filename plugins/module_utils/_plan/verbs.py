# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the kernel has to know of a step: of those that several products have it is said here, once, and of those that
one product has in its own _<product>/verbs.py. The latter come with the plan, and so into the record: no module that
runs on a node knows any product for them."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import CLUSTER, THINGS, Catalogue, Verb

# The same verb has the same name in all products.
SHARED: Mapping[str, Verb] = {
    "preflight": Verb(what="look for everything that would stop the hop"),
    "stage": Verb(slots=("stage",), what="put the releases next to the running one and ask them for their version"),
    "rehearse": Verb(CLUSTER, fresh=True, what="try what the hop does to the data on a copy, while clients are served"),
    "inventory": Verb(CLUSTER, fresh=True, what="note what there is, and read a sample of it"),
    "quiesce": Verb(slots=("ports", "service"), closes=("ports",), what="close the ports that clients use"),
    "drain": Verb(fresh=True, what="wait until the queues have settled"),
    "stop": Verb(slots=("service",), closes=("service",), what="stop the service properly, and hold it down"),
    "backup": Verb(slots=("backup",), final_after=("release", "data"), what="back up the metadata with a manifest"),
    "prove": Verb(
        slots=("proof",), final_after=("release", "data"), what="restore the backup into a scratch place and compare"
    ),
    "activate": Verb(slots=("release",), bars=THINGS, what="make the new release the active one"),
    "migrate": Verb(
        CLUSTER,
        slots=("data",),
        discards=True,
        bars=THINGS,
        what="migrate what the new release keeps in another form, once",
    ),
    "restore": Verb(slots=("restore",), discards=True, what="put the metadata back as the backup has it"),
    "start": Verb(slots=("service",), opens=("service",), what="start the service"),
    "healthy": Verb(what="wait until the node has recovered: connected, synced since its start, no errors"),
    "resume": Verb(slots=("ports", "service"), opens=("ports",), what="open the ports that clients use"),
    "verify": Verb(CLUSTER, what="compare the inventory with the one taken before"),
}

# The operator's own tasks, where there are any: see _plan/hooks.py.
HOOKS: Mapping[str, Verb] = {
    "before_operation": Verb(CLUSTER, role="hooks", spans="operation", what="play the hooks before the operation"),
    "before_hop": Verb(CLUSTER, role="hooks", spans="hop", what="play the hooks before the hop"),
    "before_wave": Verb(
        role="hooks", spans="wave", closes=("balancer",), what="play the hooks that take the wave away from clients"
    ),
    "before_step": Verb(role="hooks", spans="step", what="play the hooks before the step that follows"),
    "after_step": Verb(role="hooks", what="play the hooks after the step before"),
    "after_wave": Verb(role="hooks", opens=("balancer",), what="play the hooks that give the wave back to clients"),
    "after_hop": Verb(CLUSTER, role="hooks", what="play the hooks after the hop"),
    "after_operation": Verb(CLUSTER, role="hooks", what="play the hooks after the operation"),
}
_ANYWHERE: Mapping[str, Verb] = {**SHARED, **HOOKS}


def all_of(catalogue: Catalogue) -> Mapping[str, Verb]:
    """Every verb that the product's ways may be made of."""
    return {**SHARED, **catalogue.verbs}


def scoped(catalogue: Catalogue, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """A pass's row of verbs as a plan has it: each with who does it."""
    known = all_of(catalogue)
    return tuple((name, known[name].scope) for name in names)


def as_data(own: Mapping[str, Verb]) -> dict[str, Any]:
    """A product's own verbs as a plan has them: name -> its fields, without those that are as usual."""
    usual = asdict(Verb())
    return {
        name: {field: value for field, value in asdict(verb).items() if value != usual[field]}
        for name, verb in own.items()
    }


def verb(plan: Mapping[str, Any], name: str) -> Verb:
    """The verb of this name in a plan as data."""
    own = (plan.get("verbs") or {}).get(name)
    if own is not None:
        return _made(tuple((field, tuple(said) if isinstance(said, list) else said) for field, said in own.items()))
    if name not in _ANYWHERE:
        raise UpliftError(
            f"The plan of the operation has the step {name!r} and does not say what it does; expected a plan that this"
            " collection made. Nothing was done. Use the release of this collection that wrote the record."
        )
    return _ANYWHERE[name]


@lru_cache(maxsize=None)
def _made(fields: tuple[tuple[str, Any], ...]) -> Verb:
    return Verb(**dict(fields))
