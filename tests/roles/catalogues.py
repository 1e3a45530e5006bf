# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the catalogues have, for tests that shall not miss a new verb."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES


def verbs(product: str) -> list[str]:
    """Every verb of every way of the product, forth and back."""
    catalogue = CATALOGUES[product]
    ways = [way for hop in catalogue.hops for way in (*hop.shapes, *(hop.renewal.shapes if hop.renewal else ()))]
    ways += [*catalogue.patch, *catalogue.back]
    return list(dict.fromkeys(verb for way in ways for steps in way.passes.values() for verb in steps))
