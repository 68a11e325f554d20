"""Hidden calls are recognised however a provider cuts and numbers them."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.machine import Rounds


def rounds() -> Rounds:
    return Rounds([], max_rounds=3, max_record_tokens=1000)


def shown(*messages: AIMessageChunk) -> tuple[AIMessageChunk, list[Any]]:
    """What a caller sees of one round, and the hidden calls in it."""
    state = rounds()
    seen = [state.feed(ChatGenerationChunk(message=message)) for message in messages]
    rest, calls = state.close()
    everything = [*seen, rest, state.finish()]
    chunks = [chunk.message for chunk in everything if chunk is not None]
    first, *others = [*chunks, AIMessageChunk(content="", chunk_position="last")]
    total = first + others
    assert isinstance(total, AIMessageChunk)
    return total, list(calls)


def piece(**fields: Any) -> AIMessageChunk:
    base: Any = {"name": None, "args": None, "id": None, "index": None, **fields}
    return AIMessageChunk(content="", tool_call_chunks=[base])


def test_calls_side_by_side_are_told_apart_by_their_index() -> None:
    """Pieces of two calls may alternate."""
    seen, hidden = shown(
        piece(name=RETRIEVE_TOOL_NAME, id="h", index=0),
        piece(name="search", id="s", index=1),
        piece(args='{"hash": ', index=0),
        piece(args='{"q": ', index=1),
        piece(args='"a"}', index=0),
        piece(args='"b"}', index=1),
    )
    assert [(c["name"], c["args"]) for c in seen.tool_calls] == [("search", {"q": "b"})]
    assert [(c.id, c.arguments) for c in hidden] == [("h", {"hash": "a"})]


def test_calls_with_one_index_are_told_apart_by_their_id() -> None:
    """Some servers number every call 0."""
    seen, hidden = shown(
        piece(name="search", id="s", index=0, args='{"q": "b"}'),
        piece(name=RETRIEVE_TOOL_NAME, id="h", index=0, args='{"hash": "a"}'),
        piece(name="search", id="t", index=0, args="{}"),
    )
    assert [c["id"] for c in seen.tool_calls] == ["s", "t"]
    assert [c.id for c in hidden] == ["h"]


def test_calls_without_an_index_are_told_apart_by_their_names() -> None:
    """Whole calls without an index are calls of their own."""
    seen, hidden = shown(
        piece(name=RETRIEVE_TOOL_NAME, id="h", args='{"hash": "a"}'),
        piece(name="search", id="s", args="{}"),
        piece(name=RETRIEVE_TOOL_NAME, id="i", args='{"hash": "b"}'),
    )
    assert [c["id"] for c in seen.tool_calls] == ["s"]
    assert [c.id for c in hidden] == ["h", "i"]


def test_a_name_that_comes_late_is_waited_for() -> None:
    """A call without a name is held until it has one."""
    seen, hidden = shown(
        piece(id="h", index=0),
        piece(name="headroom_", index=0),
        piece(name="retrieve", index=0),
        piece(args="{}", index=0),
    )
    assert not seen.tool_calls
    assert not seen.tool_call_chunks
    assert [c.id for c in hidden] == ["h"]


def test_a_longer_name_is_another_tool() -> None:
    """Only the exact name is hidden."""
    seen, hidden = shown(
        piece(name="headroom_retrieve", id="s", index=0),
        piece(name="_all", index=0),
        piece(args="{}", index=0),
    )
    assert [c["name"] for c in seen.tool_calls] == ["headroom_retrieve_all"]
    assert not hidden


def test_what_a_provider_runs_itself_is_shown() -> None:
    """Arguments of a server's own tool are no pieces of a hidden call."""
    start = {"type": "server_tool_use", "id": "w", "name": "web_search", "index": 0}
    delta = {"type": "input_json_delta", "partial_json": '{"q": 1}', "index": 0}
    seen, hidden = shown(
        AIMessageChunk(content=[start]), AIMessageChunk(content=[delta])
    )
    assert isinstance(seen.content, list)
    (block,) = seen.content
    assert isinstance(block, dict)
    assert block["partial_json"] == '{"q": 1}'
    assert not hidden


def test_raw_calls_do_not_come_back() -> None:
    """Clients that keep the provider's raw calls do not bring hidden ones back."""
    raw = [
        {"id": "h", "function": {"name": RETRIEVE_TOOL_NAME, "arguments": "{}"}},
        {"id": "s", "function": {"name": "search", "arguments": "{}"}},
    ]
    calls: Any = [
        {"name": RETRIEVE_TOOL_NAME, "args": "{}", "id": "h", "index": 0},
        {"name": "search", "args": "{}", "id": "s", "index": 1},
    ]
    chunk = AIMessageChunk(
        content="", tool_call_chunks=calls, additional_kwargs={"tool_calls": raw}
    )
    seen, hidden = shown(chunk)
    assert set(seen.additional_kwargs) == {"headroom"}
    assert [c["name"] for c in seen.tool_calls] == ["search"]
    assert [c.id for c in hidden] == ["h"]


@pytest.mark.parametrize("legacy", [False, True])
def test_raw_calls_do_not_come_back_without_streaming(*, legacy: bool) -> None:
    """Neither from the list of calls nor from the old single call."""
    function = {"name": RETRIEVE_TOOL_NAME, "arguments": "{}"}
    extra: dict[str, Any] = (
        {"function_call": function}
        if legacy
        else {"tool_calls": [{"id": "h", "function": function}]}
    )
    asked = AIMessage(
        "",
        tool_calls=[{"name": RETRIEVE_TOOL_NAME, "args": {}, "id": "h"}],
        additional_kwargs=extra,
    )
    state = rounds()
    state.take(ChatResult(generations=[ChatGeneration(message=asked)]))
    _, calls = state.close()
    from headroom_langchain.ccr.rounds.record import Answer

    assert state.answer(calls, [Answer(call_id="h", text="told")])
    final = ChatResult(generations=[ChatGeneration(message=AIMessage("done"))])
    state.take(final)
    state.close()
    message = state.result().generations[0].message
    assert set(message.additional_kwargs) == {"headroom"}


def test_a_content_block_of_a_call_goes_with_it() -> None:
    """Blocks in the content that belong to a hidden call are hidden with it."""
    use = {"type": "tool_use", "id": "h", "name": RETRIEVE_TOOL_NAME, "input": {}}
    text = {"type": "text", "text": "Hm.", "index": 0}
    call: Any = {"name": RETRIEVE_TOOL_NAME, "args": "", "id": "h", "index": 1}
    delta: Any = {"name": None, "args": '{"hash": "a"}', "id": None, "index": 1}
    seen, hidden = shown(
        AIMessageChunk(content=[text]),
        AIMessageChunk(content=[{**use, "index": 1}], tool_call_chunks=[call]),
        AIMessageChunk(
            content=[
                {
                    "type": "input_json_delta",
                    "partial_json": '{"hash": "a"}',
                    "index": 1,
                }
            ],
            tool_call_chunks=[delta],
        ),
    )
    assert seen.content == [text]
    assert [c.arguments for c in hidden] == [{"hash": "a"}]


def test_an_answer_needs_a_closed_round() -> None:
    """Answering before closing is a mistake with a name."""
    with pytest.raises(RuntimeError, match="call `close` first"):
        rounds().answer([], [])
