# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Garage 0.5, where a bucket is nothing but its name: `bucket list`, `bucket info`, `key list`."""

from __future__ import annotations

import re

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understood
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.names import bucket_id
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.inventory import (
    Bucket,
    BucketRow,
    Buckets,
    Grant,
    KeyRow,
    Keys,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.text import Reader

_KEY_ROW = re.compile(r"(GK\w+)\t(.*)")
_GRANT = re.compile(r"- (GK\w+) R:(true|false) W:(true|false)")
_FACT = re.compile(r"(Bucket name|Website access): (.*)")


@understood("`garage bucket list`")
def buckets(text: str) -> Buckets:
    """Every name of 0.5 is one word in a line of its own, so that no line can be an unknown one."""
    reader, rows = Reader(text, [re.compile("List of buckets:")]), []
    for line in reader.lines():
        if " " in line:
            reader.unparsed.append(line)
        else:
            rows.append(BucketRow(bucket_id(line), (line,), name=line))
    return Buckets(tuple(rows), reader.done())


@understood("`garage bucket info`")
def bucket(text: str) -> Bucket:
    reader, facts, grants = Reader(text, [re.compile("Authorized keys:")]), {}, []
    for line in reader.lines():
        fact, grant = _FACT.fullmatch(line), _GRANT.fullmatch(line)
        if fact:
            facts[fact[1]] = fact[2]
        elif grant:
            grants.append(Grant(grant[1], grant[2] == "true", grant[3] == "true", owner=False))
        else:
            reader.unparsed.append(line)
    if len(facts) != 2:
        raise UpliftError(f"`garage bucket info` describes no bucket; it said: {text.strip()[:200]!r}.")
    name = facts["Bucket name"]
    return Bucket(
        id=bucket_id(name),
        website=facts["Website access"] == "true",
        global_aliases=(name,),
        local_aliases=(),
        # A permission that was taken away stays in the list, with nothing in it.
        grants=tuple(sorted((one for one in grants if one.read or one.write), key=lambda grant: grant.key)),
        quotas=(),
        objects=None,
        size=None,
        unparsed=reader.done(),
    )


@understood("`garage key list`")
def keys(text: str) -> Keys:
    reader, rows = Reader(text, [re.compile("List of keys:")]), []
    for line in reader.lines():
        match = _KEY_ROW.fullmatch(line)
        if match:
            rows.append(KeyRow(match[1], match[2]))
        else:
            reader.unparsed.append(line)
    return Keys(tuple(rows), reader.done())
