"""Every surface shows of a wrapped model what it shows of the bare one."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import graphs
import pytest
import surfaces
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    message_chunk_to_message,
)
from observing import Observed
from plays import BIG, SCENARIOS, SMALL, WELL_FORMED, history

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel
from headroom_langchain.testing.marker import RETRIEVE, last_hash
from headroom_langchain.testing.shapes import Shape

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*is in beta", "ignore:The v3 streaming protocol"
)

SURFACES = {**surfaces.SURFACES, **graphs.SURFACES}
SHAPES = get_args(Shape)
CONFIG: Any = {"tags": ["mine"], "metadata": {"tenant": "a"}}

PATHS = (
    "invoke",
    "ainvoke",
    "stream",
    "astream",
    "abatch",
    "events v3",
    "async events v3",
    "nested invoke, subgraphs",
    "middleware astream",
)
"""Surfaces that reach the wrapper in different ways."""

STOPPED = {"tool_calls": "stop", "tool_use": "end_turn"}
"""What is said of an answer when the last round still asked, and may not."""


@cache
def rounds_of(name: str, shape: Shape) -> tuple[AIMessage, ...]:
    """Play a scenario by hand, on a bare model to which the tool is visible."""
    scenario = SCENARIOS[name]
    return tuple(scenario.by_hand(scenario.model(shape), history(BIG), stream=True))


def assert_same_answers(
    name: str, shape: Shape, seen: Observed, twin: Observed
) -> None:
    """The answers are those of all rounds, without the hidden calls."""
    scenario, last = SCENARIOS[name], rounds_of(name, shape)[-1]
    metadata = last.response_metadata
    if scenario.cut_short:
        metadata = {key: STOPPED.get(said, said) for key, said in metadata.items()}
    own = [call["name"] for call in last.tool_calls if call["name"] != RETRIEVE]
    for answer, like in zip(seen.answers, twin.answers, strict=True):
        assert answer.text == scenario.text
        assert type(answer) is type(like)
        assert type(answer.content) is type(like.content)
        assert [call["name"] for call in answer.tool_calls] == own
        assert answer.tool_calls == like.tool_calls
        assert answer.invalid_tool_calls == []
        assert metadata.items() <= answer.response_metadata.items()
        assert answer.response_metadata == like.response_metadata
        assert answer.additional_kwargs.keys() - {"headroom"} == (
            like.additional_kwargs.keys()
        )
        assert ("headroom" in answer.additional_kwargs) is scenario.hides


def assert_same_cost(name: str, seen: Observed, twin: Observed) -> None:
    """One model run cost what all rounds cost, on the answer and to who counts."""
    spent = SCENARIOS[name].usage
    for answer in seen.answers:
        assert answer.usage_metadata == spent
    assert seen.runs == len(seen.answers)
    (counted,) = seen.counted.values()
    assert counted["total_tokens"] == spent["total_tokens"] * len(seen.answers)
    assert seen.counted == twin.counted


def assert_same_stream(name: str, seen: Observed, twin: Observed) -> None:
    """What is streamed is the answer, once, in the events of a bare model."""
    assert seen.steps == twin.steps
    assert seen.metadata == twin.metadata
    assert seen.closings == twin.closings
    assert "".join(seen.pieces) == "".join(twin.pieces)
    if twin.pieces:
        assert "".join(seen.pieces) == SCENARIOS[name].text
        # The last chunk of a bare model may have the id of its run.
        ids = {seen.answers[0].id}
        assert seen.ids == ids if SCENARIOS[name].hides else seen.ids >= ids


def assert_nothing_hidden(seen: Observed) -> None:
    """No event has a trace of the retrieve tool, but for our record."""
    for event in seen.events:
        assert RETRIEVE not in event
        assert "secret_" not in event


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("surface", SURFACES)
async def test_a_wrapped_model_shows_what_the_bare_one_shows(
    surface: str, scenario: str, shape: Shape
) -> None:
    """Answer, cost, stream and events are those of a model that knew it all."""
    inner = SCENARIOS[scenario].model(shape)
    model = HeadroomChatModel(inner)
    bare = SCENARIOS[scenario].twin(shape)
    seen = await SURFACES[surface](model, history(BIG), CONFIG)
    twin = await SURFACES[surface](bare, history(BIG), CONFIG)
    assert last_hash(message.text for message in inner.requests[0].messages)
    assert_same_answers(scenario, shape, seen, twin)
    assert_same_cost(scenario, seen, twin)
    assert_same_stream(scenario, seen, twin)
    assert_nothing_hidden(seen)


def plain(message: BaseMessage) -> Any:
    """Return what a client would send of a message."""
    if isinstance(message, AIMessageChunk):
        message = message_chunk_to_message(message)
    content = "" if message.name == RETRIEVE else message.content
    calls = getattr(message, "tool_calls", getattr(message, "tool_call_id", None))
    return message.type, message.name, content, calls


def sent(model: ScriptedChatModel) -> list[Any]:
    return [
        ([plain(message) for message in request.messages], list(request.tools))
        for request in model.requests
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scenario", WELL_FORMED)
@pytest.mark.parametrize("surface", PATHS)
async def test_a_model_is_sent_what_it_would_be_sent_by_hand(
    surface: str, scenario: str, shape: Shape
) -> None:
    """With nothing to compress, each round's request is that of a visible tool."""
    inner, by_hand = SCENARIOS[scenario].model(shape), SCENARIOS[scenario].model(shape)
    seen = await SURFACES[surface](HeadroomChatModel(inner), history(SMALL), CONFIG)
    SCENARIOS[scenario].by_hand(by_hand, history(SMALL), stream=bool(seen.pieces))
    assert sorted(map(repr, sent(inner))) == sorted(
        map(repr, sent(by_hand) * len(seen.answers))
    )
