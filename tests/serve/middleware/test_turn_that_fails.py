"""A fault of this package in the middle of a stream."""

from __future__ import annotations

import logging
from typing import Any

import anthropic
import pytest
from model_backed.listening import listening

from headroom_langchain.serve import Upstreams, create_app
from headroom_langchain.serve.dialects.messages.streamed import MessagesStreamed
from headroom_langchain.testing.servers import FakeAnthropic, Reply

LOG = "\n".join(f"2026-01-01 12:00:00 INFO item {n * 7919 % 997}" for n in range(900))
MESSAGES: list[Any] = [
    {"role": "user", "content": "What happened?"},
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "t1", "name": "run", "input": {}}],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "t1", "content": LOG}],
    },
]
TOOLS: list[Any] = [{"name": "run", "input_schema": {"type": "object"}}]


def test_a_fault_within_a_stream_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets a typed error, never a stream that just ends."""

    def broken(*_: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(MessagesStreamed, "finish", broken)
    with FakeAnthropic([Reply(text="Nothing.")]) as upstream:
        app = create_app(upstreams=Upstreams(anthropic=upstream.url))
        with (
            listening(app) as address,
            anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as client,
            caplog.at_level(logging.CRITICAL, "headroom_langchain.serve"),
            client.messages.stream(
                model="claude-x", max_tokens=9, messages=MESSAGES, tools=TOOLS
            ) as events,
            pytest.raises(anthropic.APIStatusError, match="could not be passed on"),
        ):
            events.until_done()
