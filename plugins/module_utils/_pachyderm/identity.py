# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Mapping

# Fresh metadata get an id of their own, and old ones that are put back have theirs.
_OTHERS = ("redeploy", "deploy_parallel", "recall")


def identity(seen: str, record: Mapping[str, Any]) -> str:
    """Pure: the id that the cluster goes by in its record. "" where it is unknown whether the right one answers.

    seen: the id that answers, "" for none. The id changes in the middle of an operation, with the metadata: the one
    that each hop made is in the record, `cluster-HOP`, and counts once what was restored there is whole.
    """
    kept, steps = record.get("cluster", ""), record.get("steps", {})
    if not kept or seen in ("", kept):
        return seen
    made = {key.split("/")[0] for key, step in steps.items() if key.rsplit("/", 1)[1] in _OTHERS}
    for hop in made:
        if seen == record.get("saved", {}).get(f"cluster-{hop}"):
            return str(kept)
    return seen if all(_settled(record, hop) for hop in made) else ""


def _settled(record: Mapping[str, Any], hop: str) -> bool:
    """Is it known which id the hop has made?"""
    states = {
        key.rsplit("/", 1)[1]: step["state"] for key, step in record["steps"].items() if key.startswith(f"{hop}/")
    }
    return states.get("restore") == "done" and f"cluster-{hop}" in record.get("saved", {})
