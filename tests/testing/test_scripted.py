"""A scripted model behaves like the integration whose shape it has."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.messages.ai import add_ai_message_chunks

from headroom_langchain.testing import (
    Call,
    Part,
    ScriptedChatModel,
    Shape,
    Turn,
    ask_for_original,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.language_models import BaseChatModel

SHAPES: tuple[Shape, ...] = get_args(Shape)
MARKER = '[headroom: 9 of 10 rows not shown; headroom_retrieve(hash="{}", query="...")]'
USAGE: Any = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def merged(chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    """Put a stream together the way callers do."""
    return add_ai_message_chunks(*chunks)


def chunks_of(model: BaseChatModel) -> list[AIMessageChunk]:
    """Stream one answer."""
    return list(model.stream("Hi"))


def compared(message: AIMessage) -> dict[str, Any]:
    """Return what must not depend on how an answer was handed out."""
    blocks: list[Any] = [b for b in message.content if isinstance(b, dict)]
    thoughts = [(b["thinking"], b["signature"]) for b in blocks if "thinking" in b]
    return {
        "text": message.text,
        "calls": message.tool_calls,
        "invalid": [(c["name"], c["args"]) for c in message.invalid_tool_calls],
        "usage": message.usage_metadata,
        "metadata": message.response_metadata,
        "thoughts": message.additional_kwargs or thoughts,
        "id": message.id,
    }


@st.composite
def cuts(draw: st.DrawFn) -> Callable[[Part, str], list[str]]:
    """Draw a chunking that cuts each part anywhere."""
    places = draw(st.lists(st.integers(0, 40), max_size=12))

    def chunking(part: Part, text: str) -> list[str]:
        points = sorted(p for p in places if p <= len(text))
        ends = [*points, len(text)]
        return [text[a:b] for a, b in zip([0, *points], ends, strict=True)]

    return chunking


turns = st.builds(
    Turn,
    text=st.text(max_size=30),
    reasoning=st.text(max_size=30),
    tool_calls=st.lists(
        st.builds(
            Call,
            name=st.text("abc_", min_size=1, max_size=12),
            args=st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=2),
        ),
        max_size=3,
    ).map(tuple),
    usage=st.sampled_from([None, USAGE]),
)


@pytest.mark.parametrize("shape", SHAPES)
@settings(deadline=None, max_examples=60)
@given(turn=turns, chunking=cuts())
def test_a_stream_says_what_invoke_says(
    shape: Shape, turn: Turn, chunking: Callable[[Part, str], list[str]]
) -> None:
    """However a turn is cut, its chunks add up to the whole message."""
    whole = ScriptedChatModel(turns=[turn], shape=shape).invoke("Hi")
    cut = ScriptedChatModel(turns=[turn], shape=shape, chunking=chunking)
    streamed = compared(merged(chunks_of(cut)))
    assert streamed == compared(whole)


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_asynchronous_stream_is_the_synchronous_one(shape: Shape) -> None:
    """`_astream` yields the chunks that `_stream` yields."""
    turn = Turn(text="Hello you", tool_calls=(Call(name="add"),), usage=USAGE)
    model = ScriptedChatModel(turns=[turn], shape=shape, chunking=2)
    again = ScriptedChatModel(turns=[turn], shape=shape, chunking=2)
    messages: list[BaseMessage] = [HumanMessage("Hi")]
    assert [c async for c in again._astream(messages)] == list(model._stream(messages))


@pytest.mark.parametrize(
    ("shape", "indices"), [("openai", {0, 1}), ("anthropic", {0, 1}), ("plain", {None})]
)
def test_each_shape_indexes_tool_calls_its_own_way(
    shape: Shape, indices: set[int | None]
) -> None:
    """OpenAI counts calls, Anthropic counts blocks, plain integrations do not."""
    turn = Turn(tool_calls=(Call(name="add", args={"a": 1}), Call(name="add")))
    model = ScriptedChatModel(turns=[turn], shape=shape, chunking=3)
    pieces = [p for c in chunks_of(model) for p in c.tool_call_chunks]
    assert {piece["index"] for piece in pieces} == indices


def test_chunking_by_characters_keeps_names_whole() -> None:
    """A number cuts text, thoughts and arguments, as providers do, but no name."""
    turn = Turn(text="abcde", tool_calls=(Call(name="add", args={"a": 1}),))
    chunks = chunks_of(ScriptedChatModel(turns=[turn], chunking=2))
    assert [c.text for c in chunks if c.text] == ["ab", "cd", "e"]
    names = [p["name"] for c in chunks for p in c.tool_call_chunks if p["name"]]
    assert names == ["add"]


def test_chunking_at_places_cuts_names() -> None:
    """Split points cut every part, the names of tools among them."""
    turn = Turn(tool_calls=(Call(name="add", args="{}"),))
    chunks = chunks_of(ScriptedChatModel(turns=[turn], chunking=(1, 99)))
    pieces = [(p["name"], p["args"]) for c in chunks for p in c.tool_call_chunks]
    assert pieces == [("a", ""), ("dd", ""), (None, "{"), (None, "}")]


def test_chunking_may_change_nothing() -> None:
    """A chunking function that loses characters is an error, not another answer."""
    model = ScriptedChatModel(turns=["Hello"], chunking=lambda _, text: [text[1:]])
    with pytest.raises(ValueError, match="change nothing"):
        list(model.stream("Hi"))


def test_requests_are_written_down() -> None:
    """The model keeps the messages, tools, stop sequences and settings it was sent."""
    model = ScriptedChatModel(turns=["Hello"])
    bound = model.bind_tools([add], tool_choice="any", strict=True)
    bound.invoke("Hi", stop=["."], temperature=0)
    (request,) = model.requests
    assert [m.text for m in request.messages] == ["Hi"]
    assert [t["function"]["name"] for t in request.tools] == ["add"]
    assert request.tools[0]["function"]["strict"] is True
    assert request.stop == (".",)
    assert request.kwargs == {"tool_choice": "required", "temperature": 0}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (True, "required"),
        ("any", "required"),
        ("required", "required"),
        ("auto", "auto"),
        ("none", "none"),
        ("add", {"type": "function", "function": {"name": "add"}}),
    ],
)
def test_a_tool_choice_is_sent_as_openai_has_it(
    choice: str | bool,  # noqa: FBT001 - that is what users pass
    sent: object,
) -> None:
    """Every way LangChain lets a user choose tools arrives as OpenAI's."""
    model = ScriptedChatModel(turns=["Hello"])
    model.bind_tools([add], tool_choice=choice).invoke("Hi")
    assert model.requests[0].kwargs["tool_choice"] == sent


