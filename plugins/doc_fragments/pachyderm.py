# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  pachctl:
    description: The client's program. It should be of the server's release.
    type: path
    default: /usr/local/bin/pachctl
  addresses:
    description:
      - Where the cluster answers, as C(host:port), or C(grpcs://host:port) where it speaks TLS. The first that takes a
        connection is used. One without a scheme speaks as the others do.
      - So a cluster whose usual port is closed for an upgrade is found at its other one.
    type: list
    elements: str
    default: [127.0.0.1:30650]
  token: {description: 'The token of an administrator, where authentication is on.', type: str, default: ''}
  client:
    description: How the server is trusted, and what a configuration of pachctl at this node says of it.
    type: dict
    default: {}
    suboptions:
      ca_file: {description: The certificates of the CA that has signed the server's., type: path}
      config:
        description: A configuration of pachctl, of which scheme, CA and token are taken where they are not given. Its
          address has to be one of O(addresses).
        type: path
      context: {description: The context in it. Empty means the active one., type: str, default: ''}
  cluster:
    description: The id that the cluster has to have. Another one at the address is refused. Empty means any.
    type: str
    default: ''
  call_timeout: {description: Seconds that one call of pachctl may take., type: float, default: 60}
notes:
  - pachctl is given a configuration of its own, that is gone afterwards. Nobody else's contexts are used or changed.
"""
