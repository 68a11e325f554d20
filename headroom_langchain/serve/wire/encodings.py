"""What an answer is, and its bytes as they were before they were packed."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final, TypeAlias

from headroom_langchain.serve.wire.headers import Headers

Decode: TypeAlias = Callable[[bytes], bytes]
"""Unpacks the next bytes."""

DAMAGED: Final = "the upstream's answer is not encoded as its headers say"
"""What is told of an answer that cannot be unpacked."""

_WINDOWS: Final = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""What zlib calls these encodings."""


def is_stream(headers: Headers) -> bool:
    """Tell whether an answer is a stream of events."""
    return _value(headers, b"content-type").startswith(b"text/event-stream")


def is_json(headers: Headers) -> bool:
    """Tell whether an answer is JSON."""
    return b"json" in _value(headers, b"content-type").partition(b";")[0]


def decoder_of(headers: Headers) -> Decode | None:
    """Return what unpacks an answer; `None` when its encoding is not known."""
    encoding = _value(headers, b"content-encoding").strip()
    if encoding in (b"", b"identity"):
        return bytes
    window = _WINDOWS.get(encoding)
    return None if window is None else zlib.decompressobj(window).decompress


def _value(headers: Headers, wanted: bytes) -> bytes:
    return next((value.lower() for name, value in headers if name == wanted), b"")
