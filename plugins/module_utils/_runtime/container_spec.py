# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what docker tells of a container, and the arguments of one that is the same but for its image."""

from __future__ import annotations

import copy
import datetime
import posixpath
import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

Json = Mapping[str, Any]
_COMPOSE = "com.docker.compose."
# What an image gives to a container that asks for nothing else; docker tells it as the container's own.
_DEFAULTS = ("Cmd", "Entrypoint", "WorkingDir", "User", "StopSignal", "Healthcheck", "Shell", "OnBuild")
_SETS = ("Labels", "ExposedPorts", "Volumes")


@dataclass(frozen=True)
class Container:
    """`environment` may hold secrets: it is never printed. `mounts` are places on the host by places inside."""

    name: str
    id: str
    image: str
    image_id: str
    running: bool
    restarting: bool
    pid: int
    exit_code: int
    started: float
    ended: float
    policy: str
    stop_signal: str
    auto_remove: bool
    user: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    mounts: Mapping[str, str]
    compose: Mapping[str, str]

    @property
    def active(self) -> str:
        return "active" if self.running and not self.restarting else "failed" if self.restarting else "inactive"


@dataclass(frozen=True)
class Change:
    """What shall differ in the new container. `replace` puts whole words in the place of others: in the command, as the
    value of a variable, as the place on the host that is mounted."""

    image: str
    replace: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def word(self, text: str) -> str:
        return self.replace.get(text, text)


@dataclass(frozen=True)
class Reach:
    """Whom a container made for one call reaches: words for the command line, and the networks to connect it with."""

    words: tuple[str, ...] = ("--network", "none")
    more: tuple[str, ...] = ()


def read(seen: Json) -> Container:
    state, config, host = seen["State"], seen["Config"], seen["HostConfig"]
    labels = config.get("Labels") or {}
    return Container(
        name=seen["Name"].lstrip("/"),
        id=seen["Id"],
        image=config["Image"],
        image_id=seen["Image"],
        running=bool(state["Running"]),
        restarting=bool(state.get("Restarting")),
        pid=int(state.get("Pid") or 0),
        exit_code=int(state.get("ExitCode") or 0),
        started=moment(state["StartedAt"]),
        ended=moment(state["FinishedAt"]),
        policy=(host.get("RestartPolicy") or {}).get("Name") or "no",
        stop_signal=config.get("StopSignal") or "",
        auto_remove=bool(host.get("AutoRemove")),
        user=config.get("User") or "",
        command=(seen["Path"], *(seen.get("Args") or [])),
        environment=dict(word.partition("=")[::2] for word in config.get("Env") or []),
        mounts={one["Destination"]: one["Source"] for one in seen.get("Mounts") or [] if one.get("Source")},
        compose={name[len(_COMPOSE) :]: value for name, value in labels.items() if name.startswith(_COMPOSE)},
    )


