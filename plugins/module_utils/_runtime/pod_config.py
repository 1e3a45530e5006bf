# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The configuration of all pods of a StatefulSet, one file of a ConfigMap, given that of another release."""

from __future__ import annotations

from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.config_release import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import Mounted, mounted
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods


def activate(pods: Pods, path: str, staged: str, version: str, source: str, check: bool) -> dict[str, Any]:
    """Let the file that is read at `path` of the pods say what the release wants. `staged`: where the files of all
    releases lie here, each with its release at the end. What an operator has written since is not lost.

    The other nodes do the same at the same moment, with the same ConfigMap: whoever comes late finds it done.
    """
    new, old = (_text(place(staged, release)) for release in (version, source))
    for last in (False, False, True):
        own = mounted(pods, path)
        if own.text not in (new, old):
            raise UpliftError(
                f"{own.key} of the ConfigMap {own.name} in {pods.place.namespace} is neither {place(staged, source)}"
                f" nor {place(staged, version)}: it was edited since these were made from it. Make the same edit in"
                " both, then run the same again. Nothing was changed."
            )
        answer = {"changed": own.text != new, "config_map": own.name, "key": own.key, "version": version}
        if check or not answer["changed"] or _put(pods, own, new, version, last):
            return answer
    return answer


def _put(pods: Pods, own: Mounted, text: str, version: str, last: bool) -> bool:
    """False where somebody else has changed it since it was read; that raises for the `last` time."""
    if own.immutable:
        raise UpliftError(
            f"The ConfigMap {own.name} in {pods.place.namespace} is immutable; expected one that can be given the"
            f" configuration of {version}. Make one that can be changed, and let the StatefulSet mount it. Nothing was"
            " changed."
        )
    what = f"Giving the ConfigMap {own.name} the configuration of {version}"
    try:
        pods.kubectl.replace({**own.whole, "data": {**own.data, own.key: text}}, what)
    except CliError as exc:
        if last or "(Conflict)" not in str(exc):
            raise
        return False
    return True


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError as exc:
        raise UpliftError(
            f"{path} is not there; expected the configuration for a release. Nothing was changed."
        ) from exc
