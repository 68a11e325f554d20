"""The upstream of these tests refuses what a provider refuses, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import pytest
from upstreams import Call, StrictUpstream, Thinking
from upstreams.script import said
from upstreams.seals import redacted, seal

from conformance.raw_client import PATHS, exchanged

Body: TypeAlias = dict[str, Any]
Spoil: TypeAlias = Callable[[Body], object]

_OPEN: Final = {"type": "object", "properties": {"a": {"type": "string"}}}


def _block(kind: str, **fields: Any) -> Body:
    return {"type": kind, **fields}


def _good() -> dict[str, Body]:
    """Return one valid request of each protocol."""
    thinking = _block("thinking", thinking="Hm.", signature=seal("thinking", "Hm."))
    messages = [
        {"role": "user", "content": "Look."},
        {
            "role": "assistant",
            "content": [
                thinking,
                _block("redacted_thinking", data=redacted("x")),
                _block("text", text="Yes."),
                _block("tool_use", id="t1", name="look", input={}),
                _block("tool_use", id="t2", name="look", input={"a": "b"}),
            ],
        },
        {
            "role": "user",
            "content": [
                _block("tool_result", tool_use_id="t2", content="two"),
                _block("tool_result", tool_use_id="t1", content="one"),
                _block("text", text="Well?"),
            ],
        },
    ]
    call = {"type": "function", "function": {"name": "look", "arguments": "{}"}}
    chat = [
        {"role": "user", "content": "Look."},
        {
            "role": "assistant",
            "tool_calls": [{"id": "c1", **call}, {"id": "c2", **call}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {"role": "user", "content": "Well?"},
    ]
    sealed = seal("reasoning", "rs_1")
    item = {"type": "function_call", "name": "look", "arguments": "{}"}
    items = [
        {"role": "user", "content": "Look."},
        _block("reasoning", id="rs_1", summary=[], encrypted_content=sealed),
        {**item, "call_id": "c1"},
        {**item, "call_id": "c2"},
        _block("function_call_output", call_id="c1", output="one"),
        _block("function_call_output", call_id="c2", output="two"),
        {"role": "user", "content": "Well?"},
    ]
    tool = {"name": "look", "parameters": _OPEN}
    return {
        "messages": {
            "model": "m",
            "max_tokens": 3000,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "messages": messages,
            "tools": [{"name": "look", "input_schema": _OPEN}],
        },
        "chat": {
            "model": "m",
            "messages": chat,
            "tools": [{"type": "function", "function": tool}],
        },
        "responses": {
            "model": "m",
            "store": False,
            "input": items,
            "tools": [{"type": "function", "strict": False, **tool}],
        },
    }


def _said(body: Body, at: int) -> Any:
    return body["messages"][at]["content"]


def _function(body: Body, at: int = 0) -> Any:
    return body["messages"][1]["tool_calls"][at]["function"]


_MESSAGES: Final[dict[str, Spoil]] = {
    "no result": lambda b: _said(b, 2).pop(0),
    "no results at all": lambda b: b["messages"].__setitem__(
        2, {"role": "user", "content": "Well?"}
    ),
    "result without call": lambda b: _said(b, 1).pop(),
    "result twice": lambda b: _said(b, 2).insert(0, _said(b, 2)[0]),
    "text before results": lambda b: _said(b, 2).insert(0, _said(b, 2).pop()),
    "call twice": lambda b: _said(b, 1)[4].update(id="t1"),
    "empty text": lambda b: _said(b, 1)[2].update(text=""),
    "blank text": lambda b: _said(b, 1)[2].update(text=" \n"),
    "empty content": lambda b: b["messages"][0].update(content=[]),
    "empty string": lambda b: b["messages"][0].update(content=""),
    "empty text in a result": lambda b: _said(b, 2)[0].update(
        content=[_block("text", text="")]
    ),
    "changed thinking": lambda b: _said(b, 1)[0].update(thinking="Oh."),
    "wrong signature": lambda b: _said(b, 1)[0].update(signature="abc"),
    "wrong redaction": lambda b: _said(b, 1)[1].update(data="abc"),
    "thinking last": lambda b: _said(b, 1).append(_said(b, 1).pop(0)),
    "two of a role": lambda b: b["messages"].insert(0, b["messages"][0]),
    "assistant first": lambda b: b["messages"].pop(0),
    "assistant last": lambda b: b["messages"].append(
        {"role": "assistant", "content": "And"}
    ),
    "unknown tool": lambda b: _said(b, 1)[3].update(name="touch"),
    "no tools": lambda b: b.pop("tools"),
    "tool twice": lambda b: b["tools"].append(b["tools"][0]),
    "bad name": lambda b: b["tools"][0].update(name="a b"),
    "no schema": lambda b: b["tools"][0].pop("input_schema"),
    "strict": lambda b: b["tools"][0].update(strict=True),
    "input is text": lambda b: _said(b, 1)[3].update(input="{}"),
    "unknown field": lambda b: b.update(headroom=1),
    "unknown field of a block": lambda b: _said(b, 1)[2].update(headroom=1),
    "no max_tokens": lambda b: b.pop("max_tokens"),
    "forced while thinking": lambda b: b.update(tool_choice={"type": "any"}),
    "five marks": lambda b: _said(b, 2).extend(
        [_block("text", text="x", cache_control={"type": "ephemeral"})] * 5
    ),
}
_CHAT: Final[dict[str, Spoil]] = {
    "no result": lambda b: b["messages"].pop(2),
    "result without call": lambda b: b["messages"][1]["tool_calls"].pop(),
    "result too late": lambda b: b["messages"].append(b["messages"].pop(3)),
    "result twice": lambda b: b["messages"].insert(3, b["messages"][2]),
    "call twice": lambda b: b["messages"][1]["tool_calls"][1].update(id="c1"),
    "no calls": lambda b: b["messages"][1].update(tool_calls=[]),
    "nothing said": lambda b: b["messages"][1].pop("tool_calls"),
    "null by a user": lambda b: b["messages"][0].update(content=None),
    "empty part": lambda b: b["messages"][0].update(content=[_block("text", text="")]),
    "no JSON": lambda b: _function(b).update(arguments='{"a'),
    "empty arguments": lambda b: _function(b).update(arguments=""),
    "no object": lambda b: _function(b).update(arguments="[]"),
    "unknown tool": lambda b: _function(b).update(name="touch"),
    "no tools": lambda b: b.pop("tools"),
    "empty tools": lambda b: b.update(tools=[]),
    "strict": lambda b: b["tools"][0]["function"].update(strict=True),
    "unknown field": lambda b: b.update(headroom=1),
    "unknown field of a message": lambda b: b["messages"][1].update(headroom=1),
    "long id": lambda b: b["messages"][1]["tool_calls"][0].update(id="c" * 41),
    "usage without stream": lambda b: b.update(stream_options={"include_usage": True}),
}
_RESPONSES: Final[dict[str, Spoil]] = {
    "no output": lambda b: b["input"].pop(4),
    "output without call": lambda b: b["input"].pop(2),
    "output before call": lambda b: b["input"].insert(1, b["input"].pop(4)),
    "call twice": lambda b: b["input"][3].update(call_id="c1"),
    "unknown response": lambda b: b.update(previous_response_id="resp_9"),
    "not encrypted": lambda b: b["input"][1].pop("encrypted_content"),
    "wrongly encrypted": lambda b: b["input"][1].update(encrypted_content="abc"),
    "reasoning alone": lambda b: b["input"].append(b["input"].pop(1)),
    "no JSON": lambda b: b["input"][2].update(arguments='{"a'),
    "unknown tool": lambda b: b["input"][2].update(name="touch"),
    "no tools": lambda b: b.pop("tools"),
    "strict": lambda b: b["tools"][0].update(strict=True),
    "unknown field": lambda b: b.update(headroom=1),
    "unknown field of an item": lambda b: b["input"][2].update(headroom=1),
    "unknown kind": lambda b: b["input"][2].update(type="call"),
    "said by the wrong side": lambda b: b["input"][0].update(
        content=[_block("output_text", text="x")]
    ),
    "unknown item": lambda b: b["input"].append(_block("item_reference", id="x_1")),
}
_SPOILT: Final = {"messages": _MESSAGES, "chat": _CHAT, "responses": _RESPONSES}


@pytest.fixture(scope="module")
def provider() -> Iterator[StrictUpstream]:
    """An upstream without an application before it."""
    with StrictUpstream() as upstream:
        yield upstream


@pytest.mark.parametrize("kind", _SPOILT)
def test_valid_requests(provider: StrictUpstream, kind: str) -> None:
    """What is right is answered."""
    provider.reset()
    provider.play(said("Yes."))
    answer = exchanged(provider.url, PATHS[kind], json.dumps(_good()[kind]).encode())
    assert (answer.status, provider.refused) == (200, [])


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(kind, fault) for kind, spoilt in _SPOILT.items() for fault in spoilt],
)
def test_malformed_requests(provider: StrictUpstream, kind: str, fault: str) -> None:
    """One thing that is wrong is enough, and is told in the provider's format."""
    provider.reset()
    provider.play(said("Yes."))
    body = copy.deepcopy(_good()[kind])
    _SPOILT[kind][fault](body)
    answer = exchanged(provider.url, PATHS[kind], json.dumps(body).encode())
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["message"] == provider.refused[0]
    assert "cannot be read" not in provider.refused[0]


