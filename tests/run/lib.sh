# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by every script here.
set -euo pipefail

RUN=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
ROOT=${RUN%/tests/run}
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/uplift-lab"
CACHE=$(cd "${XDG_CACHE_HOME:-$HOME/.cache}/uplift-lab" && pwd -P)
VENV=$CACHE/venv
# The tools want .../ansible_collections/NAMESPACE/NAME, and what they leave behind shall not be in the checkout.
TREE=$CACHE/gates/$(printf %s "$ROOT" | cksum | cut -d' ' -f1)
COPY=$TREE/ansible_collections/uplift/datastores

export PATH=$VENV/bin:$PATH ANSIBLE_COLLECTIONS_PATH=$TREE ANSIBLE_HOME=$TREE/ansible
export UPLIFT_LAB_CACHE=$CACHE
export PYTHONDONTWRITEBYTECODE=1 ANSIBLE_NOCOLOR=1 NO_COLOR=1

fresh_copy() { # COPY as the checkout is now; the tools that work there are installed where they are missing
    [ -x "$VENV/bin/ansible-test" ] || "$ROOT/tests/lab/lab" setup
    mkdir -p "$COPY"
    flock --close "$TREE/copy.lock" "$VENV/bin/python" "$RUN/tree.py" "$ROOT" "$COPY"
    # Molecule installs the collection there for itself, and ansible-lint finds that one first: playbooks that are new are missing in it.
    rm -rf "$ANSIBLE_HOME/collections/ansible_collections/uplift"
}

pages_tree() { # DIRECTORY: the checkout and the pages that are made of it; `tree` is the collection below it
    tree=$1/ansible_collections/uplift/datastores
    mkdir -p "$tree"
    "$VENV/bin/python" "$RUN/tree.py" "$ROOT" "$tree"
    (cd "$tree" && PYTHONPATH=$1:. "$VENV/bin/python" -m tests.pages "$tree")
}

python_files() { # of the directories that are there
    local directory
    for directory; do
        [ ! -d "$directory" ] || find "$directory" -name '*.py' -not -path '*/output/*'
    done
}
