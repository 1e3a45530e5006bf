# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Whether the report can be written where it is to go, and stays there: looked at before anything is begun."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

# What podman, docker and Kubernetes leave in a container.
_MARKS = ("/run/.containerenv", "/.dockerenv", "/var/run/secrets/kubernetes.io")
# Where ansible-runner puts what belongs to one job; AWX removes it when the job ends, though it is mounted.
_OF_THE_JOB = Path("/runner")


@dataclass(frozen=True)
class Found:
    """nearest: what there is of the directory. kind: directory or file. writable: by this process."""

    nearest: str
    kind: str
    writable: bool
    container: bool
    mounted: bool  # on another file system than the root of the container


def look(directory: str) -> Found:
    """The directory is made when the report is written: what counts is the nearest one that is there."""
    path = nearest = Path(directory).absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    return Found(
        nearest=str(nearest),
        kind="directory" if nearest.is_dir() else "file",
        writable=os.access(nearest, os.W_OK | os.X_OK),
        container=any(os.path.exists(mark) for mark in _MARKS),
        mounted=os.stat(nearest).st_dev != os.stat(path.anchor).st_dev,
    )


def wrong(directory: str, setting: str, found: Found, job: str) -> str:
    """What is wrong with it, in a sentence that ends with what to do; empty where nothing is. job: of AWX, or empty."""
    if found.kind != "directory":
        return (
            f"{setting} is {directory}, but {found.nearest} is no directory; expected one where the report can be"
            f" written. Nothing was begun. Set {setting} to another."
        )
    if not found.writable:
        return (
            f"{setting} is {directory}, and this account may not write to {found.nearest}; expected a directory where"
            f" it may. Nothing was begun. Set {setting} to another, or give it to the account."
        )
    of_the_job = _OF_THE_JOB in (Path(directory).absolute(), *Path(directory).absolute().parents)
    if job and found.container and (of_the_job or not found.mounted):
        return (
            f"{setting} is {directory}, in the container of AWX's job {job}, and goes with it; expected a directory"
            f" that is mounted there and stays. Nothing was begun. Set {setting} to one that AWX exposes to its jobs"
            " (AWX_ISOLATION_SHOW_PATHS), or that the pod of the container group mounts."
        )
    return ""
