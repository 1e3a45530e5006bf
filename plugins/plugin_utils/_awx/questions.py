# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What AWX asks before a job, and keeps as a secret: made of the argument specs of the roles.

A survey has no type for a list, a switch, or a choice of nothing, and Ansible reads an empty answer, which AWX marks
as unsafe, as no value at all. So all but numbers are asked under another name, and the filter `answer` makes of it
what the role takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

Options = Mapping[str, Mapping[str, Any]]
NOTHING = "default"  # what is chosen for an empty value
_DIRECT = {"str": "text", "path": "text", "int": "integer", "float": "float"}
# What is no secret, and goes with one.
_WITH = {"lakefs_secret_access_key": ("lakefs_access_key_id",)}


def asked(name: str) -> str:
    """What a setting is called in a survey or a credential that has no type for it."""
    return f"asked_{name}"


def survey(title: str, names: Iterable[str], options: Options, required: Sequence[str] = ()) -> dict[str, Any]:
    """A survey as AWX takes it: {name, description, spec}; spec has a question for each setting."""
    spec = [_question(name, options[name], name in required) for name in names]
    return {"name": title, "description": "", "spec": spec}


def _question(name: str, option: Mapping[str, Any], required: bool) -> dict[str, Any]:
    """Numbers and choices are required and have a default: of the empty answer to such AWX says that it is wrong."""
    default, choices = option.get("default"), _choices(option)
    kind = "multiplechoice" if choices else _DIRECT.get(option["type"], "textarea")
    if kind in ("integer", "float"):
        value: Any = int(default or 0) if kind == "integer" else float(default or 0)
    elif choices:
        value = str(default).lower() if option["type"] == "bool" else (default or NOTHING)
    else:
        value = _text(default)
    return {
        "question_name": name,
        "question_description": plain(option["description"]),
        "variable": asked(name) if _is_other(option) else name,
        "type": kind,
        "required": required or kind in ("integer", "float", "multiplechoice"),
        "default": value,
        **({"choices": "\n".join(choices)} if choices else {}),
    }


def _choices(option: Mapping[str, Any]) -> list[str]:
    if option["type"] == "bool":
        return ["false", "true"]
    return [choice or NOTHING for choice in option.get("choices", ())]


def _is_other(option: Mapping[str, Any]) -> bool:
    return option["type"] not in ("int", "float")


def _text(default: Any) -> str:
    if isinstance(default, (list, tuple)):
        return "\n".join(map(str, default))
    return "" if default in (None, {}) else str(default)


def taken(names: Iterable[str], options: Options) -> dict[str, str]:
    """Extra variables of the job: setting -> template of what was asked under another name."""
    kinds = {name: options[name] for name in names}
    return {
        name: f"{{{{ {asked(name)} | default('') | uplift.datastores.answer('{name}', '{_kind(option)}') }}}}"
        for name, option in kinds.items()
        if _is_other(option)
    }


def _kind(option: Mapping[str, Any]) -> str:
    return (
        str(option["type"]) if option["type"] in ("bool", "list", "dict") else "choice" if _choices(option) else "text"
    )


def secrets(options: Options) -> dict[str, tuple[str, ...]]:
    """Each secret setting, and what a credential for it has: what goes with it, and itself."""
    return {name: (*_WITH.get(name, ()), name) for name, option in options.items() if option.get("no_log")}


def credential(names: Sequence[str], options: Options) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and the injectors of a type of credential. Every field has to be filled: an empty one would count."""
    fields = [_field(name, options[name]) for name in names]
    variables = {field["id"]: f"{{{{ {field['id']} }}}}" for field in fields}
    return {"fields": fields, "required": list(variables)}, {"extra_vars": variables}


def _field(name: str, option: Mapping[str, Any]) -> dict[str, Any]:
    many = option["type"] in ("list", "dict")
    return {
        "id": asked(name) if many else name,
        "type": "string",
        "label": name,
        "help_text": plain(option["description"]) + _form(option),
        "secret": bool(option.get("no_log")),
        "multiline": many,
    }


def _form(option: Mapping[str, Any]) -> str:
    return {"list": " One a line.", "dict": " As YAML."}.get(option["type"], "")


def plain(description: Any) -> str:
    """A description without Ansible's marks, in one line."""
    lines = [description] if isinstance(description, str) else description
    return re.sub(r"\b[A-Z]\(([^()]*)\)", r"\1", " ".join(" ".join(map(str, lines)).split()))


def answer(text: Any, name: str, kind: str) -> Any:
    """What was answered, as the setting takes it. UpliftError where it is of another kind.

    kind: text, choice, bool, list (one a line, or as YAML), dict (as YAML). What is no text is left as it is.
    """
    text = "" if text is None else text
    if not isinstance(text, str):
        return text
    said = text.strip()
    if kind in ("text", "choice"):
        return "" if kind == "choice" and said == NOTHING else said
    if kind == "bool":
        if said.lower() not in ("", "true", "false"):
            raise _wrong(name, said, "true or false")
        return said.lower() == "true"
    if kind == "list" and not said.startswith("["):
        return [line.strip() for line in said.splitlines() if line.strip()]
    return _parsed(said, name, kind)


def _parsed(said: str, name: str, kind: str) -> Any:
    """The text is never shown: a dict may hold secrets."""
    expected = "one a line" if kind == "list" else "names and values as YAML"
    try:
        value = yaml.safe_load(said) if said else {}
    except yaml.YAMLError as error:
        raise _wrong(name, "no YAML", expected) from error
    if not isinstance(value, list if kind == "list" else dict):
        raise _wrong(name, f"of the type {type(value).__name__}", expected)
    return value


def _wrong(name: str, seen: str, expected: str) -> UpliftError:
    return UpliftError(
        f"The answer to {name} is {seen}; expected {expected}. Nothing was done. Launch it again with another answer."
    )
