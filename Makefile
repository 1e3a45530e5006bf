# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

.PHONY: setup lint sanity importer unit roles mutants mutants-sample molecule molecule-all secrets test test-all matrix matrix-sample docs \
    licences artifact release-check demo bench ee newest clean

setup:
	@tests/lab/lab setup

lint sanity importer unit roles mutants mutants-sample molecule molecule-all secrets matrix-sample docs licences artifact:
	@tests/run/gate $@

test: setup
	@tests/run/gate lint sanity importer unit roles molecule matrix-sample

test-all: setup
	@tests/run/gate lint sanity importer unit roles molecule-all secrets

# All that has to hold before a release; the last gate leaves the artifact, and says where.
release-check: setup
	@tests/run/gate lint sanity importer licences docs artifact

# Faults at the steps of real upgrades; ARGS chooses: `make matrix ARGS="--product pachyderm --fault kill-controller"`.
matrix: setup
	@tests/run/matrix $(ARGS)

# Whether a release came out that the catalogues do not know.
newest: setup
	@tests/run/newest

# The execution environment for AWX, built and used (a minute).
ee: setup
	@tests/run/ee

demo: setup
	@tests/run/demo

# What an upgrade costs, ours and what people use today; it refuses a busy machine. ARGS chooses: `make bench ARGS="--hop --nodes 3 10"`.
bench: setup
	@tests/run/bench $(ARGS)

clean:
	@tests/lab/lab down --all
	@rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/uplift-lab/gates"
