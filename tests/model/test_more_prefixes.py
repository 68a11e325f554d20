"""What Gemini, Bedrock and Ollama receive, one request after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from more_providers import (
    ALL,
    CASES,
    HIDDEN,
    OWN,
    WAYS,
    converse,
    history,
    search,
)

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing.servers import FakeBedrock, Query, Reply

SIGNATURES = ["c2lnMA==", "c2lnMQ==", "c2lnMg==", "c2lnMw==", "c2lnNA=="]
SCRIPT = [
    Reply(text="Let me look.", thinking="Thought 0", tool_calls=(HIDDEN,)),
    Reply(text="The disk is full.", thinking="Thought 1"),
    Reply(text="Both.", thinking="Thought 2", tool_calls=(OWN, HIDDEN)),
    Reply(text="Once more.", thinking="Thought 3", tool_calls=(HIDDEN,)),
    Reply(text="The disk is still full.", thinking="Thought 4"),
]
SIGNED = [
    replace(reply, signature=signature)
    for reply, signature in zip(SCRIPT, SIGNATURES, strict=True)
]


async def conversation(client: str, way: str, script: Sequence[Reply]) -> list[Query]:
    """Ask, ask again, run the tool that was called; return the requests."""
    known, heard = ALL[client], WAYS[way]
    with known.server(script) as server:
        model = HeadroomChatModel(known.make(server.url)).bind_tools([search])
        messages = history()
        first = (await heard(model, messages)).answer
        assert first.text == "Let me look.\n\nThe disk is full."
        messages += [first, HumanMessage("Look again.")]
        mixed = (await heard(model, messages)).answer
        (own,) = mixed.tool_calls
        messages += [mixed, ToolMessage("found", tool_call_id=own["id"])]
        last = (await heard(model, messages)).answer
        assert last.text == "Once more.\n\nThe disk is still full."
    assert len(server.requests) == 5
    return server.requests


@pytest.mark.parametrize(("client", "way"), CASES)
@pytest.mark.parametrize("order", ["own first", "hidden first"])
async def test_each_request_extends_the_one_before(
    client: str, way: str, order: str
) -> None:
    """Over pure and mixed turns the conversation only grows, and the tools stay."""
    script = list(SIGNED)
    if order == "hidden first":
        script[2] = replace(script[2], tool_calls=(HIDDEN, OWN))
    requests = await conversation(client, way, script)
    key = ALL[client].messages
    for before, after in pairwise(query.received.body for query in requests):
        assert after[key][: len(before[key])] == before[key]
        assert {**after, key: None} == {**before, key: None}
    for query in requests:
        assert b'"headroom"' not in query.received.raw
    last = requests[-1]
    results = [(said.tool, said.text) for said in last.said if said.role == "tool"]
    assert ("search", "found") in results
    answered = [text for tool, text in results if tool == "headroom_retrieve"]
    assert len(answered) == 3
    assert all("ERROR disk full on web-7 300" in text for text in answered)


@pytest.mark.parametrize(("client", "way"), CASES)
async def test_thoughts_come_back_as_they_were(client: str, way: str) -> None:
    """Each thought goes back with its round, and with the signature it came with."""
    requests = await conversation(client, way, SIGNED)
    last = requests[-1].received
    thoughts = [f"Thought {number}".encode() for number in range(4)]
    assert [last.raw.count(thought) for thought in thoughts] == [1] * 4
    if client.startswith("ollama"):  # it signs nothing
        return
    signatures = [signature.encode() for signature in SIGNATURES[:4]]
    assert [last.raw.count(signature) for signature in signatures] == [1] * 4
    places = [last.raw.index(signature) for signature in signatures]
    assert places == sorted(places)


@pytest.mark.parametrize("way", sorted(WAYS))
async def test_thoughts_of_another_maker_stay_behind(way: str) -> None:
    """A replayed round names its model, so that a switch leaves its thoughts out."""
    with FakeBedrock([*SIGNED[:2], "Yes."]) as server:
        model: Any = HeadroomChatModel(converse(server.url)).bind_tools([search])
        messages = history()
        messages += [(await WAYS[way](model, messages)).answer, HumanMessage("Sure?")]
        other = converse(server.url, "mistral.mistral-large-2407-v1:0")
        await WAYS[way](HeadroomChatModel(other).bind_tools([search]), messages)
    assert b"Thought" in server.requests[1].received.raw
    assert b"Thought" not in server.requests[2].received.raw
    assert b"The disk is full." in server.requests[2].received.raw
