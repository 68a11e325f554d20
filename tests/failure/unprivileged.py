"""A program that may only read a store's file, and says what it can do with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from headroom_langchain.ccr.store.base import Original
from headroom_langchain.ccr.store.sqlite import store as sqlite
from headroom_langchain.errors import StoreError

NOBODY = 65534

KEPT = Original.of("kept before\r\n" * 2000)
NEW = Original.of("new")


def main() -> None:
    """Print `returned` if the original is there, then why no other can be put."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    with sqlite.SqliteCCRStore(Path(sys.argv[1])) as store:
        print("returned" if store.get(KEPT.key) == KEPT else "missing")  # noqa: T201 - its answer
        try:
            store.put(NEW)
        except StoreError as error:
            print(error)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
