# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: an answer that is not as any release has given it is said to be so, wherever a parser stumbles over it."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, TypeVar, cast

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

Parser = TypeVar("Parser", bound=Callable[..., Any])
_SHOWN = 60  # characters of an answer
_NUMBERS = ("size_bytes",)
_STUMBLES = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class NotUnderstood(UpliftError):
    """An answer whose form no rule knows."""


def understood(what: str, secret: bool = False) -> Callable[[Parser], Parser]:
    """For a parser: where it stumbles, the sentence says what was asked. secret: the answer itself is not shown."""

    def around(parser: Parser) -> Parser:
        @functools.wraps(parser)
        def read(text: Any, *more: Any) -> Any:
            try:
                return parser(text, *more)
            except _STUMBLES as exc:
                said = f"{len(text)} characters" if secret else repr(str(text).strip()[:_SHOWN])
                where = type(exc).__name__ if secret else f"{type(exc).__name__}: {exc}"
                raise NotUnderstood(
                    f"{what} was answered with {said}, which is not understood ({where}); expected what a release of"
                    " the makers answers. Look at the answer by hand: another program, or a damaged entry, gives"
                    " another."
                ) from exc

        return cast(Parser, read)

    return around


@contextmanager
def understanding(whom: str) -> Iterator[None]:
    """For what is made of several answers: a part that is missing or of another type is met behind the parsers."""
    try:
        yield
    except _STUMBLES as exc:
        raise NotUnderstood(
            f"An answer of {whom} is not understood ({type(exc).__name__}: {exc}); expected what a release of the"
            " makers answers. Look at its answers by hand: another program, or a damaged entry, gives others."
        ) from exc


class Row(Dict[str, Any]):
    """A row of a list over HTTP: what is asked of it by name has to be there, and of its type."""

    what = ""

    def __getitem__(self, name: str) -> Any:
        found, kind = self.get(name), int if name in _NUMBERS else str
        if not isinstance(found, kind):
            expected = "number" if kind is int else "text"
            raise NotUnderstood(
                f"{self.what}: a row of the answer has {found!r} as its {name}; expected a {expected}. The row is"
                f" {dict(self)!r:.120}. Look at it by hand."
            )
        return found


def rows(found: Any, what: str) -> list[Row]:
    """The rows of a list, each an object."""
    made = []
    for one in found:
        if not isinstance(one, dict):
            raise NotUnderstood(f"{what}: a row of the answer is {one!r:.60}; expected an object. Look at it by hand.")
        row = Row(one)
        row.what = what
        made.append(row)
    return made
