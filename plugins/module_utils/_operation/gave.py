# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the role of a product gives to the role operation: one shape for all products, and the one place that knows by
which variables. Pure.

<product>_found, by `discover`:
    node      {name, id, zone, version; stores (true)}: the id that the cluster knows the node by, "" where it is
              unknown; the release that runs, "" for none
    cluster   {members, replication, id; zone_redundancy ("")}: the ids of all nodes, and the cluster's own identity, ""
              where it is unknown
    request   {target, strategy, wave, accept, confirm, stop_after; via ([]), created_with (""), approve_after (""),
              approve ([]), wants ([]), hooks ([]), cleanup ({remove, days})}, as set
    reports   where reports go on the controller
    reports_url  where they are put by HTTP, too; "" by default
    closed    rows {thing, what, operation}: what the node itself shows to be closed to clients; none by default
    blind     why it cannot be compared with anything now; "" by default
    weighed   directories that a backup of the node reads; [] by default
    bytes     how much a backup reads; of `weighed` what was registered as `operation_weighed`; None where it is unknown
    leaves    where operations leave things: {backups, notes, dumps, beside}, as the module operation_leftovers takes
              it; {} by default
<product>_findings.findings, by `preflight`: rows as _core/findings.py makes them
<product>_compared, by `compare`: {differences: rows {key, sentence}} and what else the report shall tell
<product>_report_access, as the operator has set it: what the address of the reports wants, a secret
<product>_settings.dsn, by `discover`: the connection string of the database in which the product keeps its data, a
          secret; none by default
<product>_result.evidence, by any verb: what the step left, as _operation/evidence.py knows it
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

# Part of `found` -> what it has to have, and what is taken for what it does not have.
FOUND: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "node": (("name", "id", "zone", "version"), {"stores": True}),
    "cluster": (("members", "replication", "id"), {"zone_redundancy": ""}),
    "request": (
        ("target", "strategy", "wave", "accept", "confirm", "stop_after"),
        {"via": [], "created_with": "", "approve_after": "", "approve": [], "wants": [], "hooks": [], "cleanup": {}},
    ),
}
REST: Mapping[str, Any] = {"closed": [], "blind": "", "leaves": {}, "weighed": [], "bytes": None, "reports_url": ""}


def gave(known: Mapping[str, Any], product: str) -> dict[str, Any]:
    """{found, findings, compared, evidence, report_access, dsn} of a host; `found` is {} before `discover`."""
    found = known.get(f"{product}_found")
    return {
        "found": {**(whole := _found(found, product)), "bytes": _bytes(known, whole)} if found else {},
        "findings": _of(known, f"{product}_findings", "findings"),
        "compared": dict(known.get(f"{product}_compared") or {}),
        "evidence": _of(known, f"{product}_result", "evidence"),
        "dsn": str((known.get(f"{product}_settings") or {}).get("dsn") or ""),
        "report_access": dict(known.get(f"{product}_report_access") or {}),
    }


def _found(found: Mapping[str, Any], product: str) -> dict[str, Any]:
    missing = [part for part in (*FOUND, "reports") if part not in found]
    for part in set(FOUND) - set(missing):
        missing += [f"{part}.{name}" for name in FOUND[part][0] if name not in found[part]]
    if missing:
        raise UpliftError(
            f"The role {product} gave {product}_found without {', '.join(sorted(missing))}; expected what the contract"
            " of a product says (docs/docsite/rst/architecture.rst). That is an error of the role. Nothing was changed."
        )
    return {**REST, **found, **{part: {**usual, **found[part]} for part, (_names, usual) in FOUND.items()}}


def _bytes(known: Mapping[str, Any], found: Mapping[str, Any]) -> Any:
    """How much a backup of the node reads; None where nobody could look."""
    sizes = (known.get("operation_weighed") or {}).get("sizes") or {}
    seen = [sizes.get(directory) for directory in found["weighed"]]
    return found["bytes"] if not seen else None if None in seen else sum(seen)


def _of(known: Mapping[str, Any], name: str, part: str) -> list[Any]:
    """A list that a registered result has; a task that was skipped has none."""
    return list((known.get(name) or {}).get(part) or [])
