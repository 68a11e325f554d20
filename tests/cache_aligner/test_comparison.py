from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool

from headroom_langchain.cache_aligner import CacheAligner, Comparison, Request

SYSTEM = SystemMessage("You are kind.\nThe time is 2026-11-21 21:45:03 in Bonn.")
CALL = {"name": "search", "args": {"q": "x"}, "id": "call_1"}
TALK: list[BaseMessage] = [
    SYSTEM,
    HumanMessage("What is new?"),
    AIMessage("I look.", tool_calls=[CALL]),
    ToolMessage("Nothing.", tool_call_id="call_1"),
    AIMessage("Nothing is new."),
]


@tool
def search(q: str) -> str:
    """Search."""
    return q


@tool
def fetch(url: str) -> str:
    """Fetch."""
    return url


def compared(before: Request, after: Request) -> Comparison:
    return CacheAligner().compare(before, after)


def talk(*messages: BaseMessage) -> Request:
    return Request(messages=messages)


def reason(before: Request, after: Request) -> str | None:
    divergence = compared(before, after).divergence
    return divergence.reason if divergence else None


def test_a_request_that_goes_on_holds() -> None:
    """A conversation that only grows keeps its prefix, and says how much that is."""
    comparison = compared(talk(*TALK), talk(*TALK, HumanMessage("Sure?")))
    assert comparison.holds
    assert comparison.tokens_shared > 10
    assert "holds" in str(comparison)


@given(cut=st.integers(0, len(TALK)), more=st.text(max_size=30))
@settings(deadline=None)
def test_a_prefix_holds_wherever_it_ends(cut: int, more: str) -> None:
    """Any beginning of a conversation is a prefix of all of it."""
    assert compared(talk(*TALK[:cut]), talk(*TALK, HumanMessage(more))).holds


def test_what_reaches_no_provider_does_not_count() -> None:
    """LangChain's ids, metadata, names and artifacts change nothing."""
    changed = [
        message.model_copy(update={"id": f"m{number}", "response_metadata": {"a": 1}})
        for number, message in enumerate(TALK)
    ]
    changed[3] = changed[3].model_copy(update={"artifact": [1]})
    assert compared(talk(*TALK), talk(*changed)).holds


@pytest.mark.parametrize(
    ("index", "update"),
    [
        (2, {"tool_calls": [{**CALL, "id": "call_2"}]}),
        (2, {"tool_calls": [{**CALL, "args": {"q": "y"}}]}),
        (3, {"tool_call_id": "call_2"}),
        (3, {"status": "error"}),
        (3, {"content": "Something."}),
        (4, {"content": [{"type": "text", "text": "Nothing is new. "}]}),
    ],
)
def test_what_reaches_a_provider_counts(index: int, update: dict[str, Any]) -> None:
    """Calls, results, their ids and status break a prefix where they change."""
    changed = [*TALK]
    changed[index] = TALK[index].model_copy(update=update)
    divergence = compared(talk(*TALK), talk(*changed)).divergence
    assert divergence is not None
    assert divergence.message == index
    assert divergence.reason == "message edited"


def test_a_volatile_value_is_named() -> None:
    """A time in the system prompt is told with both values, place and loss."""
    later = SystemMessage(str(SYSTEM.content).replace("45:03", "46:10"))
    divergence = compared(talk(*TALK), talk(later, *TALK[1:])).divergence
    assert divergence is not None
    assert divergence.reason == "volatile value"
    assert divergence.before == "2026-11-21 21:45:03"
    assert divergence.after == "2026-11-21 21:46:10"
    assert (divergence.message, divergence.line) == (0, 2)
    assert str(SYSTEM.content)[divergence.offset] == "5"
    assert divergence.tokens_lost > 10
    assert "let a tool tell it" in str(divergence)


def test_messages_that_come_between_and_go() -> None:
    """Inserted, removed and edited messages are told apart."""
    note = HumanMessage("Note.")
    assert reason(talk(*TALK), talk(*TALK[:2], note, *TALK[2:])) == "message inserted"
    assert reason(talk(*TALK), talk(TALK[0], *TALK[2:])) == "message removed"
    assert reason(talk(*TALK), talk(*TALK[:-1])) == "message removed"
    assert reason(talk(*TALK), talk(*TALK[:-1], note)) == "message edited"


def test_tools_are_at_the_front() -> None:
    """Tools that are added, removed, reordered or edited break before all messages."""
    both = Request(messages=TALK, tools=[search, fetch])
    one = Request(messages=TALK, tools=[search])
    swapped = Request(messages=TALK, tools=[fetch, search])
    renamed = search.model_copy(update={"description": "Find."})
    assert reason(one, both) == "tool added"
    assert reason(both, one) == "tool removed"
    assert reason(both, swapped) == "tools reordered"
    changed = compared(both, Request(messages=TALK, tools=[renamed, fetch])).divergence
    assert changed is not None
    assert (changed.reason, changed.tool) == ("tool changed", "search")
    assert changed.tokens_lost > compared(one, both).tokens_shared


def test_arguments_count() -> None:
    """Another model or tool choice is told; a temperature is not part of a prompt."""
    before = Request(messages=TALK, arguments={"model": "a", "temperature": 0})
    after = Request(messages=TALK, arguments={"model": "b", "temperature": 1})
    forced = Request(messages=TALK, arguments={"model": "a", "tool_choice": "any"})
    assert reason(before, after) == "argument changed"
    assert reason(before, forced) == "argument changed"
    comparison = compared(before, forced)
    assert comparison.divergence is not None
    assert "tool_choice" in comparison.divergence.where
    assert comparison.tokens_shared > 10
    warmer = Request(messages=TALK, arguments={"model": "a", "temperature": 1})
    assert compared(before, warmer).holds


def test_a_string_is_a_block_of_text() -> None:
    """The form of a text does not count; a block of another type does."""
    block = SystemMessage([{"type": "text", "text": SYSTEM.content}])
    image = SystemMessage([{"type": "image_url", "image_url": {"url": "u"}}])
    assert compared(talk(SYSTEM), talk(block)).holds
    assert reason(talk(SYSTEM), talk(image)) == "type of content changed"


def test_marks_that_are_gone_are_told() -> None:
    """A mark is not part of a prefix, but where one is missing is said."""
    mark = {"cache_control": {"type": "ephemeral"}}
    marked = HumanMessage([{"type": "text", "text": "Hi", **mark}])
    comparison = compared(talk(marked), talk(HumanMessage("Hi")))
    assert comparison.holds
    assert comparison.marks_gone == ("message 0 (human), content[0]",)
    assert "content[0]" in str(comparison)
