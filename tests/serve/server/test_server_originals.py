"""The store that an operator names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from headroom_langchain import Original, SqliteCCRStore
from headroom_langchain.errors import ConfigurationError, StoreError
from headroom_langchain.serve.server.originals import open_originals, shown

POSTGRES = "HEADROOM_TEST_POSTGRES"


def test_a_name_without_a_scheme_is_a_file(tmp_path: Path) -> None:
    """A file is a SQLite store."""
    with open_originals(str(tmp_path / "originals.db")) as store:
        assert isinstance(store, SqliteCCRStore)
        assert store.keeps_figures


def test_what_is_not_used_is_forgotten(tmp_path: Path) -> None:
    """A time to live is that of the store."""
    with open_originals(str(tmp_path / "originals.db"), ttl=1e-9) as store:
        key = store.put(Original.of("text of a tool"))
        assert store.get(key) is None


def test_a_file_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    """A file in a folder that is not there is a setting that cannot work."""
    with pytest.raises(ConfigurationError, match="folder exists"):
        open_originals(str(tmp_path / "no" / "originals.db"))


@pytest.mark.parametrize(
    "name",
    [
        "mysql://user:sesame@127.0.0.1/x",
        "postgresql://user:sesame@127.0.0.1:1/x",
        "postgres://127.0.0.1:1/x?password=sesame",
    ],
)
def test_no_message_has_a_password(name: str) -> None:
    """What is told of a store that cannot be had keeps its secrets."""
    with pytest.raises(ConfigurationError) as caught:
        open_originals(name)
    assert "127.0.0.1" in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert "sesame" not in shown(name)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL needs further packages, and the error says which."""
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    with pytest.raises(ConfigurationError, match=r"headroom-langchain\[postgres\]"):
        open_originals("postgresql://127.0.0.1/x")


@pytest.mark.skipif(
    POSTGRES not in os.environ,
    reason=f"no PostgreSQL: export {POSTGRES}=$(.ci/postgres start /tmp/headroom-pg)",
)
async def test_processes_share_a_database() -> None:
    """What one process puts another gets, sync and async, and tables are made once."""
    name = _url(os.environ[POSTGRES])
    original = Original.of("text of a tool", kind="logs", tool="shell")
    with (
        open_originals(name, ttl=3600, prepare=True) as one,
        open_originals(name, ttl=3600) as two,
    ):
        one.put(original, namespace="tenant")
        assert await two.aget(original.key, namespace="tenant") == original
        assert two.get(original.key) is None
        two.delete_many([original.key], namespace="tenant")
    one.close()
    with pytest.raises(StoreError):
        one.get(original.key)


def _url(conninfo: str) -> str:
    from psycopg.conninfo import conninfo_to_dict

    told = conninfo_to_dict(conninfo)
    return "postgresql://{user}@{host}:{port}/{dbname}".format(**told)
