# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the configuration of a container says, as the machine around it sees it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_info import reached, touches
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import host_path
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage.config import ConfigError

_BOUND = (("s3", "api_bind_addr"), ("web", "bind_addr"), ("admin", "api_bind_addr"))


def on_machine(config: Mapping[str, Any], container: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The same settings with the machine's own directories, and the addresses at which it reaches the container."""

    def outside(inside: str, what: str) -> str:
        place = host_path(container["mounts"], inside)
        if not place:
            # It would be gone with the container, when that is made again.
            raise ConfigError(
                "data_in_container",
                f"{path} has {what} = {inside}, which lies in the container {container['name']} alone; expected it on a"
                " volume or in a directory of the machine, since the container is made again. Stop it, copy that out"
                f" (docker cp {container['name']}:{inside} ...), and make the container with it mounted there.",
            )
        return place

    found = {**config, "metadata_dir": outside(config["metadata_dir"], "metadata_dir")}
    if config["snapshots_dir"]:
        found["snapshots_dir"] = outside(config["snapshots_dir"], "metadata_snapshots_dir")
    found["data_dirs"] = [{**one, "path": outside(one["path"], "data_dir")} for one in config["data_dirs"]]
    found["shared_with"] = [
        one["name"] for one in container["others"] if touches(found["metadata_dir"], one["sources"])
    ]
    for section, key in _BOUND:
        found[section] = {**config[section], key: reached(config[section][key], container["published"])}
    return found
