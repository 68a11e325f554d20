"""The clients of providers, wrapped, show what they show of a visible tool."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import graphs
import pytest
import surfaces
import wire_clients
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from plays import BIG, SCENARIOS, SMALL, WELL_FORMED, Scenario, history

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import Turn
from headroom_langchain.testing.marker import RETRIEVE
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
    Usage,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*is in beta", "ignore:The v3 streaming protocol"
)

SURFACES: dict[str, surfaces.Surface] = {
    "invoke": surfaces.SURFACES["invoke"],
    "ainvoke": surfaces.SURFACES["ainvoke"],
    "stream": surfaces.SURFACES["stream"],
    "astream": surfaces.SURFACES["astream"],
    "async events v3": surfaces.SURFACES["async events v3"],
    "nested astream, subgraphs": graphs.SURFACES["nested astream, subgraphs"],
    "agent messages v3": graphs.SURFACES["agent messages v3"],
    "middleware astream": graphs.SURFACES["middleware astream"],
}

CLIENTS: dict[str, tuple[type[FakeServer], Callable[[str], BaseChatModel]]] = {
    "chat": (FakeOpenAI, partial(wire_clients.chat, stream_usage=True)),
    "responses": (FakeOpenAI, wire_clients.responses),
    "anthropic": (FakeAnthropic, wire_clients.anthropic),
}


def reply(turn: Turn) -> Reply:
    """Return a turn in the words of the fake servers."""
    usage = turn.usage
    assert usage is not None
    return Reply(
        text=turn.text,
        thinking=turn.reasoning,
        tool_calls=tuple(
            ToolUse(name=call.name, args=call.args, id=call.id)
            for call in turn.tool_calls
        ),
        usage=Usage(
            input=usage["input_tokens"],
            output=usage["output_tokens"],
            cached=usage["input_token_details"]["cache_read"],
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider that says what it is told to, and a client of it."""

    client: BaseChatModel
    server: FakeServer
    said: deque[Reply]


@pytest.fixture(scope="module", params=sorted(CLIENTS))
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """Each provider in turn, with nothing to say yet."""
    server_class, make = CLIENTS[request.param]
    said: deque[Reply] = deque()
    with server_class(lambda query: said.popleft()) as server:
        yield Provider(client=make(server.url), server=server, said=said)


@pytest.mark.parametrize("scenario", WELL_FORMED)
@pytest.mark.parametrize("surface", SURFACES)
async def test_a_wrapped_client_shows_what_the_bare_one_shows(
    surface: str, scenario: str, provider: Provider
) -> None:
    """Answer, cost, stream and events are those of a model that knew it all."""
    play, bare = SCENARIOS[scenario], provider.client
    provider.said.extend(reply(turn) for turn in play.turns)
    seen = await SURFACES[surface](HeadroomChatModel(bare), history(BIG), {})
    assert not provider.said
    provider.said.append(reply(play.whole))
    twin = await SURFACES[surface](bare, history(BIG), {})
    (answer,), (like,) = seen.answers, twin.answers
    assert answer.text == play.text
    assert called(answer) == called(like)
    assert answer.response_metadata.keys() == like.response_metadata.keys()
    assert answer.usage_metadata == like.usage_metadata
    for key in COUNTS:
        assert answer.response_metadata.get(key) == like.response_metadata.get(key)
    assert seen.counted == twin.counted
    assert seen.runs == 1
    assert seen.steps == twin.steps
    assert seen.closings == twin.closings
    assert "".join(seen.pieces) == "".join(twin.pieces)
    if twin.pieces:
        # Without a stream, Anthropic's client gives blocks for a round with a call
        # and a text for one without, and joined they are blocks.
        assert type(answer.content) is type(like.content)
        # The last chunk of a bare model may have the id of its run.
        ids = {answer.id}
        assert seen.ids == ids if play.hides else seen.ids >= ids
    for event in seen.events:
        assert RETRIEVE not in event
        assert "secret_" not in event


@pytest.mark.parametrize("scenario", WELL_FORMED)
@pytest.mark.parametrize("surface", ["invoke", "ainvoke", "stream", "astream"])
async def test_a_provider_is_sent_what_it_would_be_sent_by_hand(
    surface: str, scenario: str, provider: Provider
) -> None:
    """With nothing to compress, bodies and the last metadata are those of the loop."""
    play, bare = SCENARIOS[scenario], provider.client
    provider.said.extend([reply(turn) for turn in play.turns] * 2)
    before = len(provider.server.requests)
    seen = await SURFACES[surface](HeadroomChatModel(bare), history(SMALL), {})
    rounds = play.by_hand(bare, history(SMALL), stream=bool(seen.pieces))
    assert not provider.said
    sent = [blanked(q.received.body) for q in provider.server.requests[before:]]
    mine, by_hand = sent[: len(rounds)], sent[len(rounds) :]
    if play.cut_short:
        # Told that it must answer, which the loop by hand does not.
        assert mine[-1].pop("tool_choice") in ("none", {"type": "none"})
    assert mine == by_hand
    assert ending(seen.answers[0], play) == ending(rounds[-1], play)


def called(message: AIMessage) -> list[tuple[str, Any]]:
    """Return the calls of a message; providers make up their ids."""
    return [(call["name"], call["args"]) for call in message.tool_calls]


def ending(message: AIMessage, play: Scenario) -> dict[str, Any]:
    """Return what a provider said of its last round alone."""
    made_up = {"id", "created_at", *COUNTS}
    if play.cut_short:
        # The last round still asked, which is not said of the answer.
        made_up |= {"finish_reason", "stop_reason"}
    said = message.response_metadata.items()
    return {key: value for key, value in said if key not in made_up}


def blanked(value: Any) -> Any:
    """Return a request without tool results, and without ids that are counted."""
    if isinstance(value, list):
        return [blanked(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    left_out: set[str] = set()
    if value.get("role") == "tool" or value.get("type") in _RESULTS:
        left_out = {"content", "output", "is_error"}
    elif value.get("type") in _ITEMS:
        left_out = {"id"}
    return {key: blanked(inner) for key, inner in value.items() if key not in left_out}


COUNTS = ("token_usage", "usage")
"""Where clients leave the provider's own counts."""

_RESULTS = ("function_call_output", "tool_result")
_ITEMS = ("message", "reasoning", "function_call")
