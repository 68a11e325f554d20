"""The record of a hidden exchange travels with its message, and only with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from journeys import JOURNEYS, Messages
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
    convert_to_openai_messages,
    get_buffer_string,
    merge_message_runs,
    trim_messages,
)
from langchain_core.messages.utils import count_tokens_approximately
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, MessagesState, StateGraph
from test_wire import BIG, CLIENTS, HIDDEN, OWN, search

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.ccr.rounds.record import DROPPED
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing.servers import FakeServer, Reply, ToolUse

FOUND = "ERROR disk full on web-7 300"
SCRIPT = [
    Reply(text="Let me look.", thinking="Hm.", tool_calls=(HIDDEN,)),
    Reply(text="The disk is full."),
    Reply(text="Both.", tool_calls=(OWN, HIDDEN)),
    *[Reply(text="Fine.")] * 4,
]


def question() -> Messages:
    """A conversation in which something is worth looking up."""
    call: Any = {"name": "search", "args": {"q": "x"}, "id": "c1"}
    return [
        HumanMessage("What is wrong?", id="m1"),
        AIMessage("", tool_calls=[call], id="m2"),
        ToolMessage(BIG, tool_call_id="c1", name="search", id="m3"),
    ]


def conversation(model: Any) -> Messages:
    """Two recorded answers: one looked something up, one called a tool besides."""
    history = question()
    history.append(model.invoke(history))
    history.append(HumanMessage("Look again.", id="m4"))
    mixed = model.invoke(history)
    (own,) = mixed.tool_calls
    found = ToolMessage("found", tool_call_id=own["id"], name="search", id="m5")
    return [*history, mixed, found]


def wrapped(client: str, server: FakeServer, **policy: Any) -> Any:
    make = CLIENTS[client][1]
    model = HeadroomChatModel(make(server.url), policy=CompressionPolicy(**policy))
    return model.bind_tools([search])


def records(messages: Sequence[BaseMessage]) -> list[Any]:
    return [m.additional_kwargs.get("headroom") for m in messages]


def sent(server: FakeServer) -> list[Any]:
    """Return the conversation of each request, as the provider got it."""
    bodies = [query.received.body for query in server.requests]
    return [body.get("messages") or body["input"] for body in bodies]


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> str:
    """Each client and format in turn."""
    name: str = request.param
    return name


@pytest.mark.filterwarnings("ignore:The function `loads` is in beta")
def test_the_next_request_is_the_same_after_any_journey(
    client: str, tmp_path: Path
) -> None:
    """Stored, written as JSON or passed through a state, a record replays the same."""
    script = [*SCRIPT, *[Reply(text="Fine.")] * len(JOURNEYS)]
    with CLIENTS[client][0](script) as server:
        model = wrapped(client, server)
        history = conversation(model)
        assert [bool(r) for r in records(history)] == [False] * 3 + [
            True,
            False,
            True,
            False,
        ]
        model.invoke(history)
        expected = server.requests[-1].received.raw
        assert expected.count(FOUND.encode()) == 3
        for journey in JOURNEYS:
            again = journey(history, tmp_path)
            assert records(again) == records(history), journey.__name__
            model.invoke(again)
            assert server.requests[-1].received.raw == expected, journey.__name__


async def test_the_next_request_is_the_same_from_an_async_file(
    client: str, tmp_path: Path
) -> None:
    """A record that another checkpointer reads from the file replays the same."""
    path = str(tmp_path / "checkpoints.db")
    config: Any = {"configurable": {"thread_id": "1"}}
    with CLIENTS[client][0](SCRIPT) as server:
        model = wrapped(client, server)
        history = conversation(model)
        model.invoke(history)

        async def node(state: MessagesState) -> MessagesState:
            return {"messages": [await model.ainvoke(state["messages"])]}

        builder = StateGraph(MessagesState)
        builder.add_node("agent", node)
        builder.add_edge(START, "agent")
        async with AsyncSqliteSaver.from_conn_string(path) as saver:
            graph: Any = builder.compile(checkpointer=saver)
            await graph.aupdate_state(config, {"messages": history}, as_node=START)
        async with AsyncSqliteSaver.from_conn_string(path) as saver:
            graph = builder.compile(checkpointer=saver)
            state = await graph.ainvoke(None, config)
        raw = [query.received.raw for query in server.requests]
    assert records(state["messages"][:-1]) == records(history)
    assert raw[-1] == raw[-2]


@pytest.mark.filterwarnings("ignore:.*is in beta")
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_an_answer_in_events_has_its_record(
    client: str, *, asynchronous: bool
) -> None:
    """The message that the third version of events puts together replays, too."""
    with CLIENTS[client][0](SCRIPT) as server:
        model = wrapped(client, server)
        history = question()
        if asynchronous:
            events = await model.astream_events(history, version="v3")
            answer = await events.output
        else:
            answer = model.stream_events(history, version="v3").output
        assert records([answer]) != [None]
        model.invoke([*history, answer, HumanMessage("Sure?")])
        requests = sent(server)
    assert len(requests) == 3
    assert requests[2][: len(requests[1])] == requests[1]
    assert FOUND in str(requests[2])


def test_a_trimmed_message_takes_its_record_along(client: str) -> None:
    """When the first turn is cut off, so is what was hidden in it."""
    with CLIENTS[client][0](SCRIPT) as server:
        model = wrapped(client, server)
        history = conversation(model)
        model.invoke(history)
        model.invoke(
            trim_messages(history, max_tokens=3, token_counter=len, start_on="human")
        )
        whole, tail = sent(server)[-2:]
    assert tail == whole[-len(tail) :]
    assert str(tail).count(FOUND) == 1


@pytest.mark.parametrize("bare", [False, True])
def test_no_provider_gets_a_record(client: str, *, bare: bool) -> None:
    """Neither the wrapper's requests nor a bare client's have the record in them."""
    with CLIENTS[client][0](SCRIPT) as server:
        history = conversation(wrapped(client, server))
        model = CLIENTS[client][1](server.url) if bare else wrapped(client, server)
        model.invoke(history)
        raw = [query.received.raw.decode() for query in server.requests]
    digests = [record["digest"] for record in records(history) if record]
    assert len(digests) == 2
    for body in raw:
        assert '"rounds"' not in body
        assert not any(digest in body for digest in digests)
    assert (FOUND in raw[-1].partition("Look again.")[2]) != bare


def test_no_text_of_a_conversation_has_a_record(client: str) -> None:
    """Messages written for people or for OpenAI say nothing of what was hidden."""
    with CLIENTS[client][0](SCRIPT) as server:
        history = conversation(wrapped(client, server))
    answers = [message for message in history if records([message]) != [None]]
    assert len(answers) == 2
    for written in (convert_to_openai_messages(answers), get_buffer_string(answers)):
        assert "Let me look." in str(written)
        for hidden in ("headroom", "rounds", FOUND):
            assert hidden not in str(written)


def test_a_record_counts_nothing(client: str) -> None:
    """LangChain's estimate of a conversation is the same without the records."""
    with CLIENTS[client][0](SCRIPT) as server:
        history = conversation(wrapped(client, server))
    bare = [message.model_copy(update={"additional_kwargs": {}}) for message in history]
    assert count_tokens_approximately(history) == count_tokens_approximately(bare)


