# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name: {description: The Helm release., type: str, required: true}
  chart_ref: {description: "The chart, as C(helm) on the host knows it.", type: str, required: true}
  chart_version: {description: Its version. Empty means the one that is deployed., type: str, default: ''}
  values: {description: The values that differ., type: dict, default: {}}
"""
