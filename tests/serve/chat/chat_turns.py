"""Turns of Chat Completions without a network: chunks, the loop, and a real client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from langchain_openai import ChatOpenAI
from openai import OpenAI
from pydantic import SecretStr

from headroom_langchain import CompressionPolicy
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.serve.dialects.chat import CHAT
from headroom_langchain.serve.dialects.dialect import Exchange, Notes, Request, Spoken
from headroom_langchain.serve.wire.body import Body, Json
from headroom_langchain.serve.wire.frames import Frames

DONE = b"data: [DONE]\n\n"
HASH = "0123456789abcdef01234567"
ASKED = json.dumps({"hash": HASH})
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 2},
}
TOOL = {"type": "function", "function": {"name": "search", "parameters": {}}}


def request_of(
    messages: Sequence[Json] = ({"role": "user", "content": "Hi"},),
    policy: CompressionPolicy | None = None,
    **more: Any,
) -> Request:
    """Read a request."""
    fields = {"model": "gpt-x", "messages": [*messages], "tools": [TOOL], **more}
    body = Body.of(json.dumps(fields).encode())
    assert body is not None
    request = CHAT.read(body, policy or CompressionPolicy())
    assert request is not None
    return request


def chunk(
    delta: Json | None = None, *, finish: str | None = None, id_: str = "a", **more: Any
) -> bytes:
    """Write a chunk as OpenAI does."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    fields = {
        "id": id_,
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-x",
        "choices": [{**choice, "logprobs": None}],
        **more,
    }
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def role(id_: str = "a") -> bytes:
    """Write the first chunk of a round."""
    return chunk({"role": "assistant", "content": ""}, id_=id_)


def called(
    name: str | None = None,
    arguments: str | None = None,
    *,
    index: int | None = 0,
    call: str | None = None,
) -> Json:
    """Return a piece of a call, as it stands in a delta."""
    function = {
        key: value
        for key, value in (("name", name), ("arguments", arguments))
        if value is not None
    }
    entry: Json = {} if index is None else {"index": index}
    if call is not None:
        entry |= {"id": call, "type": "function"}
    return {**entry, "function": function}


def asks(call: str = "h", index: int = 0) -> Json:
    """Return a whole hidden call."""
    return called(RETRIEVE_TOOL_NAME, ASKED, index=index, call=call)


def chunks(*deltas: Json, finish: str = "stop", id_: str = "a") -> list[bytes]:
    """Write a round: its role, its pieces, its end and its usage."""
    return [
        role(id_),
        *(chunk(delta, id_=id_) for delta in deltas),
        chunk(finish=finish, id_=id_),
        usage_chunk(id_),
        DONE,
    ]


def usage_chunk(id_: str = "a", usage: Json | None = None) -> bytes:
    """Write the chunk with what was counted."""
    return chunk(id_=id_, choices=[], usage=usage or USAGE)


def whole(
    content: str | None = None,
    *calls: Json,
    finish: str = "stop",
    id_: str = "a",
    **more: Any,
) -> Json:
    """Return a round in one piece, as OpenAI writes it."""
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    if calls:
        plain = [{k: v for k, v in call.items() if k != "index"} for call in calls]
        message["tool_calls"] = plain
    choice = {"index": 0, "message": {**message, **more}, "finish_reason": finish}
    return {
        "id": id_,
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-x",
        "choices": [{**choice, "logprobs": None}],
        "usage": USAGE,
    }


def told(call: HiddenCall) -> Answer:
    """Answer a hidden call."""
    return Answer(call_id=call.id, text=f"what {call.id} asked for")


@dataclass
class Told:
    """What came of a turn."""

    sent: bytes = b""
    """What the client was sent."""
    bodies: list[Json] = field(default_factory=list)
    """The requests after the first."""
    rounds: list[Spoken] = field(default_factory=list)
    notes: Notes = field(default_factory=dict)


def answer(
    rounds: Sequence[Sequence[bytes]], request: Request | None = None, closing: str = ""
) -> Told:
    """Answer a client as a server does; the last round ends the answer."""
    asked, turn = request or request_of(), Told()
    streamed = asked.streamed()
    for number, written in enumerate(rounds, 1):
        for frame in Frames().feed(b"".join(written)):
            turn.sent += streamed.take(frame)
        spoken = streamed.round()
        turn.rounds.append(spoken)
        exchange = Exchange(spoken=spoken, answers=tuple(map(told, spoken.calls)))
        if number < len(rounds):
            turn.bodies.append(json.loads(asked.proceed(exchange)))
            streamed.proceed()
            continue
        ends = spoken.others or not spoken.calls
        last = exchange if ends else Exchange(spoken=spoken)
        turn.notes = asked.notes(last, ())
        turn.sent += streamed.finish(closing)
    return turn


class Client:
    """The SDK of OpenAI, which reads what a test gives it."""

    def __init__(self) -> None:
        self._body = b""
        self.asked: Json = {}
        """The request that was made last."""
        http = httpx2.Client(transport=httpx2.MockTransport(self._respond))
        url = "http://localhost"
        self.sdk = OpenAI(api_key="x", base_url=url, max_retries=0, http_client=http)
        self.llm = ChatOpenAI(
            api_key=SecretStr("x"),
            base_url=url,
            model="gpt-x",
            http_client=http,
            stream_usage=True,
        )

    def give(self, body: bytes) -> None:
        """Let the next request be answered with this."""
        self._body = body

    def _respond(self, request: httpx2.Request) -> httpx2.Response:
        self.asked = json.loads(request.read())
        stream = self.asked.get("stream") is True
        kind = "text/event-stream" if stream else "application/json"
        headers = {"content-type": kind}
        return httpx2.Response(200, headers=headers, content=self._body)

    def read(self, sent: bytes) -> Json:
        """Return what the SDK's stream helper makes of a stream."""
        self._body = sent
        user: Any = [{"role": "user", "content": "Hi"}]
        with self.sdk.chat.completions.stream(model="gpt-x", messages=user) as stream:
            for _ in stream:
                pass
            return stream.get_final_completion().model_dump()

    def raw(self, sent: bytes) -> list[Json]:
        """Return the chunks as the SDK reads them one by one."""
        self._body = sent
        user: Any = [{"role": "user", "content": "Hi"}]
        stream = self.sdk.chat.completions.create(
            model="gpt-x", messages=user, stream=True
        )
        return [one.model_dump() for one in stream]


def data_of(sent: bytes) -> list[Any]:
    """Return what the frames of a stream say; `[DONE]` as it stands."""
    frames = [frame for frame in Frames().feed(sent) if frame.data]
    return [frame.json() or frame.data for frame in frames]


def deltas(sent: bytes) -> Iterator[Json]:
    """Return the pieces of the message in a stream."""
    for one in data_of(sent):
        if isinstance(one, dict):
            yield from (choice["delta"] for choice in one.get("choices") or ())


def text(sent: bytes) -> str:
    """Return the text that a client sees."""
    return "".join(delta.get("content") or "" for delta in deltas(sent))


def finishes(sent: bytes) -> list[str]:
    """Return the finish reasons that a client sees."""
    return [
        choice["finish_reason"]
        for one in data_of(sent)
        if isinstance(one, dict)
        for choice in one.get("choices") or ()
        if choice.get("finish_reason")
    ]
