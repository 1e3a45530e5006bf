# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of mutants, as lines for people."""

from __future__ import annotations

from collections.abc import Mapping


class Table:
    """accepted: survivors that nobody minds, each with the reason. names: of all mutants that there are."""

    def __init__(self, accepted: Mapping[str, str], names: set[str]) -> None:
        self.accepted, self.names = accepted, names
        self.killed, self.survived, self.minded = 0, 0, list[str]()

    def row(self, name: str, killer: str, seconds: float) -> None:
        reason = self.accepted.get(name, "")
        if killer:
            self.killed += 1
            if reason:
                self.minded.append(f"{name}: is in accepted.yml, and {killer} kills it: take it out there")
        else:
            self.survived += 1
            if not reason:
                self.minded.append(f"{name}: no test notices it")
        state = "killed" if killer else "accepted" if reason else "SURVIVED"
        print(f"{state:8} {seconds:6.1f} s  {name}  [{killer or reason}]", flush=True)

    def end(self, whole: bool) -> int:
        """The exit status."""
        if whole:
            self.minded += [
                f"{name}: is in accepted.yml and is no mutant" for name in self.accepted.keys() - self.names
            ]
        print(f"\n{self.killed} killed, {self.survived} survived, {len(self.accepted)} of them accepted")
        print("".join(f"  {line}\n" for line in self.minded), end="")
        return 1 if self.minded else 0
