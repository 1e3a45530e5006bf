#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_restore
short_description: Read a dump into an empty Pachyderm cluster, and see that it came
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - C(pachctl restore) exits 0 for an empty dump, for one that is cut at an unlucky place, for one of a newer release, and over a
    cluster with content, whose pipelines it breaks. This refuses all of them before anything is changed.
  - Afterwards repos, commits and pipelines are counted in the cluster.
  - What C(pachctl) prints of tokens is never shown.
options:
  src: {description: The dump. Its manifest next to it is compared with it., type: path, required: true}
  sha256: {description: The SHA-256 that the dump has to have. Empty means what its manifest says., type: str, default: ''}
  source_cluster: {description: The id of the cluster that the dump has to be of. Empty means any., type: str, default: ''}
  second:
    description: Whether the cluster is one in parallel with the old one, that a failed run may have filled. The sentence then says how to empty it.
    type: bool
    default: false
  object_store:
    description: The directory of a local object store. A dump without objects is refused when it does not hold them.
    type: path
    default: ''
  stall_timeout: {description: Seconds after the last byte after which it is given up., type: float, default: 3600}
extends_documentation_fragment:
  - uplift.datastores.pachyderm
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
attributes:
  check_mode: {support: full, details: Everything is looked at; nothing is restored.}
  diff_mode: {support: none}
  idempotent: {support: none, details: A cluster that is not empty is refused.}
"""

EXAMPLES = r"""
- name: Restore into the redeployed cluster
  uplift.datastores.pachyderm_restore:
    src: /var/backups/uplift/pachyderm.dump
    object_store: /var/lib/pachyderm/store
"""

RETURN = r"""
contents:
  description: What the dump holds, counted in the dump itself.
  returned: always
  type: dict
  sample:
    stream: '1.13'
    bytes: 1791
    sha256: d708c57b4724bd36aed8d0ecf0b54790b1fdd4d13a4cc579b61a04fd5590b486
    operations: 17
    repos: [data, edges, lookup]
    commits: {data: 4, edges: 1, lookup: 1}
    branches: 4
    pipelines: [edges]
    jobs: 0
    objects: 0
    has_objects: false
    has_auth: false
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import at_cluster
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.restore import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM

SPEC = {
    **PACHYDERM,
    "src": {"type": "path", "required": True},
    **{name: {"type": "str", "default": ""} for name in ("sha256", "source_cluster")},
    "second": {"type": "bool", "default": False},
    "object_store": {"type": "path", "default": ""},
    "stall_timeout": {"type": "float", "default": 3600},
    "progress_file": {"type": "path"},
}


def main() -> None:
    serve(SPEC, at_cluster(run))


if __name__ == "__main__":
    main()
