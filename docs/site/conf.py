# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx, for `make docs`. Nothing is fetched: what is referred to of Ansible's own documentation stands here."""

from __future__ import annotations

import zlib
from pathlib import Path

ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
VARIABLES = ("ANSIBLE_DISPLAY_SKIPPED_HOSTS", "ANSIBLE_SHOW_CUSTOM_STATS")


def inventory() -> bytes:
    """What Sphinx has of another site, in its own format."""
    rows = [f"{label} std:label -1 {page}#{label.replace('_', '-')} {label}" for label, page in LABELS.items()]
    rows += [f"{name} std:envvar 1 reference_appendices/config.html#envvar-{name} -" for name in VARIABLES]
    head = (
        "Sphinx inventory version 2",
        "Project: Ansible",
        "Version: latest",
        "The remainder is compressed using zlib.",
    )
    return "".join(f"# {line}\n" for line in head).encode() + zlib.compress(
        "".join(f"{row}\n" for row in rows).encode()
    )


Path(__file__).with_name("ansible.inv").write_bytes(inventory())
intersphinx_mapping = {"ansible": (ANSIBLE, "ansible.inv")}
project = "uplift.datastores"
copyright = "the uplift.datastores contributors"
title = html_short_title = project
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_use_smartypants = True
html_use_modindex = False
html_use_index = False
html_copy_source = False
default_role = "any"
nitpicky = True
