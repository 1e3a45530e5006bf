# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the hooks need besides a place in the plan: settings of the ready-made ones, and files that hold tasks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.uplift.datastores.plugins.module_utils._plan.hooks import READY

# Setting -> of what kind it is: a URL, a name, a list, or hosts of the inventory.
KINDS = {
    "hooks_webhook_url": "url",
    "hooks_alertmanager_url": "url",
    "hooks_alertmanager_matchers": "list",
    "hooks_haproxy_hosts": "hosts",
    "hooks_haproxy_backend": "name",
}
# What each of the ready-made ones cannot do without.
NEEDS: Mapping[str, Sequence[str]] = {
    "alertmanager_expire": ("hooks_alertmanager_url",),
    "alertmanager_silence": ("hooks_alertmanager_url", "hooks_alertmanager_matchers"),
    "haproxy_drain": ("hooks_haproxy_hosts", "hooks_haproxy_backend"),
    "haproxy_ready": ("hooks_haproxy_hosts", "hooks_haproxy_backend"),
    "webhook": ("hooks_webhook_url",),
}
_EXPECTED = {
    "url": "an address such as https://host/path",
    "name": "a name",
    "list": "a list with one entry at least",
    "hosts": "hosts of the inventory",
}


def read(path: str) -> str:
    """What the file holds; "" where it is not there, which the plan says itself."""
    if not os.path.isfile(path):
        return ""
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def wrong(
    product: str,
    hooks: Sequence[Mapping[str, Any]],
    known: Mapping[str, Any],
    hosts: Sequence[str],
    text: Callable[[str], str] = read,
) -> list[str]:
    """Sentences on what would else fail in the middle of the night; none where all is well.

    known: the settings of the role hooks that are set. hosts: of the inventory. A URL may be a key: it is never said.
    """
    out = []
    for hook in hooks:
        where, tasks = f"{product}_hooks, {hook['at']}", str(hook["tasks"])
        if tasks in READY:
            found = [(name, _unfit(KINDS[name], known.get(name), hosts)) for name in NEEDS.get(tasks, ())]
            out += [
                f"{name}, which {tasks} of {where} needs, {seen}; expected {_EXPECTED[KINDS[name]]}. Set it."
                for name, seen in found
                if seen
            ]
        elif seen := _no_tasks(tasks, text):
            out.append(f"The tasks {tasks} of {where}: {seen}; expected a list of tasks, as in a role. Correct it.")
    return list(dict.fromkeys(out))


def _unfit(kind: str, value: Any, hosts: Sequence[str]) -> str:
    """What is seen instead of what is expected; "" where it fits."""
    if value in (None, "", []):
        return "is not set"
    if kind == "url":
        return "" if _is_address(str(value)) else "is no address of http or https"
    if kind == "name":
        return "" if isinstance(value, str) else "is no text"
    if not isinstance(value, (list, tuple)):
        return "is no list"
    strange = [str(one) for one in value if one not in hosts] if kind == "hosts" else []
    return f"names {', '.join(strange)}, which the inventory does not have" if strange else ""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:  # a port that is no number, or brackets that are no address
        return False


def _no_tasks(path: str, text: Callable[[str], str]) -> str:
    try:
        said = text(path)
    except (OSError, UnicodeDecodeError) as exc:
        return f"it cannot be read ({getattr(exc, 'strerror', None) or 'it is no text'})"
    if not said or said.startswith("$ANSIBLE_VAULT"):  # what is not there the plan says; what is sealed, nobody
        return ""
    try:
        found = DataLoader().load(said, path)
    except AnsibleError:
        return "it is no YAML"
    return "" if isinstance(found, list) and found and all(isinstance(one, dict) for one in found) else "it is no list"
