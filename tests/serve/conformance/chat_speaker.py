"""The client `openai` for Chat Completions, used as its users do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import openai
from upstreams.gate import PATIENCE

from conformance.speaking import SCHEMA, TOOLS, Asked, Heard, How, Result


class ChatSpeaker:
    """The client `openai`, for Chat Completions."""

    name = path = "chat"
    first_text = 2
    errors = (openai.APIError,)

    def __init__(self, url: str) -> None:
        """Make the client of a server."""
        self.client = openai.OpenAI(
            api_key="key-1", base_url=f"{url}/v1", max_retries=0, timeout=PATIENCE
        )

    def begin(self, *results: Result, **more: Any) -> Asked:
        """Write a request."""
        tools = [
            {"type": "function", "function": {"name": name, "parameters": SCHEMA}}
            for name in TOOLS
        ]
        calls = [
            {
                "id": f"own_{n}",
                "type": "function",
                "function": {"name": one.tool, "arguments": "{}"},
            }
            for n, one in enumerate(results)
        ]
        messages: list[Any] = [{"role": "user", "content": "Which host is odd?"}]
        if results:
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        messages += [
            {"role": "tool", "tool_call_id": f"own_{n}", "content": one.text}
            for n, one in enumerate(results)
        ]
        return {"model": "gpt-x", "tools": tools, "messages": messages, **more}

    def ask(self, asked: Asked, how: How) -> Heard:
        """Ask."""
        if how == "whole":
            return self.heard(self.client.chat.completions.create(**asked))
        asked = {**asked, "stream_options": {"include_usage": True}}
        with self.client.chat.completions.stream(**asked) as events:
            seen = tuple(one.chunk for one in events if one.type == "chunk")
            try:
                return self.heard(events.get_final_completion(), seen)
            except openai.LengthFinishReasonError as cut:
                return self.heard(cut.completion, seen)

    @contextmanager
    def opened(self, asked: Asked) -> Iterator[Iterator[Any]]:
        """Ask for a stream."""
        with self.client.chat.completions.create(**asked, stream=True) as events:
            yield iter(events)

    def text_of(self, event: Any) -> str:
        """Return the text of an event."""
        return "".join(choice.delta.content or "" for choice in event.choices)

    def heard(self, completion: Any, events: tuple[Any, ...] = ()) -> Heard:
        """Read an answer."""
        choice = completion.choices[0]
        stops = {"stop": "end", "tool_calls": "call", "length": "length"}
        usage = completion.usage
        return Heard(
            text=choice.message.content or "",
            calls=tuple(
                (call.id, call.function.name, json.loads(call.function.arguments))
                for call in choice.message.tool_calls or ()
            ),
            stop=stops.get(choice.finish_reason, choice.finish_reason),
            usage=usage and (usage.prompt_tokens, usage.completion_tokens),
            id=completion.id,
            whole=completion,
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
        message = heard.whole.choices[0].message
        answer: dict[str, Any] = {"role": "assistant", "content": message.content}
        if message.tool_calls:
            answer["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {
                        "name": call.function.name,
                        "arguments": call.function.arguments,
                    },
                }
                for call in message.tool_calls
            ]
        more: list[Any] = [answer]
        more += [
            {"role": "tool", "tool_call_id": call_id, "content": text}
            for call_id, text in (results or {}).items()
        ]
        if say is not None:
            more.append({"role": "user", "content": say})
        return {**asked, "messages": [*asked["messages"], *more]}
