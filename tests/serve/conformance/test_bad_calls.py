"""Calls of the hidden tool that cannot be answered as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from upstreams import Call, Got, StrictUpstream, Turn
from upstreams.script import said
from upstreams.server import UNKNOWN_HASH

from conformance.house import House
from conformance.speaking import SCHEMA, How, Result, Speaker, rows, secret
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME

BAD = {
    "unknown": json.dumps({"hash": UNKNOWN_HASH}),
    "misshapen": json.dumps({"hash": "the first one, please"}),
    "none": "{}",
    "extra": json.dumps({"hash": UNKNOWN_HASH, "colour": "red"}),
    "no JSON": '{"hash": ',
    "empty": "",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_call_is_answered(
    upstream: StrictUpstream, speaker: Speaker, how: How, bad: str
) -> None:
    """Whatever a model writes, it is told what is wrong, and goes on."""
    call = Call(RETRIEVE_TOOL_NAME, BAD[bad])
    upstream.play(said("Hm. ", call), said("Done."))
    heard = speaker.ask(speaker.begin(Result()), how)
    assert (heard.text, heard.calls, heard.stop) == ("Hm. Done.", (), "end")
    assert secret() not in upstream.got[1].seen[-1]


def test_a_call_without_a_hash(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """Where there is only one original, it is clear which one is meant."""
    call = Call(RETRIEVE_TOOL_NAME, {"query": "host-44"})
    upstream.play(said("Hm. ", call), said("Done."))
    assert client.ask(client.begin(Result()), how).text == "Hm. Done."
    assert secret() in upstream.got[1].seen[-1]


def test_a_call_that_was_cut_off(
    upstream: StrictUpstream, speaker: Speaker, how: How
) -> None:
    """A call whose arguments the token limit cut off is asked for again."""
    cut = Call(RETRIEVE_TOOL_NAME, '{"hash": "0123')
    upstream.play(said("Hm. ", cut, stop="length"), said("Done."))
    heard = speaker.ask(speaker.begin(Result()), how)
    assert heard.text.startswith("Hm. ")
    assert heard.calls == ()
    assert heard.stop in ("end", "length")


def test_calls_of_which_one_is_bad(
    upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """A bad call does not keep a good one from its answer."""

    def both(got: Got) -> Turn:
        good = Call(RETRIEVE_TOOL_NAME, {"hash": got.keys[-1], "query": "host-44"})
        return said(Call(RETRIEVE_TOOL_NAME, {"hash": UNKNOWN_HASH}), good)

    upstream.play(both, said("Done."))
    assert client.ask(client.begin(Result()), how).text == "Done."
    assert any(secret() in text for text in upstream.got[1].seen[-4:])


def _own_tool(client: Speaker) -> dict[str, Any]:
    if client.path == "messages":
        return {"name": RETRIEVE_TOOL_NAME, "input_schema": SCHEMA}
    function = {"name": RETRIEVE_TOOL_NAME, "parameters": SCHEMA}
    if client.path == "chat":
        return {"type": "function", "function": function}
    return {"type": "function", "strict": False, **function}


def test_a_tool_of_that_name_of_the_client(
    house: House, upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """A client that has the tool itself is left alone: it sees its calls."""
    house.own_tool = True
    asked = client.begin(Result())
    asked["tools"] = [*asked["tools"], _own_tool(client)]
    call = Call(RETRIEVE_TOOL_NAME, {"at": "x"})
    upstream.play(said("Mine: ", call), said("Done."))
    heard = client.ask(asked, how)
    assert [one[1:] for one in heard.calls] == [(RETRIEVE_TOOL_NAME, {"at": "x"})]
    assert rows() in upstream.got[0].seen
    results = {heard.calls[0][0]: "a result"}
    last = client.ask(client.go_on(asked, heard, results=results), how)
    assert last.text == "Done."


def test_several_choices(house: House, upstream: StrictUpstream, how: How) -> None:
    """Where several answers are wanted at once, nothing is cut away."""
    client = house.speaker("chat")
    asked = client.begin(Result(), n=2)
    upstream.play(said("Either."))
    assert client.ask(asked, how).text == "Either."
    assert rows() in upstream.got[0].seen
    assert RETRIEVE_TOOL_NAME not in upstream.got[0].body.decode()


def test_a_tool_choice_that_forbids(
    house: House, upstream: StrictUpstream, client: Speaker, how: How
) -> None:
    """A request that allows no tool is valid, and its answer is passed on."""
    none: Any = {"type": "none"} if client.path == "messages" else "none"
    upstream.play(said("Done."))
    heard = client.ask(client.begin(Result(), tool_choice=none), how)
    assert heard.text == "Done."
