# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  unit:
    description:
      - The systemd unit of the server. Program, configuration, environment and account are read from it.
      - V(docker:NAME) means a container, V(kubernetes:NAMESPACE/DEPLOYMENT) a Deployment, with V(:CONTEXT) behind it
        where wanted. What is asked or run is an image then, in a container or a Job made for that call, with the
        volumes, the environment and the network that the server has.
    type: str
    default: lakefs.service
  binary: {description: "The program to run, or the image. By default the unit's.", type: path}
  config_file:
    description:
      - The configuration to run it with. By default what C(--config) of the unit says, else where lakeFS looks itself.
    type: path
  user:
    description: The account to run it as. By default the unit's. In a container or a Job it is always the server's.
    type: str
requirements:
  - Root, or an account that can read the unit's environment files and the configuration.
"""

    DATABASE = r"""
options:
  dsn:
    description: The connection string of the PostgreSQL database, as the configuration has it.
    type: str
    default: ''
"""

    API = r"""
options:
  url:
    description: Where the server is reached from this host. Empty means that it is not asked.
    type: str
    default: ''
  access_key_id: {description: An access key., type: str, default: ''}
  secret_access_key: {description: Its secret., type: str, default: ''}
"""
