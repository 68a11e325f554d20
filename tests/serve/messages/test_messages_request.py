"""Requests of Messages: what is read of them, and what is written into them."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import BaseMessage
from scripted_rounds import (
    Json,
    call,
    read,
    requested,
    result,
    text,
)

from headroom_langchain import InMemoryCCRStore
from headroom_langchain.ccr.tool import create_retrieve_tool
from headroom_langchain.plan.messages import rewritten, text_blocks

TOOL = {"name": "search", "input_schema": {"type": "object"}}
RETRIEVE = {"name": "headroom_retrieve", "input_schema": {"type": "object"}}
SERVER_TOOL = {"type": "web_search_20250305", "name": "web_search"}


CONVERSATION: Json = {
    "system": [text("Be brief", cache_control={"type": "ephemeral"})],
    "messages": [
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": [call("a", "search", q="x"), call("b", "ls")]},
        {
            "role": "user",
            "content": [
                result("a", "whole é", is_error=False, cache_control={"type": "e"}),
                result("b", [text("part"), {"type": "image", "source": {}}]),
                text("and now"),
            ],
        },
    ],
}


def test_results_of_tools_are_found_with_their_calls() -> None:
    """A plan sees the texts of tools with the names and arguments of their calls."""
    found = [
        (block.text, block.role, block.tool, dict(block.arguments))
        for block in text_blocks(requested(CONVERSATION).messages({}))
    ]
    assert found == [
        ("Be brief", "system", None, {}),
        ("Where?", "human", None, {}),
        ("whole é", "tool", "search", {"q": "x"}),
        ("part", "tool", "ls", {}),
        ("and now", "human", None, {}),
    ]


@pytest.mark.parametrize("system", [[text("Be brief")], "Be brief", None])
def test_only_the_texts_that_changed_are_other_bytes(system: Any) -> None:
    """Every text is put in where it stood; all else keeps its bytes."""
    asked = {**CONVERSATION, "system": system}
    request = requested(asked)
    plain = request.written()
    messages: list[BaseMessage] = []
    for one in request.messages({}):
        texts = {block.path: f"<{block.text}>" for block in text_blocks([one])}
        messages.append(rewritten(one, texts, ()))
    request.shorten(messages)
    expected = plain
    for said in ("Where?", "whole \\u00e9", "part", "and now", "Be brief"):
        shown = said.replace("\\u00e9", "é")
        expected = expected.replace(f'"{said}"'.encode(), f'"<{shown}>"'.encode())
    assert request.written() == expected


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"messages": []},
        {"messages": "Hi"},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "robot", "content": "Hi"}]},
        {"messages": [{"role": "user", "content": ["Hi"]}]},
        {"messages": [{"role": "user", "content": "Hi"}], "tools": {}},
        {"messages": [{"role": "user", "content": "Hi"}], "system": 3},
        {"messages": [{"role": "user", "content": "Hi"}], "tool_choice": "auto"},
    ],
)
def test_what_is_not_understood_is_left_to_the_provider(asked: Json) -> None:
    """A request of a form that this package does not know is not read."""
    assert read(asked) is None


@pytest.mark.parametrize(
    ("asked", "when_forced", "able"),
    [
        ({}, "original", True),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, "original", True),
        ({"tools": [TOOL], "output_config": {"effort": "low"}}, "original", True),
        ({"output_config": {"effort": "low"}}, "original", True),
        ({"output_config": {"format": {"type": "json_schema"}}}, "original", False),
        ({"output_config": {"format": {"type": "json_schema"}}}, "excerpt", True),
        ({"tools": [TOOL, RETRIEVE]}, "excerpt", False),
        ({"tools": [TOOL], "thread": None}, "original", True),
        ({"tools": [TOOL], "tool_choice": {"type": "none"}}, "excerpt", True),
        ({"tools": [TOOL], "tool_choice": {"type": "none"}}, "original", False),
        (
            {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "search"}},
            "original",
            False,
        ),
    ],
)
def test_able_is_who_may_ask_for_originals(
    asked: Json, when_forced: Literal["excerpt", "original"], *, able: bool
) -> None:
    """A forced choice forbids retrieval; the policy says what then goes out."""
    assert requested(asked, when_forced=when_forced).able is able


@pytest.mark.parametrize("tools", [[TOOL, SERVER_TOOL], [], None])
def test_the_tool_is_offered_behind_all_others(tools: list[Json] | None) -> None:
    """The list of tools begins as the client wrote it, and ends with the tool."""
    request = requested({"tools": tools})
    request.offer()
    *own, offered = json.loads(request.written())["tools"]
    assert own == (tools or [])
    tool = create_retrieve_tool(InMemoryCCRStore())
    bound: Any = ChatAnthropic(model_name="m", api_key="x").bind_tools([tool])  # type: ignore[call-arg, arg-type]
    assert json.dumps(offered) == json.dumps(bound.kwargs["tools"][0])


def test_nothing_is_offered_where_no_call_is_allowed_and_no_tool_known() -> None:
    """A native answer format without tools stays without tools."""
    request = requested({"output_config": {"format": {"type": "json_schema"}}})
    request.offer()
    assert b"headroom" not in request.written()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("type id name text content tool_use_id input".split()),
            inner,
        )
        | st.fixed_dictionaries(
            {"type": st.sampled_from(("text", "tool_use", "tool_result", "thinking"))},
            optional={
                "id": inner,
                "text": inner,
                "content": inner,
                "tool_use_id": inner,
            },
        )
    ),
    max_leaves=12,
)
_message = st.fixed_dictionaries(
    {"role": st.sampled_from(("user", "assistant", "system")) | _json, "content": _json}
)


@settings(deadline=None, max_examples=80)
@given(
    st.fixed_dictionaries(
        {"messages": st.lists(_message, max_size=4)},
        optional={"system": _json, "tools": _json, "tool_choice": _json},
    )
)
def test_whatever_a_client_writes_is_read_or_left(asked: Json) -> None:
    """No body makes the server fail: what is strange is for the provider to refuse."""
    request = read(asked)
    if request is None:
        return
    messages = request.messages({})
    texts = [{b.path: "short" for b in text_blocks([one])} for one in messages]
    short = [rewritten(*pair, ()) for pair in zip(messages, texts, strict=True)]
    request.shorten(short)
    assert isinstance(request.able, bool)
    request.restore({name: {} for name in request.past}, "same_turn")
    request.offer()
    sent = json.loads(request.written())
    assert len(sent["messages"]) == len(asked["messages"])
    again = [block.text for block in text_blocks(requested(sent).messages({}))]
    assert set(again) <= {"short"}
