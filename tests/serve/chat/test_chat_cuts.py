"""However a round is cut, the client sees the answer without the hidden calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chat_turns import (
    DONE,
    HASH,
    Client,
    answer,
    called,
    chunk,
    chunks,
    role,
    usage_chunk,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.joining import separated
from headroom_langchain.serve.wire.body import Json

CLIENT = Client()
NAMES = st.sampled_from(
    ["search", "head", "headroom_retrieve_all", "headroom_retrieva", "h", "x"]
)


@dataclass(frozen=True)
class Call:
    """A call, and where its name and its arguments are cut."""

    name: str
    arguments: str
    cuts: tuple[int, ...]
    apart: bool
    """Whether the id comes in a piece of its own."""

    def pieces(self, index: int, call: str) -> list[Json]:
        """Return its pieces in order."""
        if not self.cuts:
            return [called(self.name, self.arguments, index=index, call=call)]
        found: list[Json] = []
        for part, name in ((self.name, True), (self.arguments, False)):
            ends = sorted({min(cut, len(part)) for cut in self.cuts} | {len(part)})
            for start, end in zip([0, *ends], ends, strict=False):
                piece = part[start:end]
                found.append(
                    called(
                        piece if name else None, None if name else piece, index=index
                    )
                )
        if self.apart:
            return [called(index=index, call=call), *found]
        return [{**found[0], "id": call, "type": "function"}, *found[1:]]


CUTS = st.lists(st.integers(1, 20), max_size=3).map(tuple)
HIDDEN = st.builds(
    Call,
    name=st.just(RETRIEVE_TOOL_NAME),
    arguments=st.just(json.dumps({"hash": HASH, "query": "a\u00e9\u2028 b"})),
    cuts=CUTS,
    apart=st.booleans(),
)
SHOWN = st.builds(
    Call,
    name=NAMES,
    arguments=st.sampled_from(["{}", '{"q": "headroom_retrieve"}', ""]),
    cuts=CUTS,
    apart=st.booleans(),
)
TEXTS = st.lists(st.text(max_size=4), max_size=3)


@st.composite
def mixed(draw: st.DrawFn, calls: st.SearchStrategy[Call]) -> tuple[list[Any], ...]:
    """Draw calls, and their pieces mixed with each other and with texts."""
    made = draw(st.lists(calls, min_size=1, max_size=4))
    waiting = [call.pieces(n, f"call_{n}") for n, call in enumerate(made)]
    order: list[Json] = []
    begun = 0
    while any(waiting):
        # A call begins once the one before it has begun.
        able = [n for n, left in enumerate(waiting) if left and n <= begun]
        chosen = draw(st.sampled_from(able))
        begun = max(begun, chosen + 1)
        order.append({"tool_calls": [waiting[chosen].pop(0)]})
        if draw(st.integers(0, 3)) == 0:
            order.append({"content": draw(st.text(max_size=3))})
    return made, order


def of_client(calls: list[Call]) -> list[Json]:
    """Return the calls that the client sees, as a message has them."""
    shown = [(n, one) for n, one in enumerate(calls) if one.name != RETRIEVE_TOOL_NAME]
    return [
        called(one.name, one.arguments, index=at, call=f"call_{n}")
        for at, (n, one) in enumerate(shown)
    ]


def apart(before: str, deltas: list[Json]) -> list[Json]:
    """Return the texts of a round so that they do not run into those before."""
    at = next((n for n, one in enumerate(deltas) if one["content"]), None)
    if at is None:
        return deltas
    text = separated(before, deltas[at]["content"])
    return [*deltas[:at], {"content": text}, *deltas[at + 1 :]]


@given(TEXTS, mixed(HIDDEN), TEXTS, mixed(st.one_of(HIDDEN, SHOWN)), st.booleans())
@settings(deadline=None, max_examples=60)
def test_the_sdk_reads_the_answer_without_hidden_calls(
    before: list[str],
    asked: tuple[list[Call], list[Json]],
    between: list[str],
    last: tuple[list[Call], list[Json]],
    packed: bool,  # noqa: FBT001 - drawn
) -> None:
    """The SDK makes of all rounds what it makes of one without the hidden calls."""
    spoken = [{"content": text} for text in before], [{"content": t} for t in between]
    shown = of_client(last[0])
    finish = "tool_calls" if shown else "stop"
    rounds = [
        chunks(*spoken[0], *asked[1], finish="tool_calls"),
        chunks(*spoken[1], *last[1], finish="tool_calls", id_="b"),
    ]
    if packed:
        rounds = [[b"".join(one)] for one in rounds]
    turn = answer(rounds)

    first = [one for one in (*spoken[0], *asked[1]) if "content" in one]
    second = [one for one in (*spoken[1], *last[1]) if "content" in one]
    texts = [*first, *apart("".join(one["content"] for one in first), second)]
    total = {
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    plain = [
        role(),
        *map(chunk, texts),
        *(chunk({"tool_calls": [one]}) for one in shown),
        chunk(finish=finish),
        usage_chunk(usage=total),
        DONE,
    ]
    assert CLIENT.read(turn.sent) == CLIENT.read(b"".join(plain))
    hidden = [call.id for one in turn.rounds for call in one.calls]
    assert len(hidden) == len(asked[0]) + len(last[0]) - len(shown)
    assert turn.rounds[-1].others is bool(shown)
    arguments = [call.arguments for one in turn.rounds for call in one.calls]
    assert all(one == {"hash": HASH, "query": "aé\u2028 b"} for one in arguments)


@given(mixed(st.one_of(HIDDEN, SHOWN)))
@settings(deadline=None, max_examples=40)
def test_the_next_request_repeats_all_calls(
    last: tuple[list[Call], list[Json]],
) -> None:
    """What is repeated to the model are all calls in their order, put together."""
    turn = answer([chunks(*last[1], finish="tool_calls")])
    (message,) = turn.rounds[0].content
    written = [(one["id"], one["function"]["name"]) for one in message["tool_calls"]]
    assert written == [(f"call_{n}", one.name) for n, one in enumerate(last[0])]
