# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine alone: tests/toy on hosts of a local connection. Its program takes milliseconds: the rest is ours."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.measured import Figure, timed

ROOT = Path(__file__).resolve().parents[2]
LINE = "\nfrom ansible_collections.uplift.datastores.plugins.module_utils._toy.catalogue import TOY  # noqa: E402\n"
TOY = {
    "plugins/module_utils/_toy": "package",
    "roles/toy": "roles/toy",
    **{f"playbooks/toy_{what}.yml": f"playbooks/toy_{what}.yml" for what in ("plan", "upgrade")},
}


def collection(place: Path) -> Path:
    """A tree of collections with the toy in ours: its files, and its line in the registry."""
    ours = place / "ansible_collections" / "uplift" / "datastores"
    shutil.rmtree(place, ignore_errors=True)
    for name in ("plugins", "roles", "playbooks", "meta", "galaxy.yml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (ours / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, ours / name)
    for there, here in TOY.items():
        source = ROOT / "tests" / "toy" / here
        (shutil.copytree if source.is_dir() else shutil.copy)(source, ours / there)
    registry = ours / "plugins" / "module_utils" / "_products.py"
    with registry.open("a", encoding="utf-8") as handle:
        handle.write(f'{LINE}\nCATALOGUES["toy"] = TOY\n')
    return place


def hosts(place: Path, number: int) -> Path:
    """That many toys, each with a home and a record of its own; the path of the inventory."""
    shutil.rmtree(place, ignore_errors=True)
    found = {}
    for name in (f"t{one}" for one in range(number)):
        home = place / name
        home.mkdir(parents=True)
        toy = {"release": "1.0.0", "runs": "1.0.0", "form": "1", "words": ["hello"]}
        (home / "toy.json").write_text(json.dumps(toy), encoding="utf-8")
        found[name] = {"toy_home": str(home), "operation_root": str(home / "records")}
    program = str(ROOT / "tests" / "toy" / "program.py")
    local = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3", "toy_program": program}
    path = place / "inventory.json"
    path.write_text(json.dumps({"toy": {"hosts": found, "vars": local}}), encoding="utf-8")
    return path


def commands(inventory: Path) -> Mapping[str, Sequence[str]]:
    """What is measured, in its order. Nothing of it may be left out: each begins where the one before has ended."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))

    def play(what: str, version: str) -> list[str]:
        chosen = [f"uplift.datastores.toy_{what}", "-e", f"toy_version={version}"]
        return [program, "-i", str(inventory), "-f", "50", *chosen]

    return {
        "the plan": play("plan", "2.0.0"),
        "upgrade, one node after the other": play("upgrade", "1.1.0"),
        "upgrade, all at once": play("upgrade", "2.0.0"),
        "second run": play("upgrade", "2.0.0"),
    }


def run(place: Path, sizes: Sequence[int], walks_to: int) -> Iterator[Figure]:
    """One node after the other is measured up to `walks_to` nodes: it takes the same time for each."""
    tree = collection(place / "tree")
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(tree), "ANSIBLE_PIPELINING": "1", "ANSIBLE_RETRY_FILES_ENABLED": "0"}
    for number in sizes:
        inventory = hosts(place / f"toys-{number}", number)
        for what, argv in commands(inventory).items():
            if "one node after" in what and number > walks_to:
                continue
            log = f"{'-'.join(what.replace(',', '').split())}-{number}.log"
            yield timed(what, number, argv, place / log, environment)
