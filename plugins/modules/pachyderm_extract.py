#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_extract
short_description: Write a dump of a Pachyderm cluster that is known to be whole
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs C(pachctl extract) into a file of another name, decodes what it wrote to its end, counts repos, commits, branches and
    pipelines in it, compares that with the cluster, and only then gives the file its name.
  - Refused while commits are open, which a dump leaves out without a word; and up to 1.9.0 while pipelines run, whose output it
    leaves out.
  - A manifest with the cluster's id and what was counted lies next to the dump. A dump that is there already, of just what the cluster
    holds, is as good as a new one; one of an earlier state is kept under its time.
  - It reads in pieces, and needs less than 128 MiB of memory whatever the size.
options:
  dest: {description: The dump. Exactly one of O(dest) and O(url) is wanted., type: path}
  url:
    description:
      - Where the B(server) writes the dump, with its own credentials, such as C(s3://bucket/object).
      - Nothing of it passes here, so that nothing of it is counted. It is always full.
    type: str
  target:
    description: The release that is to restore it. Refused where that one cannot read it. By default the same release.
    type: str
    default: ''
  form:
    description: What it holds. Empty for what the upgrade path to O(target) wants.
    type: str
    default: ''
    choices: ['', full, kept]
  parallel:
    description: Whether the new cluster has an object store of its own, so that the objects have to come along.
    type: bool
    default: false
  stall_timeout: {description: Seconds without a byte after which it is given up., type: float, default: 600}
extends_documentation_fragment:
  - uplift.datastores.pachyderm
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
attributes:
  check_mode: {support: full, details: Everything is looked at; nothing is written.}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Dump the metadata, and keep the object store
  uplift.datastores.pachyderm_extract:
    dest: /var/backups/uplift/pachyderm.dump
    target: 1.13.4
"""

RETURN = r"""
form: {description: 'V(full), or V(kept) for metadata alone.', returned: always, type: str, sample: kept}
kept:
  description: What the dump that was there before is called now. Empty when there was none, or it is as good as a new one.
  returned: always
  type: str
  sample: /var/backups/uplift/pachyderm.dump.20261127T140236Z
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
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample: [{slot: dump, kind: file, path: /var/backups/uplift/pachyderm.dump, size: 1791}]
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.extract import run
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import at_cluster
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spec import PACHYDERM

SPEC = {
    **PACHYDERM,
    "dest": {"type": "path"},
    "url": {"type": "str"},
    "target": {"type": "str", "default": ""},
    "form": {"type": "str", "default": "", "choices": ["", "full", "kept"]},
    "parallel": {"type": "bool", "default": False},
    "stall_timeout": {"type": "float", "default": 600},
    "progress_file": {"type": "path"},
}


def main() -> None:
    serve(SPEC, at_cluster(run), required_one_of=[("dest", "url")], mutually_exclusive=[("dest", "url")])


if __name__ == "__main__":
    main()
