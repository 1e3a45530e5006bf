# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Returns details on what has changed (or would change in C(check_mode)) when in diff mode.
  idempotent:
    description: A second run with the same arguments, where nothing changed in between, changes nothing.
"""

    # What a module that only looks is.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: Changes nothing.
  diff_mode:
    support: N/A
    details: Changes nothing.
  idempotent:
    support: full
    details: Changes nothing.
"""

    ACTIONGROUP_GARAGE = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/uplift.datastores.garage) in C(module_defaults) to set defaults for this module.
    support: full
    membership: [uplift.datastores.garage]
"""

    ACTIONGROUP_LAKEFS = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/uplift.datastores.lakefs) in C(module_defaults) to set defaults for this module.
    support: full
    membership: [uplift.datastores.lakefs]
"""

    ACTIONGROUP_PACHYDERM = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/uplift.datastores.pachyderm) in C(module_defaults) to set defaults for this module.
    support: full
    membership: [uplift.datastores.pachyderm]
"""

    # What is a step of a role, and no use alone.
    INTERNAL = r"""
options: {}
notes:
  - Internal to the collection's roles, and may change without notice.
"""
