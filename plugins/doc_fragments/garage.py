# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  unit:
    description:
      - Where the daemon runs, as M(uplift.datastores.service) takes it, a systemd unit or V(docker:NAME). Binary,
        configuration file, environment and user are read from it.
      - Paths are those of the machine, for a container too. A program of another release is given as its image then.
    type: str
    default: garage.service
  binary:
    description:
      - The program that the daemon is started with, where the unit does not tell it.
      - While the daemon runs, it is asked with its own program all the same, because that of another release may hang.
    type: path
  config_file:
    description:
      - The daemon's configuration file. By default what C(-c) or C(--config) of the unit says, else its
        C(GARAGE_CONFIG_FILE), else C(/etc/garage.toml).
    type: path
  user:
    description: The account that owns the daemon's files. By default the unit's.
    type: str
  call_timeout:
    description: Seconds that one call of Garage's command line may take.
    type: float
    default: 30
requirements:
  - Root, or an account that can read the configuration file and C(node_key.pub) and may look at the daemon in C(/proc).
"""
