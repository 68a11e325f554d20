"""Gemini, Bedrock and Ollama on the wire, without any client between."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from botocore.eventstream import (  # type: ignore[import-untyped] # has no types
    ChecksumMismatch,
    EventStreamBuffer,
)

from headroom_langchain.testing.servers import (
    FakeBedrock,
    FakeGoogle,
    FakeOllama,
    FakeServer,
    Reply,
    ToolUse,
    Usage,
)

CALL = ToolUse(name="get_weather", args={"place": "Paris"})
USAGE = Usage(input=30, output=7, cached=20)
FULL = Reply(text="Let me look.", thinking="Hm.", tool_calls=(CALL, CALL), usage=USAGE)
BEDROCK = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
OLLAMA = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def posted(server: FakeServer, path: str, body: dict[str, Any]) -> bytes:
    """Send a request without any client library; return the answer's body."""
    return httpx.post(server.url + path, json=body, trust_env=False).content


def framed(data: bytes) -> list[tuple[dict[str, str], Any]]:
    """Read event-stream messages as botocore does."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(event.headers, json.loads(event.payload)) for event in buffer]


def test_bedrock_streams_in_the_order_of_the_service() -> None:
    """Blocks come one after the other; only tool calls are announced."""
    with FakeBedrock([FULL]) as server:
        found = framed(posted(server, "/model/m/converse-stream", BEDROCK))
    names = [headers[":event-type"] for headers, _ in found]
    assert all(headers[":message-type"] == "event" for headers, _ in found)
    stop = ["contentBlockDelta", "contentBlockStop"]
    assert [
        name
        for name, before in zip(names, ["", *names], strict=False)
        if (name != before)
    ] == [
        "messageStart",
        *stop * 2,
        *["contentBlockStart", *stop] * 2,
        "messageStop",
        "metadata",
    ]
    assert found[-2][1] == {"stopReason": "tool_use"}
    assert found[-1][1]["usage"]["cacheReadInputTokens"] == 20


def test_bedrock_signs_its_thoughts_last() -> None:
    """The signature is the last delta of its reasoning block."""
    with FakeBedrock([FULL]) as server:
        found = framed(posted(server, "/model/m/converse-stream", BEDROCK))
    deltas = [data for headers, data in found if "delta" in data]
    thoughts = [d["delta"] for d in deltas if d["contentBlockIndex"] == 0]
    assert [list(t["reasoningContent"]) for t in thoughts] == [["text"], ["signature"]]


@pytest.mark.parametrize("place", [1, -9])
def test_bedrock_frames_carry_checksums(place: int) -> None:
    """A byte changed on the way, in the prelude or behind it, is noticed."""
    with FakeBedrock(["Hi"]) as server:
        data = bytearray(posted(server, "/model/m/converse-stream", BEDROCK))
    (length,) = {int.from_bytes(data[:4])}
    first = data[:length]
    first[place] ^= 1
    with pytest.raises(ChecksumMismatch):
        framed(bytes(first))


def test_gemini_says_once_why_it_stopped() -> None:
    """Each response of a stream has the usage so far, the last one the reason."""
    path = "/v1beta/models/m:streamGenerateContent?alt=sse"
    with FakeGoogle([FULL]) as server:
        stream = posted(server, path, GEMINI).decode()
    found = [
        json.loads(line.removeprefix("data: ")) for line in stream.split("\n\n") if line
    ]
    reasons = [response["candidates"][0].get("finishReason") for response in found]
    assert reasons == [None] * (len(found) - 1) + ["STOP"]
    outputs = [r["usageMetadata"]["candidatesTokenCount"] for r in found]
    assert outputs == [*range(1, len(found)), 7]


def test_gemini_signs_the_first_call() -> None:
    """Of calls side by side the first has the signature; without calls the text."""
    path = "/v1beta/models/m:generateContent"
    said = Reply(text="Fine.", thinking="Hm.")
    with FakeGoogle([FULL, said]) as server:
        calling, saying = (
            json.loads(posted(server, path, GEMINI))["candidates"][0]["content"]
            for _ in range(2)
        )
    signed = ["thoughtSignature" in part for part in calling["parts"]]
    assert signed == [False, False, True, False]
    assert ["thoughtSignature" in part for part in saying["parts"]] == [False, True]


def test_ollama_sends_calls_whole_and_figures_last() -> None:
    """All calls are in one line, and only the last line is done."""
    with FakeOllama([FULL]) as server:
        lines = posted(server, "/api/chat", OLLAMA).decode().splitlines()
    found = [json.loads(line) for line in lines]
    assert [line["done"] for line in found] == [False] * (len(found) - 1) + [True]
    assert [len(line["message"].get("tool_calls", ())) for line in found][-2:] == [2, 0]
    assert (found[-1]["prompt_eval_count"], found[-1]["eval_count"]) == (30, 7)


@pytest.mark.parametrize("thinks", [True, False])
def test_ollama_thinks_unless_it_is_told_not_to(*, thinks: bool) -> None:
    """`think: false` in a request leaves the thoughts out."""
    with FakeOllama([FULL]) as server:
        body = {**OLLAMA, "stream": False, "think": thinks}
        answer = json.loads(posted(server, "/api/chat", body))
    assert ("thinking" in answer["message"]) is thinks
