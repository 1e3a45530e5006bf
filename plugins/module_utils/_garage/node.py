# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The Garage of this node, as systemd, docker or Kubernetes runs it: its program, configuration and account."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    accounts,
    contained,
    container_spec,
    main_process,
    place,
    systemd,
    unit_place,
    unit_runner,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container as runtime_container
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_runner import ContainerRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import Pod, mounted
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods

PROGRAM, RPC = "/garage", "3901"  # in the makers' image, and as their chart and their manual have it
_RPC = re.compile(r'^\s*rpc_bind_addr\s*=\s*"[^"]*:(\d+)"', re.MULTILINE)


def from_unit(runner: Runner, params: Mapping[str, Any]) -> Garage:
    """The node's Garage as systemd, docker or Kubernetes runs it; what the operator gives in `params` comes first."""
    where = place.read(params["unit"])
    if where.kind == place.KUBERNETES:
        return _from_pod(of_pod(runner, params), params["call_timeout"])
    if where.kind == place.DOCKER:
        return _from_container(runner, params, where.name)
    unit = _unit(runner, params)
    command = unit.command() if unit else []
    environment = dict(unit.environment) if unit else {}
    own = daemon.config_of(command[1:], environment)
    if unit and not os.path.isabs(own):  # from where its unit runs
        own = os.path.join(unit_place.directory(unit, unit.user), own)
    config_file = _config_file(params["config_file"], own)
    next_binary = params["binary"] or (unit.binary if unit else "")
    living = daemon.daemons(config_file)
    if unit and unit.active == "active":
        demand_main(unit, [one.pid for one in living])
        living = [one for one in living if one.pid == unit.main_pid] or living
    account = accounts.named(params["user"] or (unit.user if unit else ""))
    return Garage(
        runner=unit_runner.of(runner, unit, account) if unit else runner,
        # The command line of another release hangs (G07): ask with the running daemon's own program.
        binary=living[0].exe if living else next_binary,
        config_file=config_file,
        environment=environment,
        user=account,
        timeout=params["call_timeout"],
        running=bool(living),
        next_binary=next_binary,
        unit=unit.name if unit else "",
        dynamic=bool(unit and unit.dynamic),
        script=contained.script(unit, "garage") if unit else "",
        mounting=tuple(unit.mounting()) if unit else (),
        config_made=unit_place.made_anew(unit, config_file) if unit else "",
        token=living[0].token if living else "",
    )


def _from_container(runner: Runner, params: Mapping[str, Any], name: str, docker: Docker | None = None) -> Garage:
    """Paths are those of this machine; the runner tells the container its own. The next program is an image."""
    docker = docker or Docker()
    service = runtime_container.Service(docker, runtime_container.Wish(name, "started"))
    here, following = service.find(), service.pending()
    binary = params["binary"] or here.command[0]
    inside = daemon.config_of(list(here.command[1:]), dict(here.environment))
    config_file = params["config_file"] or container_spec.host_path(here.mounts, inside)
    if not config_file:
        raise UpliftError(
            f"The container {here.name} reads {inside}, which lies in it alone; expected a file of this machine that "
            "is mounted there. Mount it, and set garage_config_file where its place is not found."
        )
    image = container_spec.tagged(following["Config"]["Image"] if following else here.image)
    return Garage(
        runner=ContainerRunner(runner, here, binary, image, docker),
        binary=binary if here.running else image,
        config_file=config_file,
        user=here.user,
        timeout=params["call_timeout"],
        running=here.active == "active",
        next_binary=image,
        unit=here.name,
        container=here.name,
        token=f"{here.id}:{here.started}" if here.running else "",
    )


def of_pod(runner: Runner, params: Mapping[str, Any]) -> Pod:
    """The pod, with where it reads its configuration. Its image may name its program alone: then that is /garage."""
    where = place.read(params["unit"])
    if not where.one_pod:
        raise UpliftError(
            f"garage_unit is {where}, the {where.summary()}, which is several nodes or none that keeps its data;"
            f" expected one pod a host: kubernetes:{where.namespace}/pod/{where.name}-0 of a StatefulSet, or"
            f" kubernetes:{where.namespace}/daemonset/{where.name}@NODE of a DaemonSet. Nothing was changed."
        )
    pods = Pods(runner, where, "garage")
    command = pods.command()
    pods.start = params["binary"] or (pods.container().get("command") or [PROGRAM])[0]
    environment = {row["name"]: row.get("value", "") for row in pods.container().get("env", [])}
    return Pod(pods, params["config_file"] or daemon.config_of(command, environment))


def _from_pod(pod: Pod, timeout: float) -> Garage:
    """A pod that runs the image of the template is asked what that is; else the next program is an image."""
    running, image = pod.running(), pod.pods.container()["image"]
    said = _RPC.search(mounted(pod.pods, pod.config_file).text)
    address = pod.read().get("status", {}).get("podIP", "")
    address = f"[{address}]" if ":" in address else address
    return Garage(
        runner=pod,
        binary=pod.pods.start if running else image,
        config_file=pod.config_file,
        timeout=timeout,
        running=running,
        next_binary=pod.pods.start if running and pod.image() == image else image,
        unit=str(pod.pods.place),
        pod=pod.pods.place.pod,
        address=f"{address}:{said[1] if said else RPC}" if address else "",
        token=str(pod.status().get("containerID", "")) if running else "",
    )


def demand_main(unit: systemd.Unit, pids: Sequence[int], proc: Path = daemon.PROC) -> None:
    """How the daemon ends says whether it has written everything (G08, G09): of a child nobody hears that."""
    if unit.main_pid not in pids and set(pids) & set(main_process.children(unit.main_pid, proc)):
        raise contained.NotItself(
            Finding(
                "script_unit",
                True,
                f"the main process of the unit {unit.name} is {unit.exe}, and Garage is a child of it: how Garage ends"
                " is not seen, and what waits for it may kill it after a moment",
                "Garage as the unit's main process",
                "let User= change the account, or let a script end with exec, so that Garage takes its place; then"
                " restart this node",
                final=True,
            )
        )


def _config_file(told: str | None, own: str) -> str:
    """While clients are shut out the unit reads a copy of the operator's file, whatever the operator names."""
    return own if not told or own == told + daemon.QUIET else told


def _unit(runner: Runner, params: Mapping[str, Any]) -> systemd.Unit | None:
    """None when there is no such unit and the operator has said all that it would have reported."""
    told = params["binary"] and params["config_file"]
    try:
        unit = systemd.read_unit(runner, params["unit"])
    except UpliftError:
        if told:
            return None
        raise
    unit_place.demand_own(unit, params["unit"], "garage_unit")
    contained.demand_own_program(unit, "garage_unit")
    leads = contained.script(unit, "garage")
    if leads and not told:
        raise contained.NotItself(_of_script(unit.name, leads))
    if unit.load_state == "loaded":
        return unit
    if told:
        return None
    raise UpliftError(
        f"The unit {unit.name} is {unit.load_state}; expected a loaded unit of Garage. "
        "Set garage_unit, or garage_binary and garage_config_file."
    )


def _of_script(unit: str, leads: str) -> Finding:
    return Finding(
        "script_unit",
        True,
        f"the unit {unit} starts a script, or a program that starts another ({leads:.80})",
        "the program itself: which program and configuration that leads to is not known",
        "set garage_binary and garage_config_file, and garage_user where the account is changed on the way",
        final=True,
    )
