from __future__ import annotations

import json
from typing import Any

import pytest
from scripted_responses import (
    LONG,
    SEARCH,
    SHORT,
    Provider,
    Through,
    call,
    hidden,
    message,
    output,
    thought,
    user,
)

from headroom_langchain.rules.policy import CompressionPolicy

Items = list[dict[str, Any]]

OWN = {key: value for key, value in call("0").items() if key != "id"}
ASKED: Items = [user("Why?"), OWN, output("0")]
LOOKED = [thought("rs_1"), hidden("h1"), hidden("h2")]
DONE = [thought("rs_2"), message("msg_2", "The disk is full.")]
MORE = [message("msg_3", "You are welcome.")]
BOTH = [thought("rs_1"), hidden("h1"), call("own")]
SEALED: dict[str, Any] = {"encrypted_content": "sealed"}

live_or_not = pytest.mark.parametrize("stream", [True, False])


def final(got: Any) -> dict[str, Any]:
    """Return the response that an answer ends with."""
    response: dict[str, Any] = got[-1]["response"] if isinstance(got, list) else got
    return response


def told(*names: str) -> Items:
    return [output(name, f"told call_{name}") for name in names]


@live_or_not
def test_a_round_goes_on_behind_the_one_before(*, stream: bool) -> None:
    """The provider keeps the round, so only what the model was told is sent."""
    provider = Provider([LOOKED, DONE])
    Through(provider).ask(input=ASKED, tools=[SEARCH], stream=stream)
    first, second = provider.got
    assert first["input"][2]["output"] == SHORT
    assert second["input"] == told("h1", "h2")
    assert second["previous_response_id"] == "resp_1"
    unsaid = {"input", "previous_response_id"}
    assert {k: v for k, v in second.items() if k not in unsaid} == {
        k: v for k, v in first.items() if k not in unsaid
    }


@live_or_not
def test_the_next_request_goes_on_behind_the_last_round(*, stream: bool) -> None:
    """The client knows the first id; the provider is told the last one."""
    provider = Provider([LOOKED, DONE, MORE, MORE])
    through = Through(provider)
    got = through.ask(input=ASKED, tools=[SEARCH], stream=stream)
    known = final(got)["id"]
    assert known == "resp_1"
    more = {"input": "Thanks!", "tools": [SEARCH], "previous_response_id": known}
    got = through.ask(**more, stream=stream)
    assert provider.got[-1]["previous_response_id"] == "resp_2"
    assert final(got)["previous_response_id"] == "resp_1"
    # What the first answer left out can still be asked for.
    names = [tool["name"] for tool in provider.got[-1]["tools"]]
    assert names == ["search", "headroom_retrieve"]
    through.ask(input="And?", tools=[SEARCH], previous_response_id=final(got)["id"])
    assert provider.got[-1]["previous_response_id"] == "resp_3"


@live_or_not
def test_results_of_a_mixed_turn_come_with_what_the_provider_is_owed(
    *, stream: bool
) -> None:
    """A hidden call beside the client's own is answered with the client's results."""
    provider = Provider([BOTH, DONE])
    through = Through(provider)
    got = through.ask(input=ASKED, tools=[SEARCH], stream=stream)
    assert [item["id"] for item in final(got)["output"]] == ["rs_1", "fc_own"]
    more = {"input": [output("own", "x")], "previous_response_id": "resp_1"}
    got = through.ask(**more, tools=[SEARCH], stream=stream)
    assert provider.got[-1]["input"] == [*told("h1"), output("own", "x")]
    assert final(got)["id"] == "resp_2"


def test_owed_outputs_come_before_words_too() -> None:
    """A text as input becomes a message behind what the provider is owed."""
    provider = Provider([[hidden("h0")], [hidden("h1")], MORE])
    through = Through(provider, CompressionPolicy(max_rounds=0))
    through.ask(input=ASKED, tools=[SEARCH])
    through.ask(input="Go on.", previous_response_id="resp_1", tools=[SEARCH])
    owed, said = provider.got[-1]["input"]
    assert owed["call_id"] == "call_h1"
    assert said == user("Go on.")


