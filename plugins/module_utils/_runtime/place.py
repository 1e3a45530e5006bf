# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: where a service runs, in the one notation that every product's `unit` is written in.

NAME, a systemd unit of this host; docker:NAME, a container of this host's docker; kubernetes:NAMESPACE/WORKLOAD, with
:CONTEXT behind it where kubectl's current context is not meant. WORKLOAD is NAME for a Deployment, or KIND/NAME as
kubectl takes it. Where each pod is a node of its own cluster, a unit is one pod: pod/NAME of a StatefulSet, or
daemonset/NAME@NODE, the one of a DaemonSet on that node of Kubernetes, since that has another name after each start.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

SYSTEMD, DOCKER, KUBERNETES = "systemd", "docker", "kubernetes"
DEPLOYMENT, STATEFUL_SET, DAEMON_SET, POD = "deployment", "statefulset", "daemonset", "pod"
_UNIT = re.compile(r"[A-Za-z0-9_.@\\-]+|[A-Za-z0-9:_.@\\-]+\.service")  # a colon only where nothing else can be meant
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LABEL = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_WORKLOAD = re.compile(
    rf"([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)/(?:(deployment|statefulset|daemonset|pod)/)?({_LABEL})(?:@({_LABEL}))?(?::(\S+))?"
)
_OF_ONE_POD = re.compile(r"kubernetes:[^:]*(?:/pod/|@)")
_SUFFIXED = re.compile(r"\.(?:service|socket|target|timer|mount|automount|path|scope|slice|swap|device)$")
_ODD = re.compile(r"[^A-Za-z0-9.-]")
NOTATION = (
    "expected a systemd unit as NAME.service, a container as docker:NAME, or a workload as kubernetes:NAMESPACE/NAME,"
    " which is a Deployment; others are kubernetes:NAMESPACE/statefulset/NAME and kubernetes:NAMESPACE/daemonset/NAME."
    " A context of kubectl goes behind it, as kubernetes:NAMESPACE/NAME:CONTEXT"
)


@dataclass(frozen=True)
class Place:
    """kind: systemd, docker or kubernetes. Of a workload of Kubernetes also namespace, workload (its kind) and context
    ("" for the current one). node: of Kubernetes, where one pod of a DaemonSet is meant."""

    kind: str
    name: str
    namespace: str = ""
    workload: str = ""
    context: str = ""
    node: str = ""

    @property
    def one_pod(self) -> bool:
        """Whether it is one pod of a workload, and not all of them."""
        return self.workload == POD or bool(self.node)

    @property
    def pod(self) -> str:
        """Of one pod a name that it keeps, in messages and for what is made for it."""
        return f"{self.name}-{self.node}" if self.node else self.name

    def __str__(self) -> str:
        """The same place in the notation, in its shortest form."""
        if self.kind == SYSTEMD:
            return self.name
        if self.kind == DOCKER:
            return f"docker:{self.name}"
        kind = "" if self.workload == DEPLOYMENT else f"{self.workload}/"
        node, context = ("@" if self.node else "") + self.node, (":" if self.context else "") + self.context
        return f"kubernetes:{self.namespace}/{kind}{self.name}{node}{context}"

    def owner(self) -> Place:
        """Of a pod the StatefulSet or DaemonSet that it is of, by the notation alone: there may be no pod just now."""
        if self.workload != POD:
            return replace(self, node="")
        name, _dash, ordinal = self.name.rpartition("-")
        if not (name and ordinal.isdigit()):
            raise UpliftError(
                f"The pod {self.name} in {self.namespace} has no number at the end of its name; expected one of a"
                " StatefulSet, as NAME-0. Nothing was changed."
            )
        return replace(self, name=name, workload=STATEFUL_SET)

    def summary(self) -> str:
        """The place in a sentence, without its article."""
        if self.kind == KUBERNETES:
            pod = f"pod on {self.node} of the " if self.node else ""
            return f"{pod}{self.workload} {self.name} in {self.namespace}"
        return f"{'container' if self.kind == DOCKER else 'unit'} {self.name}"


def read(text: str) -> Place:
    kind, _colon, rest = text.partition(":")
    if kind == DOCKER and _CONTAINER.fullmatch(rest):
        return Place(DOCKER, rest)
    if kind == KUBERNETES:
        found = _WORKLOAD.fullmatch(rest)
        if found and (found[2] == DAEMON_SET or not found[4]):
            return Place(KUBERNETES, found[3], found[1], found[2] or DEPLOYMENT, found[5] or "", found[4] or "")
    elif kind != DOCKER and _UNIT.fullmatch(text):
        return Place(SYSTEMD, text)
    raise UpliftError(f"The unit is {text!r}, which cannot be read; {NOTATION}. Nothing was changed.")


def key(text: str) -> str:
    """The place as one name in a directory: another for every other place, the same for all spellings of one."""
    place = read(text)
    if place.kind == SYSTEMD:
        return place.name if _SUFFIXED.search(place.name) else f"{place.name}.service"
    if place.kind == DOCKER:
        return f"{place.name}.container"
    context = _ODD.sub(lambda found: "".join(f"_{byte:02x}" for byte in found[0].encode()), place.context)
    name = place.name + ("+" if place.node else "") + place.node
    return f"{context + '@' if context else ''}{place.namespace}.{place.workload}.{name}.workload"


def bare(text: str) -> str:
    """The name of a unit or container, also where the rest cannot be read."""
    return text[len(DOCKER) + 1 :] if kind_of(text) == DOCKER else text


def kind_of(text: str) -> str:
    """systemd, docker or kubernetes, by the beginning alone: also of what `read` refuses."""
    kind = text.partition(":")[0]
    return kind if kind in (DOCKER, KUBERNETES) and ":" in text else SYSTEMD


def is_pod(text: str) -> bool:
    """Whether it is one pod of a StatefulSet or DaemonSet; also of what `read` refuses."""
    return bool(_OF_ONE_POD.match(text))
