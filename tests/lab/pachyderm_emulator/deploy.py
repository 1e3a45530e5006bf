# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of pachctl that go to Kubernetes, by way of kubectl."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

from .client import ask
from .release import RELEASE, Failed, V, proved
from .writes import sure

KINDS = (
    "service", "replicationcontroller", "deployment", "serviceaccount", "secret", "statefulset", "clusterrole",
    "clusterrolebinding",
)  # fmt: skip
VOLUMES = ("storageclass", "persistentvolumeclaim", "persistentvolume")
ALL = """
By using the --all flag, you are going to delete everything, including the
persistent volumes where metadata is stored.  If your persistent volumes
were dynamically provisioned (i.e. if you used the "--dynamic-etcd-nodes"
flag), the underlying volumes will be removed, making metadata such repos,
commits, pipelines, and jobs unrecoverable. If your persistent volume was
manually provisioned (i.e. if you used the "--static-etcd-volume" flag), the
underlying volume will not be removed."""


def undeploy(everything: bool, namespace: str) -> None:
    """traps P20, P29: up to 1.8.0 without a question unless all of it goes; later always with one."""
    proved("undeploy", "undeploy_all_yes" if everything else "undeploy_yes")
    if everything:
        print(ALL)
    if V < (1, 8, 1):
        if everything:
            print("\nAre you sure you want to proceed? yN", flush=True)
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                return
    elif not sure("undeploy_eof"):
        return
    for kind in KINDS + (VOLUMES if everything else ()):
        kubectl("delete", kind, "-l", "suite=pachyderm", "--namespace", namespace or "default")


def kubectl(*words: str) -> None:
    try:
        argv = ["kubectl", *words]
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except FileNotFoundError:
        proved("a kubectl that is not there", "migrate_no_kubectl")
        print(flush=True)
        raise Failed('exec: "kubectl": executable file not found in $PATH') from None
    print(done.stdout.decode(), end="", flush=True)
    if done.returncode:
        proved("a kubectl that fails", "migrate_job_exists", "migrate_api_refused")
        print(flush=True)
        raise Failed(f"exit status {done.returncode}")


def migrate(source: str, target: str) -> None:
    """traps P16, P31: it starts a Job in the default namespace and returns, whatever pair it was given."""
    proved("migrate", "migrate")
    source = source or ask("version")
    command = ["/pachd", f"--migrate={source}-{target or RELEASE}"]
    job = {
        "kind": "Job", "apiVersion": "batch/v1",
        "metadata": {"name": "pach-migration", "creationTimestamp": None, "labels": {"suite": "pachyderm"}},
        "spec": {"template": {"metadata": {"creationTimestamp": None}, "spec": {
            "volumes": None,
            "containers": [{
                "name": "migration", "image": f"pachyderm/pachd:{RELEASE}",
                "command": command, "resources": {}, "imagePullPolicy": "",
            }],
            "restartPolicy": "OnFailure", "serviceAccountName": "",
        }}},
        "status": {},
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix="", prefix="") as manifest:
        manifest.write(json.dumps(job, indent=2))
        manifest.flush()
        kubectl("create", "--validate=false", "-f", manifest.name)
    print("\nSuccessfully launched migration.  To see the progress, use `kubectl logs job/pach-migration`")
