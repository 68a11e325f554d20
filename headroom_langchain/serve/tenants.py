"""Whose requests are whose."""

from __future__ import annotations

import hashlib
from typing import Final

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE
from headroom_langchain.serve.wire.headers import Headers

_CREDENTIALS: Final = (b"authorization", b"x-api-key", b"api-key")


def tenant(headers: Headers) -> str:
    """Return the namespace of whoever holds the credential of a request.

    It tells nothing of the credential itself.
    """
    held = [value for name, value in headers if name in _CREDENTIALS and value]
    if not held:
        return DEFAULT_NAMESPACE
    return "key-" + hashlib.sha256(b"\n".join(held)).hexdigest()[:16]
