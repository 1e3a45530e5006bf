#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Put a release next to the one that runs, and make it the one that counts, be it a program or an image
version_added: 0.1.0
description:
  - Where O(unit) is a container or a workload of Kubernetes, a release is an image; otherwise a program.
  - Programs lie side by side, and O(path) is a link to one of them. The way the link is found to be made is kept
    (C(dir/garage-0.7.0) leads to C(dir/garage-0.8.7)); else they lie next to it as C(<path>-<version>).
  - A plain file at O(path) becomes a release of its own at the first activation, so that there is a rollback.
  - A staged release is verified by its checksum, then asked for its version on the node itself, as O(user). Nothing that runs is touched.
  - Nothing from the net is run before its checksum was found right. Without a checksum it is refused, by HTTPS as well.
  - An image is asked for its version too. For a container it is pulled where it is not on the machine, with the credentials that the docker
    command line has, and the container is made of it once under another name, compared, and removed; so one that cannot take its place is
    found while the present one serves. For a workload it runs once in a Job that has what the pods have, also in check mode.
  - V(activated) makes a container again with that image and otherwise the same arguments, as docker itself tells them. While the present one
    runs, the new one waits as C(<name>.uplift-next) for M(uplift.datastores.service) to start it. Volumes stay. Labels of a compose file
    stay; put the new image into that file, too. A workload gets the image in its template, and Kubernetes does the rest.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.progress]
attributes:
  check_mode: {support: full, details: An image is not pulled; the registry is asked whether it has it.}
  diff_mode: {support: full}
  idempotent: {support: full}
options:
  unit:
    description:
      - The service that the release is for, as M(uplift.datastores.service) takes it. Only C(docker:) and C(kubernetes:) make a difference.
    type: str
    default: ''
  image:
    description: The image, with C({version}) for the release. Empty means what the service has, with the release in its tag; a registry of
      one's own is kept.
    type: str
    default: ''
  variables:
    description: Of a workload, variables that name other images of the same release, such as the one of its workers. They get it with it.
    type: list
    elements: str
    default: []
  timeout: {description: Seconds that the download of an image may take., type: float, default: 3600}
  path:
    description: The program as the service names it. In a container's image the one that is asked; by default what it is started with.
    type: path
    default: ''
  version: {description: The release., type: str, required: true}
  state:
    description: What is wanted.
    type: str
    default: read
    choices:
      read: Only say what is there.
      staged: The release lies next to the one that counts.
      activated: The release counts, from the next start of the service on. It has to be staged.
  source:
    description:
      - An HTTP or HTTPS address that the node fetches from, or a file or a directory on the controller. A relative one
        is looked for next to the playbook.
      - In a directory, C(<name>-<version>), C(<version>/<name>), C(<version>/bin/<name>) and C(<name>) are looked for.
      - C({version}), C({arch}) (such as C(x86_64)) and C({target}) (such as C(x86_64-unknown-linux-musl)) are filled in.
      - A user and a password in an address, and all behind its C(?), are masked in what is said of it. Without them the node asks the
        F(~/.netrc) of the account that this task has there.
    type: str
    default: ''
  checksum:
    description: The SHA-256 of the file as C(sha256:...). It is verified again at the activation.
    type: str
    default: ''
  name:
    description: The name of the program in the directory of O(source). By default that of O(path). In a workload whose pods have several
      containers, a word in the name or the image of the one that is meant.
    type: str
    default: ''
  ask:
    description:
      - The words that the program says its version to, parted by spaces.
      - With V(none) it is not asked, and what counts now has to be a link to a file with its version in the name.
    type: str
    default: --version
  says: {description: 'What the release calls itself, where that is not O(version).', type: str, default: ''}
  user:
    description:
      - The account of the service, as which the program is asked for its version. Empty means the account that this task has there.
      - Where it is not there, as that of a unit with C(DynamicUser) that is down, C(nobody) asks.
    type: str
    default: ''
  unchecked: {description: Whether a release from the net is taken without a checksum., type: bool, default: false}
  later: {description: 'In check mode, further releases to come.', type: list, elements: str, default: []}
  checksums:
    description: In check mode, the checksums of O(later) by release, or by release and name of the program.
    type: dict
    default: {}
  login: {description: 'Internal. User and password of the address, as it has them.', type: str, default: ''}
  query: {description: Internal. What stands behind the question mark of the address., type: str, default: ''}
  upload: {description: Internal. What the action plugin brought., type: path, default: ''}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Stage a release from a directory of an air-gapped site
  uplift.datastores.release:
    path: /usr/local/bin/garage
    version: 0.8.7
    state: staged
    source: /srv/releases

- name: Stage it from its makers, with a checksum
  uplift.datastores.release:
    path: /usr/local/bin/garage
    version: 0.8.7
    state: staged
    source: https://garagehq.deuxfleurs.fr/_releases/v{version}/{target}/garage
    checksum: sha256:5eee2cf7bab79b4a5c982c3e588221de875870314a4e727751795c09eadc78b9

- name: Make it count
  uplift.datastores.release:
    path: /usr/local/bin/garage
    version: 0.8.7
    state: activated

