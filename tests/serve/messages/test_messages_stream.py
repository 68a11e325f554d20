"""The stream that a client of Messages sees."""

from __future__ import annotations

import json
from itertools import chain, zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_rounds import (
    CALLS,
    CITED,
    FOUND,
    HIDDEN,
    REPEATED,
    SDK,
    VISIBLE,
    Json,
    block_events,
    events,
    frames,
    message,
    stream,
    taken,
    text,
    thinking,
)

from headroom_langchain.serve.dialects.messages import MESSAGES
from headroom_langchain.serve.wire.frames import Frames, event

blocks = st.lists(st.sampled_from([*VISIBLE, *HIDDEN]), max_size=5)
last_blocks = st.lists(st.sampled_from([*VISIBLE, *CALLS, *HIDDEN]), max_size=5)


def without_usage(answer: Json) -> Json:
    return {key: value for key, value in answer.items() if key != "usage"}


def seen_directly(answer: Json) -> Json:
    return SDK.read(b"".join(events(answer)))


@settings(deadline=None, max_examples=60)
@given(st.lists(blocks, max_size=3), last_blocks, st.integers(1, 40))
def test_a_client_sees_one_answer_without_the_hidden_calls(
    before: list[list[Json]], last: list[Json], piece: int
) -> None:
    """What the client reads is one answer that never had the hidden calls."""
    rounds = [
        message(*said, number=number, stop="tool_use")
        for number, said in enumerate(before, 1)
    ]
    rounds.append(message(*last, number=len(rounds) + 1))
    streamed, sent = stream(), b""
    for number, answer in enumerate(rounds):
        if number:
            streamed.proceed()
        sent += taken(streamed, events(answer, piece))
    sent += streamed.finish()
    assert b"headroom_retrieve" not in sent
    kinds = [frame.event for frame in frames(sent)]
    assert kinds.count("message_start") == kinds.count("message_stop") == 1
    shown = [one for said in (*before, last) for one in said if one not in HIDDEN]
    called = any(one in CALLS for one in last)
    whole = message(*shown, stop="tool_use" if called else "end_turn")
    assert without_usage(SDK.read(sent)) == without_usage(seen_directly(whole))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([*VISIBLE, *HIDDEN]), min_size=2, max_size=4), st.data()
)
def test_interleaved_blocks_are_told_apart(
    said: list[Json], data: st.DataObject
) -> None:
    """Events of several open blocks may alternate, hidden ones among them."""
    written = [block_events(index, one) for index, one in enumerate(said)]
    opened, rest = [one[0] for one in written], [one[1:] for one in written]
    rest = data.draw(st.permutations(rest))
    mixed = [one for one in chain(*zip_longest(*rest)) if one is not None]
    start, *_, delta, stop = events(message(*said, stop="end_turn"))
    streamed = stream()
    sent = taken(streamed, [start, *opened, *mixed, delta, stop]) + streamed.finish()
    shown = message(*(one for one in said if one not in HIDDEN), stop="end_turn")
    assert SDK.read(sent) == seen_directly(shown)
    assert list(streamed.round().content) == [
        REPEATED if one is CITED else one for one in said
    ]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_an_answer_with_nothing_hidden_keeps_its_bytes(newline: bytes) -> None:
    """All bytes of a lone round go out as they came, its end when it is asked for."""
    written = [
        *events(message(thinking("hm"), *VISIBLE, CALLS[0])),
        b": comment\n\n",
    ]
    written.insert(1, event("ping", {"type": "ping"}))
    plain = b"".join(written[:-1]).replace(b"\n", newline)
    streamed, framed = stream(), Frames()
    sent = b"".join(
        streamed.take(frame)
        for at in range(0, len(plain), 7)
        for frame in framed.feed(plain[at : at + 7])
    )
    sent += b"".join(streamed.take(frame) for frame in framed.feed(b"\n\n"))
    assert sent + streamed.finish() == plain


def test_only_the_hidden_call_and_the_end_are_held() -> None:
    """Every other event goes out with the very call that took it in."""
    said = [thinking("hm"), text("Let me see"), HIDDEN[0], text("so")]
    streamed = stream()
    held = [
        json.loads(frame.data)
        for frame in frames(b"".join(events(message(*said))))
        if not streamed.take(frame)
    ]
    kinds = [one["type"] for one in held if one.get("index") != 2]
    assert kinds == ["message_delta", "message_stop"]
    assert sum(one.get("index") == 2 for one in held) == len(block_events(2, HIDDEN[0]))


def test_unknown_events_and_blocks_pass() -> None:
    """What this package does not know goes out as it came, renumbered if need be."""
    unknown = event("brand_new", {"type": "brand_new", "deep": [1]})
    block = {"type": "brand_new_block", "x": 1}
    start = event(
        "content_block_start",
        {"type": "content_block_start", "index": 1, "content_block": block},
    )
    strange = event(
        "content_block_delta",
        {"type": "content_block_delta", "index": 1, "delta": {"type": "d", "y": 2}},
    )
    streamed = stream()
    taken(streamed, [events(message())[0], *block_events(0, HIDDEN[0])])
    assert taken(streamed, [unknown]) == unknown
    moved = taken(streamed, [start, strange])
    assert moved == (start + strange).replace(b'"index":1', b'"index":0')
    assert streamed.round().content[1] == {**block, "y": 2}


def test_pings_pass_but_not_before_the_start() -> None:
    """A client gets no event before the start of its message."""
    ping = event("ping", {"type": "ping"})
    streamed = stream()
    assert taken(streamed, [ping]) == b""
    taken(streamed, events(message(HIDDEN[0])))
    streamed.proceed()
    assert taken(streamed, [ping]) == ping
    assert MESSAGES.heartbeat == ping


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from("type id name text input citations usage delta".split()),
            inner,
        )
    ),
    max_leaves=5,
)
_strange = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                json.loads(frame.data)["type"]
                for frame in frames(b"".join(events(message(CITED))))
            ]
        )
        | _json
    },
    optional={
        "index": st.integers(0, 1) | _json,
        "message": _json,
        "content_block": st.sampled_from([CITED, HIDDEN[0], FOUND]) | _json,
        "delta": st.sampled_from([{"type": "text_delta", "text": "x"}, {"type": "y"}])
        | _json,
        "usage": _json,
    },
)


@settings(deadline=None, max_examples=80)
@given(st.lists(_strange, max_size=8))
def test_whatever_an_upstream_writes_is_taken_in(written: list[Json]) -> None:
    """No event makes the server fail, and the rounds behind it still end."""
    streamed = stream()
    taken(streamed, [event("x", one) for one in written])
    spoken = streamed.round()
    assert all(isinstance(one, dict) for one in spoken.content)
    streamed.proceed()
    taken(streamed, events(message(text("Hi"))))
    assert b"message_stop" in streamed.finish("End")
