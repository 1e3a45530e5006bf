# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for pachctl and pachd 1.4.8 - 1.9.0, which no package registry has: one archive is both programs.

Metadata lie in the real etcd, objects in files below PACH_ROOT. Whatever is answered names the capture of the real
program that it is taken from, with `release.proved`; what nobody has captured ends with `nobody captured this`.
Standard library only, packed by `pack` into one executable file. The rest of the lab knows it as a program.
"""
