"""Rounds of Messages as a provider writes them, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

import anthropic
import httpx2

from headroom_langchain import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Request, Streamed
from headroom_langchain.serve.dialects.messages import MESSAGES
from headroom_langchain.serve.wire.body import Body
from headroom_langchain.serve.wire.frames import Frame, Frames, event

Json: TypeAlias = dict[str, Any]

RETRIEVE = "headroom_retrieve"


def text(said: str, **more: Any) -> Json:
    return {"type": "text", "text": said, **more}


def thinking(thought: str) -> Json:
    return {"type": "thinking", "thinking": thought, "signature": f"sig({thought})"}


def call(call_id: str, name: str = RETRIEVE, **arguments: Any) -> Json:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def usage(tokens_in: int = 10, tokens_out: int = 5, **more: Any) -> Json:
    return {
        "input_tokens": tokens_in,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": tokens_out,
        **more,
    }


def message(
    *blocks: Json,
    stop: str | None = None,
    number: int = 1,
    counted: Json | None = None,
    **more: Any,
) -> Json:
    """Write an answer in one piece."""
    called = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": list(blocks),
        "stop_reason": stop or ("tool_use" if called else "end_turn"),
        "stop_sequence": None,
        "usage": counted or usage(),
        **more,
    }


def events(answer: Json, piece: int = 3) -> list[bytes]:
    """Write the same answer as a stream."""
    start = {**answer, "content": [], "stop_reason": None}
    start["usage"] = {**answer["usage"], "output_tokens": 1}
    written = [_event("message_start", message=start)]
    for index, block in enumerate(answer["content"]):
        written += block_events(index, block, piece)
    delta = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
    written.append(_event("message_delta", delta=delta, usage=answer["usage"]))
    return [*written, _event("message_stop")]


def block_events(index: int, block: Json, piece: int = 3) -> list[bytes]:
    started, deltas = _opened(block, piece)
    return [
        _event("content_block_start", index=index, content_block=started),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]


def _opened(block: Json, piece: int) -> tuple[Json, list[Json]]:
    def grown(key: str, said: str) -> list[Json]:
        kind = {"partial_json": "input_json_delta"}.get(key, f"{key}_delta")
        pieces = [said[at : at + piece] for at in range(0, len(said), piece)]
        return [{"type": kind, key: one} for one in pieces]

    match block["type"]:
        case "text":
            cited: list[Any] = block.get("citations") or []
            deltas = [{"type": "citations_delta", "citation": one} for one in cited]
            opened = {k: v for k, v in block.items() if k != "citations"}
            return {**opened, "text": ""}, grown("text", block["text"]) + deltas
        case "thinking":
            signed = {"type": "signature_delta", "signature": block["signature"]}
            empty = {**block, "thinking": "", "signature": ""}
            return empty, [*grown("thinking", block["thinking"]), signed]
        case "tool_use" | "server_tool_use":
            written = block.get("written") or json.dumps(
                block["input"], ensure_ascii=False
            )
            opened = {k: v for k, v in block.items() if k != "written"}
            return {**opened, "input": {}}, grown("partial_json", written)
        case _:
            return block, []


def _event(name: str, **fields: Any) -> bytes:
    return event(name, {"type": name, **fields})


def frames(stream: bytes) -> Iterator[Frame]:
    yield from Frames().feed(stream)


def taken(streamed: Streamed, written: Sequence[bytes]) -> bytes:
    """Feed the events of a round; returns what the client is sent."""
    return b"".join(streamed.take(frame) for frame in frames(b"".join(written)))


def answered(streamed: Streamed, *rounds: Json, closing: str = "") -> bytes:
    """Play rounds; returns the stream that the client gets."""
    sent = taken(streamed, events(rounds[0]))
    for answer in rounds[1:]:
        streamed.proceed()
        sent += taken(streamed, events(answer))
    return sent + streamed.finish(closing)


class Sdk:
    """The official client, before a server that says what it is told to."""

    def __init__(self) -> None:
        self._stream = b""
        transport = httpx2.MockTransport(self._respond)
        self._client = anthropic.Anthropic(
            api_key="x", http_client=httpx2.Client(transport=transport), max_retries=0
        )

    def read(self, stream: bytes) -> Json:
        """Return a stream as the client's own message, in JSON."""
        self._stream = stream
        asked: Any = {"model": "claude-x", "max_tokens": 9}
        asked["messages"] = [{"role": "user", "content": "Hi"}]
        with self._client.beta.messages.stream(**asked) as client:
            final: Json = client.get_final_message().to_dict()
        return final

    def _respond(self, request: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=self._stream)


SDK = Sdk()

SEARCH: Json = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "x"},
}
FOUND: Json = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {
            "type": "web_search_result",
            "url": "u",
            "title": "t",
            "encrypted_content": "e",
            "page_age": None,
        }
    ],
}
CITED = text(
    "cited",
    citations=[
        {
            "type": "char_location",
            "cited_text": "c",
            "document_index": 0,
            "document_title": "d",
            "start_char_index": 0,
            "end_char_index": 1,
            "file_id": None,
        }
    ],
)
REPEATED = text(
    "cited",
    citations=[{k: v for k, v in CITED["citations"][0].items() if k != "file_id"}],
)
"""The API does not take back the file that a citation does not have."""
REDACTED: Json = {"type": "redacted_thinking", "data": "secret"}


def result(call_id: str, content: Any, **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **more}


def read(asked: Json, **policy: Any) -> Request | None:
    body = Body.of(json.dumps({"model": "m", **asked}, indent=1).encode())
    assert body is not None
    return MESSAGES.read(body, CompressionPolicy(**policy))


def requested(asked: Json | None = None, **policy: Any) -> Request:
    said = {"messages": [{"role": "user", "content": "Hi"}], **(asked or {})}
    request = read(said, **policy)
    assert request is not None
    return request


def stream(counts: Literal["sum", "last"] = "sum") -> Streamed:
    return requested(usage=counts).streamed()


VISIBLE = [text("Hello wörld"), thinking("hm"), REDACTED, SEARCH, FOUND, CITED]
CALLS = [call("toolu_a", "search", q="x"), call("toolu_b", "search")]
HIDDEN = [call("toolu_h", hash="0" * 24), call("toolu_i", hash="1" * 24, query="é")]