def test_a_request_that_cannot_retrieve_still_goes_on_behind_the_last_round() -> None:
    """Whatever a client demands, the provider gets the id that it can go on from."""
    provider = Provider([LOOKED, DONE, MORE])
    through = Through(provider)
    through.ask(input=ASKED, tools=[SEARCH])
    through.policy = CompressionPolicy(when_forced="original")
    more = {"tool_choice": "none", "previous_response_id": "resp_1"}
    through.ask(input=[user(LONG)], tools=[SEARCH], **more)
    assert provider.got[-1]["previous_response_id"] == "resp_2"
    assert provider.got[-1]["tools"] == [SEARCH]


def test_a_conversation_is_told_outputs_alone() -> None:
    """A conversation keeps its rounds itself, whatever they are answers to."""
    provider = Provider([LOOKED, BOTH, DONE], kept={"conv_1": []})
    through = Through(provider)
    body: Any = {"tools": [SEARCH], "conversation": "conv_1"}
    through.ask(input=ASKED, **body)
    assert provider.got[1]["input"] == told("h1", "h2")
    assert "previous_response_id" not in provider.got[1]


def test_what_a_conversation_is_owed_comes_with_the_next_request() -> None:
    """A hidden call in a conversation is answered once, with the client's results."""
    again = [hidden("h2"), call("other"), call("third")]
    provider = Provider([BOTH, again, DONE, MORE], kept={"conv_1": []})
    through = Through(provider)
    body: Any = {"tools": [SEARCH], "conversation": "conv_1"}
    through.ask(input=ASKED, **body)
    through.ask(input=[output("own", "x")], **body)
    results = [output("other", "y"), output("third", "z")]
    through.ask(input=results, **body)
    through.ask(input="Thanks!", **body)
    assert provider.got[1]["input"] == [*told("h1"), output("own", "x")]
    assert provider.got[2]["input"] == [*told("h2"), *results]
    assert provider.got[3]["input"] == "Thanks!"


@live_or_not
@pytest.mark.parametrize("given", ["items", "words"])
def test_what_is_not_stored_is_repeated(given: str, *, stream: bool) -> None:
    """With `store: false` the round and its answers stand behind the input."""
    look = [thought("rs_1", **SEALED), thought("rs_0"), *LOOKED[1:]]
    provider = Provider([look, DONE])
    through = Through(provider)
    if given == "words":
        # Nothing in it is compressed; originals are known from before.
        through.notes["response:resp_0"] = '{"keys":["abc"]}'
        provider.kept["resp_0"] = []
        first: Any = {"input": "Why?", "previous_response_id": "resp_0"}
    else:
        first = {"input": ASKED}
    through.ask(**first, tools=[SEARCH], store=False, stream=stream)
    before, after = provider.got
    said = before["input"] if given == "items" else [user("Why?")]
    calls = [{k: v for k, v in one.items() if k != "id"} for one in LOOKED[1:]]
    assert after["input"] == [*said, look[0], *calls, *told("h1", "h2")]
    assert after.get("previous_response_id") == before.get("previous_response_id")


def clients() -> dict[str, Any]:
    """Return ways in which clients send the items of an answer back."""

    def exact(items: Items) -> Items:
        return items

    def without_ids(items: Items) -> Items:
        return [{k: v for k, v in one.items() if k != "id"} for one in items]

    def words_only(items: Items) -> Items:
        return [
            {"role": "assistant", "content": "".join(p["text"] for p in one["content"])}
            if one["type"] == "message"
            else {k: v for k, v in one.items() if k not in ("id", "status")}
            for one in items
            if one["type"] != "reasoning"
        ]

    return {"exact": exact, "without ids": without_ids, "words only": words_only}