- name: Have the next image at hand before anything stops
  uplift.datastores.release:
    unit: kubernetes:lakehouse/lakefs
    name: lakefs
    version: 1.84.0
    state: staged
"""

RETURN = r"""
release: {description: "Where the release lies, or what its image is called.", returned: always, type: str, sample: /usr/local/bin/garage-0.8.7}
id:
  description: The id of the image; empty in check mode where it is not there.
  returned: for a container
  type: str
  sample: sha256:0efc32c1787e7ac55699794fc5e62131b8e10c8af384190c2f2d959f487e6768
helm: {description: The release of Helm that has made the workload; empty for none., returned: for a workload that is staged, type: str, sample: lakefs}
version: {description: Which one it is., returned: O(state) is not V(read), type: str, sample: 0.8.7}
sha256:
  description: Its SHA-256, empty when it is not there.
  returned: O(state) is not V(activated)
  type: str
  sample: 5eee2cf7bab79b4a5c982c3e588221de875870314a4e727751795c09eadc78b9
size: {description: Its size in bytes., returned: O(state) is not V(activated), type: int, sample: 84064992}
staged: {description: Whether it is there., returned: O(state=read), type: bool, sample: true}
link: {description: "What O(path) leads to, empty when it is no link.", returned: O(state) is not V(staged), type: str, sample: garage-0.8.7}
active_version: {description: "The release that counts, empty for none.", returned: O(state=read), type: str, sample: 0.7.0}
arch: {description: The kind of machine that the node is., returned: O(state=read), type: str, sample: x86_64}
target: {description: The same as compilers name it., returned: O(state=read), type: str, sample: x86_64-unknown-linux-musl}
previous:
  description: What counted before, and where it lies now.
  returned: O(state=activated), when it changed something
  type: dict
  sample: {version: 0.7.0, release: /usr/local/bin/garage-0.7.0}
unchecked:
  description: Of this release and the later ones, those that would come from the net without a checksum, and whence.
  returned: O(state=staged), in check mode, with an address as O(source)
  type: list
  elements: dict
  sample: [{version: 0.8.7, address: 'https://garagehq.deuxfleurs.fr/_releases/v0.8.7/x86_64-unknown-linux-musl/garage'}]
shared:
  description: The other services of the node that start O(path), and so the new release once it is active.
  returned: O(state=staged), in check mode, with O(unit)
  type: list
  elements: str
  sample: []
evidence:
  description: What was left, for the record of an operation.
  returned: O(state) is not V(read)
  type: list
  elements: dict
  sample:
    - {slot: release, kind: link, path: /usr/local/bin/garage, target: garage-0.8.7}
"""

import shutil
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place, release, runtime, sharers

SPEC: Spec = {
    "unit": {"type": "str", "default": ""},
    "image": {"type": "str", "default": ""},
    "variables": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 3600},
    "path": {"type": "path", "default": ""},
    "version": {"type": "str", "required": True},
    "state": {"type": "str", "default": "read", "choices": ["read", "staged", "activated"]},
    **{name: {"type": "str", "default": ""} for name in ("source", "checksum", "name", "says", "user")},
    "ask": {"type": "str", "default": "--version"},
    "unchecked": {"type": "bool", "default": False},
    "later": {"type": "list", "elements": "str", "default": []},
    "checksums": {"type": "dict", "default": {}},
    "login": {"type": "str", "default": "", "no_log": True},
    "query": {"type": "str", "default": "", "no_log": True},
    "upload": {"type": "path", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    asks = () if module.params["ask"] == "none" else tuple(module.params["ask"].split())
    if place.kind_of(module.params["unit"]) == place.SYSTEMD:
        return program(module, asks)
    return runtime.release(LocalRunner(), module.params, asks, module.check_mode)


def program(module: AnsibleModule, asks: tuple[str, ...]) -> dict[str, Any]:
    def fetch(address: str, path: str) -> None:
        from ansible.module_utils.urls import fetch_url  # dear to load: only where something is fetched

        params = module.params
        whole = release.with_secrets(address, params["login"], release.fill_in(params["query"], params["version"]))
        response, told = fetch_url(module, whole, timeout=60)
        if told["status"] != 200:
            raise UpliftError(f"{address} answered {told['status']} ({told['msg']}); expected 200 and the program.")
        files.demand_space(path, int(told.get("content-length") or 0) + release.RESERVE, f"what is at {address}")
        with open(path, "wb") as out:
            shutil.copyfileobj(response, out, files.CHUNK)

    same = ("path", "version", "source", "checksum", "upload", "says", "user", "unchecked")
    wish = release.Wish(**{key: module.params[key] for key in same}, asks=asks)
    if module.params["state"] == "staged":
        later = {one: release.checksum_of(module.params["checksums"], one, wish.path) for one in module.params["later"]}
        unit = module.params["unit"] if module.check_mode else ""
        shared = {"shared": sharers.sharers(LocalRunner(), unit, wish.path)} if unit else {}
        return {**release.stage(LocalRunner(), wish, fetch, module.check_mode, later), **shared}
    if module.params["state"] == "activated":
        return release.activate(LocalRunner(), wish, module.check_mode)
    return release.info(LocalRunner(), wish)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
