"""The limits of a store, and the errors for what does not fit them."""

from __future__ import annotations

from headroom_langchain.errors import (
    ConfigurationError,
    KeyCollisionError,
    StoreError,
)


def check_limits(*, max_bytes: int | None, ttl: float | None) -> None:
    """Raise `ConfigurationError` for limits with which a store keeps nothing."""
    if max_bytes is not None and max_bytes <= 0:
        msg = f"max_bytes={max_bytes!r} keeps nothing; give a positive number of bytes"
        raise ConfigurationError(msg)
    if ttl is not None and not ttl > 0:
        msg = f"ttl={ttl!r} keeps nothing; give a positive number of seconds or None"
        raise ConfigurationError(msg)


def collision(key: str) -> KeyCollisionError:
    """Return the error for two different contents with one key."""
    msg = (
        f"another content is stored under {key!r}; it was kept and the new one was "
        "not stored: make originals with Original.of, which computes their key"
    )
    return KeyCollisionError(msg)


def too_large(key: str, size: int, max_bytes: int) -> StoreError:
    """Return the error for an original that a store can never hold."""
    msg = (
        f"the original {key!r} has {size:,} bytes, the store holds {max_bytes:,}: "
        f"make the store with max_bytes={size} or more"
    )
    return StoreError(msg)
