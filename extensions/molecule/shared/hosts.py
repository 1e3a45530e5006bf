#!/usr/bin/env python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's inventory of this scenario's cluster; empty while there is none: molecule wants one before it creates."""

from __future__ import annotations

import json
import os
from pathlib import Path

import yaml

path = Path(os.environ["UPLIFT_LAB_CACHE"], "clusters", os.environ["MOLECULE_SCENARIO_NAME"], "inventory.yml")
groups = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
listed = {name: {"hosts": list(group["hosts"]), "vars": group["vars"]} for name, group in groups.items()}
hostvars = {host: facts or {} for group in groups.values() for host, facts in group["hosts"].items()}
print(json.dumps({**listed, "_meta": {"hostvars": hostvars}}))
