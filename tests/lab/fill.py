# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a cluster as its customers would have: keys, buckets, aliases, a website, objects of all sizes."""

from __future__ import annotations

import hashlib
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.lab import garage_text, hosts, judge, manifest, s3
from tests.lab.cluster import Cluster
from tests.lab.garage import cli, words_of
from tests.lab.garage_words import Words
from tests.lab.proc import LabError, say, wait_for

KEYS = ("app", "reader", "owner", "maker")
# bucket -> global aliases; `private` is made through S3, so it has nothing but a local alias of its maker.
BUCKETS = {"photos": ("photos", "pictures"), "site": ("site",), "logs": ("logs",)}
LOCAL = (("app", "logs", "my-logs"), ("reader", "photos", "gallery"))
ALLOWED = (
    ("app", "photos", "RW"), ("app", "site", "RW"), ("app", "logs", "RW"),
    ("reader", "photos", "R"), ("reader", "logs", "R"), ("owner", "site", "RWO"), ("owner", "photos", "O"),
)  # fmt: skip
# Names that 0.5 takes and S3 does not: its migration renames them (G14).
ODD_BUCKETS = ("My_Bucket", "b9")
# Around what Garage treats differently: 3072 bytes go into the metadata, a block is 1 MiB.
SIZES = (0, 1, 3071, 3072, 3073, 2**20 - 1, 2**20, 2**20 + 1, 3_355_443)
ODD_NAMES = ("with space.txt", "deep/er/and/deeper/x", "plus+and%25.bin", "ünïcödé-ключ-鍵", "n" * 400)
PART = 5 * 2**20
MULTIPART = 12_000_000


@dataclass(frozen=True)
class Object:
    bucket: str
    key: str
    size: int
    seed: int

    @property
    def body(self) -> bytes:
        return random.Random(self.seed).randbytes(self.size)

    @property
    def type(self) -> str:
        return "text/html" if self.key.endswith(".html") else "text/x-lab" if self.seed % 2 else "image/x-lab"


@dataclass(frozen=True)
class Plan:
    """What a release can hold of all this. 0.5 has no aliases, no owners, and no key that may make buckets."""

    buckets: dict[str, tuple[str, ...]]
    local: tuple[tuple[str, str, str], ...]
    allowed: tuple[tuple[str, str, str], ...]
    maker: bool

    @property
    def all_buckets(self) -> list[str]:
        return [*self.buckets, *(["private"] if self.maker else [])]


def plan(words: Words, odd_names: bool = False) -> Plan:
    if words.aliases:
        return Plan(BUCKETS, LOCAL, ALLOWED, maker=True)
    names = [*BUCKETS, *(ODD_BUCKETS if odd_names else ())]
    allowed = [(key, name, given.replace("O", "")) for key, name, given in ALLOWED if given != "O"]
    allowed += [("app", name, "RW") for name in names if name not in BUCKETS]
    return Plan({name: (name,) for name in names}, (), tuple(allowed), maker=False)


def objects(count: int, all_buckets: Sequence[str] = (*BUCKETS, "private")) -> list[Object]:
    """Named, sized and seeded by their number alone: the same count is the same content on every cluster."""
    buckets = itertools.cycle(all_buckets)
    special = [("site", "index.html", 700), *(("photos", f"size-{size}", size) for size in SIZES)]
    special += [("logs", name, 60 + i) for i, name in enumerate(ODD_NAMES)]
    dice = random.Random(count)
    small = (
        (
            next(buckets),
            f"many/{i // 100:03}/{i:05}",
            dice.randrange(4000, 64000) if i % 25 == 0 else dice.randrange(2500),
        )
        for i in range(count)
    )
    return [Object(bucket, key, size, seed) for seed, (bucket, key, size) in enumerate(itertools.chain(special, small))]


def make_keys(cluster: Cluster, words: Words) -> dict[str, tuple[str, str]]:
    """name -> (id, secret)"""
    first, base = cluster.hosts[0], cli(cluster)
    made = [garage_text.made_key(text) for text in hosts.must(first, [[*base, *words.new_key(n)] for n in KEYS])]
    if words.aliases:
        hosts.must(first, [[*base, "key", "allow", "--create-bucket", made[KEYS.index("maker")]]])
    told = [garage_text.key(text) for text in hosts.must(first, [[*base, *words.key(one)] for one in made])]
    return {held["name"]: (key_id, held["secret"]) for key_id, held in told}


def make_buckets(cluster: Cluster, words: Words, plan: Plan, ids: dict[str, str]) -> None:
    told: list[list[str]] = [["create", bucket] for bucket in plan.buckets]
    told += [["alias", bucket, more] for bucket, aliases in plan.buckets.items() for more in aliases[1:]]
    told += [["alias", "--local", ids[key], bucket, name] for key, bucket, name in plan.local]
    told += [["allow", *words.rights(given), bucket, "--key", ids[key]] for key, bucket, given in plan.allowed]
    told += [["website", "--allow", "site"]]
    hosts.must(cluster.hosts[0], [[*cli(cluster), "bucket", *argv] for argv in told])