def moment(text: str) -> float:
    """Seconds since 1970; 0.0 for the year 1, by which docker says never."""
    match = re.fullmatch(r"(\d+-\d+-\d+T\d+:\d+:\d+)(\.\d+)?Z", text)
    if not match:
        raise UpliftError(f"docker reported the time {text!r}; expected one as 2026-11-21T06:47:07.605053259Z.")
    if match[1].startswith("0001-"):
        return 0.0
    whole = datetime.datetime.strptime(match[1] + "+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp()
    return round(whole + float(match[2] or 0), 3)


def body(seen: Json, image: Json | None, change: Change) -> dict[str, Any]:
    """What `create` is given. What only the old image had said is left out, so that the new image says it."""
    config: dict[str, Any] = copy.deepcopy(dict(seen["Config"]))
    host: dict[str, Any] = copy.deepcopy(dict(seen["HostConfig"]))
    if host.get("AutoRemove"):
        raise UpliftError(
            f"The container {seen['Name'].lstrip('/')} is removed by docker when it stops (--rm); expected one that"
            " stays. Make it without that. Nothing was changed."
        )
    given = (image or {}).get("Config") or {}
    for name in _DEFAULTS:
        if config.get(name) == given.get(name):
            config.pop(name, None)
    for name in _SETS:
        own, from_image = config.get(name) or {}, given.get(name) or {}
        config[name] = {key: value for key, value in own.items() if key not in from_image or from_image[key] != value}
    for name in ("Cmd", "Entrypoint"):
        if config.get(name):
            config[name] = [change.word(word) for word in config[name]]
    config["Image"] = change.image
    config["Env"] = _environment(config.get("Env") or [], given.get("Env") or [], change)
    network = host.get("NetworkMode") or "default"
    if config.get("Hostname") == seen["Id"][:12] or network == "host" or network.startswith("container:"):
        config.pop("Hostname", None)  # docker's own choice, or forbidden next to such a network
    host["Binds"], host["Mounts"] = _mounts(seen, change)
    host["Links"] = links(host) or None
    first, _more = networks(seen)
    return {**config, "HostConfig": host, "NetworkingConfig": {"EndpointsConfig": first}}


def networks(seen: Json) -> tuple[dict[str, Any], dict[str, Any]]:
    """The network to create it in, and those to connect it with afterwards: before 1.44 docker takes one at first."""
    mode = seen["HostConfig"].get("NetworkMode") or "default"
    first, more = {}, {}
    for name, end in (seen["NetworkSettings"].get("Networks") or {}).items():
        kept = {
            "IPAMConfig": end.get("IPAMConfig") or None,
            "Links": end.get("Links"),
            "Aliases": [alias for alias in end.get("Aliases") or [] if alias != seen["Id"][:12]] or None,
            "DriverOpts": end.get("DriverOpts"),
        }
        if name in ("host", "none") or mode.startswith("container:"):
            continue
        if name == mode or (mode in ("default", "bridge") and name == "bridge") or end.get("NetworkID") == mode:
            first[name] = kept
        else:
            more[name] = kept
    return first, more


def reach(seen: Json) -> Reach:
    """Whom the container itself reaches, by the same names; nobody finds by its own what is made for one call."""
    host = seen["HostConfig"]
    rows: list[tuple[str, Sequence[str]]] = [
        ("--network", [host.get("NetworkMode") or "default"]),
        ("--link", links(host)),
        ("--add-host", host.get("ExtraHosts") or []),
        ("--dns", host.get("Dns") or []),
        ("--dns-search", host.get("DnsSearch") or []),
        ("--dns-option", host.get("DnsOptions") or []),
    ]
    words = tuple(word for flag, values in rows for value in values for word in (flag, value))
    return Reach(words, tuple(networks(seen)[1]))


def is_image(word: str) -> bool:
    """Images are named with a tag or a digest; no path and no program's name has either."""
    return not word.startswith(("/", "-")) and bool(re.search(r"\S[:@]\S", word))


def demand_image(image: str, version: str) -> str:
    if not is_image(image):
        raise UpliftError(
            f"The image {image!r} has no tag and no digest; expected one that means {version} and no other."
        )
    return image


def tagged(image: str) -> str:
    """As docker means a name without a tag."""
    return image if is_image(image) else f"{image}:latest"


def differences(old: Json, image: Json | None, new: Json, change: Change) -> list[str]:
    """What is not the same but should be. Empty: the new container is the old one, with the change asked for."""
    before, after = read(old), read(new)
    found = []
    pairs: list[tuple[str, Any, Any]] = [
        ("command", [change.word(word) for word in before.command], list(after.command)),
        ("user", before.user, after.user),
        ("mounts", {place: change.word(source) for place, source in before.mounts.items()}, dict(after.mounts)),
        ("networks", sorted(_networks_of(old)), sorted(_networks_of(new))),
        ("aliases", _aliases(old), _aliases(new)),
    ]
    expected = {name: change.word(value) for name, value in before.environment.items()}
    expected.update(change.environment)
    from_image = {"PATH", *_image_names(old, image)}
    pairs += [
        (f"environment {name}", value, after.environment.get(name))
        for name, value in expected.items()
        if name not in from_image or name in change.environment
    ]
    apart = ("Binds", "Mounts", "Links", "ContainerIDFile", "ConsoleSize")
    hosts = old["HostConfig"], new["HostConfig"]
    pairs += [
        (name, value or None, hosts[1].get(name) or None) for name, value in hosts[0].items() if name not in apart
    ]
    for name, was, is_now in pairs:
        if was != is_now:
            secret = name.startswith("environment")
            found.append(f"{name} differs" if secret else f"{name} was {was!r} and is {is_now!r}")
    return found


def host_path(mounts: Mapping[str, str], inside: str) -> str:
    """Where a file of the container lies on the host; empty when it lies in the container alone."""
    inside = posixpath.normpath(re.sub("^/+", "/", inside))
    for place in sorted(mounts, key=len, reverse=True):
        if inside == place or inside.startswith(place.rstrip("/") + "/"):
            return mounts[place] + inside[len(place.rstrip("/")) :] if inside != place else mounts[place]
    return ""


def inside_path(mounts: Mapping[str, str], path: str) -> str:
    """Where a file of the host is seen inside; empty when it is not."""
    for place, source in sorted(mounts.items(), key=lambda item: len(item[1]), reverse=True):
        if path == source:
            return place
        if path.startswith(source.rstrip("/") + "/"):
            return place.rstrip("/") + path[len(source.rstrip("/")) :]
    return ""


def _environment(own: Sequence[str], from_image: Sequence[str], change: Change) -> list[str]:
    kept = [word for word in own if word not in from_image]
    found = {name: change.word(value) for name, value in (word.partition("=")[::2] for word in kept)}
    return [f"{name}={value}" for name, value in {**found, **change.environment}.items()]


def _mounts(seen: Json, change: Change) -> tuple[list[str], list[Any]]:
    """Binds and mounts with the words replaced; volumes without a name are mounted by the one that docker gave them."""
    binds = [
        ":".join([change.word(one.split(":")[0]), *one.split(":")[1:]]) for one in seen["HostConfig"].get("Binds") or []
    ]
    mounts: list[Any] = copy.deepcopy(seen["HostConfig"].get("Mounts") or [])
    real = {one["Destination"]: one for one in seen.get("Mounts") or []}
    for one in mounts:
        if one.get("Source"):
            one["Source"] = change.word(one["Source"])
        elif one.get("Type") == "volume":
            one["Source"] = real[one["Target"]]["Name"]
    told = {one.split(":")[1] for one in binds if ":" in one} | {one["Target"] for one in mounts}
    for place, one in real.items():
        if one["Type"] == "volume" and place not in told:
            binds.append(f"{one['Name']}:{place}" + ("" if one.get("RW", True) else ":ro"))
    return binds, mounts


def links(host: Json) -> list[str]:
    """Other containers by the names that this one has for them, as `create` and the command line take them."""
    return [_link(one) for one in host.get("Links") or []]


def _link(text: str) -> str:
    target, _colon, alias = text.partition(":")
    return f"{target.lstrip('/')}:{alias.rsplit('/', 1)[-1]}"


def _networks_of(seen: Json) -> list[str]:
    return list((seen["NetworkSettings"].get("Networks") or {}).keys())


def _aliases(seen: Json) -> dict[str, list[str]]:
    ends = seen["NetworkSettings"].get("Networks") or {}
    own = {seen["Id"][:12], seen["Config"].get("Hostname")}
    return {name: sorted(set(end.get("Aliases") or []) - own) for name, end in ends.items()}


def _image_names(seen: Json, image: Json | None) -> set[str]:
    """Variables that the container has from its image: another image may say otherwise."""
    given = ((image or {}).get("Config") or {}).get("Env") or []
    own = seen["Config"].get("Env") or []
    return {word.partition("=")[0] for word in given if word in own}