def test_an_empty_script_says_so() -> None:
    """One request too many is an error that tells what was asked."""
    model = ScriptedChatModel(turns=["Hello"])
    model.invoke("Hi")
    with pytest.raises(LookupError, match=r"none left.*'Why'"):
        model.invoke("Why")


def test_a_closed_stream_is_noticed() -> None:
    """A consumer that leaves has pulled only what it took."""
    model = ScriptedChatModel(turns=["Hello you"], chunking=1)
    stream = model.stream("Hi")
    next(stream)
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert (model.pulled, model.closed) == (2, True)


async def test_a_closed_asynchronous_stream_is_noticed() -> None:
    """A consumer that leaves has pulled only what it took, also asynchronously."""
    model = ScriptedChatModel(turns=["Hello you"], chunking=1)
    stream = model._astream([HumanMessage("Hi")])
    await anext(stream)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert (model.pulled, model.closed) == (2, True)


def test_a_stream_read_to_its_end_is_not_closed() -> None:
    """Only leaving early counts as closing."""
    model = ScriptedChatModel(turns=["Hello"])
    list(model.stream("Hi"))
    assert not model.closed


@pytest.mark.parametrize("shape", SHAPES)
def test_an_error_comes_after_what_was_said(shape: Shape) -> None:
    """A turn with an error breaks off where a provider's stream would."""
    turn = Turn(text="Hel", error=ConnectionError("gone"))
    model = ScriptedChatModel(turns=[turn], shape=shape)
    heard: list[str] = []
    with pytest.raises(ConnectionError, match="gone"):
        heard.extend(chunk.text for chunk in model.stream("Hi"))
    assert model.pulled >= 1
    assert not model.closed


