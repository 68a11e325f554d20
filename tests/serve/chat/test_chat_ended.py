from __future__ import annotations

import json

import pytest
from chat_turns import DONE, chunk, usage_chunk

from headroom_langchain.serve.dialects.chat import CHAT


@pytest.mark.parametrize(
    "tail",
    [
        b"\n" + DONE,
        b"\r\ndata:[DONE]\r\n\r\n",
        chunk(finish="stop") + usage_chunk(),
        chunk(finish="length").replace(b'": ', b'":'),
        b'\ndata: {"error": {"message": "overloaded"}}\n\n',
        b'\ndata: {"id": "a", "error":"gone", "choices": []}\n\n',
    ],
)
def test_the_end_is_seen(tail: bytes) -> None:
    """`[DONE]`, a finish reason or an error is the end of a stream."""
    assert CHAT.ended(tail)


@pytest.mark.parametrize(
    "text",
    [
        "data: [DONE]",
        "\ndata: [DONE]\n\n",
        '"finish_reason":"stop"',
        '\n\ndata: {"error": {"message": "x"}}\n\n',
        '{"error": "x", "finish_reason": "stop"}',
    ],
)
def test_texts_are_no_end(text: str) -> None:
    """What a model says of ends is not an end, in texts nor in arguments."""
    said = chunk({"content": text, "tool_calls": [{"function": {"arguments": text}}]})
    ascii_only = json.dumps(text).encode() in said
    assert ascii_only
    assert not CHAT.ended(b"\n" + said + usage_chunk())
    for start in range(len(said)):
        assert not CHAT.ended(said[start:])


def test_no_error_is_no_end() -> None:
    """Some gateways write `error: null` into each chunk."""
    assert not CHAT.ended(b"\n" + chunk({"content": "a"}, error=None))
