# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  unit:
    description:
      - Where the service runs. A systemd unit of this host as V(garage.service), a container of its docker as
        V(docker:NAME), or a workload of Kubernetes as V(kubernetes:NAMESPACE/NAME), which is a Deployment.
      - Other workloads have their kind before the name, as V(kubernetes:NAMESPACE/statefulset/NAME) and
        V(kubernetes:NAMESPACE/daemonset/NAME). Where each pod is a node of its own cluster, as of Garage, a pod is
        meant, by V(kubernetes:NAMESPACE/pod/NAME) of a StatefulSet, and by
        V(kubernetes:NAMESPACE/daemonset/NAME@NODE) of a DaemonSet.
      - A context of kubectl goes behind it, as V(kubernetes:NAMESPACE/NAME:CONTEXT), where the current one is not
        meant.
    type: str
    required: true
notes:
  - C(kubectl) is wanted on the host for a workload, the socket of C(docker) for a container.
"""
