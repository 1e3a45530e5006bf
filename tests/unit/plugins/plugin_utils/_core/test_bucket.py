# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Over an S3 API on loopback: moto serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._core import bucket as core_bucket
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.bucket import Object
from hypothesis import given
from hypothesis import strategies as st

ONE = Object(3, "acbd18db4cc2f85cedef654fccc4a4d8")


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = {"endpoint_url": f"http://{host}:{port}", "region": "us-east-1", "access_key": "k", "secret_key": "s"}
    yield core_bucket.client(given)
    server.stop()


def test_a_bucket_of_many_pages_is_listed_to_its_end(s3: Any) -> None:
    s3.create_bucket(Bucket="many")
    for number in range(7):
        s3.put_object(Bucket="many", Key=f"object/{number:04}", Body=b"foo")
    s3.put_object(Bucket="many", Key="other", Body=b"")
    listed = core_bucket.listed(s3, "many", "object/", page=3)
    assert len(listed) == 7 and set(listed.values()) == {ONE}
    assert len(core_bucket.listed(s3, "many", "", page=3)) == 8


def test_a_copy_is_compared(s3: Any) -> None:
    for bucket in ("store", "copy"):
        s3.create_bucket(Bucket=bucket)
        for key in ("same", "shorter", "other"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"12345678")
    s3.put_object(Bucket="store", Key="lost", Body=b"1")
    s3.put_object(Bucket="copy", Key="shorter", Body=b"123")
    s3.put_object(Bucket="copy", Key="other", Body=b"abcdefgh")
    said = core_bucket.differences(core_bucket.listed(s3, "store", ""), core_bucket.listed(s3, "copy", ""))
    assert [text.partition(" ")[0] for text in said] == ["lost", "other", "shorter"]
    assert "is not in the copy" in said[0] and "has 3 bytes in the copy, expected 8" in said[2]


def test_a_bucket_that_is_not_there_is_said(s3: Any) -> None:
    with pytest.raises(UpliftError, match="The bucket nowhere cannot be listed: 404 NoSuchBucket"):
        core_bucket.listed(s3, "nowhere", "")


def test_nobody_there_is_said() -> None:
    asked = core_bucket.client(
        {"endpoint_url": "http://127.0.0.1:9", "region": "x", "access_key": "k", "secret_key": "s"}
    )
    with pytest.raises(UpliftError, match="The bucket store cannot be listed: Could not connect"):
        core_bucket.listed(asked, "store", "")


def test_an_empty_bucket_is_no_object_store() -> None:
    assert core_bucket.differences({}, {"any": ONE}) == ["the bucket is empty; expected the object store of a cluster"]


def test_what_went_up_in_parts_is_compared_by_its_size() -> None:
    assert core_bucket.differences({"a": ONE}, {"a": Object(3, "0123-2")}) == []
    assert core_bucket.differences({"a": ONE}, {"a": Object(4, "0123-2")}) != []


LISTINGS = st.dictionaries(st.text(min_size=1), st.builds(Object, st.integers(0), st.text("0123456789abcdef")))


@given(LISTINGS.filter(bool), LISTINGS)
def test_nothing_that_is_lost_is_passed_over(ours: dict[str, Object], more: dict[str, Object]) -> None:
    assert core_bucket.differences(ours, {**more, **ours}) == []
    gone = sorted(ours)[0]
    said = core_bucket.differences(ours, {key: one for key, one in ours.items() if key != gone})
    assert said == [f"{gone} is not in the copy"]
