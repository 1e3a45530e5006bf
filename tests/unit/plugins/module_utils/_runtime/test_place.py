# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notation of where a service runs."""

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import Place
from hypothesis import given
from hypothesis import strategies as st

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
PLACES = st.one_of(
    st.builds(Place, st.just("systemd"), st.from_regex(r"[A-Za-z0-9_@-]{1,20}(\.service)?", fullmatch=True)),
    st.builds(Place, st.just("docker"), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)),
    st.builds(
        Place,
        st.just("kubernetes"),
        LABELS,
        LABELS,
        st.sampled_from(["deployment", "statefulset", "daemonset", "pod"]),
        st.from_regex(r"(\S{1,30})?", fullmatch=True),
    ),
    st.builds(
        Place,
        st.just("kubernetes"),
        LABELS,
        LABELS,
        st.just("daemonset"),
        st.from_regex(r"(\S{1,30})?", fullmatch=True),
        LABELS,
    ),
)


@given(PLACES)
def test_what_is_written_is_read_again(one: Place) -> None:
    assert place.read(str(one)) == one and place.kind_of(str(one)) == one.kind
    assert place.is_pod(str(one)) is one.one_pod


@given(st.lists(PLACES, min_size=2, max_size=2, unique_by=str))
def test_two_places_have_two_keys(two: list[Place]) -> None:
    keys = {place.key(str(one)).removesuffix(".service") for one in two}
    assert len(keys) == len({str(one).removesuffix(".service") for one in two})


@given(st.text(max_size=40))
def test_any_text_is_a_place_or_a_sentence(text: str) -> None:
    try:
        assert place.read(str(place.read(text))) == place.read(text)
    except UpliftError as exc:
        assert repr(text) in str(exc) and "Nothing was changed" in str(exc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("garage.service", Place("systemd", "garage.service")),
        ("garage", Place("systemd", "garage")),
        ("garage@a:1.service", Place("systemd", "garage@a:1.service")),
        (r"garage@a\x2db.service", Place("systemd", r"garage@a\x2db.service")),
        ("docker:shop_garage.1", Place("docker", "shop_garage.1")),
        ("kubernetes:lake/lakefs", Place("kubernetes", "lakefs", "lake", "deployment")),
        ("kubernetes:lake/deployment/lakefs", Place("kubernetes", "lakefs", "lake", "deployment")),
        ("kubernetes:store/statefulset/garage", Place("kubernetes", "garage", "store", "statefulset")),
        ("kubernetes:store/daemonset/garage:far", Place("kubernetes", "garage", "store", "daemonset", "far")),
        (
            "kubernetes:store/daemonset/garage@n1.example:far",
            Place("kubernetes", "garage", "store", "daemonset", "far", "n1.example"),
        ),
        (
            "kubernetes:lake/lakefs:arn:aws:eks:eu:1:cluster/x",
            Place("kubernetes", "lakefs", "lake", "deployment", "arn:aws:eks:eu:1:cluster/x"),
        ),
    ],
)
def test_the_notation(text: str, expected: Place) -> None:
    assert place.read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", " garage", "garage service", "podman:garage", "docker:", "docker:a/b", "docker:-a", "kubernetes:",
        "kubernetes:/lakefs", "kubernetes:lake/", "kubernetes:Lake/lakefs", "kubernetes:lake/job/x",
        "kubernetes:lakefs", "kubernetes:lake/lakefs:", "k8s:lake/lakefs", "kubernetes:lake/Deployment/lakefs",
        "kubernetes:lake/pod/lakefs-0@n1", "kubernetes:lake/lakefs@n1", "kubernetes:lake/daemonset/lakefs@",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_sentence(text: str) -> None:
    with pytest.raises(UpliftError, match="which cannot be read; expected a systemd unit as .* Nothing was changed"):
        place.read(text)


@given(PLACES, PLACES)
def test_two_places_have_two_names_and_two_spellings_of_one_have_one(one: Place, other: Place) -> None:
    """What is kept of two clusters on the same hosts lies apart."""
    said = [str(x).removesuffix(".service") if x.kind == "systemd" else str(x) for x in (one, other)]
    assert (place.key(str(one)) == place.key(str(other))) is (said[0] == said[1])
    assert "/" not in place.key(str(one))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("garage", "garage.service"),
        ("garage.service", "garage.service"),
        ("garage@disk1", "garage@disk1.service"),
        ("docker:garage", "garage.container"),
        ("docker:garage.service", "garage.service.container"),
        ("kubernetes:lake/lakefs", "lake.deployment.lakefs.workload"),
        ("kubernetes:lake/deployment/lakefs", "lake.deployment.lakefs.workload"),
        ("kubernetes:lake/lakefs:a/b", "a_2fb@lake.deployment.lakefs.workload"),
    ],
)
def test_the_name_of_a_directory(text: str, expected: str) -> None:
    assert place.key(text) == expected


@pytest.mark.parametrize(
    ("unit", "owner"),
    [
        ("kubernetes:store/pod/garage-0", "kubernetes:store/statefulset/garage"),
        ("kubernetes:store/pod/garage-eu-12:prod", "kubernetes:store/statefulset/garage-eu:prod"),
        ("kubernetes:store/garage", "kubernetes:store/garage"),
        ("garage.service", "garage.service"),
    ],
)
def test_whose_pod_it_is_is_in_its_name(unit: str, owner: str) -> None:
    assert str(place.read(unit).owner()) == owner
    assert place.is_pod(unit) is ("/pod/" in unit)


def test_a_pod_of_no_stateful_set_is_a_sentence() -> None:
    with pytest.raises(UpliftError, match="The pod garage-x7d in store has no number at the end of its name") as told:
        place.read("kubernetes:store/pod/garage-x7d").owner()
    assert "Nothing was changed" in str(told.value)


def test_each_pod_has_a_record_of_its_own() -> None:
    units = [f"kubernetes:store/pod/garage-{number}" for number in range(3)]
    assert len({place.key(unit) for unit in units}) == 3
