"""Conversations with large tool results of every kind, for the laws."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from outputs import MAKERS

words = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20
)
awkward = st.sampled_from(
    [
        "",
        "\r\n",
        "\x00",
        "\udc80",
        "\ud83d",
        "1e3",
        "9" * 30,
        "\ufeff",
        "{",
        "[1,",
        "é漢",
    ]
)


@st.composite
def results(draw: st.DrawFn) -> str:
    """A large tool result of any kind, with anything in it."""
    maker = draw(st.sampled_from(sorted(MAKERS)))
    odd = draw(st.lists(st.one_of(words, awkward), max_size=4))
    text = MAKERS[maker](draw(st.integers(40, 160)), odd)
    tail = draw(st.one_of(st.just(""), awkward))
    return text + tail


def called(
    text: str, *, tool: str = "run", number: int = 1, **arguments: Any
) -> list[BaseMessage]:
    """A tool call and its result."""
    call = {"name": tool, "args": arguments, "id": f"call_{number}"}
    return [
        AIMessage("", tool_calls=[call]),
        ToolMessage(text, tool_call_id=f"call_{number}", name=tool),
    ]


@st.composite
def conversations(draw: st.DrawFn) -> list[BaseMessage]:
    """A conversation of a few turns, each with tool results."""
    messages: list[BaseMessage] = [SystemMessage("You are of help.")]
    number = 0
    for turn in range(draw(st.integers(1, 3))):
        messages.append(HumanMessage(draw(words) + f" question {turn}"))
        for _ in range(draw(st.integers(0, 2))):
            number += 1
            tool = draw(st.sampled_from(["run", "list_hosts", "Read"]))
            messages += called(
                draw(results()), tool=tool, number=number, query=draw(words)
            )
        messages.append(AIMessage(draw(words)))
    return messages