def test_merged_answers_are_sent_as_they_are(client: str) -> None:
    """A record that was merged with another is not replayed, and the report says so."""
    with CLIENTS[client][0]([*SCRIPT[:2], *SCRIPT[:2], Reply(text="Fine.")]) as server:
        model = HeadroomChatModel(CLIENTS[client][1](server.url))
        bound: Any = model.bind_tools([search])
        history = question()
        first = bound.invoke(history)
        second = bound.invoke([*history, first, HumanMessage("Again?")])
        merged = merge_message_runs([*history, first, second, HumanMessage("So?")])
        assert len(merged) == len(history) + 2
        bound.invoke(merged)
        last = sent(server)[-1]
    assert model.report is not None
    (note,) = model.report.notes
    assert "the record of message 3 does not fit it" in note
    assert FOUND not in str(last[-2:])
    assert "headroom_retrieve" not in str(last[-2:])
    assert str(last).count("The disk is full.") == 2


@pytest.mark.parametrize(
    ("replay", "earlier", "current"),
    [("always", True, True), ("same_turn", False, True), ("never", False, False)],
)
def test_what_is_replayed_is_a_matter_of_policy(
    client: str, replay: Any, *, earlier: bool, current: bool
) -> None:
    """On the wire: every hidden exchange, those of this turn, or none."""
    with CLIENTS[client][0](SCRIPT) as server:
        model = wrapped(client, server, replay=replay)
        model.invoke(conversation(model))
        before, _, after = str(sent(server)[-1]).partition("Look again.")
    # The excerpt of the tool's own result shows the line once.
    assert before.count(FOUND) == 1 + earlier
    assert after.count(FOUND) == current
    assert "The disk is full." in before
    assert "found" in after


def test_a_record_stays_within_its_size(client: str) -> None:
    """The oldest answer goes at once: it is on no message and in no later request."""

    def asks(lines: str) -> Reply:
        arguments = {"hash": content_key(BIG), "lines": lines}
        call = ToolUse(name="headroom_retrieve", args=arguments)
        return Reply(text="Hm.", tool_calls=(call,))

    script = [asks("101-200"), asks("301-400"), Reply(text="So."), Reply(text="Fine.")]
    with CLIENTS[client][0](script) as server:
        model = wrapped(client, server, max_record_tokens=1200)
        answer = model.invoke(question())
        assert DROPPED in json.dumps(records([answer]))
        model.invoke([*question(), answer, HumanMessage("Sure?")])
        requests = [str(conversation) for conversation in sent(server)]
    assert [DROPPED in request for request in requests] == [False, False, False, True]
    assert ["INFO ok 110" in request for request in requests] == [
        False,
        True,
        True,
        False,
    ]
    assert "INFO ok 310" in requests[3]
