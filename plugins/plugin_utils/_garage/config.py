# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

with suppress(ImportError):  # the action says that it is missing
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

# Every key that some Garage from 0.5 to 2.x reads (garage_util's config.rs and the reference manual of 2.x).
# Garage ignores the others without a word, so that a typo in db_engine opens an empty database (trap G20).
_SECTIONS = {
    "": "allow_punycode allow_world_readable_secrets block_manager_background_tranquility block_max_concurrent_reads "
    "block_max_concurrent_writes_per_request block_ram_buffer_max block_size bootstrap_peers compression_level "
    "consistency_mode consul_host consul_service_name data_dir data_fsync db_engine disable_scrub "
    "kubernetes_namespace kubernetes_service_name kubernetes_skip_crd lmdb_map_size metadata_auto_snapshot_interval "
    "metadata_dir metadata_fsync metadata_snapshots_dir replication_factor replication_mode rpc_bind_addr "
    "rpc_bind_outgoing rpc_ping_timeout_msec rpc_public_addr rpc_public_addr_subnet rpc_secret_file rpc_timeout_msec "
    "sled_cache_capacity sled_flush_every_ms use_local_tz",
    "s3_api": "api_bind_addr root_domain s3_region",
    "k2v_api": "api_bind_addr",
    "s3_web": "add_host_to_metrics bind_addr index root_domain",
    "admin": "admin_token_file api_bind_addr metrics_require_token metrics_token_file",
    "consul_discovery": "api ca_cert client_cert client_key datacenters service_name tags tls_skip_verify",
    "kubernetes_discovery": "namespace service_name skip_crd",
}
PUBLIC = frozenset(f"{section}.{key}".lstrip(".") for section, keys in _SECTIONS.items() for key in keys.split())
# The last three are addresses and free text in which people put passwords.
SECRET = frozenset(
    [
        "rpc_secret",
        "admin.admin_token",
        "admin.metrics_token",
        "consul_discovery.token",
        "admin.trace_sink",
        "consul_discovery.consul_http_addr",
        "consul_discovery.meta",
    ]
)


class ConfigError(UpliftError):
    """Something in a config file that stops an upgrade, with the key of its finding."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


def parse(text: str, path: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except ParseError as error:
        # tomlkit's own words may quote the line, and with it a secret.
        where = f"line {error.line}, column {error.col}"
        sentence = f"{path} is not TOML: it cannot be read from {where} on; correct it there."
        raise ConfigError("config_not_toml", sentence) from None
    except TOMLKitError:
        raise ConfigError("config_not_toml", f"{path} is not TOML: a key or a table is there twice.") from None


def settings(text: str, path: str, environment: Sequence[str] = ()) -> dict[str, Any]:
    """What the file says, without any secret. `environment`: names of the daemon's environment variables."""
    document = parse(text, path).unwrap()
    metadata = _text(document, "metadata_dir")
    if not metadata:
        raise ConfigError("config_no_metadata_dir", f"{path} has no metadata_dir; Garage needs one, as a text.")
    known = PUBLIC | SECRET
    data, snapshots = _data_dirs(document.get("data_dir"), path), _text(document, "metadata_snapshots_dir")
    _demand_absolute(path, [metadata, snapshots, *(row["path"] for row in data)])
    return {
        "metadata_dir": metadata,
        "data_dirs": data,
        "snapshots_dir": snapshots,
        "db_engine": _text(document, "db_engine"),
        "replication_mode": document.get("replication_mode"),
        "replication_factor": document.get("replication_factor"),
        "rpc_bind_addr": _text(document, "rpc_bind_addr"),
        "rpc_public_addr": _text(document, "rpc_public_addr"),
        "rpc_secret_source": _secret_source(document, environment),
        "s3": {key: _text(document, f"s3_api.{key}") for key in ("api_bind_addr", "s3_region", "root_domain")},
        "web": {key: _text(document, f"s3_web.{key}") for key in ("bind_addr", "root_domain")},
        "admin": {
            "api_bind_addr": _text(document, "admin.api_bind_addr"),
            **{
                f"has_{name}": _has(document, f"admin.{name}", environment) for name in ("admin_token", "metrics_token")
            },
        },
        "unknown_keys": sorted(key for key, _value in _flat(document) if key not in known),
    }


def edit(text: str, path: str, changes: Mapping[str, Any]) -> str:
    """The text with some settings changed, made or (None) removed; all the rest stays as it is, comments too."""
    document = parse(text, path)
    for name in changes:
        if name not in PUBLIC:
            raise UpliftError(f"The setting {name!r} cannot be edited: it is not a known setting, or it is a secret.")
    for section in dict.fromkeys(name.rpartition(".")[0] for name in changes):
        table: Any = document.get(section) if section else document
        if not isinstance(table, dict):
            # A section made anew would lack what else Garage wants in it, and the daemon would not start.
            raise UpliftError(f"{path} has no section [{section}]; {', '.join(changes)} cannot be set in it.")
        mine = {name.rpartition(".")[2]: value for name, value in changes.items() if name.rpartition(".")[0] == section}
        _edit_table(table, mine)
    return tomlkit.dumps(document)