def _asked(provider: StrictUpstream, kind: str, body: Body) -> Any:
    return json.loads(
        exchanged(provider.url, PATHS[kind], json.dumps(body).encode()).body
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda blocks: blocks.pop(0),
        lambda blocks: blocks.insert(0, blocks.pop(1)),
        lambda blocks: blocks[2]["input"].update(a="other"),
        lambda blocks: blocks.insert(
            0, _block("thinking", thinking="Oh.", signature=seal("thinking", "Oh."))
        ),
    ],
    ids=["no thinking", "thinking second", "another call", "more thinking"],
)
def test_what_was_answered_is_remembered(
    provider: StrictUpstream, spoil: Callable[[list[Body]], object]
) -> None:
    """While a tool is used, the answer that called it must come back as it was."""
    provider.reset()
    turn = said(Thinking("Hm."), "Yes.", Call("look", {"a": "b"}))
    provider.play(turn, said("Good."), said("Good."))
    body = _good()["messages"]
    answer = _asked(provider, "messages", body)
    result = _block("tool_result", tool_use_id=answer["content"][2]["id"], content="x")
    body["messages"] += [
        {"role": "assistant", "content": answer["content"]},
        {"role": "user", "content": [result]},
    ]
    assert _asked(provider, "messages", body)["type"] == "message"
    spoil(answer["content"])
    assert _asked(provider, "messages", body)["type"] == "error"


def test_a_chain_remembers_its_calls(provider: StrictUpstream) -> None:
    """Going on from a response with a call means bringing the output."""
    provider.reset()
    provider.play(said(Call("look")), said("Good."))
    body = {**_good()["responses"], "store": True}
    answer = _asked(provider, "responses", body)
    call_id = answer["output"][0]["call_id"]
    more = [{"role": "user", "content": "Well?"}]
    body = {**body, "previous_response_id": answer["id"], "input": more}
    assert "No tool output" in _asked(provider, "responses", body)["error"]["message"]
    output = _block("function_call_output", call_id=call_id, output="x")
    body["input"] = [output, *more]
    assert _asked(provider, "responses", body)["status"] == "completed"
