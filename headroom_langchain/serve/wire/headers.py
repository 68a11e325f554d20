"""Which headers are passed on.

What belongs to one connection ends with it: those that HTTP names, and those that a
`connection` header names. Everything else goes on in its order, repeated names too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names, in lower case, and values, in their order; a name may come twice."""

REDACTED: Final = b"[redacted]"
"""What stands in a log for a secret."""

_HOP: Final = frozenset(
    {
        *(b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", b"proxy-authenticate"),
        *(b"proxy-authorization", b"proxy-authentication-info"),
    }
)
_SERVED: Final = frozenset({b"host", b"expect"})
"""What a request says to the server that reads it."""
_OF_THE_BYTES: Final = frozenset(
    {
        *(b"content-length", b"content-encoding", b"content-md5", b"content-range"),
        *(b"digest", b"content-digest", b"repr-digest", b"etag", b"accept-ranges"),
    }
)
"""What is true of a body only as long as it stays as it is."""
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_SECRET: Final = re.compile(
    rb"auth|cookie|token|secret|key|password|credential|signature|session"
)
_FIGURES: Final = re.compile(rb"(anthropic|x)-ratelimit-")


def for_upstream(headers: Headers, *, read: bool, changed: bool) -> Headers:
    """Return the headers of a request for its upstream.

    Args:
        headers: Those of the client.
        read: Whether the answer is read: it must not be compressed then.
        changed: Whether the body is another than the client's.

    Raises:
        ValueError: A name is none, or a value has control characters.
    """
    for name, value in headers:
        if _broken(name, value):
            msg = f"the header {name.decode('latin-1')!r} has characters it must not"
            raise ValueError(msg)
    dropped = _hop(headers) | _SERVED | (_OF_THE_BYTES if changed else frozenset())
    if any(name == b"transfer-encoding" for name, _ in headers):
        # It came in chunks: a length that was told beside them is a trap.
        dropped |= {b"content-length"}
    if read:
        dropped |= {b"accept-encoding"}
    kept = _without(headers, dropped)
    return [*kept, (b"accept-encoding", b"identity")] if read else kept


def for_client(headers: Headers, *, changed: bool) -> Headers:
    """Return the headers of an answer for the client.

    Headers that are broken are left out: the answer is there and paid for.

    Args:
        headers: Those of the upstream.
        changed: Whether the body may be another than the upstream's.
    """
    dropped = _hop(headers) | (_OF_THE_BYTES if changed else frozenset())
    return [
        (name, value)
        for name, value in _without(headers, dropped)
        if not _broken(name, value)
    ]


def redacted(headers: Headers) -> Headers:
    """Return headers for a log, without what could let anybody in."""
    return [
        (name, REDACTED if _SECRET.search(name) and not _FIGURES.match(name) else value)
        for name, value in _without(headers, ())
    ]


def _hop(headers: Headers) -> frozenset[bytes]:
    """Return the names of what belongs to this connection."""
    named = (
        option.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for option in value.split(b",")
    )
    return _HOP.union(named)


def _without(headers: Headers, dropped: Iterable[bytes]) -> Headers:
    lower = ((name.lower(), value) for name, value in headers)
    return [(name, value) for name, value in lower if name not in dropped]


def _broken(name: bytes, value: bytes) -> bool:
    return _NAME.fullmatch(name) is None or _CONTROL.search(value) is not None
