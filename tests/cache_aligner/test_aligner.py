from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from headroom_langchain import HeadroomChatModel
from headroom_langchain.cache_aligner import AlignmentReport, CacheAligner
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.testing import ScriptedChatModel, ask_for_original

DATED = "Search the web.\nResults are as of 2026-11-21T21:45:03Z."
BIG = "\n".join(f"INFO line {n} of a log" for n in range(600))


@tool(description=DATED)
def search(q: str) -> str:
    """Search."""
    return q


def plain(q: str) -> str:
    """Search the web.

    Results are as of 2026-11-21T21:45:03Z.
    """
    return q


class Search(BaseModel):
    """Results are as of 2026-11-21T21:45:03Z."""

    q: str


FORMS: dict[str, Any] = {
    "tool": search,
    "function": plain,
    "model": Search,
    "openai": {"type": "function", "function": {"name": "s", "description": DATED}},
    "anthropic": {"name": "s", "description": DATED, "input_schema": {}},
    "schema": {
        "name": "s",
        "description": "Search.",
        "input_schema": {"properties": {"q": {"description": DATED}}},
    },
}


def config(thread: str) -> Any:
    return {"configurable": {"thread_id": thread}}


def prompt(minute: int) -> list[BaseMessage]:
    return [SystemMessage(f"The time is 21:{minute:02}."), HumanMessage("Hi")]


@pytest.mark.parametrize("form", sorted(FORMS))
def test_tools_are_examined_in_any_form(form: str) -> None:
    """A time in a tool is found, whatever the tool is written as."""
    (finding,) = CacheAligner().examine([], [FORMS[form]]).findings
    assert finding.part == "tools"
    assert finding.tool is not None
    assert finding.token.text == "2026-11-21T21:45:03Z"
    assert finding.tool in str(finding)


@pytest.mark.parametrize("make", [str, lambda text: [{"type": "text", "text": text}]])
def test_system_messages_are_examined(make: Callable[[str], Any]) -> None:
    """Values in system messages are told with place and advice, others are not."""
    said = "Be kind.\nSession id: s9f8a7d6f5"
    messages = [SystemMessage(make(said)), HumanMessage("Today is 2026-11-21.")]
    before = [message.model_copy(deep=True) for message in messages]
    report = CacheAligner().examine(messages)
    (finding,) = report.findings
    assert (finding.message, finding.token.line, finding.token.column) == (0, 2, 13)
    assert finding.token.kind == "id"
    assert "line 2, column 13" in str(report)
    assert not report.aligned
    assert messages == before


def test_nothing_found_is_said() -> None:
    """A prompt without such values is aligned."""
    report = CacheAligner().examine([SystemMessage("Be kind.")])
    assert report.aligned
    assert str(report) == "No volatile values."


def test_calls_of_a_conversation_are_compared() -> None:
    """The second call of a conversation tells where it parts from the first."""
    told: list[AlignmentReport] = []
    aligner = CacheAligner(on_finding=told.append)
    inner = ScriptedChatModel(turns=["a", "b", "c"])
    model = HeadroomChatModel(inner, extensions=[aligner])
    model.invoke(prompt(1), config("7"))
    model.invoke(prompt(1), config("8"))
    model.invoke(prompt(2), config("7"))
    report = aligner.report_of("7")
    assert report is aligner.report is told[-1]
    assert report is not None
    assert report.comparison is not None
    assert report.comparison.divergence is not None
    assert report.comparison.divergence.after == "21:02"
    other = aligner.report_of("8")
    assert other is not None
    assert other.comparison is None
    assert len(told) == 3


async def test_hidden_rounds_are_part_of_the_prefix() -> None:
    """The next call begins with the last round of this one, retrievals included."""
    aligner = CacheAligner()
    inner = ScriptedChatModel(turns=[ask_for_original("line"), "Fine.", "Done."])
    model = HeadroomChatModel(inner, extensions=[aligner])
    from langchain_core.messages import AIMessage, ToolMessage

    call = {"name": "run", "args": {}, "id": "c"}
    messages: list[BaseMessage] = [
        HumanMessage("Look."),
        AIMessage("", tool_calls=[call]),
        ToolMessage(BIG, tool_call_id="c", name="run"),
    ]
    messages.append(await model.ainvoke(messages, config("1")))
    messages.append(HumanMessage("Sure?"))
    await model.ainvoke(messages, config("1"))
    assert aligner.report is not None
    assert aligner.report.comparison is not None
    assert aligner.report.comparison.holds
    sent = len(inner.requests[1].messages)
    assert sent == len(inner.requests[0].messages) + 2
    assert model.report is not None
    assert not model.report.notes


def test_a_call_of_no_conversation_is_not_compared() -> None:
    """Without a name there is nothing to compare a call with."""
    aligner = CacheAligner()
    model = HeadroomChatModel(ScriptedChatModel(turns=["a", "b"]), extensions=[aligner])
    for minute in (1, 2):
        model.invoke(prompt(minute))
    assert aligner.report is not None
    assert aligner.report.comparison is None
    assert aligner.report.findings


def test_tenants_are_apart() -> None:
    """Conversations of one name in two namespaces are two."""
    aligner = CacheAligner()
    model = HeadroomChatModel(ScriptedChatModel(turns=["a", "b"]), extensions=[aligner])
    for tenant in ("x", "y"):
        model.invoke(
            prompt(1),
            {"configurable": {"thread_id": "1", "headroom_namespace": tenant}},
        )
    assert aligner.report_of("1") is None
    report = aligner.report_of("1", namespace="y")
    assert report is not None
    assert report.comparison is None


def test_what_is_remembered_is_bounded() -> None:
    """The conversation that was silent for longest is forgotten first."""
    aligner = CacheAligner(max_conversations=2)
    inner = ScriptedChatModel(turns=["a"] * 4)
    model = HeadroomChatModel(inner, extensions=[aligner])
    for thread in ("1", "2", "1", "3"):
        model.invoke(prompt(1), config(thread))
    known = [aligner.report_of(thread) is not None for thread in ("1", "2", "3")]
    assert known == [True, False, True]


def test_a_bound_below_one_is_refused() -> None:
    """A limit that cannot work is named, with the remedy."""
    with pytest.raises(ConfigurationError, match="max_conversations=0 must be"):
        CacheAligner(max_conversations=0)


def test_threads_do_not_meet() -> None:
    """Conversations in several threads are each compared with their own."""
    aligner = CacheAligner()

    def talk(thread: str) -> None:
        model = HeadroomChatModel(
            ScriptedChatModel(turns=["a"] * 5), extensions=[aligner]
        )
        messages: list[BaseMessage] = [SystemMessage(f"You are {thread}.")]
        for number in range(5):
            messages.append(HumanMessage(f"{number}?"))
            messages.append(model.invoke(messages, config(thread)))

    threads = [threading.Thread(target=talk, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        report = aligner.report_of(f"t{number}")
        assert report is not None
        assert report.comparison is not None
        assert report.comparison.holds