def _edit_table(table: Any, changes: Mapping[str, Any]) -> None:
    """A new setting takes the place, and the comment, of the one that goes before it; else it is below metadata_dir."""
    gone = ""
    for key, value in changes.items():
        if value is None and key in table:
            gone = key
        elif key in table:
            if table[key] != value:
                table[key] = value
        elif value is not None and gone:
            table._replace(gone, tomlkit.key(key), tomlkit.item(value))
            gone = ""
        elif value is not None and "metadata_dir" in table:
            table._insert_after("metadata_dir", key, tomlkit.item(value))
        elif value is not None:
            table[key] = value
    if gone:
        del table[gone]


def public_lines(text: str, path: str) -> str:
    """The settings as lines for a diff: no comment, no secret, no value of an unknown key."""
    if not text:
        return ""
    rows = []
    for name, value in _flat(parse(text, path).unwrap()):
        rows.append(f"{name} = {json.dumps(value, default=str) if name in PUBLIC else '********'}")
    return "".join(f"{row}\n" for row in rows)


def differing(one: str, other: str, path: str) -> list[str]:
    """The settings that two files give other values, without the values: "the setting db_engine" and so on."""
    rows = [dict(_flat(parse(text, path).unwrap())) for text in (one, other)]
    return [f"the setting {name}" for name in sorted({*rows[0], *rows[1]}) if rows[0].get(name) != rows[1].get(name)]


def reachable_s3_addresses(config: Mapping[str, Any], host_address: str) -> list[str]:
    """Where a client reaches this node's S3 API; nowhere by a socket file, port 0 or another host's loopback."""
    host, _colon, port = str(config["s3"]["api_bind_addr"]).rpartition(":")
    if not port.isdigit() or port == "0" or not host:
        return []
    if host in ("0.0.0.0", "[::]"):
        host = f"[{host_address}]" if ":" in host_address else host_address
    elif _loopback(host) and not _loopback(host_address):
        return []
    return [f"{host}:{port}"]


def local_s3_address(config: Mapping[str, Any]) -> str:
    """Where the node alone reaches its S3 API: on loopback, or by a socket file; "" where neither is so."""
    bound = str(config["s3"]["api_bind_addr"])
    host, _colon, port = bound.rpartition(":")
    if bound.startswith("/"):
        return f"unix:{bound}"
    return bound if port.isdigit() and port != "0" and _loopback(host) else ""


def _loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("localhost", "::1", "[::1]")


def _get(document: Mapping[str, Any], name: str) -> Any:
    section, _dot, key = name.rpartition(".")
    table = document.get(section) if section else document
    return table.get(key) if isinstance(table, dict) else None


def _text(document: Mapping[str, Any], name: str) -> str:
    value = _get(document, name)
    return value if isinstance(value, str) else ""


def _flat(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Dotted names and values, in the order of the file. Only sections that Garage knows are looked into."""
    rows: list[tuple[str, Any]] = []
    for name, value in document.items():
        if name in _SECTIONS and isinstance(value, dict):
            rows += [(f"{name}.{key}", inner) for key, inner in value.items()]
        else:
            rows.append((name, value))
    return rows


def _demand_absolute(path: str, directories: Sequence[str]) -> None:
    """The daemon takes a relative one from where its unit runs, and each other program from where that runs."""
    for one in directories:
        if one and not one.startswith("/"):
            sentence = (
                f"{path} has the directory {one!r}, which is relative: where it leads depends on where a program runs."
                " Expected an absolute path; write it out, and restart the service."
            )
            raise ConfigError("config_relative", sentence)


def _data_dirs(value: Any, path: str) -> list[dict[str, Any]]:
    rows = [{"path": value}] if isinstance(value, str) else value
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get("path"), str) for row in rows
    ):
        expected = "expected a path, or a list of tables with a path each"
        raise ConfigError("config_bad_data_dir", f"data_dir in {path} is missing or of another form; {expected}.")
    return [{"path": row["path"], "capacity": row.get("capacity")} for row in rows]


def _secret_source(document: Mapping[str, Any], environment: Sequence[str]) -> str:
    if "GARAGE_RPC_SECRET" in environment:
        return "environment"
    if "GARAGE_RPC_SECRET_FILE" in environment or _text(document, "rpc_secret_file"):
        return "file"
    return "config" if _text(document, "rpc_secret") else ""


def _has(document: Mapping[str, Any], name: str, environment: Sequence[str]) -> bool:
    variable = f"GARAGE_{name.rpartition('.')[2].upper()}"
    in_file = _text(document, name) or _text(document, f"{name}_file")
    return bool(in_file) or variable in environment or f"{variable}_FILE" in environment
