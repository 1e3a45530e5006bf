#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pachyderm_migrate
short_description: Migrate the metadata of Pachyderm 1.4 to 1.5.0, and read what came of it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - The migration exits 0 whatever it has met, and has error lines in every success. This follows it to its end and reads its log.
  - With O(pachd) it is run here, as the pod of the Job would. Without, C(pachctl migrate) launches the Job C(pach-migration) in the
    namespace of the kube context, the only one it knows.
options:
  source: {description: The release before., type: str, required: true}
  target: {description: The release after. It can migrate to 1.5.0 only., type: str, required: true}
  pachd: {description: The server's program of O(target)., type: path}
  environment_file: {description: The environment it is run with., type: path}
  user: {description: The account it is run as., type: str}
  pachctl: {description: The client's program of O(target)., type: path, default: /usr/local/bin/pachctl}
  kube_context: {description: The context of kubectl. By default the current one., type: str, default: ''}
  again: {description: Whether a run died inside it. Objects that are migrated already are no failure then., type: bool, default: false}
  timeout: {description: Seconds that it may take., type: float, default: 7200}
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_pachyderm
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: none, details: 'A second run changes nothing, and is a failure without O(again).'}
"""

EXAMPLES = r"""
- name: Migrate while the server is down
  uplift.datastores.pachyderm_migrate:
    source: 1.4.8
    target: 1.5.0
    pachd: /usr/local/bin/pachd
    environment_file: /etc/pachyderm/pachd.env
"""

RETURN = r"""
finished:
  description: What was migrated to its end.
  returned: always
  type: list
  elements: str
  sample: [repos, commits, branches, pipelines, jobs]
harmless: {description: Error lines of index keys; every success has some., returned: always, type: int, sample: 2}
errors: {description: Objects that could not be read., returned: always, type: list, elements: str, sample: []}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.migrate import run

SPEC: Spec = {
    **{name: {"type": "str", "required": True} for name in ("source", "target")},
    **{name: {"type": "path"} for name in ("pachd", "environment_file", "progress_file")},
    "user": {"type": "str"},
    "pachctl": {"type": "path", "default": "/usr/local/bin/pachctl"},
    "kube_context": {"type": "str", "default": ""},
    "again": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 7200},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(LocalRunner(), module.params, Progress(module.params["progress_file"]), module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
