# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage on which role files and playbooks of this collection are played; see README.md."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import answers
import inprocess
import yaml
from ansible_collections.uplift.datastores.plugins.action import operation as operation_action
from ansible_collections.uplift.datastores.plugins.module_utils._operation import evidence as operation_evidence
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner
from ansible_collections.uplift.datastores.plugins.module_utils._plan import api as plan_api
from ansible_collections.uplift.datastores.plugins.module_utils._plan import verbs as plan_verbs
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from inprocess import Asked

COLLECTION = Path(__file__).resolve().parents[2]
UNREACHABLE: Mapping[str, Any] = {"unreachable": True, "msg": "no route to host"}


def failed(msg: str, **more: Any) -> dict[str, Any]:
    return {"failed": True, "msg": msg, **more}


class Run:
    """What came of it. `calls` are the modules that were asked, in order; `why` is what an operator reads."""

    def __init__(self, rc: int, told: inprocess.Told, calls: list[Asked]) -> None:
        self.rc, self.told, self.calls = rc, told, calls
        self.failures = list(inprocess.failures)

    @property
    def ok(self) -> bool:
        return self.rc == 0

    @property
    def why(self) -> str:
        return "\n".join(
            f"{host}: {task}: {result.get('msg', '')}"
            for state, host, task, result in self.told.results
            if state in ("failed", "unreachable")
        )

    @property
    def said(self) -> str:
        return "\n".join(self.told.said)

    @property
    def shown(self) -> str:
        """All that any callback was given to print."""
        return "\n".join(self.told.printed)

    def of(self, module: str, **given: Any) -> list[Asked]:
        """The calls of a module with these arguments; `host`, `at` and `task` are of the call itself."""
        return [call for call in self.calls if _is(call, module, given)]

    def hosts(self, module: str, **given: Any) -> list[str]:
        return [call.host for call in self.of(module, **given)]

    def place(self, module: str, **given: Any) -> int:
        """Where in the order of calls the first of these came."""
        found = self.of(module, **given)
        assert found, f"{module} {given} was never called. {self.why}"
        return self.calls.index(found[0])

    def verbs(self, host: str = "") -> dict[str, list[str]]:
        """Per step that was begun at the host (any), what it called: `module state`, in order, each once in a row."""
        found: dict[str, list[str]] = {}
        now: dict[str, list[str]] = {}
        for call in self.calls:
            if host not in ("", call.host):
                continue
            begun = call.module == "operation" and call.args["state"] == "step"
            if begun:
                verb = call.args["begin"].rpartition("/")[2]
                now[call.host] = found.setdefault(verb, []) if verb else []
            elif call.host in now:
                said = " ".join(filter(None, (call.module, str(call.args.get("state") or ""))))
                if now[call.host][-1:] != [said]:
                    now[call.host].append(said)
        return found

    def modules(self) -> list[str]:
        """The modules in the order of their first calls, without the record's own."""
        return list(dict.fromkeys(call.module for call in self.calls if call.module != "operation"))


