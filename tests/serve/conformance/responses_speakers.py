"""The client `openai` for Responses: its items go back, or the answer's id is named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import openai
from openai.types.responses import Response
from upstreams.gate import PATIENCE

from conformance.speaking import SCHEMA, TOOLS, Asked, Heard, How, Result


class ResponsesSpeaker:
    """The client `openai`, for Responses: its items go back to the provider."""

    name = "replayed"
    path = "responses"
    first_text = 5
    errors = (openai.APIError, RuntimeError)
    more: ClassVar[Asked] = {}

    def __init__(self, url: str) -> None:
        """Make the client of a server."""
        self.client = openai.OpenAI(
            api_key="key-1", base_url=f"{url}/v1", max_retries=0, timeout=PATIENCE
        )

    def begin(self, *results: Result, **more: Any) -> Asked:
        """Write a request."""
        tools = [
            {"type": "function", "name": name, "parameters": SCHEMA, "strict": False}
            for name in TOOLS
        ]
        items: list[Any] = [{"role": "user", "content": "Which host is odd?"}]
        for n, one in enumerate(results):
            call = {"type": "function_call", "call_id": f"own_{n}", "name": one.tool}
            items.append({**call, "arguments": "{}"})
        items += [
            {"type": "function_call_output", "call_id": f"own_{n}", "output": one.text}
            for n, one in enumerate(results)
        ]
        asked = {"model": "gpt-x", "tools": tools, "input": items}
        return {**asked, **self.more, **more}

    def ask(self, asked: Asked, how: How) -> Heard:
        """Ask."""
        if how == "whole":
            return self.heard(self.client.responses.create(**asked))
        with self.client.responses.stream(**asked) as events:
            seen = tuple(events)
        last: Any = seen[-1]
        if not isinstance(getattr(last, "response", None), Response):
            raise openai.APIError(str(last), request=None, body=None)  # type: ignore[arg-type] # there is none
        return self.heard(last.response, seen)

    @contextmanager
    def opened(self, asked: Asked) -> Iterator[Iterator[Any]]:
        """Ask for a stream."""
        with self.client.responses.create(**asked, stream=True) as events:
            yield iter(events)

    def text_of(self, event: Any) -> str:
        """Return the text of an event."""
        wanted = event.type == "response.output_text.delta"
        return event.delta if wanted else ""

    def heard(self, response: Any, events: tuple[Any, ...] = ()) -> Heard:
        """Read an answer."""
        calls = tuple(
            (item.call_id, item.name, json.loads(item.arguments))
            for item in response.output
            if item.type == "function_call"
        )
        stop = "call" if calls else "end"
        return Heard(
            text=response.output_text,
            calls=calls,
            stop="length" if response.status == "incomplete" else stop,
            usage=(response.usage.input_tokens, response.usage.output_tokens),
            id=response.id,
            whole=response,
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
        more = [*heard.whole.output, *_said(say, results)]
        return {**asked, "input": [*asked["input"], *more]}


class UnstoredSpeaker(ResponsesSpeaker):
    """Responses of which the provider keeps nothing."""

    name = "unstored"
    more: ClassVar[Asked] = {
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


class ChainedSpeaker(ResponsesSpeaker):
    """Responses that go on from the id of the one before."""

    name = "chained"

    def go_on(
        self,
        asked: Asked,
        heard: Heard,
        *,
        say: str | None = None,
        results: Mapping[str, str] | None = None,
    ) -> Asked:
        """Write the next request."""
        items = _said(say, results)
        return {**asked, "input": items, "previous_response_id": heard.id}


def _said(say: str | None, results: Mapping[str, str] | None) -> Sequence[Any]:
    items: list[Any] = [
        {"type": "function_call_output", "call_id": call_id, "output": text}
        for call_id, text in (results or {}).items()
    ]
    if say is not None:
        items.append({"role": "user", "content": say})
    return items
