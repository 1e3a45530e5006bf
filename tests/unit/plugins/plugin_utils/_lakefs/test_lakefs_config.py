# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration is brought to the next release's form by lines: whatever is not edited stays to the byte."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs import config
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs.config import ConfigError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.lakefs_replay import capture, named

DSN = "postgres://lakefs:s3cret@db:5432/lakefs"
OLD = f"""---
# The lakeFS of the third floor
listen_address: "0.0.0.0:8000"   # all

database:
    # do not touch, says Ann
    connection_string: "{DSN}"   # primary
    max_open_connections: 20
    # end of database

# auth below
auth:
    encrypt:
        secret_key: "xx"  # keep
blockstore:
    type: s3
    s3:
        region: eu
        streaming_chunk_size: 5
        credentials:
            access_key_id: A
            access_secret_key: B
"""


def stage(text: str, release: str, discard: bool = False) -> config.Stage:
    return config.stage(text, "/etc/lakefs/config.yaml", version.parse(release), discard)


def test_the_kv_migration_gets_the_new_section_beside_the_old_keys() -> None:
    """Trap L02: the old key is there until the migration is proved. Guide 003, KV migration, step 1."""
    made = stage(OLD, "0.80.2")
    inside = yaml.safe_load(made.text)["database"]
    assert inside["type"] == "postgres"
    assert inside["postgres"] == {"connection_string": DSN, "max_open_connections": 20}
    assert inside["connection_string"] == DSN
    added = [line for line in made.text.splitlines() if line not in OLD.splitlines()]
    assert [line.strip().partition(":")[0] for line in added] == [
        "type",
        "postgres",
        "connection_string",
        "max_open_connections",
    ]
    assert [line for line in OLD.splitlines() if line not in made.text.splitlines()] == []


def test_afterwards_every_key_goes_that_the_next_release_refuses() -> None:  # trap L21
    made = stage(stage(OLD, "0.80.2").text, "1.84.0")
    inside = yaml.safe_load(made.text)
    assert inside["database"] == {
        "type": "postgres",
        "postgres": {"connection_string": DSN, "max_open_connections": 20},
    }
    assert inside["blockstore"]["s3"] == {
        "region": "eu",
        "credentials": {"access_key_id": "A", "secret_access_key": "B"},
    }
    for comment in ("# The lakeFS of the third floor", "# do not touch, says Ann", "# end of database", "# auth below"):
        assert made.text.count(comment) == 1
    assert stage(OLD, "1.84.0").text == made.text, "one hop or two end in the same file"


def test_cataloger_comes_and_goes_at_its_stage() -> None:  # trap L14
    rocks = stage(OLD, "0.30.0", discard=True)
    assert yaml.safe_load(rocks.text)["cataloger"] == {"type": "rocks"}
    assert stage(OLD, "0.30.0").text == OLD
    assert "cataloger" not in yaml.safe_load(stage(rocks.text, "0.80.2").text)
    assert "cataloger" not in yaml.safe_load(stage(rocks.text, "0.70.6").text)


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("", {}, "s3.local.lakefs.io"),
        ("gateways:\n  s3:\n    domain_name: s3.lakefs.lab\n", {}, "s3.lakefs.lab"),
        ("gateways:\n  s3:\n    domain_name: [s3.a.lab, s3.b.lab]\n", {}, "s3.a.lab"),
        ("", {"LAKEFS_GATEWAYS_S3_DOMAIN_NAME": "s3.a.lab,s3.b.lab"}, "s3.a.lab"),
    ],
)
def test_the_name_of_the_gateway(text: str, environment: dict[str, str], expected: str) -> None:
    assert config.settings(text, "/c.yaml", environment)["s3_host"] == expected


def test_tables_are_never_dropped_on_the_way() -> None:  # trap L10
    text = OLD.replace("    max_open", "    drop_tables: true\n    max_open")
    assert yaml.safe_load(stage(text, "0.80.2").text)["database"]["drop_tables"] is False


def test_what_is_lost_with_a_key_is_said() -> None:
    text = OLD.replace("auth:\n", "auth:\n    ldap:\n        server_endpoint: ldaps://x\n        bind_dn: cn\n")
    made = stage(text, "1.84.0")
    assert "ldap" not in yaml.safe_load(made.text)["auth"]
    assert any("LDAP" in lost for lost in made.lost)
    assert stage(OLD, "1.84.0").lost == []


def test_a_file_of_another_form_is_refused_and_not_guessed() -> None:
    with pytest.raises(ConfigError, match="one setting a line") as caught:
        stage("database: {connection_string: x}\n", "1.84.0")
    assert caught.value.key == "config_flow_style"
    with pytest.raises(ConfigError, match="line 2") as caught:
        stage('a: "s3cret\nb: [', "1.84.0")
    assert caught.value.key == "config_not_yaml" and "s3cret" not in str(caught.value)


def test_the_environment_counts_over_the_file() -> None:
    found = config.settings(OLD, "f", {"LAKEFS_DATABASE_CONNECTION_STRING": "postgres://other/x", "HOME": "/"})
    assert found["dsn"] == "postgres://other/x"
    assert found["from_environment"] == ["LAKEFS_DATABASE_CONNECTION_STRING"]
    assert config.settings("", "", {"LAKEFS_DATABASE_TYPE": "local"})["database"]["type"] == "local"


def test_a_diff_shows_no_secret() -> None:
    shown = config.public_lines(OLD, "f")
    assert "listen_address: 0.0.0.0:8000" in shown
    assert "s3cret" not in shown and "xx" not in shown and "access_secret_key: ********" in shown


CONFIGS = sorted({capture(case)["config"] for case in named("") if capture(case).get("config")})


@pytest.mark.parametrize("text", CONFIGS, ids=range(len(CONFIGS)))
def test_every_captured_configuration_can_be_staged(text: str) -> None:
    if "foo_bar" in text:
        return
    newest = stage(stage(text, "0.80.2").text, "1.84.0")
    inside = yaml.safe_load(newest.text)
    assert "connection_string" not in inside["database"] and "cataloger" not in inside
    assert stage(newest.text, "1.84.0").changes == []


keys = st.sampled_from(["region", "endpoint", "max_retries", "streaming_chunk_size", "force_path_style"])


@given(settings=st.dictionaries(keys, st.integers(0, 9), min_size=1), indent=st.sampled_from([1, 2, 3, 4, 8]))
def test_only_what_is_refused_goes(settings: dict[str, Any], indent: int) -> None:
    rows = "".join(f"{' ' * indent * 2}{key}: {value}\n\n" for key, value in settings.items())
    made = stage(f"blockstore:\n{' ' * indent}s3:\n{rows}other: 1\n", "1.84.0")
    inside = yaml.safe_load(made.text)
    settings.pop("streaming_chunk_size", None)
    assert inside["other"] == 1
    assert ((inside.get("blockstore") or {}).get("s3") or {}) == settings
