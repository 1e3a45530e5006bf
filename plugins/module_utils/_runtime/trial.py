# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A staged release is asked on scratch data all that later steps will ask: what is the same for every product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understanding
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress

Questions = Mapping[str, Callable[[], Any]]


class Unstarted(UpliftError):
    """No scratch server could be had that can be asked: nothing is known of what the release would answer."""


def untried(why: str = "") -> dict[str, Any]:
    """The answer of a module that has tried nothing."""
    return {"changed": False, "tried": False, "asked": [], "why": why}


@dataclass(frozen=True)
class Subject:
    """What is tried, in the words of its sentences.

    name: of product and release. where: the data that it is tried on. what: what is started. setting: what the names of
    the product's settings begin with. known: whether the catalogue was tested with it.
    """

    name: str
    where: str
    what: str
    setting: str
    known: bool

    def ask(self, questions: Questions) -> Iterator[str]:
        """Each question in turn, by its name; UpliftError with what was asked and what came."""
        for name, question in questions.items():
            try:
                with understanding(f"{self.name} ({name})"):
                    question()
            except (UpliftError, OSError) as exc:
                raise UpliftError(self._refused(name, str(exc))) from exc
            yield name

    def answer(self, asked: Iterator[str], count: int, progress: Progress) -> dict[str, Any]:
        """What the module says of the questions of `ask`, `count` at most. An unknown release has to be started."""
        told = untried()
        try:
            for question in asked:
                told["asked"].append(question)
                progress.say(len(told["asked"]), count, f"{self.name} on {self.where}: {question}")
        except Unstarted as exc:
            if not self.known:
                raise UpliftError(self._unseen(str(exc))) from exc
            why = f"{self.name} was not tried on {self.where}: {exc} It is known here; the operation goes on."
            return {**told, "why": why}
        return {**told, "tried": True}

    def _refused(self, question: str, said: str) -> str:
        return (
            f"The staged {self.name} was started on {self.where} and asked for {question}: {said} Expected an answer"
            " as the releases give that are known here. After the switch the same question would have stopped the"
            f" operation. {self._advice()}"
        )

    def _unseen(self, why: str) -> str:
        return (
            f"{self.name} is newer than the releases of its series that are known here, and it could not be started on"
            f" {self.where}: {why} Expected a {self.what} that can be asked before the switch. {self._advice()}"
        )

    def _advice(self) -> str:
        return (
            f"Choose a release that is known ({self.setting}_version), or accept it by name"
            f" ({self.setting}_accept: [untried_release]). Nothing was stopped."
        )
