"""Bodies of wrong types at every level: passed on, and never with another meaning."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom_langchain import CompressionPolicy, InMemoryCCRStore
from headroom_langchain.serve.dialects.chat import CHAT
from headroom_langchain.serve.dialects.dialect import Dialect
from headroom_langchain.serve.dialects.messages import MESSAGES
from headroom_langchain.serve.dialects.responses import RESPONSES
from headroom_langchain.serve.turn.preparing import Rules, prepare
from headroom_langchain.serve.wire.problems import Problem

_LOG: Final = "\n".join(
    f"12:{i % 60:02} INFO worker {i} did {i * 7919}" for i in range(300)
)
_CALL: Final = {
    "id": "c",
    "type": "function",
    "function": {"name": "f", "arguments": "{}"},
}
_BODIES: Final[Mapping[str, tuple[Dialect, dict[str, Any]]]] = {
    "messages": (
        MESSAGES,
        {
            "model": "m",
            "stream": True,
            "system": [{"type": "text", "text": "s", "cache_control": {"type": "x"}}],
            "tools": [{"name": "f", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "auto"},
            "messages": [
                {"role": "user", "content": "q"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "t", "signature": "s"},
                        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "c", "content": _LOG},
                        {
                            "type": "tool_result",
                            "tool_use_id": "c",
                            "content": [{"type": "text", "text": _LOG}],
                            "is_error": False,
                        },
                    ],
                },
            ],
        },
    ),
    "chat": (
        CHAT,
        {
            "model": "m",
            "stream": True,
            "stream_options": {"include_usage": True},
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "tool_choice": "auto",
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": [{"type": "text", "text": "q"}]},
                {"role": "assistant", "content": None, "tool_calls": [_CALL]},
                {"role": "tool", "tool_call_id": "c", "content": _LOG},
                {
                    "role": "tool",
                    "tool_call_id": "c",
                    "content": [{"type": "text", "text": _LOG}],
                },
            ],
        },
    ),
    "responses": (
        RESPONSES,
        {
            "model": "m",
            "stream": True,
            "store": False,
            "previous_response_id": None,
            "tools": [{"type": "function", "name": "f", "parameters": {}}],
            "tool_choice": "auto",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "q"}]},
                {
                    "type": "reasoning",
                    "id": "r",
                    "summary": [],
                    "encrypted_content": "e",
                },
                {
                    "type": "function_call",
                    "call_id": "c",
                    "name": "f",
                    "arguments": "{}",
                },
                {"type": "function_call_output", "call_id": "c", "output": _LOG},
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": [{"type": "input_text", "text": _LOG}],
                },
            ],
        },
    ),
}

_JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "tool", "user", "text", "tool_result", _LOG, "\ud800"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "role", "content", "text", "id", "name", "output"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in inside:
        yield (*path, step)
        if isinstance(inner, dict | list):
            yield from _places(inner, (*path, step))


@st.composite
def _spoilt(draw: st.DrawFn, body: dict[str, Any]) -> bytes:
    """A body in which some values are others, or are not there."""
    body = deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(body))
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        container = body
        for step in way:
            container = container[step]
        if draw(st.integers(0, 3)):
            container[last] = draw(_JSON)
        else:
            del container[last]
    return json.dumps(body, indent=draw(st.sampled_from([None, 1]))).encode()


def _same(given: Any, sent: Any, path: tuple[Any, ...] = ()) -> None:
    """Check that a body differs in the texts of tools at most, and in one more tool."""
    if not path and sent.get("tools") != given.get("tools"):
        # A client that has no tools says so in several ways.
        *tools, offered = sent["tools"]
        assert "headroom_retrieve" in json.dumps(offered)
        assert tools == (given.get("tools") or [])
        given, sent = ({**one, "tools": 0} for one in (given, sent))
    if isinstance(given, str) and isinstance(sent, str) and given != sent:
        assert path[0] in ("messages", "input")
        assert path[-1] in ("content", "text", "output")
        assert len(sent) < len(given)
        return
    assert type(given) is type(sent)
    if isinstance(given, dict):
        assert list(given) == list(sent)
        for key, inner in given.items():
            _same(inner, sent[key], (*path, key))
    elif isinstance(given, list):
        assert len(given) == len(sent)
        for index, inner in enumerate(given):
            _same(inner, sent[index], (*path, index))
    else:
        assert given == sent


async def _tried(raw: bytes, dialect: Dialect, rules: Rules) -> bytes:
    prepared = await prepare(raw, dialect, rules, "tenant")
    if prepared is None:
        return raw
    error = prepared.request.streamed().error(Problem(status=502, message="broke"))
    assert b"broke" in error
    return prepared.body


@pytest.mark.parametrize("name", _BODIES)
def test_a_spoilt_body(name: str) -> None:
    """Reading it never fails, and what goes on says the same."""
    dialect, body = _BODIES[name]
    rules = Rules(policy=CompressionPolicy(), store=InMemoryCCRStore())

    @settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
    @given(_spoilt(body))
    def check(raw: bytes) -> None:
        sent = asyncio.run(_tried(raw, dialect, rules))
        if sent != raw:
            _same(json.loads(raw), json.loads(sent))

    check()


@pytest.mark.parametrize("name", _BODIES)
def test_the_good_body(name: str) -> None:
    """It is one in which there is something to compress."""
    dialect, body = _BODIES[name]
    rules = Rules(policy=CompressionPolicy(), store=InMemoryCCRStore())
    raw = json.dumps(body).encode()
    sent = asyncio.run(_tried(raw, dialect, rules))
    assert len(sent) < len(raw)
    _same(body, json.loads(sent))


@given(
    raw=st.binary(max_size=200) | st.text(alphabet='{}[]":,\\u1e-.tf ').map(str.encode)
)
@settings(deadline=None, max_examples=100)
@pytest.mark.parametrize("name", _BODIES)
def test_any_bytes(name: str, raw: bytes) -> None:
    """What is no JSON object goes on as it is."""
    dialect, _ = _BODIES[name]
    rules = Rules(policy=CompressionPolicy(), store=InMemoryCCRStore())
    assert asyncio.run(_tried(raw, dialect, rules)) == raw
