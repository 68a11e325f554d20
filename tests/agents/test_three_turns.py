"""Agents of every make hold a conversation of three turns as if nothing were hidden."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage
from three_turns import (
    ANSWERS,
    LOG,
    MAKERS,
    MODES,
    SERVERS,
    Seam,
    Talk,
    Way,
    held,
    prefix_of,
    seen,
    ticket,
)

PLACES: list[tuple[str, Seam]] = [
    *((maker, "wrapped") for maker in MAKERS),
    ("create_agent", "middleware"),
    ("deepagents", "middleware"),
]


def cases(waits: Way, awaits: Way) -> list[Any]:
    """Every place with every client, half of them synchronous."""
    found = []
    for odd, (maker, seam) in enumerate(PLACES):
        for number, client in enumerate(sorted(SERVERS)):
            way = awaits if (number + odd) % 2 else waits
            case = (maker, seam, client, way)
            found.append(pytest.param(case, id="-".join(case)))
    return found


INVOKED = cases("invoke", "ainvoke")
STREAMED = cases("stream", "astream")


@pytest.fixture(scope="module", params=[*INVOKED, *STREAMED])
async def talk(request: pytest.FixtureRequest) -> Talk:
    """The conversation, held once for all tests."""
    maker, seam, client, way = request.param
    return await held(maker, seam, client, way)


@pytest.fixture(scope="module")
async def bare() -> dict[tuple[str, str], Talk]:
    """The same conversations on the bare models."""
    return {
        (maker, client): await held(maker, "bare", client, "invoke")
        for maker in MAKERS
        for client in SERVERS
    }


def test_every_answer_is_right(talk: Talk) -> None:
    """What stood in hidden lines is answered in each turn, also two turns later."""
    assert [said.text.removeprefix("I look.\n\n") for said in talk.ends] == [*ANSWERS]


def test_each_request_extends_the_one_before(talk: Talk) -> None:
    """Over all turns the provider's cached prefix holds, byte for byte."""
    assert len(talk.sent) == 7
    for before, after in pairwise(talk.sent):
        assert prefix_of(before, after)


def test_originals_travel_only_when_asked_for(talk: Talk) -> None:
    """A line that was asked for arrives with the answer to its retrieval."""
    for answer, job in ((2, 417), (4, 133), (6, 288)):
        bodies = [json.dumps(body) for body in talk.sent]
        assert [ticket(job) in body for body in bodies].index(True) == answer
        assert bodies[answer].count(ticket(job)) == 1


def test_the_state_is_that_of_the_bare_model(
    talk: Talk, bare: dict[tuple[str, str], Talk]
) -> None:
    """State holds originals and visible messages, the ones without this package."""
    other = bare[talk.maker, talk.client]
    assert talk.visible == other.visible
    assert [m.content for m in talk.state if m.type == "tool"] == [
        LOG,
        "owner of job 133: ann",
    ]
    assert "headroom" not in seen(talk.state)


def test_every_token_is_counted_once(talk: Talk) -> None:
    """The usage in the state is that of all requests, hidden rounds included."""
    spent = [getattr(message, "usage_metadata", None) for message in talk.state]
    total = sum(usage["total_tokens"] for usage in spent if usage)
    assert total == 15 * len(talk.sent)


@pytest.mark.parametrize("talk", STREAMED, indirect=True)
def test_no_stream_mode_shows_what_is_hidden(talk: Talk) -> None:
    """Neither call nor answer nor marker is in any event of any mode."""
    modes = Counter(mode for _, mode, _ in talk.events)
    assert set(modes) == set(MODES)
    for _, _, event in talk.events:
        assert "headroom" not in seen(event)


@pytest.mark.parametrize("talk", STREAMED, indirect=True)
def test_no_graph_shows_inside_the_agent(talk: Talk) -> None:
    """The loop of retrievals is no subgraph of the agent."""
    assert {namespace for namespace, _, _ in talk.events} == {()}


@pytest.mark.parametrize("talk", STREAMED, indirect=True)
def test_tokens_come_once_under_one_id(talk: Talk) -> None:
    """The chunks of a message are its text, under the id that the state has."""
    chunks: dict[str | None, list[AIMessageChunk]] = defaultdict(list)
    for _, mode, event in talk.events:
        if mode == "messages" and isinstance(event[0], AIMessageChunk):
            chunks[event[0].id].append(event[0])
    kept: dict[str | None, BaseMessage] = {
        message.id: message for message in talk.state if message.type == "ai"
    }
    assert list(chunks) == list(kept)
    for key, message in kept.items():
        assert "".join(chunk.text for chunk in chunks[key]) == message.text
        assert [c.chunk_position for c in chunks[key]].count("last") == 1
