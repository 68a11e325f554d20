"""Open the file of a store that can be read but not written.

SQLite keeps what was written last in a second file, the `-wal`, and an index of that
in a third, which it wants to write even for reading. Where it cannot, a file without
a `-wal` is read as one that nobody changes. With one, the index is kept in memory,
which SQLite does for whoever has the file alone: it is told to take no locks.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Final

from headroom_langchain.ccr.store.sqlite.schema import read_as_newest

_NO_LOCKS: Final = "win32-none" if sys.platform == "win32" else "unix-none"


def open_for_reading(path: Path) -> sqlite3.Connection | None:
    """Open a file without writing anything, `None` if it cannot be read either.

    Raises:
        StoreError: The file was written by a newer version of this package.
    """
    if not path.exists():
        return None
    path = path.resolve()
    wal = path.with_name(f"{path.name}-wal")
    alone = not wal.exists() or wal.stat().st_size == 0
    last = "immutable=1" if alone else f"mode=ro&vfs={_NO_LOCKS}"
    for options in ("mode=ro", last):
        connection = sqlite3.connect(
            f"{path.as_uri()}?{options}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if options is last:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA temp_store = MEMORY")
            if read_as_newest(connection, path):
                return connection
        except sqlite3.Error:
            pass
        except BaseException:  # nobody else would close it, whatever happened
            connection.close()
            raise
        connection.close()
    return None
