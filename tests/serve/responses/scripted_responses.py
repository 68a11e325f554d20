"""A strict provider of Responses without a socket, and a client's way through to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

import httpx
from langchain_core.messages import ToolMessage
from openai import OpenAI

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.answering import NO_MORE
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Exchange, Spoken
from headroom_langchain.serve.dialects.responses import RESPONSES
from headroom_langchain.serve.dialects.responses.request import ResponsesRequest
from headroom_langchain.serve.wire.body import Body
from headroom_langchain.serve.wire.frames import Frames, event

Json = dict[str, Any]

LONG = "a long result of a tool"
SHORT = "a short one"
SEARCH: Any = {"type": "function", "name": "search", "parameters": {"type": "object"}}


def thought(own: str, **more: Any) -> Json:
    return {"id": own, "type": "reasoning", "summary": [], **more}


def message(own: str, text: str) -> Json:
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    said = {"id": own, "type": "message", "status": "completed", "role": "assistant"}
    return {**said, "content": [part]}


def call(own: str, name: str = "search", arguments: str = "{}") -> Json:
    done = {"id": f"fc_{own}", "type": "function_call", "status": "completed"}
    return {**done, "call_id": f"call_{own}", "name": name, "arguments": arguments}


def hidden(own: str, arguments: str = '{"hash":"abc"}') -> Json:
    return call(own, RETRIEVE_TOOL_NAME, arguments)


def output(own: str, text: str = LONG) -> Json:
    return {"type": "function_call_output", "call_id": f"call_{own}", "output": text}


def user(text: str) -> Json:
    return {"role": "user", "content": text}


@dataclass(slots=True)
class Provider:
    """Answers with the items of a script, and refuses what OpenAI refuses."""

    script: Sequence[Sequence[Json]]
    ends: Mapping[int, str] = field(default_factory=dict)
    """How rounds end, other than `completed`."""
    got: list[Json] = field(default_factory=list)
    kept: dict[str, list[Json]] = field(default_factory=dict)

    def answer(self, raw: bytes) -> Json:
        body: Json = json.loads(raw)
        self.got.append(body)
        number = len(self.got)
        given = body.get("input", [])
        items = [user(given)] if isinstance(given, str) else list(given)
        place = body.get("previous_response_id") or body.get("conversation")
        if place is not None:
            assert place in self.kept, f"{place} is not known"
            items = [*self.kept[place], *items]
        check(items, body)
        said = [dict(item) for item in self.script[number - 1]]
        end = self.ends.get(number, "completed")
        if body.get("store") is not False:
            self.kept[body.get("conversation") or f"resp_{number}"] = [*items, *said]
        return {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": number,
            "status": end,
            "error": None,
            "model": "gpt-x",
            "output": said,
            "parallel_tool_calls": True,
            "previous_response_id": body.get("previous_response_id"),
            "store": body.get("store", True),
            "tool_choice": body.get("tool_choice", "auto"),
            "tools": body.get("tools", []),
            "usage": {
                "input_tokens": 100,
                "input_tokens_details": {"cached_tokens": 7},
                "output_tokens": 10,
                "output_tokens_details": {"reasoning_tokens": 2},
                "total_tokens": 110,
            },
        }


def check(items: Sequence[Json], body: Json) -> None:
    """Refuse calls without outputs, outputs without calls, and bare reasoning."""
    tools = {tool["name"] for tool in body.get("tools", [])}
    calls = [item for item in items if item.get("type") == "function_call"]
    called = [item["call_id"] for item in calls]
    given = [i["call_id"] for i in items if i.get("type") == "function_call_output"]
    assert len(set(called)) == len(called), f"calls come twice: {called}"
    assert sorted(called) == sorted(given), f"{called} have the outputs {given}"
    for item in calls:
        json.loads(item["arguments"])
        if not isinstance(body["input"], str) and item in body["input"]:
            assert item["name"] in tools, f"{item['name']} is not declared"
            kept = body.get("store") is not False or item["name"] != RETRIEVE_TOOL_NAME
            assert kept or "id" not in item, "it was not kept"
    for item, after in pairwise([*items, {}]):
        if item.get("type") == "reasoning":
            follows = after.get("type") in ("reasoning", "function_call")
            assert follows or after.get("role") == "assistant", f"{item} stands alone"
            sealed = "encrypted_content" in item
            assert sealed or body.get("store") is not False, f"{item} is not kept"


def stream(response: Json) -> Iterator[bytes]:
    """Write the events of a response."""
    numbers = count()

    def one(kind: str, **fields: Any) -> bytes:
        data = {"type": kind, **fields, "sequence_number": next(numbers)}
        return event(kind, data)

    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    yield one("response.created", response=begun)
    yield one("response.in_progress", response=begun)
    for index, item in enumerate(response["output"]):
        at = {"output_index": index, "item_id": item["id"]}
        empty: Json = {}
        if item["type"] == "message":
            empty = {"content": [], "status": "in_progress"}
        elif item["type"] == "function_call":
            empty = {"arguments": "", "status": "in_progress"}
        opened = {**item, **empty}
        yield one("response.output_item.added", output_index=index, item=opened)
        if item["type"] == "message":
            part = item["content"][0]
            inner = {**at, "content_index": 0}
            yield one("response.content_part.added", **inner, part={**part, "text": ""})
            for letter in part["text"]:
                kind = "response.output_text.delta"
                yield one(kind, **inner, delta=letter, logprobs=[])
            text = {"text": part["text"], "logprobs": []}
            yield one("response.output_text.done", **inner, **text)
            yield one("response.content_part.done", **inner, part=part)
        elif item["type"] == "function_call":
            kind = "response.function_call_arguments"
            for letter in item["arguments"]:
                yield one(f"{kind}.delta", **at, delta=letter)
            yield one(f"{kind}.done", **at, arguments=item["arguments"])
        if item.get("status") != "incomplete":
            yield one("response.output_item.done", output_index=index, item=item)
    yield one(f"response.{response['status']}", response=response)


def official(handle: Callable[[httpx.Request], httpx.Response]) -> OpenAI:
    """Return an official client whose requests are answered here."""
    http: Any = httpx.Client(transport=httpx.MockTransport(handle))
    return OpenAI(api_key="x", base_url="http://x/v1", http_client=http)


def as_stream(raw: bytes) -> httpx.Response:
    headers = {"content-type": "text/event-stream"}
    return httpx.Response(200, headers=headers, content=raw)


def read(policy: CompressionPolicy | None = None, /, **body: Any) -> ResponsesRequest:
    """Read a request."""
    raw = Body.of(json.dumps({"model": "gpt-x", "input": "Why?", **body}).encode())
    assert raw is not None
    request = RESPONSES.read(raw, policy or CompressionPolicy())
    assert isinstance(request, ResponsesRequest)
    return request


@dataclass(slots=True)
class Through:
    """What stands between a client and the provider: notes, and a loop of rounds."""

    provider: Provider
    policy: CompressionPolicy = field(default_factory=CompressionPolicy)
    closing: str = "Nothing was said."
    notes: dict[str, str] = field(default_factory=dict)
    """Written down, and never twice, as a store keeps them."""
    sent: bytes = b""
    """What the client got last."""

    def client(self) -> OpenAI:
        """Return an official client, whose requests come here."""
        return official(self.handle)

    def ask(self, **body: Any) -> Any:
        """Ask without a client."""
        self.respond(json.dumps({"model": "gpt-x", **body}).encode())
        return json.loads(self.sent) if not body.get("stream") else events(self.sent)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of HTTP."""
        self.respond(request.content)
        if b'"stream":true' in request.content.replace(b" ", b""):
            return as_stream(self.sent)
        headers = {"content-type": "application/json"}
        return httpx.Response(200, headers=headers, content=self.sent)

    def respond(self, raw: bytes) -> None:
        """Answer a request as a server does."""
        body = Body.of(raw)
        assert body is not None
        request = RESPONSES.read(body, self.policy)
        assert request is not None
        assert request.able
        messages = request.messages(self._found(request.wanted))
        shortened = [
            one.model_copy(update={"content": SHORT})
            if isinstance(one, ToolMessage) and one.content == LONG
            else one
            for one in messages
        ]
        request.shorten(shortened)
        if shortened != list(messages) or request.known:
            assert self.policy.replay != "never"
            request.restore(self._found(request.past), self.policy.replay)
            request.offer()
        raw = request.written()
        turn = self._stream if request.stream else self._whole
        turn(request, raw)

    def _stream(self, request: Any, raw: bytes) -> None:
        self.sent, streamed = b"", request.streamed()
        for number in count(1):
            frames = b"".join(stream(self.provider.answer(raw)))
            for frame in Frames().feed(frames):
                self.sent += streamed.take(frame)
            spoken = streamed.round()
            assert spoken.complete
            if (again := self._again(request, spoken, number)) is None:
                closing = "" if spoken.text else self.closing
                self.sent += streamed.finish(closing)
                return
            raw = again
            streamed.proceed()

    def _whole(self, request: Any, raw: bytes) -> None:
        whole = request.whole()
        for number in count(1):
            whole.take(self.provider.answer(raw))
            spoken = whole.round()
            if (again := self._again(request, spoken, number)) is None:
                closing = "" if spoken.text else self.closing
                self.sent = json.dumps(whole.finish(closing)).encode()
                return
            raw = again

    def _again(self, request: Any, spoken: Spoken, number: int) -> bytes | None:
        limit = self.policy.max_rounds
        answers = [
            Answer(
                call_id=one.id, text=f"told {one.id}" if number <= limit else NO_MORE
            )
            for one in spoken.calls
        ]
        exchange = Exchange(spoken=spoken, answers=tuple(answers))
        if spoken.calls and not spoken.others and number <= limit + 1:
            proceeding: bytes = request.proceed(exchange)
            return proceeding
        last = exchange if spoken.others else Exchange(spoken=spoken)
        noted = request.notes(last, ["abc"])
        for name, note in noted.items():
            self.notes.setdefault(name, json.dumps(note))
        return None

    def _found(self, names: Sequence[str]) -> dict[str, Json]:
        return {n: json.loads(self.notes[n]) for n in names if n in self.notes}


def events(raw: bytes) -> list[Json]:
    """Read a stream."""
    data = (frame.json() for frame in Frames().feed(raw))
    return [one for one in data if one is not None]
