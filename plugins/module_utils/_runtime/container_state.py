# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A container brought into a state, and what is reported of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._runtime import appointment
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec as spec
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container import Service, Wish
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import Container
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.held import Containers
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock, Unclean


def bring(
    docker: Docker, wish: Wish, check: bool, clock: Clock | None = None, held: Containers | None = None
) -> dict[str, Any]:
    """Bring a container into a state; in check mode only say whether that would change anything."""
    service = Service(docker, wish, clock or Clock(), held or Containers())
    before = service.find()
    appointment.effective(wish.at, service.clock.now(), wish.container)
    if not check:
        service.repair()
    pending = service.pending() is not None
    work = needed(wish, before.running, pending) and not (wish.state == "activated" and service.prepared())
    if not work and not service.hold_differs():
        return {"changed": False, **summary(before, service)}
    diff = {
        "before": {"active": before.active, "image": before.image, "held": service.held.by(service.name)},
        "after": {"state": wish.state, "image": wish.image, "held": wish.hold},
    }
    if check:
        return {"changed": True, "diff": diff, **summary(before, service)}
    return {"changed": True, "diff": diff, **_performed(service, before, work)}


def needed(wish: Wish, running: bool, pending: bool) -> bool:
    """Is there anything to do? Not a restart, when what was prepared already runs: so it may be resumed."""
    if wish.state == "stopped":
        return running
    if wish.state == "started":
        return not running
    return wish.state == "activated" or not running or pending or not wish.if_stale


def _performed(service: Service, before: Container, work: bool) -> dict[str, Any]:
    wish = service.wish
    at = appointment.effective(wish.at, service.clock.now(), wish.container)
    if at:
        service.clock.sleep(at - service.clock.now())
    begun = service.clock.now()
    end = None
    if wish.state == "activated":
        service.activate()
    else:
        if wish.hold:
            service.hold()
        end = service.stop() if work and before.running and wish.state != "started" else None
        if wish.state != "stopped":
            _started(service, work)
    now = spec.read(service._current())
    report = {
        **summary(now, service),
        "seconds": round(service.clock.now() - begun, 3),
        "late_seconds": appointment.late(wish.at, begun),
        "stop_seconds": round(end.moment - begun, 3) if end else 0.0,
        "down_seconds": round(now.started - end.moment, 3) if end and now.running else 0.0,
        "ended": {"code": end.code, "status": end.status, "clean": end.clean} if end else {},
    }
    if end and wish.clean and not end.clean:
        state = "running again" if now.running else "stopped"
        raise Unclean(
            f"The process of the container {wish.container} {end} after {report['stop_seconds']:.1f} s, expected status"
            f" 0; the container is {state}. It was given {wish.signal or now.stop_signal or 'SIGTERM'} and"
            f" {wish.stop_timeout:g} s: give the signal at which this release flushes, and close its ports first.",
            report,
        )
    return report


def _started(service: Service, work: bool) -> None:
    if work:
        service.swap()
    service.release()
    try:
        if work:
            service.start()
    finally:  # One that falls is not held either: it has its policy back.
        service.forget()


def summary(now: Container, service: Service) -> dict[str, Any]:
    following, held = service.pending(), service.held.by(service.name)
    evidence: dict[str, Any] = {"slot": "service", "kind": "container", "name": service.name}
    if service.wish.state == "activated":
        evidence.update(slot="release", kind="made", id=following["Image"] if following else now.image_id)
    else:
        evidence["active"] = now.active == "active"
        evidence.update({"held": held} if held and not evidence["active"] else {})
    return {
        "unit": f"docker:{service.name}",
        "active": now.active,
        "main_pid": now.pid,
        "started": now.started,
        "image": now.image,
        "image_next": following["Config"]["Image"] if following else now.image,
        "held": held,
        "evidence": [evidence],
    }
