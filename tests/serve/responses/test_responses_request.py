from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from scripted_responses import (
    LONG,
    SEARCH,
    SHORT,
    call,
    message,
    output,
    read,
    thought,
    user,
)

from headroom_langchain.plan.messages import text_blocks
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.responses import RESPONSES
from headroom_langchain.serve.wire.body import Body

CUSTOM: Any = {
    "type": "custom_tool_call",
    "call_id": "call_c",
    "name": "patch",
    "input": "*** Begin",
}
ITEMS: list[Any] = [
    {"role": "developer", "content": "Be brief."},
    {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "?"}],
    },
    thought("rs_1"),
    message("msg_1", "Hm."),
    call("1", arguments='{"q":"x"}'),
    CUSTOM,
    output("1"),
    {"type": "custom_tool_call_output", "call_id": "call_c", "output": "ok"},
    {
        "type": "function_call_output",
        "call_id": "call_2",
        "output": [{"type": "input_image"}, {"type": "input_text", "text": LONG}],
    },
    {"type": "web_search_call", "id": "ws_1"},
]
RETRIEVE = "headroom_retrieve"
FORCED: dict[str, Any] = {
    "none": "none",
    "named": {"type": "function", "name": "search"},
    "hosted": {"type": "web_search"},
}


def test_every_item_is_a_message() -> None:
    """The plan reads who said what, and which call a result belongs to."""
    request = read(input=ITEMS)
    assert list(request.wanted) == ["call:call_2"]
    known = {"call:call_2": {"name": "Read", "arguments": {"path": "a"}}}
    messages = list(request.messages(known))
    blocks = {block.text: block for block in text_blocks(messages)}
    assert (blocks[LONG].tool, blocks[LONG].arguments) == ("Read", {"path": "a"})
    assert blocks["ok"].tool == "patch"
    assert blocks["ok"].question == "?"
    assert [type(one) for one in messages[1:]] == [
        SystemMessage,
        HumanMessage,
        AIMessage,
        AIMessage,
        AIMessage,
        AIMessage,
        ToolMessage,
        ToolMessage,
        ToolMessage,
        AIMessage,
    ]


def test_only_shortened_texts_are_other_bytes() -> None:
    """All of the body but what was shortened stays as the client wrote it."""
    request = read(input=ITEMS)
    before = json.dumps({"model": "gpt-x", "input": ITEMS}).encode()
    assert request.written() == before

    def short(value: Any) -> Any:
        if isinstance(value, list):
            return [short(one) for one in value]
        if isinstance(value, dict):
            return {**value, "text": SHORT} if value.get("text") == LONG else value
        return SHORT if value == LONG else value

    messages = list(request.messages({}))
    request.shorten(
        [one.model_copy(update={"content": short(one.content)}) for one in messages]
    )
    assert request.written() == before.replace(LONG.encode(), SHORT.encode())


@pytest.mark.parametrize(
    ("tools", "strict"),
    [
        (None, False),
        ([], False),
        ([SEARCH], False),
        ([SEARCH | {"strict": None}], False),
        ([SEARCH | {"strict": True}, {"type": "web_search"}], True),
        ([SEARCH | {"strict": True}, SEARCH], False),
    ],
)
def test_the_tool_is_offered_behind_all_others(tools: Any, *, strict: bool) -> None:
    """It is strict where all functions are, and then has a schema that may be."""
    request = read(tools=tools)
    request.offer()
    *others, ours = json.loads(request.written())["tools"]
    assert others == (tools or [])
    assert (ours["type"], ours["name"], ours["strict"]) == (
        "function",
        RETRIEVE,
        strict,
    )
    if strict:
        assert set(ours["parameters"]["required"]) == set(
            ours["parameters"]["properties"]
        )
        assert ours["parameters"]["additionalProperties"] is False


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{**SEARCH, "name": RETRIEVE}]},
        {"background": True},
    ],
)
def test_some_requests_leave_no_room_for_retrieval(more: Any) -> None:
    """A client that retrieves itself, or does not wait, gets no compression."""
    assert read().able
    assert not read(**more).able


@pytest.mark.parametrize("demand", FORCED)
@pytest.mark.parametrize("when_forced", ["excerpt", "original", "retrieve"])
def test_what_is_demanded_is_what_the_policy_says(
    demand: str, when_forced: Any
) -> None:
    """The policy decides what goes out where the client leaves no retrieval."""
    policy = CompressionPolicy(when_forced=when_forced)
    request = read(policy, tools=[SEARCH], tool_choice=FORCED[demand])
    assert request.able is (when_forced != "original")
    if not request.able:
        return
    request.offer()
    sent = json.loads(request.written())
    assert sent["tools"][-1]["name"] == RETRIEVE
    if when_forced == "excerpt":
        assert sent["tool_choice"] == FORCED[demand]
        return
    names = [one.get("name", one["type"]) for one in sent["tool_choice"]["tools"]]
    wanted = (
        [] if demand == "none" else ["search" if demand == "named" else "web_search"]
    )
    assert names == [*wanted, RETRIEVE]
    assert sent["tool_choice"]["mode"] == ("auto" if demand == "none" else "required")


def test_a_list_of_allowed_tools_gets_one_more() -> None:
    """Where a client allows some tools, the retrieve tool is allowed too."""
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "x"}]}
    request = read(tools=[SEARCH], tool_choice=allowed)
    request.offer()
    chosen = json.loads(request.written())["tool_choice"]
    assert [one.get("name") for one in chosen["tools"]] == [None, RETRIEVE]
    assert request.streamed()._shown.response({"tool_choice": chosen}) == {
        "tool_choice": allowed
    }


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ({"format": {"type": "json_schema", "name": "x", "schema": {}}}, False),
        ({"format": {"type": "text"}, "verbosity": "low"}, True),
    ],
)
def test_a_native_format_without_tools_stays_without(
    text: Any, *, offered: bool
) -> None:
    """A tool would change what comes back where only a format is wanted."""
    request = read(text=text)
    request.offer()
    assert ("tools" in json.loads(request.written())) is offered


@pytest.mark.parametrize(
    "raw", [b'{"input":5}', b'{"input":[5]}', b'{"input":[],"tools":{}}']
)
def test_what_is_not_understood_is_not_touched(raw: bytes) -> None:
    """A request of another form is for the provider to refuse."""
    body = Body.of(raw)
    assert body is not None
    assert RESPONSES.read(body, CompressionPolicy()) is None


@pytest.mark.parametrize(
    "more",
    [
        {"tool_choice": {"type": 5}, "tools": [SEARCH]},
        {"tool_choice": ["x"]},
        {"tool_choice": {}, "tools": [SEARCH]},
        {"text": 5},
        {"model": 5, "conversation": 5, "previous_response_id": {}},
        {"input": [{"type": "function_call", "arguments": "{", "call_id": 5}]},
        {"input": [{"role": 5, "content": [5, {"type": "input_text", "text": 5}]}]},
        {"input": [{"type": "message", "content": None}, {"type": None}, {}]},
        {"input": [{"type": "function_call_output", "output": {}}, user("x")]},
        {"input": [{"type": [], "id": {}, "encrypted_content": 5}]},
        {"tools": [5, None, {"type": []}]},
    ],
)
def test_odd_values_pass(more: Any) -> None:
    """What has another type than it should goes to the provider as it is."""
    request = read(**more)
    before = request.written()
    request.shorten(request.messages({}))
    request.restore({name: {} for name in request.past}, "always")
    assert request.written() == before
    request.offer()
    assert json.loads(request.written())["tools"][-1]["name"] == RETRIEVE
