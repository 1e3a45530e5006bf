# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import base64
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.action.garage_access import ActionModule as Access
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.modules import garage_access
from hypothesis import given
from hypothesis import strategies as st

MODULES = sorted(path for path in Path(seal.__file__).parents[2].glob("modules/[!_]*.py"))
# Words of secrets in names of what is returned; what has such a word and is none.
SECRET = ("secret", "password", "token", "dsn", "connection_string", "private_key")
HARMLESS = {"upgrade_plan.token"}  # a name for one plan


@given(st.recursive(st.text() | st.none() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_what_is_sealed_is_opened_by_its_key_alone(value: Any) -> None:
    key, text = seal.new_key(), seal.seal(seal.new_key(), value)
    assert seal.opened(key, seal.seal(key, value)) == value
    with pytest.raises(UpliftError, match="is not what was sealed for this call"):
        seal.opened(key, text)


def test_it_says_nothing_and_never_the_same_twice() -> None:
    key = seal.new_key()
    one, other = (base64.b64decode(seal.seal(key, "rpc_secret " * 9)) for _again in range(2))
    assert b"rpc_secret" not in one + other and one[16:] != other[16:]


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_changed_byte_is_seen(place: int) -> None:
    key = seal.new_key()
    raw = bytearray(base64.b64decode(seal.seal(key, "secret")))
    raw[place] ^= 1
    with pytest.raises(UpliftError, match="Run it again"):
        seal.opened(key, base64.b64encode(raw).decode())


@pytest.mark.parametrize("key", ["", "00"])
def test_without_a_key_nothing_is_sealed(key: str) -> None:
    with pytest.raises(UpliftError, match="called without its action"):
        seal.seal(key, "secret")


def test_the_secret_of_the_probes_key_leaves_its_node_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    key, made = seal.new_key(), {"access_key_id": "GK1", "secret_access_key": "canary", "changed": True}
    monkeypatch.setattr(garage_access, "from_unit", lambda *_: Mock())
    monkeypatch.setattr(garage_access, "grant", lambda *_: {**made})
    params = {"state": "present", "operation": "one", "keys": [], "grant_read": [], "seal": key}
    told = garage_access.answer(Mock(params=params, check_mode=False))
    assert "canary" not in str(told) and seal.opened(key, told["sealed"]) == "canary"
    action = Mock(spec=Access, secretly=lambda *_: {"changed": True, "opened": "canary"})
    assert Access.perform(action, params, {}) == {"changed": True, "secret_access_key": "canary"}


def _literals(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found.update((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))
    return found


def _names(fields: Any) -> set[str]:
    if not isinstance(fields, dict):
        return set()
    inner = (_names(one.get("contains")) for one in fields.values() if isinstance(one, dict))
    return set(fields).union(*inner)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_secret_that_a_module_returns_is_sealed(path: Path) -> None:
    """The connection prints what comes back at -vvv: what is returned in clear is no secret."""
    said = _literals(path)
    returned = _names(yaml.safe_load(said.get("RETURN") or "{}"))
    secrets = {f"{path.stem}.{name}" for name in returned if any(word in name for word in SECRET)} - HARMLESS
    text = path.read_text(encoding="utf-8")
    sealed = "seal.SPEC" in text and (path.parents[1] / "action" / path.name).is_file()
    assert not secrets or sealed, f"returned is {', '.join(sorted(secrets))}; seal it: see _core/seal"


def test_what_is_returned_is_found_by_its_name() -> None:
    fields = yaml.safe_load("a: {type: dict, contains: {rpc_secret: {type: str}}}\nb: {type: str}")
    assert _names(fields) == {"a", "b", "rpc_secret"}
