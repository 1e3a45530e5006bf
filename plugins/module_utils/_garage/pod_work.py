# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What is done to the database of a node in a stopped pod: Jobs of a release's image on its volumes, one after another.

What those cannot do, since the image has a program and nothing else, a pod of another image does between them.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import engine, readable
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.convert import Job, converter, demand_same
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import Pod
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod_volume import OURS, Volume, helper_image


def read(garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool) -> dict[str, Any]:
    """What `garage_readable` does of a pod. The copy lies on the same volume, which the Job of a pod has anyway."""
    metadata = params["metadata_dir"]
    volume = _volume(garage, params)
    garage = replace(garage, binary=params["release_binary"], _versions={})
    volume.demand_down()
    why = "of a pod the copy lies on its own volume, and no daemon is started there."
    unserved = {**readable.UNREHEARSED, "why": why}
    result = {"changed": False, "readable": None, "version": str(garage.version()), **unserved}
    if check_mode:
        return result
    scratch = f"{metadata}/{OURS}readable"
    text = readable.redirected(Path(params["candidate"]).read_text(encoding="utf-8"), scratch)
    with tempfile.TemporaryDirectory() as directory:
        config_file = os.path.join(directory, "garage.toml")
        files.write_atomic(config_file, text.encode(), 0o600)
        try:
            _copied(volume, engine.path(metadata, params["engine"]), scratch)
            readable.demand_read(replace(garage, config_file=config_file), progress, params["timeout"])
        finally:
            with volume.keeper(writes=True) as keeper:
                keeper.does("rm", "-rf", scratch)
    return {**result, "readable": True}


def convert(garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool) -> dict[str, Any]:
    """What `garage_convert_db` does of a pod, from `source`, which has to be said.

    Of what lies on the volume under the name of the new database nothing counts: no release that opens it was started,
    as the pods are held down from before the conversion until its release is active. It is renamed.
    """
    source, target, metadata = params["source"] or "", params["target"], params["metadata_dir"]
    if not source or source == target:
        raise UpliftError(
            f"The database of {garage.pod} is to be converted from {source or 'an engine that is not said'} to"
            f" {target}; expected source, and another one than that. Nothing was changed."
        )
    volume = _volume(garage, params)
    volume.demand_down()
    programs = [name for name in (params["release_binary"], garage.next_binary) if name]
    able = converter(garage, programs, source, target)
    job = Job(able, metadata, source, target, params["timeout"], params["lmdb_map_size"] or "", progress)
    renamed = f"{job.output}.uplift-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    result = {
        "changed": True, "version": str(able.version()), "user": "", "input": job.input, "output": job.output,
        "manifest": "", "renamed_to": "",
    }  # fmt: skip
    if check_mode:
        return result
    part, back = f"{job.output}.uplift-part", f"{job.output}.uplift-proof"
    left = [f"{path}{end}" for path in (part, back) for end in ("", "-wal", "-shm", "-journal")]
    with volume.keeper(writes=True) as keeper:
        if not keeper.has(job.input):
            raise UpliftError(
                f"There is no {job.input} on the volume of {garage.pod}; expected the database to be converted. See"
                " that db_engine in the ConfigMap is the engine that the node has run with. Nothing was changed."
            )
        keeper.does("rm", "-rf", *left)
    try:
        began = time.monotonic()
        found = job.convert(source, job.input, target, part)
        if params["prove"]:
            demand_same(job, found, job.convert(target, part, source, back))
    except BaseException:
        with volume.keeper(writes=True) as keeper:
            keeper.does("rm", "-rf", *left)
        raise
    with volume.keeper(writes=True) as keeper:
        try:
            if keeper.has(job.output):
                keeper.does("mv", job.output, renamed)
                result["renamed_to"] = renamed
            keeper.does("sync")  # the database before its name
            keeper.does("mv", part, job.output)
            keeper.does("sync")
        finally:
            keeper.does("rm", "-rf", *left)
    held = {name: items for name, items in found.items() if items}
    return {**result, "seconds": round(time.monotonic() - began, 1), "trees": held, "items": sum(held.values())}


def _copied(volume: Volume, database: str, scratch: str) -> None:
    """The database and the plain files next to it, in a directory of the same volume. An earlier copy goes."""
    with volume.keeper(writes=True) as keeper:
        keeper.does("rm", "-rf", scratch)
        keeper.does("mkdir", scratch)
        keeper.does("cp", "-a", database, f"{scratch}/")
        own = ["find", volume.path, "-mindepth", "1", "-maxdepth", "1", "-type", "f"]
        keeper.does(*own, "-exec", "cp", "-p", "{}", f"{scratch}/", ";")


def _volume(garage: Garage, params: Mapping[str, Any]) -> Volume:
    if not isinstance(garage.runner, Pod):
        raise UpliftError(f"{garage.unit} is no pod; expected one, as kubernetes:NAMESPACE/pod/NAME.")
    pods = garage.runner.pods
    return Volume(pods, params["metadata_dir"], helper_image(pods, params["maintenance_image"]), params["timeout"])
