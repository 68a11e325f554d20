"""How an answer ends: its counts, its stop reason, or an error."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import anthropic
import pytest
from scripted_rounds import (
    CALLS,
    HIDDEN,
    SDK,
    Json,
    answered,
    block_events,
    call,
    events,
    frames,
    message,
    stream,
    taken,
    text,
    usage,
)

from headroom_langchain.serve.dialects.messages import MESSAGES
from headroom_langchain.serve.wire.frames import event
from headroom_langchain.serve.wire.problems import Problem


@pytest.mark.parametrize("named", [True, False])
def test_an_error_is_passed_on_and_ends_the_answer(named: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The client's SDK raises what the upstream said, in any round."""
    error: Json = {"type": "overloaded_error", "message": "busy"}
    failed = event("error" if named else "", {"type": "error", "error": error})
    streamed = stream()
    sent = taken(streamed, events(message(HIDDEN[0])))
    streamed.proceed()
    sent += taken(streamed, [*events(message(text("Hi")))[:3], failed, b"data: x\n\n"])
    spoken = streamed.round()
    assert spoken.complete
    assert spoken.failed
    with pytest.raises(anthropic.APIStatusError, match="busy"):
        SDK.read(sent)


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (Problem(status=502, message="gone"), "api_error"),
        (Problem(status=529, message="gone"), "overloaded_error"),
        (Problem(status=400, message="gone", type="own_error"), "own_error"),
    ],
)
def test_a_problem_is_an_error_of_the_providers_kind(
    problem: Problem, kind: str
) -> None:
    """An answer that breaks off ends with an event that the SDK raises."""
    streamed = stream()
    sent = taken(streamed, events(message(text("Hi")))[:3])
    assert not streamed.round().complete
    with pytest.raises(anthropic.APIStatusError) as raised:
        SDK.read(sent + streamed.error(problem))
    assert raised.value.body == {
        "type": "error",
        "error": {"type": kind, "message": "gone"},
    }


def test_usage_is_summed_and_told_by_round() -> None:
    """The last event counts all rounds, and says how many tokens each one had."""
    searched = {"web_search_requests": 1}
    first = message(
        HIDDEN[0], counted=usage(100, 20, cache_read_input_tokens=7, speed="x")
    )
    second = message(
        text("Hi"), counted=usage(130, 30, server_tool_use=searched), number=2
    )
    counted = SDK.read(answered(stream(), first, second))["usage"]
    assert (counted["input_tokens"], counted["output_tokens"]) == (230, 50)
    assert counted["cache_read_input_tokens"] == 7
    assert counted["server_tool_use"] == searched
    assert counted["iterations"] == [
        {"type": "message", **usage(100, 20, cache_read_input_tokens=7)},
        {"type": "message", **usage(130, 30)},
    ]


def test_usage_may_be_that_of_the_last_round() -> None:
    """With `usage="last"` the counts are those of the context as it is now."""
    first = message(HIDDEN[0], counted=usage(100, 20))
    second = message(text("Hi"), counted=usage(130, 30))
    counted = SDK.read(answered(stream("last"), first, second))["usage"]
    assert (counted["input_tokens"], counted["output_tokens"]) == (130, 30)
    assert len(counted["iterations"]) == 2


def test_where_code_ran_is_told_at_the_end() -> None:
    """The container of an earlier round is known to the client too."""
    used = {"id": "c1", "expires_at": "2026-01-01T00:00:00Z"}
    first = message(HIDDEN[0], container=used)
    sent = answered(stream(), first, message(text("Hi")))
    ending = [frame.json() for frame in frames(sent) if frame.event == "message_delta"]
    assert [one and one["delta"]["container"] for one in ending] == [used]


def test_iterations_of_the_provider_are_kept() -> None:
    """Rounds that the API itself took stand among the others."""
    own = [
        {"type": "compaction", **usage(500, 50)},
        {"type": "message", **usage(9, 9)},
    ]
    first = message(HIDDEN[0], counted=usage(9, 9, iterations=own))
    counted = SDK.read(answered(stream(), first, message(text("Hi"))))["usage"]
    assert counted["iterations"] == [*own, {"type": "message", **usage()}]


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_closing_text_is_a_block_of_its_own(rounds: int) -> None:
    """An answer without an answer ends with a sentence, and not with a call."""
    said = [message(HIDDEN[0])] * rounds
    read = SDK.read(answered(stream(), *said, closing="That is all."))
    assert (
        read["content"]
        == SDK.read(b"".join(events(message(text("That is all.")))))["content"]
    )
    assert read["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    ("said", "stop", "seen"),
    [
        ([text("Hi"), HIDDEN[0]], "tool_use", "end_turn"),
        ([CALLS[0], HIDDEN[0]], "tool_use", "tool_use"),
        ([text("Hi"), HIDDEN[0]], "max_tokens", "max_tokens"),
        ([text("Hi"), HIDDEN[0]], "refusal", "refusal"),
        ([text("Hi")], "pause_turn", "pause_turn"),
    ],
)
def test_the_stop_reason_fits_what_is_seen(
    said: list[Json], stop: str, seen: str
) -> None:
    """Only an answer with a visible call stops for a call."""
    assert (
        SDK.read(answered(stream(), message(*said, stop=stop)))["stop_reason"] == seen
    )


@pytest.mark.parametrize(
    ("said", "stop", "arguments"),
    [
        (call("h", hash="a"), "tool_use", [{"hash": "a"}]),
        (call("h"), "tool_use", [{}]),
        ({**call("h"), "written": '{"hash": "a'}, "max_tokens", [None]),
        ({**call("h"), "written": "[1]"}, "tool_use", [None]),
        (call("h", hash="a"), "max_tokens", [None]),
        (call("h", hash="a"), "refusal", []),
        (call("h", hash="a"), "model_context_window_exceeded", []),
    ],
)
def test_arguments_that_cannot_be_trusted_are_none(
    said: Json, stop: str, arguments: list[Any]
) -> None:
    """Arguments that were cut off are none; after a refusal there is no call."""
    streamed = stream()
    taken(streamed, events(message(text("Hi"), said, stop=stop)))
    spoken = streamed.round()
    assert [one.arguments for one in spoken.calls] == arguments
    assert isinstance(spoken.content[1]["input"], dict)


def test_arguments_may_stand_in_the_start() -> None:
    """Arguments that come with the first event of a block are read too."""
    start, *_, stop = block_events(0, call("h"))
    opened = start.replace(b'"input":{}', b'"input":{"hash":"a"}')
    streamed = stream()
    taken(streamed, [events(message())[0], opened, stop])
    assert [one.arguments for one in streamed.round().calls] == [{"hash": "a"}]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_the_end_of_an_unread_stream_is_seen_in_its_tail(newline: bytes) -> None:
    """It is seen with the last byte of the last event, and not one before."""
    faked = text("\nevent: message_stop\ndata: {}\n\n\nevent: error\n")
    whole = b"".join(events(message(faked), 99)).replace(b"\n", newline)
    tails = accumulate(
        (bytes([one]) for one in whole),
        lambda tail, one: tail[-256:] + one,
        initial=b"\n",
    )
    ends = [at for at, tail in enumerate(tails) if MESSAGES.ended(tail)]
    assert ends[0] in range(len(whole) - len(newline) + 1, len(whole) + 1)


def test_an_error_ends_an_unread_stream() -> None:
    """An error of any length is an end."""
    assert MESSAGES.ended(b"\nevent: error\ndata: {" + b"x" * 999)
    assert not MESSAGES.ended(b'data: {"text":"event: error"}\n')
