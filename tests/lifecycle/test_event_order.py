"""Events and hooks come in one order, complete, and alike on every surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from taking_part import (
    COMPRESSIONS,
    MODELS,
    ONCE,
    ROUND,
    SURFACES,
    Surface,
    Watcher,
    history,
    wrapped,
)

from headroom_langchain import CompressMessages, HeadroomChatModel
from headroom_langchain.lifecycle import (
    CompressionHooks,
    InputReceived,
    Outgoing,
    PipelineEvent,
    Stage,
)
from headroom_langchain.testing import ScriptedChatModel


@pytest.mark.parametrize("surface", MODELS.values(), ids=MODELS)
def test_a_model_tells_every_stage_in_order(surface: Surface) -> None:
    """A call tells each stage once, and the last three in each of its rounds."""
    watcher = Watcher()
    surface(extensions=[watcher])
    assert watcher.stages == [*ONCE, *ROUND, *ROUND]


@pytest.mark.parametrize("surface", COMPRESSIONS.values(), ids=COMPRESSIONS)
def test_a_compression_tells_every_stage_but_those_of_a_model(surface: Surface) -> None:
    """Without a model of ours a call ends when its originals are kept."""
    watcher = Watcher()
    surface(extensions=[watcher])
    assert watcher.stages == ONCE


def test_a_retrieval_graph_tells_of_each_call_of_its_model() -> None:
    """Each run of the node that calls the model is a call of its own."""
    watcher = Watcher()
    SURFACES["retrieval graph"](extensions=[watcher])
    assert watcher.stages == [*ONCE, *ONCE]
    assert len({event.call.id for event in watcher.seen}) == 2


@pytest.mark.parametrize("surface", MODELS.values(), ids=MODELS)
def test_the_events_of_a_call_have_one_id(surface: Surface) -> None:
    """Events of one call can be told from those of any other."""
    first, second = Watcher(), Watcher()
    surface(extensions=[first])
    surface(extensions=[second])
    ids = [{event.call.id for event in watcher.seen} for watcher in (first, second)]
    assert [len(each) for each in ids] == [1, 1]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("surface", "name"),
    [
        ("invoke", "model"),
        ("compress", "compress"),
        ("tool results", "tool_result"),
        ("compress_node", "node"),
        ("pre_model_hook", "node"),
    ],
)
def test_a_call_says_where_it_came_in(surface: str, name: str) -> None:
    """An extension knows what kind of call it sees."""
    watcher = Watcher()
    SURFACES[surface](extensions=[watcher])
    assert {event.call.surface for event in watcher.seen} == {name}


@pytest.mark.parametrize("made", [wrapped, CompressMessages])
def test_a_call_says_whose_it_is(made: Any) -> None:
    """Conversation and tenant are those of the call's configuration."""
    watcher = Watcher()
    settings = {"thread_id": "t-7", "headroom_namespace": "acme"}
    config: RunnableConfig = {"configurable": settings}
    made(extensions=[watcher]).invoke(history(), config)
    call = watcher.seen[0].call
    assert (call.conversation, call.namespace) == ("t-7", "acme")


class Writing:
    """Appends its name to the last message that is received."""

    def __init__(self, name: str) -> None:
        self.name = name

    def on_pipeline_event(self, event: PipelineEvent) -> PipelineEvent | None:
        if not isinstance(event, InputReceived):
            return None
        *before, last = event.messages
        signed = last.model_copy(update={"content": f"{last.text}{self.name}"})
        return replace(event, messages=(*before, signed))


class Hooks(CompressionHooks):
    """Write down when they are called, beside the stages of a watcher."""

    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    def pre_compress(
        self, messages: Sequence[BaseMessage]
    ) -> Sequence[BaseMessage] | None:
        self.seen.append(f"pre_compress {messages[-1].text[-2:]}")
        return None

    def compute_biases(self, messages: Sequence[BaseMessage]) -> None:
        self.seen.append(f"compute_biases {len(messages)}")

    def post_compress(self, result: Outgoing) -> None:
        self.seen.append(f"post_compress {result.tokens_saved > 0}")


class Joint(Watcher):
    """Writes stages into the list that hooks write into."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        self.names.append(event.stage.value)


def test_each_extension_sees_what_the_one_before_left() -> None:
    """Extensions are told in the order in which they are given."""
    watcher = Watcher()
    model = HeadroomChatModel(
        ScriptedChatModel(turns=["Yes."]),
        extensions=[Writing("a"), Writing("b"), watcher, Writing("c")],
    )
    model.invoke([HumanMessage("> ")])
    assert watcher.at(Stage.INPUT_RECEIVED).messages[-1].text == "> ab"
    assert watcher.at(Stage.INPUT_COMPRESSED).messages[-1].text == "> abc"


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_hooks_have_their_place_among_the_stages(surface: Surface) -> None:
    """Hooks are called after what is received, and before what is compressed."""
    names: list[str] = []
    surface(extensions=[Writing("!!"), Joint(names)], hooks=Hooks(names))
    at = names.index("input_received")
    assert names[at : at + 7] == [
        "input_received",
        "pre_compress !!",
        "compute_biases 3",
        "input_cached",
        "input_routed",
        "post_compress True",
        "input_compressed",
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_events_end_where_a_call_fails(*, stream: bool) -> None:
    """A model that fails has been sent something, and no more is told of it."""

    def fail(messages: list[BaseMessage]) -> Any:
        msg = "no connection"
        raise ConnectionError(msg)

    watcher = Watcher()
    inner = ScriptedChatModel(turns=[fail])
    model = HeadroomChatModel(inner, extensions=[watcher])
    with pytest.raises(ConnectionError):
        list(model.stream(history())) if stream else model.invoke(history())
    assert watcher.stages == [*ONCE, "pre_send"]


def test_events_end_where_a_stream_is_left() -> None:
    """A caller that leaves early ends the call without further events."""
    watcher = Watcher()
    inner = ScriptedChatModel(turns=["One two three."], chunking=3)
    stream = HeadroomChatModel(inner, extensions=[watcher]).stream("Count.")
    next(stream)
    stream.close()  # type: ignore[attr-defined] # it is a generator
    assert watcher.stages == [*ONCE, "pre_send", "post_send"]
