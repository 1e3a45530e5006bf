#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_config
short_description: Read a Garage configuration file, or write an edited copy of it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Reads the file on the managed node and understands it on the controller, which needs the Python package C(tomlkit).
  - No secret is returned, shown in a diff or logged.
  - What is wrong with the file is returned in RV(findings), so that one preflight can show all that it found.
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: full, details: "Settings only, without comments; secrets are masked."}
  idempotent: {support: full}
options:
  src: {description: The configuration file on the node., type: path, required: true}
  state:
    description: What to do.
    type: str
    default: read
    choices:
      read: Only read O(src).
      present: Write a copy of O(src) with the settings of O(set) to O(dest), with the same owner, group and mode.
      absent: Remove O(dest).
  dest: {description: Where the edited copy lies. It is never O(src)., type: path, default: ''}
  set:
    description: Settings to change in the copy, by dotted name. Comments, order and form of the rest stay as they are.
    type: dict
    default: {}
  environment:
    description: Names, not values, of the environment variables that the daemon is started with.
    type: list
    elements: str
    default: []
  host_address:
    description: The address at which clients reach this node. By default C(ansible_host), or the inventory's name.
    type: str
    default: ''
  container:
    description:
      - What M(uplift.datastores.garage_info) returns as RV(uplift.datastores.garage_info#module:container). Directories and addresses
        are then returned as this machine has them; a directory that lies in the container alone is a finding.
    type: dict
    default: {}
  unit:
    description:
      - Where the daemon runs. Of a pod (V(kubernetes:NAMESPACE/pod/NAME)) O(src) is where the pod reads its configuration, whose text
        is that of a ConfigMap, with words in place of secrets. Only V(read) of O(state) is possible then.
      - Directories are the pod's then, and no address is returned, since a pod has another one after each start.
    type: str
    default: ''
  seal: {description: Internal. What the action reads the node's secrets with., type: str, default: ''}
"""

EXAMPLES = r"""
- name: Which settings does this node have?
  uplift.datastores.garage_config:
    src: /etc/garage.toml
  register: garage

- name: A copy whose S3 and web ports no client knows (Garage 0.7 panics when they are left out)
  uplift.datastores.garage_config:
    src: /etc/garage.toml
    dest: /var/lib/uplift/garage/quiet.toml
    state: present
    set:
      s3_api.api_bind_addr: 127.0.0.1:0
      s3_web.bind_addr: 127.0.0.1:0
"""

RETURN = r"""
config:
  description: The settings that an upgrade needs. Empty when RV(findings) has an error.
  returned: O(state) is not V(absent)
  type: dict
  contains:
    metadata_dir: {description: Directory of the metadata., type: str, sample: /var/lib/garage/meta}
    data_dirs:
      description: Directories of the blocks, with path and capacity (null when there is none).
      type: list
      elements: dict
      sample: [{path: /var/lib/garage/data, capacity: null}]
    snapshots_dir: {description: "C(metadata_snapshots_dir); empty when it is left to Garage.", type: str, sample: ''}
    db_engine: {description: "As written; empty when it is left to the release.", type: str, sample: ''}
    replication_mode: {description: As written or null., type: raw, sample: '3'}
    replication_factor: {description: As written or null., type: raw, sample: null}
    rpc_bind_addr: {description: As written., type: str, sample: '[::]:3901'}
    rpc_public_addr: {description: As written., type: str, sample: 198.18.1.11:3901}
    rpc_secret_source: {description: "C(config), C(file), C(environment) or empty.", type: str, sample: config}
    s3:
      description: >-
        api_bind_addr, s3_region, root_domain, addresses (where clients reach it) and local (where the node alone does, on loopback
        or by a socket file as C(unix:/path)).
      type: dict
      sample: {api_bind_addr: '[::]:3900', s3_region: garage, root_domain: .s3.garage, addresses: ['127.0.0.1:3900'], local: ''}
    web: {description: bind_addr and root_domain., type: dict, sample: {bind_addr: '[::]:3902', root_domain: .web.garage}}
    admin:
      description: "api_bind_addr, has_admin_token, has_metrics_token."
      type: dict
      sample: {api_bind_addr: '127.0.0.1:3903', has_admin_token: true, has_metrics_token: false}
    unknown_keys: {description: Keys that no release of Garage reads., type: list, elements: str, sample: [db_engin]}
    shared_with:
      description: With O(container), the other running containers that may write to the metadata directory.
      type: list
      elements: str
      sample: []
    mode: {description: Mode of the file., type: str, sample: '0640'}
    owner: {description: Owner of the file., type: str, sample: garage}
    group: {description: Group of the file., type: str, sample: garage}
    world_readable: {description: Whether everybody on the node may read it., type: bool, sample: false}
findings:
  description: What is wrong, as key, severity (C(error) or C(warning)) and sentence.
  returned: O(state=read)
  type: list
  elements: dict
  sample: [{key: config_missing, severity: error, sentence: /etc/garage.toml is not there; say where the file is.}]
"""

import base64
import grp
import os
import pwd
import stat
from contextlib import suppress
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core import files, seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import in_pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods

SPEC: Spec = {
    "src": {"type": "path", "required": True},
    "state": {"type": "str", "default": "read", "choices": ["read", "present", "absent"]},
    "dest": {"type": "path", "default": ""},
    "set": {"type": "dict", "default": {}},
    "environment": {"type": "list", "elements": "str", "default": []},
    "host_address": {"type": "str", "default": ""},
    "container": {"type": "dict", "default": {}},
    "unit": {"type": "str", "default": ""},
    **seal.SPEC,
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    """For the action, which understands the file: nodes have no TOML parser. What it is and what is in it, in one trip."""
    src, unit = module.params["src"], module.params["unit"]
    if place.is_pod(unit):
        found = in_pods.described(Pods(LocalRunner(), place.read(unit), "garage"), src)
        return {"sealed": seal.seal(module.params[seal.NAME], found.pop("content")), **found}
    try:
        found = described(src)
        if not found["isreg"] or not found["readable"]:
            return {"stat": found}
        with open(src, "rb") as handle:
            content = base64.b64encode(handle.read()).decode()
    except FileNotFoundError:
        return {"stat": {}}
    except OSError as exc:
        raise UpliftError(f"it cannot be read: {exc.strerror}") from exc
    return {"stat": found, "sealed": seal.seal(module.params[seal.NAME], content)}


def described(path: str) -> dict[str, Any]:
    """mode (as 0640), attributes (as hex), uid, gid, owner and group (names, else numbers), isreg, readable. Of what a
    link leads to."""
    seen = os.stat(path)
    owner, group = str(seen.st_uid), str(seen.st_gid)
    with suppress(KeyError):
        owner = pwd.getpwuid(seen.st_uid).pw_name
    with suppress(KeyError):
        group = grp.getgrgid(seen.st_gid).gr_name
    names = {"uid": seen.st_uid, "gid": seen.st_gid, "owner": owner, "group": group}
    more = {"isreg": stat.S_ISREG(seen.st_mode), "readable": os.access(path, os.R_OK)}
    attributes = {name: value.hex() for name, value in sorted(files.attributes(path).items())}
    return {"mode": f"{stat.S_IMODE(seen.st_mode):04o}", "attributes": attributes, **names, **more}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
