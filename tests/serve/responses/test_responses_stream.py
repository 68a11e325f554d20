from __future__ import annotations

from typing import Any

import pytest
from openai import APIError
from scripted_responses import (
    SEARCH,
    Provider,
    Through,
    as_stream,
    call,
    events,
    hidden,
    message,
    official,
    output,
    read,
    stream,
    thought,
    user,
)

from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.responses import RESPONSES
from headroom_langchain.serve.wire.frames import Frame, Frames, event
from headroom_langchain.serve.wire.problems import Problem

ASKED: list[Any] = [user("Why?"), call("0"), output("0")]
ASKED[1] = {key: value for key, value in ASKED[1].items() if key != "id"}
TWO_ROUNDS = [
    [thought("rs_1"), message("msg_1", "Let me look."), hidden("h1"), hidden("h2")],
    [thought("rs_2"), message("msg_2", "The disk is full.")],
]
SEEN = ["rs_1", "msg_1", "rs_2", "msg_2"]


def test_a_live_answer_of_two_rounds_is_one_for_the_official_client() -> None:
    """The SDK accumulates one response: its items, its id, its usage summed."""
    through = Through(Provider(TWO_ROUNDS))
    with through.client().responses.stream(
        model="gpt-x", input=ASKED, tools=[SEARCH]
    ) as live:
        kinds = [one.type for one in live]
        final: Any = live.get_final_response()
    assert final.id == "resp_1"
    assert [item.id for item in final.output] == SEEN
    assert final.output_text == "Let me look.The disk is full."
    assert final.usage is not None
    assert final.usage.total_tokens == 220
    assert final.usage.input_tokens_details.cached_tokens == 14
    assert final.usage.output_tokens_details.reasoning_tokens == 4
    assert [tool.to_dict()["name"] for tool in final.tools] == ["search"]
    assert kinds.count("response.created") == kinds.count("response.completed") == 1
    assert b"headroom_retrieve" not in through.sent


def test_events_and_places_are_numbered_without_gaps() -> None:
    """Numbers, places and the final output are those of one undisturbed response."""
    through = Through(Provider(TWO_ROUNDS))
    got = through.ask(input=ASKED, tools=[SEARCH], stream=True)
    assert [one["sequence_number"] for one in got] == list(range(len(got)))
    done = [one for one in got if one["type"] == "response.output_item.done"]
    assert [one["output_index"] for one in done] == [0, 1, 2, 3]
    assert [one["item"] for one in done] == got[-1]["response"]["output"]
    for one in got:
        if "item_id" in one:
            assert SEEN[one["output_index"]] == one["item_id"]


def test_both_ways_of_answering_tell_the_same() -> None:
    """A stream ends with the very response that a client without one gets."""
    live = Through(Provider(TWO_ROUNDS)).ask(input=ASKED, tools=[SEARCH], stream=True)
    whole = Through(Provider(TWO_ROUNDS)).ask(input=ASKED, tools=[SEARCH])
    assert live[-1]["response"] == whole


def test_events_go_out_as_they_come_and_only_the_hidden_are_held() -> None:
    """Each event of what the client may see is sent when it arrives."""
    request = read()
    streamed = request.streamed()
    response = Provider(TWO_ROUNDS[:1]).answer(b"{}")
    frames = Frames().feed(b"".join(stream(response)))
    held = [frame.json() or {} for frame in frames if not streamed.take(frame)]
    assert {one.get("output_index") for one in held[:-1]} == {2, 3}
    assert held[-1]["type"] == "response.completed"


def test_a_stream_in_which_nothing_is_hidden_passes_byte_for_byte() -> None:
    """Where nothing has to change, the client gets the upstream's own bytes."""
    request = read()
    response = Provider([[message("msg_1", "Hé"), call("1")]]).answer(b"{}")
    odd = b': hm\r\n\r\nevent: response.new\r\ndata: {"type": "response.new"}\r\n\r\n'
    raw = odd + b"".join(stream(response)).replace(b"\n", b"\r\n") + b"data: [DONE]\n\n"
    streamed = request.streamed()
    sent = b"".join(map(streamed.take, Frames().feed(raw)))
    assert sent + streamed.finish() == raw


@pytest.mark.parametrize("streaming", [True, False])
def test_a_model_that_only_asks_is_given_words(*, streaming: bool) -> None:
    """An answer without any text ends with a sentence, in an item of its own."""
    through = Through(
        Provider([[hidden("h1")], [hidden("h2")]]), CompressionPolicy(max_rounds=0)
    )
    client = through.client()
    if streaming:
        with client.responses.stream(model="m", input=ASKED, tools=[SEARCH]) as live:
            live.until_done()
            final: Any = live.get_final_response()
    else:
        final = client.responses.create(model="m", input=ASKED, tools=[SEARCH])
    assert final.output_text == "Nothing was said."
    assert final.status == "completed"
    assert final.tool_choice == "auto"
    assert [one.get("tool_choice") for one in through.provider.got] == [None, "none"]


