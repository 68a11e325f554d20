"""The client `anthropic`, used as its users do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anthropic
from upstreams.gate import PATIENCE

from conformance.speaking import SCHEMA, TOOLS, Asked, Heard, How, Result


class MessagesSpeaker:
    """The client `anthropic`."""

    name = path = "messages"
    first_text = 3
    errors = (anthropic.APIError,)

    def __init__(self, url: str) -> None:
        """Make the client of a server."""
        self.client = anthropic.Anthropic(
            api_key="key-1", base_url=url, max_retries=0, timeout=PATIENCE
        )

    def begin(self, *results: Result, **more: Any) -> Asked:
        """Write a request."""
        tools = [{"name": name, "input_schema": SCHEMA} for name in TOOLS]
        calls = [
            {"type": "tool_use", "id": f"own_{n}", "name": one.tool, "input": {}}
            for n, one in enumerate(results)
        ]
        told = [
            {"type": "tool_result", "tool_use_id": f"own_{n}", "content": one.text}
            for n, one in enumerate(results)
        ]
        messages: list[Any] = [{"role": "user", "content": "Which host is odd?"}]
        if results:
            messages += [
                {"role": "assistant", "content": calls},
                {"role": "user", "content": told},
            ]
        asked = {"model": "claude-x", "max_tokens": 4000, "tools": tools}
        return {**asked, "messages": messages, **more}

    def ask(self, asked: Asked, how: How) -> Heard:
        """Ask."""
        if how == "whole":
            return self.heard(self.client.messages.create(**asked))
        with self.client.messages.stream(**asked) as events:
            seen = tuple(events)
            return self.heard(events.get_final_message(), seen)

    @contextmanager
    def opened(self, asked: Asked) -> Iterator[Iterator[Any]]:
        """Ask for a stream."""
        with self.client.messages.create(**asked, stream=True) as events:
            yield iter(events)

    def text_of(self, event: Any) -> str:
        """Return the text of an event."""
        delta = getattr(event, "delta", None)
        return getattr(delta, "text", None) or ""

    def heard(self, message: Any, events: tuple[Any, ...] = ()) -> Heard:
        """Read an answer."""
        stops = {"end_turn": "end", "tool_use": "call", "max_tokens": "length"}
        usage = message.usage
        return Heard(
            text="".join(b.text for b in message.content if b.type == "text"),
            calls=tuple(
                (b.id, b.name, b.input) for b in message.content if b.type == "tool_use"
            ),
            stop=stops.get(message.stop_reason, str(message.stop_reason)),
            usage=(usage.input_tokens, usage.output_tokens),
            id=message.id,
            whole=message,
            events=events,
        )

    def go_on(
        self,
        asked: Asked,
        heard: Heard,
        *,
        say: str | None = None,
        results: Mapping[str, str] | None = None,
    ) -> Asked:
        """Write the next request."""
        blocks: list[Any] = [
            {"type": "tool_result", "tool_use_id": call_id, "content": text}
            for call_id, text in (results or {}).items()
        ]
        if say is not None:
            blocks.append({"type": "text", "text": say})
        more = [
            {"role": "assistant", "content": heard.whole.content},
            {"role": "user", "content": blocks},
        ]
        return {**asked, "messages": [*asked["messages"], *more]}
