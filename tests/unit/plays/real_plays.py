# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real playbooks, the real role `operation` and the real plugins, with products that only say what they do.

Every host is this machine, with a record of its own. What a node runs is a file; `activate` writes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import all_of
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

ROOT = Path(__file__).resolve().parents[3]
PRODUCTS = ("garage", "lakefs")
LIMIT = 1800  # of seconds: for a run that hangs, on a machine that does much else
DISCOVER = """
- name: Keep what was found
  ansible.builtin.set_fact:
    PRODUCT_found:
      node:
        name: "{{ inventory_hostname }}"
        id: "{{ inventory_hostname }}"
        zone: ""
        version: "{{ lookup('file', runs) }}"
      cluster:
        members: "{{ groups[PRODUCT_group | default('PRODUCT')] }}"
        replication: none
        id: "{{ identity | default('') }}"
      request: {target: "{{ PRODUCT_version }}", strategy: "", wave: "", accept: [], stop_after: "", confirm: []}
      reports: "{{ place }}/reports"
"""
ENTRY = """
- name: Say it
  ansible.builtin.debug:
    msg: "WORD {{ inventory_hostname }}"
"""
FAIL = """
- name: Fail where the test wants it
  ansible.builtin.fail:
    msg: the test wants it to fail here
  when: inventory_hostname == fail_at
"""
WAIT = """
- name: Wait for what the test does
  ansible.builtin.wait_for:
    path: "{{ go_on }}"
"""
ACTIVATE = """
- name: Run the new release from now on
  ansible.builtin.copy:
    dest: "{{ runs }}"
    content: "{{ operation_hop.target }}"
    mode: "0600"
"""


@dataclass(frozen=True)
class Ended:
    rc: int
    out: str

    def says(self, *words: str) -> bool:
        """Whether all of it is in the output, however its lines are broken."""
        flat = " ".join(self.out.replace("\\n", " ").replace('\\"', '"').split())
        return all(" ".join(word.split()) in flat for word in words)


class Stage:
    """Groups of hosts: name -> their number. more: what an entry point does next to saying its name, FAIL or WAIT."""

    def __init__(self, place: Path, groups: dict[str, int], more: Mapping[str, str] | None = None) -> None:
        self.place, self.callback = place, ""
        self._collection({"activate": ACTIVATE, **(more or {})})
        inventory: dict[str, Any] = {}
        for group, number in groups.items():
            hosts = [f"{group}{one}" for one in range(1, number + 1)]
            inventory[group] = {"hosts": dict.fromkeys(hosts)}
            for host in hosts:
                (place / "var" / host).mkdir(parents=True)
                (place / "runs" / host).parent.mkdir(exist_ok=True)
                (place / "runs" / host).write_text("1.82.0" if group == "lakefs" else "0.8.0")
        everywhere = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "operation_root": f"{place}/var/{{{{ inventory_hostname }}}}",
            "runs": f"{place}/runs/{{{{ inventory_hostname }}}}",
            "go_on": f"{place}/go-on",
            "place": str(place),
        }
        tree = {"all": {"children": inventory, "vars": everywhere}}
        (place / "inventory.json").write_text(json.dumps(tree))

    def _collection(self, more: Mapping[str, str]) -> None:
        here = self.place / "ansible_collections" / "uplift" / "datastores"
        (here / "roles").mkdir(parents=True)
        for name in ("plugins", "playbooks", "meta", "galaxy.yml", "roles/operation"):
            (here / name).symlink_to(ROOT / name)
        for product in PRODUCTS:
            tasks = here / "roles" / product / "tasks"
            tasks.mkdir(parents=True)
            (tasks / "discover.yml").write_text("---" + DISCOVER.replace("PRODUCT", product))
            for word in ("gate", "begin", "end", "recover", *all_of(CATALOGUES[product])):
                (tasks / f"{word}.yml").write_text("---" + ENTRY.replace("WORD", word) + more.get(word, ""))

    def _call(self, playbook: str, *words: str, **extra: Any) -> dict[str, Any]:
        mine = {
            "ANSIBLE_COLLECTIONS_PATH": str(self.place),
            "ANSIBLE_HOME": str(self.place / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_STRATEGY": "free",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": "8",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            **({"ANSIBLE_STDOUT_CALLBACK": self.callback} if self.callback else {}),
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        argv = [sys.executable, "-m", "ansible", "playbook"]
        asked = json.dumps(extra)
        return {
            "args": [*argv, "-i", str(self.place / "inventory.json"), playbook, "-e", asked, *words],
            "env": {**environment, **mine},
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
            "cwd": self.place,
        }

    def play(self, playbook: str, *words: str, **extra: Any) -> Ended:
        name = playbook if "/" in playbook else f"uplift.datastores.{playbook}"
        done = subprocess.run(**self._call(name, *words, **extra), check=False, timeout=LIMIT)
        return Ended(done.returncode, done.stdout)

    def begin(self, playbook: str, **extra: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(**self._call(f"uplift.datastores.{playbook}", **extra))

    def keepers(self) -> list[int]:
        """The processes that keep a lease here."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                mine = str(self.place).encode() in (process / "cmdline").read_bytes()
                if mine and (process / "comm").read_text().strip() == "uplift-lease":
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def directory(self, host: str, product: str = "garage") -> Path:
        return self.place / "var" / host / product / f"{product}.service"

    def record(self, host: str, product: str = "garage") -> Any:
        return json.loads((self.directory(host, product) / "record.json").read_text())

    def listing(self) -> dict[str, str]:
        """Every path on the nodes with what it holds."""
        top = self.place / "var"
        return {str(one.relative_to(top)): one.read_text() if one.is_file() else "" for one in sorted(top.rglob("*"))}

    def runs(self) -> dict[str, str]:
        return {one.name: one.read_text() for one in sorted((self.place / "runs").iterdir())}