def test_an_answer_that_is_cut_off_in_a_hidden_call_ends_as_incomplete() -> None:
    """The half call stays hidden, and the client learns that the answer is cut."""
    half = {**hidden("h1", '{"ha'), "status": "incomplete"}
    provider = Provider([[message("msg_1", "Well,"), half]], ends={1: "incomplete"})
    streamed = read(input=ASKED).streamed()
    raw = b"".join(stream(provider.answer(b'{"input":"?"}')))
    sent = b"".join(map(streamed.take, Frames().feed(raw)))
    assert streamed.round().calls[0].arguments is None
    got = events(sent + streamed.finish())
    assert got[-1]["type"] == "response.incomplete"
    assert [one["id"] for one in got[-1]["response"]["output"]] == ["msg_1"]
    assert "headroom_retrieve" not in str(got)


def test_a_half_call_is_repeated_as_valid_json() -> None:
    """Arguments that are no JSON are sent on as none at all."""
    half = {**hidden("h1", '{"ha'), "status": "incomplete"}
    provider = Provider(
        [[message("msg_1", "Well,"), half], [message("msg_2", "Done.")]],
        ends={1: "incomplete"},
    )
    Through(provider).ask(input=ASKED, tools=[SEARCH], store=False, stream=True)
    (again,) = [
        item
        for item in provider.got[1]["input"]
        if item.get("call_id") == "call_h1" and "name" in item
    ]
    assert again["arguments"] == "{}"


def test_errors_of_the_upstream_end_the_answer_with_its_own_id() -> None:
    """`response.failed` of a later round is the failure of the client's response."""
    provider = Provider(TWO_ROUNDS)
    request = read()
    streamed = request.streamed()
    first = provider.answer(b"{}")
    sent = b"".join(map(streamed.take, Frames().feed(b"".join(stream(first)))))
    streamed.proceed()
    failed = {**first, "id": "resp_2", "status": "failed", "output": []}
    failed["error"] = {"code": "server_error", "message": "no"}
    later = {"type": "response.failed", "response": failed, "sequence_number": 9}
    frame = next(iter(Frames().feed(event("response.failed", later))))
    got = events(sent + streamed.take(frame))
    assert streamed.round().failed
    assert got[-1]["response"]["id"] == "resp_1"
    assert [one["sequence_number"] for one in got] == list(range(len(got)))
    seen = [one["id"] for one in got[-1]["response"]["output"]]
    assert seen == ["rs_1", "msg_1"]


def test_an_error_of_this_server_raises_in_the_official_client() -> None:
    """The client learns what went wrong, from the event or the error within it."""
    request = read()
    raw = request.streamed().error(Problem(status=502, message="It broke."))
    (told,) = events(raw)
    assert (told["code"], told["message"]) == ("server_error", "It broke.")
    live = official(lambda _: as_stream(raw))
    with pytest.raises(APIError, match=r"It broke\."):
        list(live.responses.create(model="m", input="x", stream=True))


def test_an_end_without_the_last_event_is_no_end() -> None:
    """Only the terminal event or an error makes a round complete."""
    request = read()
    streamed = request.streamed()
    response = Provider([[message("msg_1", "Hé")]]).answer(b"{}")
    for frame in list(Frames().feed(b"".join(stream(response))))[:-1]:
        streamed.take(frame)
    assert not streamed.round().complete
    error = event("error", {"type": "error", "code": "x", "message": "y"})
    frame = next(iter(Frames().feed(error)))
    assert streamed.take(frame) == error
    assert streamed.round().complete
    assert streamed.round().failed


def test_the_end_of_an_unread_stream_is_seen_behind_a_line_break_only() -> None:
    """Words of a model about the end are not the end."""
    assert RESPONSES.ended(b'}\n\nevent: response.completed\ndata: {"type"')
    assert RESPONSES.ended(b'}\r\rdata: {"type":"response.failed"')
    assert RESPONSES.ended(b"\nevent: error\n")
    assert not RESPONSES.ended(b'"delta":"\\nevent: response.completed"}\n\n')
    assert not RESPONSES.ended(b"\nevent: response.completed_at\n")


def test_calls_in_unread_streams_are_noted_for_outputs_that_come_alone() -> None:
    """Whoever sends an output without its call is known by what called for it."""
    said = [call("1", arguments='{"q":"x"}'), {**hidden("h"), "name": "own"}]
    response = Provider([said]).answer(b"{}")
    notes: dict[str, Any] = {}
    for frame in Frames().feed(b"".join(stream(response))):
        notes |= RESPONSES.watched(frame)
    assert notes["call:call_1"] == {"name": "search", "arguments": {"q": "x"}}
    apart = {"type": "response.completed", "response": {**response, "store": False}}
    assert not RESPONSES.watched(Frame(b"", "", event("", apart)[6:]))