@live_or_not
@pytest.mark.parametrize("client", clients())
@pytest.mark.parametrize("store", [True, False])
def test_items_that_a_client_sends_back_stand_where_they_stood(
    client: str, *, store: bool, stream: bool
) -> None:
    """The provider is told again what it said and was told, in the same order."""
    rounds = [
        [thought("rs_1", encrypted_content="one"), hidden("h1")],
        [message("msg_1", "Hm."), hidden("h2")],
        [thought("rs_2", encrypted_content="two"), message("msg_2", "Done.")],
    ]
    provider = Provider([*rounds, MORE])
    through = Through(provider)
    more: Any = {"tools": [SEARCH], "store": store, "stream": stream}
    got = through.ask(input=ASKED, **more)
    back = clients()[client](final(got)["output"])
    through.ask(input=[*ASKED, *back, user("Thanks!")], **more)
    sent = provider.got[-1]["input"]
    order = [
        one.get("call_id") or one.get("encrypted_content") or one.get("role")
        for one in sent[3:]
        if one.get("type") != "reasoning"
    ]
    exchanges = ["call_h1", "call_h1", "assistant", "call_h2", "call_h2"]
    assert order == [*exchanges, "assistant", "user"]
    repeated = {one["call_id"]: one["output"] for one in sent if "output" in one}
    assert repeated["call_h1"] == "told call_h1"
    if client == "words only":
        # Its reasoning is gone, without which the provider refuses its id.
        assert "id" not in sent[3]
    else:
        kinds = [one.get("type", "") for one in sent[3:]]
        assert ("id" in sent[4]) is store
        assert kinds.index("reasoning") == 0
        assert kinds[kinds.index("message") - 1] == "function_call_output"


@pytest.mark.parametrize("store", [True, False])
def test_a_mixed_turn_that_a_client_sends_back_is_whole_again(*, store: bool) -> None:
    """Between reasoning and the client's own call the hidden exchange is put back."""
    sealed = {} if store else SEALED
    provider = Provider([[thought("rs_1", **sealed), *BOTH[1:]], DONE])
    through = Through(provider)
    more: Any = {"tools": [SEARCH], "store": store}
    seen = through.ask(input=ASKED, **more)["output"]
    if not store:
        seen[1].pop("id")
    through.ask(input=[*ASKED, *seen, output("own", "x")], **more)
    ids = [one.get("call_id") or one["id"] for one in provider.got[-1]["input"][3:]]
    assert ids == ["rs_1", "call_h1", "call_own", "call_h1", "call_own"]


@pytest.mark.parametrize("replay", ["always", "same_turn"])
def test_a_replayed_request_begins_with_what_was_sent(*, replay: Any) -> None:
    """The provider's cached prefix holds: the turn is repeated byte for byte."""
    look = [thought("rs_1", **SEALED), message("msg_1", "Hm."), hidden("h1")]
    provider = Provider([look, [hidden("h2"), hidden("h3")], DONE[1:], MORE])
    through = Through(provider, CompressionPolicy(replay=replay))
    more: Any = {"tools": [SEARCH], "store": False}
    seen = through.ask(input=ASKED, **more)["output"]
    extra = [] if replay == "same_turn" else [user("Thanks!")]
    through.ask(input=[*ASKED, *seen, *extra], **more)
    before, after = provider.got[2]["input"], provider.got[3]["input"]
    assert json.dumps(after[: len(before)]) == json.dumps(before)


def test_only_what_must_be_is_put_back_into_earlier_turns() -> None:
    """An exchange before the last words of a human stays away, but for reasoning."""
    provider = Provider(
        [[message("msg_1", "Hm."), hidden("h0")], LOOKED[:2], DONE, MORE]
    )
    through = Through(provider, CompressionPolicy(replay="same_turn"))
    seen = through.ask(input=ASKED, tools=[SEARCH])["output"]
    through.ask(input=[*ASKED, *seen, user("Thanks!")], tools=[SEARCH])
    sent = provider.got[-1]["input"][3:]
    ids = [one.get("call_id") or one.get("id") for one in sent]
    assert ids == ["msg_1", "rs_1", "call_h1", "call_h1", "rs_2", "msg_2", None]


