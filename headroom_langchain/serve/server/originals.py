"""The store that an operator names: a file, or a database.

A file is a `SqliteCCRStore`, a URL of PostgreSQL a `LangGraphCCRStore` over it.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from headroom_langchain.ccr.store.elsewhere.langgraph_store import LangGraphCCRStore
from headroom_langchain.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from langgraph.store.base import BaseStore

    from headroom_langchain.ccr.store.base import CCRStore

_POSTGRES: Final = ("postgres://", "postgresql://")
_CONNECTIONS: Final = 10
"""Connections of a process to PostgreSQL, at most."""
_SWEEPING: Final = 60
"""Minutes between two times at which what was forgotten is deleted there."""
_PATIENCE: Final = 10.0
"""Seconds that a connection may take."""


class PostgresCCRStore(LangGraphCCRStore):
    """Keeps originals in PostgreSQL, over connections of its own."""

    def __init__(
        self, url: str, *, ttl: float | None = None, prepare: bool = False
    ) -> None:
        """Connect.

        Args:
            url: Where the database is.
            ttl: Seconds after which an original that is not used is forgotten.
            prepare: Make its tables when they are not there.

        Raises:
            ConfigurationError: A package is missing, or nothing answers there.
        """
        self._open = ExitStack()
        try:
            store = _postgres(url, self._open, prepare=prepare)
            super().__init__(store, ttl=ttl)
        except BaseException:
            self._open.close()
            raise

    def close(self) -> None:
        """Close the connections; closing twice is fine."""
        self._open.close()


def is_postgres(name: str) -> bool:
    """Tell whether a store is named that is no file."""
    return name.lower().startswith(_POSTGRES)


def shown(name: str) -> str:
    """Return the name of a store without what is secret of it."""
    if "://" not in name:
        return name
    parts = urlsplit(name)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}"


def open_originals(
    name: str, *, ttl: float | None = None, prepare: bool = False
) -> CCRStore:
    """Open the store of that name.

    Args:
        name: A file, or `postgresql://...`.
        ttl: Seconds after which an original that is not used is forgotten; `None` to
            keep it.
        prepare: Make its tables when they are not there, which one process does for
            all.

    Raises:
        ConfigurationError: It cannot be had; the message says what to do.
    """
    if is_postgres(name):
        return PostgresCCRStore(name, ttl=ttl, prepare=prepare)
    if "://" in name:
        msg = f"--store {shown(name)!r} is neither a file nor a postgresql:// URL"
        raise ConfigurationError(msg)
    from headroom_langchain.ccr.store.sqlite.store import SqliteCCRStore

    try:
        return SqliteCCRStore(name, ttl=ttl)
    except (StoreError, ValueError) as error:
        raise ConfigurationError(str(error)) from error


def _postgres(url: str, stack: ExitStack, *, prepare: bool) -> BaseStore:
    try:
        import psycopg
        from langgraph.store.postgres import PostgresStore
        from psycopg_pool import ConnectionPool, PoolTimeout
    except ImportError as error:
        msg = (
            "a store in PostgreSQL needs further packages: "
            "pip install 'headroom-langchain[postgres]'"
        )
        raise ConfigurationError(msg) from error
    try:
        # The pool of connections tries again until it gives up, and says less.
        psycopg.connect(url, connect_timeout=int(_PATIENCE)).close()
        pool: ConnectionPool[psycopg.Connection[dict[str, object]]] = ConnectionPool(
            url,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_PATIENCE,
            check=ConnectionPool.check_connection,
            kwargs={
                "autocommit": True,
                "prepare_threshold": 0,
                "row_factory": psycopg.rows.dict_row,
            },
            open=False,
        )
        stack.enter_context(pool)
        store = PostgresStore(pool, ttl={"sweep_interval_minutes": _SWEEPING})
        if prepare:
            store.setup()
        store.start_ttl_sweeper()
        stack.callback(store.stop_ttl_sweeper)
    except (psycopg.Error, PoolTimeout) as error:
        reason = str(error).strip().partition("\n")[0]
        msg = f"cannot use the store {shown(url)!r}: {reason}"
        raise ConfigurationError(msg) from error
    return store
