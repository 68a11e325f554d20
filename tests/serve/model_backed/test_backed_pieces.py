"""However a model cuts its answer, each protocol gets a stream it can read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from headroom_langchain.serve.model_backed.chat_answer import whole_completion
from headroom_langchain.serve.model_backed.ending import chat_stop, messages_stop
from headroom_langchain.serve.model_backed.messages_answer import (
    MessagesAnswer,
    whole_message,
)
from headroom_langchain.serve.model_backed.pieces import Reader
from headroom_langchain.testing import ScriptedChatModel
from model_backed.answers import Json, check, inputs, streamed


class CutModel(ScriptedChatModel):
    """A model whose chunks are what a test says."""

    chunks: list[AIMessageChunk]

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self.chunks:
            yield ChatGenerationChunk(message=chunk)


def piece(
    index: int | None,
    args: str | None = None,
    name: str | None = None,
    call_id: str | None = None,
) -> AIMessageChunk:
    call = tool_call_chunk(name=name, args=args, id=call_id, index=index)
    return AIMessageChunk(content="", tool_call_chunks=[call])


CUTS: dict[str, list[AIMessageChunk]] = {
    "in turn": [
        piece(0, "", "a", "1"),
        piece(0, '{"x": '),
        piece(0, "1}"),
        piece(1, "", "b", "2"),
        piece(1, "{}"),
    ],
    "interleaved": [
        piece(0, "", "a", "1"),
        piece(1, "", "b", "2"),
        piece(0, '{"x": '),
        piece(1, "{"),
        piece(0, "1}"),
        piece(1, "}"),
    ],
    "names in pieces": [
        piece(7, None, "", "1"),
        piece(7, None, "a"),
        piece(7, '{"x": 1}'),
        piece(9, None, "b", "2"),
        piece(9, "{}"),
    ],
    "without indexes": [
        piece(None, '{"x": 1}', "a", "1"),
        piece(None, "{}", "b", "2"),
    ],
    "one index for all": [
        piece(0, '{"x": 1}', "a", "1"),
        piece(0, "{}", "b", "2"),
    ],
    "without ids": [piece(0, '{"x": 1}', "a"), piece(1, "{}", "b")],
    "whole": [
        AIMessageChunk(
            content="",
            tool_calls=[
                {"name": "a", "args": {"x": 1}, "id": "1", "type": "tool_call"},
                {"name": "b", "args": {}, "id": "2", "type": "tool_call"},
            ],
        )
    ],
}


@pytest.mark.parametrize("cut", sorted(CUTS))
async def test_calls_however_they_are_cut(cut: str) -> None:
    """Names, arguments and ids of all calls arrive, each in its own."""
    model = CutModel(turns=[], chunks=CUTS[cut])
    message = whole_message(iter(await streamed(model, "messages")))
    used = message["content"]
    assert [(b["name"], b["input"]) for b in used] == [("a", {"x": 1}), ("b", {})]
    chat = whole_completion(iter(await streamed(model, "chat")))
    calls = chat["choices"][0]["message"]["tool_calls"]
    said = [
        (c["function"]["name"], json.loads(c["function"]["arguments"])) for c in calls
    ]
    assert said == [("a", {"x": 1}), ("b", {})]
    for ids in ([b["id"] for b in used], [call["id"] for call in calls]):
        assert len(set(ids)) == 2
        assert all(ids)
        assert cut == "without ids" or ids == ["1", "2"]


ARGUMENTS = st.dictionaries(st.text(max_size=3), st.text(max_size=5), max_size=3)


@settings(deadline=None, max_examples=60)
@given(calls=st.lists(ARGUMENTS, min_size=1, max_size=4), data=st.data())
def test_any_interleaving_of_calls(
    calls: list[dict[str, str]], data: st.DataObject
) -> None:
    """Whatever order pieces of several calls come in, blocks follow one another."""
    left: list[list[AIMessageChunk]] = []
    for index, arguments in enumerate(calls):
        written = json.dumps(arguments)
        size = data.draw(st.integers(1, len(written)))
        parts = [written[at : at + size] for at in range(0, len(written), size)]
        first = piece(index, "", f"tool{index}", f"id{index}")
        left.append([first, *(piece(index, part) for part in parts)])
    reader, writer = Reader(), MessagesAnswer("msg_1", "x")
    events: list[Json] = list(writer.start())
    while left:
        chosen = data.draw(st.integers(0, len(left) - 1))
        for said in reader.take(left[chosen].pop(0)):
            events += writer.take(said)
        left = [pieces for pieces in left if pieces]
    for said in reader.end():
        events += writer.take(said)
    events += writer.end("tool_use", {}, called=True, sequence=None)
    check(events)
    got = inputs(events)
    expected = {f"tool{index}": arguments for index, arguments in enumerate(calls)}
    assert {name: json.loads(text) for name, text in got.items()} == expected


async def test_arguments_that_were_cut_off() -> None:
    """Arguments that were cut off are passed on live, and are an object in the end."""
    model = CutModel(
        turns=[],
        chunks=[
            piece(0, '{"x": "lo', "a", "1"),
            AIMessageChunk(content="", response_metadata={"finish_reason": "length"}),
        ],
    )
    events = await streamed(model, "messages")
    assert inputs(events) == {"a": '{"x": "lo'}
    message = whole_message(iter(events))
    assert message["content"][0]["input"] == {}
    assert message["stop_reason"] == "max_tokens"


BLOCKS: dict[str, tuple[str, list[Json]]] = {
    "thoughts in forms of langchain-core": (
        "other",
        [
            {"type": "reasoning", "reasoning": "Hm.", "index": 0},
            {"type": "reasoning", "extras": {"signature": "s"}, "index": 0},
            {"type": "text", "text": "Hi", "index": 1},
        ],
    ),
    "Anthropic's own": (
        "anthropic",
        [
            {"type": "thinking", "thinking": "Hm.", "index": 0},
            {"type": "thinking", "thinking": "", "signature": "s", "index": 0},
            {"type": "text", "text": "Hi", "index": 1},
        ],
    ),
}


@pytest.mark.parametrize("form", sorted(BLOCKS))
async def test_thoughts_in_any_form(form: str) -> None:
    """Thoughts keep their signature, in one block before the text."""
    provider, blocks = BLOCKS[form]
    chunks = [
        AIMessageChunk(content=[block], response_metadata={"model_provider": provider})
        for block in blocks
    ]
    ended = AIMessageChunk(content=[], response_metadata={"stop_reason": "end_turn"})
    model = CutModel(turns=[], chunks=[*chunks, ended])
    message = whole_message(iter(await streamed(model, "messages")))
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": "Hi"},
    ]


async def test_what_only_anthropic_has_is_passed_on() -> None:
    """Hidden thoughts, searches of the provider and sources reach Messages clients."""
    search = {
        "type": "server_tool_use",
        "id": "srv_1",
        "name": "web_search",
        "input": {},
    }
    found = {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": []}
    source = {"type": "char_location", "cited_text": "x", "document_index": 0}
    blocks: list[Any] = [
        {"type": "redacted_thinking", "data": "cmVk", "index": 0},
        {**search, "index": 1},
        {"type": "input_json_delta", "partial_json": '{"query": "x"}', "index": 1},
        {**found, "index": 2},
        {"type": "text", "text": "So", "index": 3},
        {"type": "text", "citations": [source], "index": 3},
        {"type": "text", "text": "Then", "index": 4},
    ]
    metadata = {"model_provider": "anthropic", "stop_reason": "pause_turn"}
    chunks = [AIMessageChunk(content=[b], response_metadata=metadata) for b in blocks]
    model = CutModel(turns=[], chunks=chunks)
    message = whole_message(iter(await streamed(model, "messages")))
    assert message["content"] == [
        {"type": "redacted_thinking", "data": "cmVk"},
        {**search, "input": {"query": "x"}},
        found,
        {"type": "text", "text": "So", "citations": [source]},
        {"type": "text", "text": "Then"},
    ]
    assert message["stop_reason"] == "pause_turn"
    chat = whole_completion(iter(await streamed(model, "chat")))
    assert chat["choices"][0]["message"]["content"] == "SoThen"
    assert chat["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("word", "messages", "chat"),
    [
        ("stop", "end_turn", "stop"),
        ("STOP", "end_turn", "stop"),
        ("end_turn", "end_turn", "stop"),
        ("length", "max_tokens", "length"),
        ("MAX_TOKENS", "max_tokens", "length"),
        ("SAFETY", "refusal", "content_filter"),
        ("guardrail_intervened", "refusal", "content_filter"),
        ("stop_sequence", "stop_sequence", "stop"),
        ("tool_use", "end_turn", "stop"),
        ("model_context_window_exceeded", "model_context_window_exceeded", "length"),
        (None, "end_turn", "stop"),
    ],
)
def test_why_a_model_stopped(word: str | None, messages: str, chat: str) -> None:
    """Every provider's word has one in each protocol; calls without calls have not."""
    assert messages_stop(word, called=False) == messages
    assert chat_stop(word, called=False) == chat


@pytest.mark.parametrize("word", ["stop", "STOP", "tool_calls", "tool_use", None])
def test_calls_are_a_reason_to_stop(word: str | None) -> None:
    """An answer with calls ends for them, also where the provider does not say so."""
    assert messages_stop(word, called=True) == "tool_use"
    assert chat_stop(word, called=True) == "tool_calls"
