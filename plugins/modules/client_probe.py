#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: client_probe
short_description: Watch from a client's view whether a cluster serves, while it is upgraded
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs a client in the background on the controller. It writes and reads one small object by S3 all the time, or only reads
    the page O(path); when an address does not serve, it tries the next one, as such clients do.
  - It ends with the run of ansible-playbook that it belongs to, and removes its object. It needs the Python package C(boto3), but for
    O(state=removed).
extends_documentation_fragment:
  - uplift.datastores.attributes
attributes:
  check_mode: {support: full, details: Nothing is started or stopped in check mode.}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  state:
    description: What to do.
    type: str
    default: read
    choices:
      started: Start it, or keep the one that runs for the same O(operation).
      marked: Begin the phase O(phase).
      read: Return the figures.
      stopped: End it and return the figures.
      removed: End the one that still runs in O(dir), which is recognised by its process and the start of that, and remove O(dir). No
        figures are returned.
      absent: Remove the object that one may have left in O(bucket), as a backup that is restored brings it back.
  dir:
    description: A directory on the controller for its state; made with the mode 0700. Needed but for O(state=absent).
    type: path
    default: ''
  operation: {description: The operation that it belongs to., type: str, default: ''}
  phase: {description: Name of the phase that begins., type: str, default: before}
  addresses:
    description: Where it asks, C(host:port) or a URL.
    type: list
    elements: str
    default: []
  path:
    description:
      - A page that is only read, with O(key_id) and O(secret) as HTTP basic authentication, instead of an object by S3. A page
        that asks the database tells more than one that does not.
    type: str
    default: ''
  region: {description: The cluster's S3 region., type: str, default: garage}
  key_id: {description: 'An access key that may write to O(bucket), or read O(path).', type: str, default: ''}
  secret: {description: Its secret., type: str, default: ''}
  bucket: {description: A bucket of the probe's own., type: str, default: ''}
  object: {description: The object's key., type: str, default: uplift-probe}
  ca_file: {description: Certificates to trust for C(https) addresses., type: path, default: ''}
  style:
    description: Where a bucket's name stands, V(path) for C(HOST/BUCKET) or V(virtual) for C(BUCKET.HOST).
    type: str
    choices: [path, virtual]
    default: path
  interval: {description: Seconds from one write and read to the next., type: float, default: 0.1}
  max_seconds: {description: It ends by itself after this time., type: float, default: 21600}
"""

EXAMPLES = r"""
- name: Watch as a client from here on
  uplift.datastores.client_probe:
    state: started
    dir: "{{ run_directory }}/probe"
    operation: "{{ operation.id }}"
    addresses: [198.18.1.11:3900, 198.18.1.12:3900]
    key_id: "{{ key.access_key_id }}"
    secret: "{{ key.secret_access_key }}"
    bucket: "{{ key.bucket }}"

- name: Go on with the next zone, unless clients have waited for too long
  uplift.datastores.client_probe:
    state: marked
    dir: "{{ run_directory }}/probe"
    phase: walk b
  register: probe
  failed_when: probe is failed or probe.longest_unavailable_seconds > 5

- name: Read all the time where nothing may be written
  uplift.datastores.client_probe:
    state: started
    dir: "{{ run_directory }}/probe"
    operation: "{{ operation.id }}"
    addresses: [https://lakefs.example.org]
    path: /api/v1/repositories?amount=1
    key_id: "{{ key.access_key_id }}"
    secret: "{{ key.secret_access_key }}"
"""

RETURN = r"""
running: {description: Whether it runs now., returned: not in check mode, type: bool, sample: true}
serving: {description: Whether it runs and its last write and its last read were served., returned: not in check mode, type: bool, sample: true}
end_reason: {description: Why it has ended., returned: not in check mode, type: str, sample: it was stopped}
phase: {description: The phase that goes on., returned: not in check mode, type: str, sample: walk a1}
started: {description: "When it was started, UTC.", returned: not in check mode, type: str, sample: '2026-11-21T03:04:17Z'}
ended: {description: When it has ended., returned: not in check mode, type: str, sample: ''}
requests: {description: "Writes and reads, each on as many addresses as it took.", returned: not in check mode, type: int, sample: 442}
unserved: {description: Requests that no address served., returned: not in check mode, type: int, sample: 0}
failures: {description: How often each address did not serve., returned: not in check mode, type: dict, sample: {'198.18.1.11:3900': 4}}
slowest_seconds: {description: The longest request., returned: not in check mode, type: float, sample: 3.012}
outages:
  description: The latest times in which no address served, each with what of it was tried, in seconds since 1970. Without one that goes on.
  returned: not in check mode
  type: list
  elements: dict
  sample: [{of: write, since: 1795230931.21, until: 1795230933.02}]
unavailable_seconds:
  description:
    - The longest time of this phase in which no address served, an outage that goes on included. It is taken from the last
      success before a request that failed on all addresses, to the first success after it.
  returned: not in check mode
  type: float
  sample: 0.0
longest_unavailable_seconds: {description: The same of all phases., returned: not in check mode, type: float, sample: 1.418}
age_seconds: {description: How old the figures are., returned: not in check mode, type: float, sample: 0.12}
object_removed: {description: Whether its object is gone., returned: when it has ended or O(state=absent), type: bool, sample: true}
phases:
  description: Per phase its name, started, ended, requests, unserved, failures, unavailable_seconds, slowest_seconds.
  returned: not in check mode
  type: list
  elements: dict
  sample:
    - {name: walk a1, started: '2026-11-21T03:05:11Z', ended: '2026-11-21T03:05:40Z', requests: 58, unserved: 0,
       failures: {'198.18.1.11:3900': 4}, unavailable_seconds: 0.0, slowest_seconds: 0.031}
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, controller_only

SPEC: Spec = {
    "state": {
        "type": "str",
        "default": "read",
        "choices": ["started", "marked", "read", "stopped", "removed", "absent"],
    },
    "dir": {"type": "path", "default": ""},
    "operation": {"type": "str", "default": ""},
    "phase": {"type": "str", "default": "before"},
    "bucket": {"type": "str", "default": ""},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "path": {"type": "str", "default": ""},
    "region": {"type": "str", "default": "garage"},
    "key_id": {"type": "str", "default": "", "no_log": False},
    "secret": {"type": "str", "default": "", "no_log": True},
    "object": {"type": "str", "default": "uplift-probe"},
    "ca_file": {"type": "path", "default": ""},
    "style": {"type": "str", "choices": ["path", "virtual"], "default": "path"},
    "interval": {"type": "float", "default": 0.1},
    "max_seconds": {"type": "float", "default": 21600},
}


def main() -> None:
    controller_only("client_probe", SPEC)


if __name__ == "__main__":
    main()
