# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps hooks from being played, found at the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._plan.hooks import READY
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import hook_settings

HOSTS = ["a1", "lb1"]
SECRET = "https://chat.example.org/hooks/4425f5c26c5e"
SET = {
    "hooks_webhook_url": SECRET,
    "hooks_alertmanager_url": "http://[2001:db8::1]:9093",
    "hooks_alertmanager_matchers": [{"name": "job", "value": "garage"}],
    "hooks_haproxy_hosts": ["lb1"],
    "hooks_haproxy_backend": "s3",
}


def asked(tasks: str, text: str = "", **known: Any) -> list[str]:
    hook = {"at": "before_wave", "tasks": tasks, "steps": []}
    return hook_settings.wrong("garage", [hook], {**SET, **known}, HOSTS, lambda _path: text)


@pytest.mark.parametrize("tasks", READY)
def test_what_is_set_as_it_should_be_is_well(tasks: str) -> None:
    assert asked(tasks) == []


@pytest.mark.parametrize(
    ("tasks", "known", "said"),
    [
        (
            "webhook",
            {"hooks_webhook_url": ""},
            "hooks_webhook_url, which webhook of garage_hooks, before_wave needs, is",
        ),
        ("webhook", {"hooks_webhook_url": "chat.example.org/x"}, "is no address of http or https; expected an address"),
        ("webhook", {"hooks_webhook_url": "https://"}, "is no address of http or https"),
        ("webhook", {"hooks_webhook_url": "https://host:port/x"}, "is no address of http or https"),
        ("webhook", {"hooks_webhook_url": "https://a b/x"}, "is no address of http or https"),
        ("webhook", {"hooks_webhook_url": "ftp://host/x"}, "is no address of http or https"),
        ("alertmanager_expire", {"hooks_alertmanager_url": None}, "hooks_alertmanager_url, which alertmanager_expire"),
        ("alertmanager_silence", {"hooks_alertmanager_matchers": []}, "is not set; expected a list with one entry"),
        ("alertmanager_silence", {"hooks_alertmanager_matchers": "job=x"}, "is no list"),
        ("haproxy_drain", {"hooks_haproxy_hosts": ["lb2", "a1"]}, "names lb2, which the inventory does not have"),
        ("haproxy_ready", {"hooks_haproxy_backend": ["s3"]}, "is no text; expected a name. Set it."),
    ],
)
def test_what_is_not_is_a_sentence(tasks: str, known: dict[str, Any], said: str) -> None:
    (sentence,) = asked(tasks, **known)
    assert said in sentence


def test_an_address_is_not_said_for_it_may_be_a_key() -> None:
    assert "4425f5c26c5e" not in "".join(asked("webhook", hooks_webhook_url=SECRET.replace("https", "htps")))


def test_the_same_is_said_once() -> None:
    hooks = [{"at": "after_hop", "tasks": "webhook"}] * 2
    assert len(hook_settings.wrong("garage", hooks, {}, HOSTS)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- name: Work\n  ansible.builtin.ping:\n", ""),
        ("- name: Work\n  ansible.builtin.debug: {msg: !unsafe '{{ x }}'}\n", ""),
        ("$ANSIBLE_VAULT;1.1;AES256\n3132\n", ""),
        ("", ""),  # it is not there: the plan says that
        ("name: Work\n", "it is no list"),
        ("- work\n", "it is no list"),
        ("[]\n", "it is no list"),
        ("- name: [\n", "it is no YAML"),
    ],
)
def test_a_file_has_to_hold_tasks(text: str, said: str) -> None:
    found = asked("/srv/own.yml", text)
    expected = f"The tasks /srv/own.yml of garage_hooks, before_wave: {said}; expected a list of tasks, as in a role. "
    assert found == ([f"{expected}Correct it."] if said else [])


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_bytes(b"\xff\xfe\x00")
    hook = {"at": "after_hop", "tasks": str(path)}
    assert "it cannot be read (it is no text)" in hook_settings.wrong("garage", [hook], {}, HOSTS)[0]
