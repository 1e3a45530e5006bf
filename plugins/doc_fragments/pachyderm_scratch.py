# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  id: {description: The operation. The units are called by it., type: str, required: true}
  directory:
    description: Where the servers keep their files. It is made for them and deleted with all that it holds.
    type: path
    required: true
  pachd: {description: The server of O(target)., type: path, default: /usr/local/bin/pachd}
  etcd: {description: The program., type: str, default: etcd}
  user: {description: The account of the servers. Empty for V(nobody)., type: str, default: ''}
  expected: {description: Whether the operator wants it tried., type: bool, default: true}
  platform: {description: How the cluster is deployed; V(systemd) or V(kubernetes)., type: str, default: systemd}
  hidden:
    description: Directories of the cluster that the servers may not see.
    type: list
    elements: str
    default: []
  timeout: {description: Seconds after which the servers are ended., type: float, default: 7200}
  start_timeout: {description: Seconds in which each server has to answer., type: float, default: 60}
  stall_timeout:
    description: Seconds after the last byte after which a restore is given up.
    type: float
    default: 3600
"""