def test_an_error_alone_comes_before_any_chunk() -> None:
    """A turn that is only an error fails like a refused request."""
    model = ScriptedChatModel(turns=[Turn(error=ConnectionError("refused"))])
    with pytest.raises(ConnectionError, match="refused"):
        list(model.stream("Hi"))
    assert model.pulled == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_broken_arguments_are_an_invalid_call(shape: Shape) -> None:
    """Arguments that are no JSON reach the caller as an invalid call."""
    turn = Turn(tool_calls=(Call(name="add", args="{nonsense"),))
    message = ScriptedChatModel(turns=[turn], shape=shape).invoke("Hi")
    assert message.tool_calls == []
    assert [c["args"] for c in message.invalid_tool_calls] == ["{nonsense"]


def test_a_model_without_streaming_answers_in_one_piece() -> None:
    """A class without `_stream` makes LangChain fall back to `invoke`."""
    model = ScriptedChatModel.without_streaming(turns=["Hello"])
    (message,) = model.stream("Hi")
    assert (message.text, model.streams) == ("Hello", [])


def test_a_model_without_tools_refuses_them() -> None:
    """A class without `bind_tools` raises what `BaseChatModel` raises."""
    with pytest.raises(NotImplementedError):
        ScriptedChatModel.without_tools(turns=["Hello"]).bind_tools([add])


def test_the_streaming_field_makes_invoke_stream() -> None:
    """`streaming=True` sends `invoke` through `_stream`."""
    model = ScriptedChatModel(turns=["Hello"], streaming=True)
    assert model.invoke("Hi").text == "Hello"
    assert len(model.streams) == 1


def test_copies_play_on_from_the_same_script() -> None:
    """A copy shares the script; a deep copy has its own."""
    model = ScriptedChatModel(turns=["one", "two"])
    apart = copy.deepcopy(model)
    assert model.invoke("Hi").text == "one"
    assert model.model_copy().invoke("Hi").text == "two"
    assert len(model.requests) == 2
    assert apart.invoke("Hi").text == "one"


def test_a_script_can_ask_for_the_last_original() -> None:
    """`ask_for_original` takes the hash of the last marker it was sent."""
    model = ScriptedChatModel(turns=[ask_for_original(query="error", call_id="c1")])
    old, new = "a" * 24, "b" * 24
    answer = model.invoke(
        [
            HumanMessage("Hi"),
            ToolMessage(MARKER.format(old), tool_call_id="1"),
            ToolMessage(MARKER.format(new), tool_call_id="2"),
        ]
    )
    (call,) = answer.tool_calls
    assert (call["name"], call["id"]) == ("headroom_retrieve", "c1")
    assert call["args"] == {"hash": new, "query": "error"}


def test_asking_for_an_original_needs_a_marker() -> None:
    """`ask_for_original` fails loudly when nothing was compressed."""
    with pytest.raises(LookupError, match="no marker"):
        ScriptedChatModel(turns=[ask_for_original()]).invoke("Hi")


def test_traces_name_the_model() -> None:
    """Tracing parameters name the model, and the one asked for in its place."""
    model = ScriptedChatModel(turns=[], model_name="mine")
    assert model._get_ls_params()["ls_model_name"] == "mine"
    assert model._get_ls_params(model="other")["ls_model_name"] == "other"
