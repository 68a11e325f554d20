"""Conversations that Anthropic keeps: clients send of them what is new."""

from __future__ import annotations

import json

import httpx
import pytest
from scripted_rounds import Json, call, result

from headroom_langchain.serve import Upstreams, create_app
from headroom_langchain.testing.servers import FakeAnthropic, Reply

LOG = "\n".join(f"INFO job {n} done" for n in range(900))


@pytest.mark.parametrize(
    "thread",
    [{"type": "create"}, {"type": "continue", "previous_message_id": "msg_1"}],
)
async def test_what_is_said_in_a_thread_passes_as_it_is(thread: Json) -> None:
    """A thread's tools are fixed and hidden rounds would stay in it: it gets none."""
    asked: Json = {
        "model": "claude-x",
        "max_tokens": 99,
        "thread": thread,
        "messages": [
            {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": [call("a", "read_log")]},
            {"role": "user", "content": [result("a", LOG)]},
        ],
    }
    body = json.dumps(asked).encode()
    with FakeAnthropic(lambda _: Reply(text="Fine.")) as upstream:
        app = create_app(upstreams=Upstreams(anthropic=upstream.url))
        here = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=here, base_url="http://here") as client:
            answer = await client.post("/v1/messages", content=body)
        await app.close()
        sent = [query.received.raw for query in upstream.requests]
    assert (answer.status_code, sent) == (200, [body])