def test_the_same_words_in_another_conversation_have_their_own_exchange() -> None:
    """Clients that drop ids are told apart by the calls that came before."""
    rounds = [
        [[message("msg_1", "Hm."), hidden(f"h{one}")], [message("msg_2", "Done.")]]
        for one in "12"
    ]
    provider = Provider([*rounds[0], *rounds[1], MORE])
    through = Through(provider)
    for one in "12":
        own = {**OWN, "call_id": f"call_{one}"}
        asked = [user("Why?"), own, output(one)]
        through.ask(input=asked, tools=[SEARCH])
    said = [{"role": "assistant", "content": "Hm."}, user("Thanks!")]
    through.ask(input=[*asked, *said], tools=[SEARCH])
    sent = provider.got[-1]["input"][3:]
    assert [one.get("call_id") for one in sent] == [None, "call_h2", "call_h2", None]


def test_an_exchange_that_a_client_has_is_not_put_back_twice() -> None:
    """A client that read the items elsewhere sends them once, and once they go out."""
    provider = Provider([LOOKED[:2], DONE, MORE])
    through = Through(provider)
    seen = through.ask(input=ASKED, tools=[SEARCH])["output"]
    back = [*ASKED, seen[0], LOOKED[1], *told("h1"), *seen[1:], user("Thanks!")]
    through.ask(input=back, tools=[SEARCH])
    assert provider.got[-1]["input"][3:] == back[3:]


def test_a_call_is_not_put_back_without_its_output() -> None:
    """Where half of an exchange has lost its place, the other half stays away."""
    provider = Provider([[message("msg_1", "Hm."), hidden("h1"), call("own")], MORE])
    through = Through(provider)
    seen = through.ask(input=ASKED, tools=[SEARCH], store=False)["output"]
    back = [*ASKED, seen[0], user("Never mind.")]
    through.ask(input=back, tools=[SEARCH], store=False)
    assert provider.got[-1]["input"][3:] == back[3:]


def test_notes_that_are_gone_cost_nothing() -> None:
    """What a client sends back is valid without the exchanges that were hidden."""
    provider = Provider([[message("msg_1", "Hm."), hidden("h1")], DONE, MORE])
    through = Through(provider)
    seen = through.ask(input=ASKED, tools=[SEARCH], store=False)["output"]
    through.notes.clear()
    back = [*ASKED, seen[0], user("Thanks!")]
    through.ask(input=back, tools=[SEARCH], store=False)
    assert len(provider.got[-1]["input"]) == len(back)


@live_or_not
def test_words_that_this_package_said_come_back_as_anybodys(*, stream: bool) -> None:
    """A provider is not asked for an item that it did not write."""
    provider = Provider([[hidden("h1")], [hidden("h2")], MORE])
    through = Through(provider, CompressionPolicy(max_rounds=0))
    more: Any = {"tools": [SEARCH], "stream": stream}
    seen = final(through.ask(input=ASKED, **more))["output"]
    through.ask(input=[*ASKED, *seen, user("Go on.")], **more)
    sent = provider.got[-1]["input"][3:]
    ids = [one.get("call_id", one.get("role")) for one in sent]
    assert ids == ["call_h1", "call_h1", "call_h2", "call_h2", "assistant", "user"]
    assert "id" not in sent[4]


def test_names_of_calls_are_noted_for_outputs_that_come_alone() -> None:
    """Tools that are left alone are known by name when only their output comes."""
    provider = Provider([BOTH, DONE])
    through = Through(provider)
    through.ask(input=ASKED, tools=[SEARCH])
    note = json.loads(through.notes["call:call_own"])
    assert note == {"name": "search", "arguments": {}}