def intended(cluster: Cluster, plan: Plan, keys: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """What is there, as it was ordered, not as they are read back; only the buckets' ids have to be asked for."""
    seen = judge.facts(cluster)["buckets"]
    by_name = {
        name: bucket for bucket, info in seen.items() for name in [*info["global"], *(x[1] for x in info["local"])]
    }
    buckets = {
        by_name[bucket]: {
            "global": sorted(aliases),
            "local": sorted([keys[key][0], name] for key, target, name in plan.local if target == bucket),
            "website": bucket == "site",
            "keys": {keys[key][0]: given for key, target, given in plan.allowed if target == bucket},
        }
        for bucket, aliases in plan.buckets.items()
    }
    if plan.maker:
        maker = keys["maker"][0]
        buckets[by_name["private"]] = {
            "global": [],
            "local": [[maker, "private"]],
            "website": False,
            "keys": {maker: "RWO"},
        }
    return {
        "buckets": buckets,
        "keys": {
            key: {"name": name, "create": plan.maker and name == "maker", "secret": secret}
            for name, (key, secret) in keys.items()
        },
    }


def parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(body), PART):
        yield start // PART + 1, body[start : start + PART]


def upload_in_parts(client: s3.Client, bucket: str, thing: Object) -> None:
    where = {"Bucket": bucket, "Key": thing.key}
    upload = client.create_multipart_upload(**where, ContentType=thing.type)["UploadId"]
    done = [
        {"PartNumber": n, "ETag": client.upload_part(**where, UploadId=upload, PartNumber=n, Body=part)["ETag"]}
        for n, part in parts(thing.body)
    ]
    client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": done})


def upload(cluster: Cluster, plan: Plan, keys: dict[str, tuple[str, str]], things: list[Object]) -> None:
    """Through all nodes in turn, eight at once."""

    def put(numbered: tuple[int, Object]) -> None:
        number, thing = numbered
        key = keys["maker" if thing.bucket == "private" else "app"][0]
        client = opened[cluster.hosts[number % len(cluster.hosts)].name, key]
        if thing.size == MULTIPART:
            upload_in_parts(client, thing.bucket, thing)
        else:
            client.put_object(Bucket=thing.bucket, Key=thing.key, Body=thing.body, ContentType=thing.type)

    with s3.clients(cluster, dict(keys.values())) as opened, ThreadPoolExecutor(8) as pool:
        if plan.maker:
            opened[cluster.hosts[0].name, keys["maker"][0]].create_bucket(Bucket="private")
        wait_for("every node knows the new keys and buckets", lambda: unknown(cluster, plan, keys, opened), 30)
        list(pool.map(put, enumerate(things)))


def unknown(
    cluster: Cluster, plan: Plan, keys: dict[str, tuple[str, str]], opened: dict[tuple[str, str], s3.Client]
) -> str:
    """A new bucket or key reaches the other nodes a moment after the command has returned."""
    for host in cluster.hosts:
        for bucket in plan.all_buckets:
            key = "maker" if bucket == "private" else "app"
            try:
                opened[host.name, keys[key][0]].head_bucket(Bucket=bucket)
            except Exception as error:  # boto3's exceptions share no useful base; the text is what is shown
                return f"{host.name}, {bucket}: {error}"
    return ""


def fill(cluster: Cluster, count: int, odd_names: bool = False) -> str:
    if (cluster.directory / manifest.FILE).exists():
        held = manifest.load(cluster)
        if held["asked"] != count:
            raise LabError(
                f"cluster {cluster.name} was filled with {held['asked']} objects, expected {count}: make it anew"
            )
        return f"filled already: {manifest.summary(held)}"
    if judge.facts(cluster)["keys"]:
        raise LabError(
            f"cluster {cluster.name} has keys but no manifest (a filling that was cut off): `lab down` and `lab up` it"
        )
    start = time.monotonic()
    say("making keys, buckets, aliases and permissions")
    words = words_of(cluster, cluster.hosts[0])
    wished = plan(words, odd_names)
    keys = make_keys(cluster, words)
    make_buckets(cluster, words, wished, {name: key for name, (key, _secret) in keys.items()})
    # The slowest first, so that nobody waits for its parts alone at the end.
    things = [Object("photos", "multipart.bin", MULTIPART, 9), *objects(count, wished.all_buckets)]
    say(f"uploading {len(things)} objects, {sum(t.size for t in things) / 1e6:.0f} MB")
    upload(cluster, wished, keys, things)
    facts = intended(cluster, wished, keys)
    door = {held["name"]: key for key, held in facts["keys"].items()}
    doors = {
        bucket: [door["app"], held["global"][0]] if held["global"] else held["local"][0]
        for bucket, held in facts["buckets"].items()
    }
    ids = {name: bucket for bucket, (_key, name) in doors.items()}
    noted = [
        {
            "bucket": ids[t.bucket],
            "key": t.key,
            "size": t.size,
            "sha256": hashlib.sha256(t.body).hexdigest(),
            "type": t.type,
        }
        for t in things
    ]
    held = {"asked": count, "facts": facts, "doors": doors, "site": ids["site"], "objects": noted}
    manifest.save(cluster, held)
    return f"filled in {time.monotonic() - start:.1f} s: {manifest.summary(held)}"
