# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for lakeFS releases that no registry serves: says what they were heard to say, and leaves what they left.

Standard library only, packed by `pack` into one executable file. The rest of the lab knows it as a program.
"""
