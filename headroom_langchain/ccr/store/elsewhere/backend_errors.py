"""One kind of error for whatever other people's stores raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from headroom_langchain.errors import StoreError


@contextmanager
def backend_errors(store: object) -> Iterator[None]:
    """Raise what a store raises as a `StoreError` that says what to check."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        # Every backend has exceptions of its own.
        msg = (
            f"{type(store).__name__} failed ({type(error).__name__}: {error}): check "
            "that it is open and reachable, may be read and written, and that its "
            "`setup()` was run if it has one"
        )
        raise StoreError(msg) from error
