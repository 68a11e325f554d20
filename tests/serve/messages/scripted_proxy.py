"""A server of rounds without a network: real clients talk to it in their process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import anthropic
import httpx2
from langchain_anthropic import ChatAnthropic
from scripted_rounds import Json, events, taken

from headroom_langchain import CompressionPolicy
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.serve.dialects.dialect import Exchange, Spoken
from headroom_langchain.serve.dialects.messages import MESSAGES
from headroom_langchain.serve.wire.body import Body


class Proxy:
    """Answers clients from a script, and takes part as the server does."""

    def __init__(
        self, *answers: Json, replay: Literal["always", "same_turn"] = "always"
    ) -> None:
        self.script = list(answers)
        self.notes: dict[str, Json] = {}
        self.upstream: list[Json] = []
        """Every request that went upstream."""
        self.bodies: list[bytes] = []
        self._replay: Literal["always", "same_turn"] = replay

    def http(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self._respond))

    def sdk(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(api_key="x", http_client=self.http(), max_retries=0)

    def langchain(self, **settings: Any) -> ChatAnthropic:
        made: Callable[..., ChatAnthropic] = ChatAnthropic
        model = made(model="claude-x", api_key="x", max_tokens=99, **settings)
        vars(model)["_client"] = self.sdk()
        return model

    def _respond(self, request: httpx2.Request) -> httpx2.Response:
        body = Body.of(request.read())
        assert body is not None
        asked = MESSAGES.read(body, CompressionPolicy())
        assert asked is not None
        known = {name: self.notes[name] for name in asked.past if name in self.notes}
        asked.restore(known, self._replay)
        asked.offer()
        self._sent(asked.written())
        streamed, whole, sent = asked.streamed(), asked.whole(), b""
        while True:
            answer = self.script.pop(0)
            whole.take(answer)
            sent += taken(streamed, events(answer))
            spoken = streamed.round()
            assert whole.round() == spoken
            last = Exchange(spoken=spoken, answers=told(spoken))
            if spoken.others or not spoken.calls:
                break
            self._sent(asked.proceed(last))
            streamed.proceed()
        noted = asked.notes(last, ())
        self.notes |= json.loads(json.dumps(noted))
        if asked.stream:
            headers = {"content-type": "text/event-stream"}
            sent += streamed.finish()
            return httpx2.Response(200, headers=headers, content=sent)
        return httpx2.Response(200, json=whole.finish())

    def _sent(self, raw: bytes) -> None:
        self.bodies.append(raw)
        self.upstream.append(json.loads(raw))
        check(self.upstream[-1]["messages"])


def told(spoken: Spoken) -> tuple[Answer, ...]:
    """Answer the hidden calls of a round; those without a hash are mistakes."""
    return tuple(
        Answer(
            call_id=call.id,
            text=f"told {call.id}",
            error="hash" not in (call.arguments or ()),
        )
        for call in spoken.calls
    )


def check(messages: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what the API refuses in a conversation."""
    open_calls: list[str] = []
    seen: set[str] = set()
    for index, one in enumerate(messages):
        assert one["role"] == ("user", "assistant")[index % 2]
        content = one["content"]
        blocks = [] if isinstance(content, str) else content
        assert content
        kinds = [block["type"] == "tool_result" for block in blocks]
        assert kinds == sorted(kinds, reverse=True)
        results = [block["tool_use_id"] for block in blocks if "tool_use_id" in block]
        results = [one for one in results if not one.startswith("srv")]
        assert results == open_calls
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        assert not seen.intersection(open_calls)
        seen.update(open_calls)
        for block in blocks:
            assert block["type"] != "text" or block["text"].strip()
            assert "thinking" not in block["type"] or "cache_control" not in block
        assert not blocks or "thinking" not in blocks[-1]["type"]
    assert not open_calls
