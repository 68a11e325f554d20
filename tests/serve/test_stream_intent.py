"""Whether a client wants a stream."""

from __future__ import annotations

from typing import Any

import pytest

from headroom_langchain.serve.hooks import wants_stream

SSE = [(b"Accept", b"Text/Event-Stream; q=1")]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"stream": True}, [], True),
        ({"stream": True}, [(b"accept", b"application/json")], True),
        ({"stream": False}, SSE, False),
        ({}, SSE, True),
        (None, SSE, True),
        ({"stream": None}, SSE, True),
        ({"stream": "true"}, [], False),
        ({}, [(b"accept", b"*/*")], False),
        (None, [], False),
    ],
)
def test_the_body_decides_and_the_header_only_where_it_says_nothing(
    body: dict[str, Any] | None, headers: list[tuple[bytes, bytes]], *, expected: bool
) -> None:
    """Clients of providers send `accept: application/json` for streams, too."""
    assert wants_stream(body, headers) is expected