def _play(group: str, role: str, entry: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    include = {"name": f"uplift.datastores.{role}", "tasks_from": entry}
    task = {"name": "Play it", "ansible.builtin.include_role": include, "vars": dict(variables)}
    return {"name": "Play", "hosts": group, "gather_facts": False, "any_errors_fatal": True, "tasks": [task]}


def _is(call: Asked, module: str, given: Mapping[str, Any]) -> bool:
    own = {"host": call.host, "at": call.at, "task": call.task, "nth": call.nth, "check": call.check}
    same = all(_one_of(own[key] if key in own else call.args.get(key), value) for key, value in given.items())
    return same and bool(re.fullmatch(module, call.module))


def _one_of(seen: Any, wanted: Any) -> bool:
    """Alternatives stand with `|` between them, as in a module's name."""
    return seen == wanted or (isinstance(wanted, str) and "|" in wanted and seen in wanted.split("|"))


class Stage:
    """Hosts, what is known of them, and what modules answer. Each `role`, `steps` or `playbook` is a run of its own."""

    def __init__(self, place: Path, product: str, hosts: Sequence[str]) -> None:
        self.place, self.product, self.hosts = place, product, list(hosts)
        self.records = place / "records"
        self.variables: dict[str, Any] = {f"{product}_report_dir": str(place / "reports")}
        self.host_variables: dict[str, dict[str, Any]] = {host: {} for host in hosts}
        self.rules: list[tuple[str, Mapping[str, Any], Any]] = []
        self.lost: list[tuple[str, str]] = []  # evidence that does not hold: part of it, sentence
        self.runs = 0
        self.world = answers.World(product, self.hosts)
        self.begun = self.world.begun()

    def only(self, *hosts: str) -> Stage:
        """The same stage with these hosts: one will do where nothing depends on others, and is three times as fast."""
        place = self.place / "".join(hosts)
        place.mkdir()
        return Stage(place, self.product, hosts)

    def on(self, module: str, answer: Any, **given: Any) -> None:
        """From now on `module` (a regular expression), called with these arguments, host or nth, answers so.

        The last rule wins.

        `answer` replaces the usual answer; below "and" it is merged over that; a function is called with the call.
        """
        self.rules.append((module, given, answer))

    def found(self, **values: Any) -> None:
        """Variables of the whole inventory: settings of the operator, or what earlier tasks would have registered."""
        self.variables.update(values)

    def answer(self, asked: Asked) -> Mapping[str, Any]:
        self._counts[(asked.module, asked.host)] += 1
        asked.nth = self._counts[(asked.module, asked.host)]
        self._calls.append(asked)
        for module, given, answer in reversed(self.rules):
            if _is(asked, module, given):
                said = answer(asked) if callable(answer) else answer
                if said is None:
                    break
                if "and" in said:
                    return {**self.world.answer(asked), **said["and"]}
                return said
        return self.world.answer(asked)

    def asked(self, **given: Any) -> list[Asked]:
        """The calls so far, for answers that depend on them."""
        return [call for call in self._calls if _is(call, ".*", given)]

    def role(self, name: str, entry: str, check: bool = False, **variables: Any) -> Run:
        """One entry point of a role, on all hosts, with these variables."""
        return self._plays([_play(self.product, name, entry, variables)], check)

    def steps(
        self,
        verbs: Sequence[str],
        in_pass: str = "together",
        waves: Any = None,
        before: Mapping[str, Any] | None = None,
        check: bool = False,
        number: int = 0,
        fresh: bool = False,
        **hop: Any,
    ) -> Run:
        """One pass with these verbs, by the role operation as it is: gate, record, steps, recovery.

        before: what the record has saved. hop: source, target, strategy, undoes (an operation that is undone).
        fresh: of another operation than before, not a resumed one.
        """
        if fresh:
            shutil.rmtree(self.records, ignore_errors=True)
        plan = self.plan({in_pass: verbs}, waves, number, **hop)
        opened = self._begin(plan, before or {})
        groups = {"uplift_test": self.hosts}
        variables = {"operation_product": self.product, "operation_hop_number": str(number), "operation_pass": in_pass}
        values = {
            **self.begun,
            "operation_planned": {"plan": plan, "resumed": "", "order": [], "token": "test"},
            "operation_opened": {"record": opened, "directory": "{{ operation_directory }}"},
        }
        discover = _play(self.product, self.product, "discover", variables)
        read = {"directory": "{{ operation_directory }}", "product": self.product}
        discover["tasks"].append({"uplift.datastores.operation": read, "register": "operation_memory"})
        serial = [len(wave) for wave in plan["hops"][number]["passes"][in_pass]["waves"]]
        one = {**_play(self.product, "operation", "pass", variables), "serial": serial}
        run = self._plays([discover, one], check, values, groups)
        for host in self.hosts if run.ok else ():
            self.record_call(host, state="closed")
        return run

    def plan(
        self, passes: Mapping[str, Sequence[str]], waves: Any = None, number: int = 0, **hop: Any
    ) -> dict[str, Any]:
        """A plan of one hop as upgrade_plan returns it."""
        known = {**plan_verbs.all_of(CATALOGUES[self.product]), **plan_verbs.HOOKS}
        waves = waves or [self.hosts]
        made = {
            name: {
                "waves": waves if name in ("walk", "walk_again") else [self.hosts],
                "interrupts": "",
                "steps": [
                    {
                        "key": f"{number}/{name}/{place}/{verb}",
                        "scope": known[verb].scope,
                        "verb": verb,
                        **({"role": known[verb].role} if known[verb].role else {}),
                    }
                    for place, verb in enumerate(verbs)
                ],
            }
            for name, verbs in passes.items()
        }
        undoes = hop.pop("undoes", "")
        usual = {
            "source": self.world.version,
            "target": self.world.target,
            "strategy": "all_at_once",
            "irreversible": "",
            "guide": "",
        }
        return {
            "product": self.product,
            "leader": self.hosts[0],
            "notes": [],
            "undoes": undoes,
            "undoes_hop": 0,
            "created_with": "",
            "verbs": plan_verbs.as_data(CATALOGUES[self.product].verbs),
            "hops": [*({**usual, "passes": {}} for _before in range(number)), {**usual, **hop, "passes": made}],
        }

    def _begin(self, plan: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
        """The record of an operation that the run which follows has opened at every node."""
        self.runs += 1
        opened: dict[str, Any] = {}
        for host in self.hosts:
            opened = self.record_call(host, state="opened", plan=plan, token="t" * 16)["record"]
            if saved:
                self.record_call(host, state="saved", save=saved)
                opened = {**opened, "saved": dict(saved)}
        self.runs -= 1
        return opened

    def record_call(self, host: str, owner: Owner | None = None, **given: Any) -> dict[str, Any]:
        """Ask the module operation itself, next to any play: by the run that goes on, or by another owner."""
        usual = {"directory": str(self.kept(host)), "id": answers.ID, "owner": vars(owner or self.owner())}
        said = inprocess.called("uplift.datastores.operation", {**usual, **given}, check=False)
        assert not said.get("failed"), said
        return said

    def owner(self, boot: str = "") -> Owner:
        """Who a run is: a machine of its own for each, so that none is taken for the death of another."""
        boot = boot or f"run-{self.runs}"
        return Owner(boot, boot, "pid:[1]", 4711, 1, "operator", "controller", "2026-11-21T03:14:50Z")

    def playbook(self, name: str, check: bool = False, **extra: Any) -> Run:
        """A playbook of the collection, on hosts in the product's group."""
        return self._play(str(COLLECTION / "playbooks" / f"{name}.yml"), check, extra)

    def plays(self, plays: Sequence[Mapping[str, Any]]) -> Run:
        """A playbook of somebody else, in which ours are imported."""
        return self._plays([dict(play) for play in plays], False)

    def kept(self, host: str) -> Path:
        """Where the record of a host lies."""
        set_ = {**self.variables, **self.host_variables[host]}.get(f"{self.product}_unit", "")
        return self.records / host / self.product / runtime_place.key(set_ or plan_api.unit_of(self.product))

    def record(self, host: str = "") -> dict[str, Any]:
        path = self.kept(host or self.hosts[0]) / "record.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    def steps_done(self, host: str = "") -> dict[str, str]:
        return {key: step["state"] for key, step in self.record(host).get("steps", {}).items()}

    def _plays(
        self,
        plays: list[dict[str, Any]],
        check: bool,
        more: Mapping[str, Any] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> Run:
        path = self.place / "play.yml"
        path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        return self._play(str(path), check, {}, more or {}, groups or {})

    def _play(
        self,
        path: str,
        check: bool,
        extra: Mapping[str, Any],
        more: Mapping[str, Any] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> Run:
        self.runs += 1
        self._calls: list[Asked] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        inventory = self.place / "inventory.yml"
        here = {
            host: {
                "operation_root": str(self.records / host),
                "operation_directory": str(self.kept(host)),  # where a role is played without the role operation
                **self.host_variables[host],
            }
            for host in self.hosts
        }
        names: dict[str, Any] = {self.product: {"hosts": here}}
        names.update({group: {"hosts": dict.fromkeys(hosts)} for group, hosts in (groups or {}).items()})
        usual = {**self.world.settings(), **self.variables, **(more or {})}
        inventory.write_text(
            yaml.safe_dump({"all": {"vars": usual, "children": names}}, sort_keys=False), encoding="utf-8"
        )
        operation_action.owner_of = lambda _pid: self.owner()
        operation_action._keeper = SimpleNamespace(keep=lambda *_given: None, release=lambda _token: None)
        operation_evidence.lost = self._holds
        rc, told = inprocess.play(path, inventory, self.answer, extra, check)
        assert not inprocess.refused, f"Arguments that a module does not take: {inprocess.refused}"
        return Run(rc, told, self._calls)

    def _holds(self, evidence: Mapping[str, Any]) -> str:
        text = json.dumps(evidence, sort_keys=True)
        return next((sentence for part, sentence in self.lost if part in text), "")
