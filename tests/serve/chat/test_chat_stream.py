from __future__ import annotations

import json

import pytest
from chat_turns import (
    ASKED,
    DONE,
    HASH,
    USAGE,
    Client,
    answer,
    asks,
    called,
    chunk,
    chunks,
    data_of,
    deltas,
    finishes,
    request_of,
    role,
    text,
    usage_chunk,
)

from headroom_langchain import CompressionPolicy
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.frames import Frames
from headroom_langchain.serve.wire.problems import Problem

PLAIN = [
    b": OPENROUTER PROCESSING\n\n",
    chunk(choices=[], prompt_filter_results=[{"prompt_index": 0}], id_=""),
    role(),
    chunk({"reasoning_content": "hm"}, service_tier="default", obfuscation="xy"),
    chunk({"content": "Hel\u2028lo"}),
    chunk({"content": "", "refusal": None}),
    chunk({"tool_calls": [called("search", "", call="c")]}),
    chunk({"tool_calls": [called(arguments='{"q": 1}')]}),
    chunk({"tool_calls": [called("find", "{}", index=1, call="d")]}),
    chunk(finish="tool_calls"),
    usage_chunk(),
    DONE,
]


def test_an_answer_without_hidden_calls_is_the_very_bytes() -> None:
    """Where nothing is hidden a client gets the bytes of the upstream."""
    assert answer([PLAIN]).sent == b"".join(PLAIN)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_stay(end: bytes) -> None:
    """Frames with any line end pass unchanged."""
    sent = b"".join(PLAIN).replace(b"\n", end)
    assert answer([[sent]]).sent == sent


def test_text_goes_out_before_the_end() -> None:
    """What is said is sent with the chunk that says it, in every round."""
    streamed = request_of().streamed()
    sent = []
    for written in (
        chunks({"content": "one"}, {"tool_calls": [asks()]}),
        chunks({"content": "two"}, id_="b"),
    ):
        sent += [streamed.take(frame) for frame in Frames().feed(b"".join(written))]
        streamed.round()
        streamed.proceed()
    assert [text(one) for one in sent if text(one)] == ["one", "\n\ntwo"]


def test_only_the_end_is_held() -> None:
    """The finish, the usage and `[DONE]` wait until the answer is over."""
    streamed = request_of().streamed()
    taken = [streamed.take(frame) for frame in Frames().feed(b"".join(PLAIN))]
    assert taken[-3:] == [b"", b"", b""]
    assert all(taken[:-3])
    assert streamed.finish() == b"".join(PLAIN[-3:])


def test_rounds_are_one_answer() -> None:
    """Rounds have one role, one id, one model, one finish and the sum of usages."""
    late = chunks({"content": "two"}, id_="b")
    late = [one.replace(b"gpt-x", b"gpt-y") for one in late]
    turn = answer([chunks({"content": "one "}, {"tool_calls": [asks()]}), late])
    seen = Client().read(turn.sent)
    assert seen["choices"][0]["message"]["content"] == "one two"
    assert seen["choices"][0]["message"]["role"] == "assistant"
    assert seen["choices"][0]["message"]["tool_calls"] is None
    assert finishes(turn.sent) == ["stop"]
    read = [one for one in data_of(turn.sent) if isinstance(one, dict)]
    assert {(one["id"], one["model"], one["created"]) for one in read} == {
        ("a", "gpt-x", 1)
    }
    assert read[-1]["usage"] == {
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    assert turn.sent.count(b"[DONE]") == 1


def test_usage_of_the_last_round_alone() -> None:
    """With the policy `last` the usage is that of the last round."""
    policy = CompressionPolicy(usage="last")
    rounds = [chunks({"tool_calls": [asks()]}), chunks({"content": "x"})]
    sent = answer(rounds, request_of(policy=policy)).sent
    assert data_of(sent)[-2]["usage"] == USAGE


def test_usage_is_never_invented() -> None:
    """Without usage chunks of the upstream the client gets none."""
    rounds = [
        [role(), chunk({"tool_calls": [asks()]}), chunk(finish="tool_calls"), DONE],
        [role("b"), chunk({"content": "x"}), chunk(finish="stop"), DONE],
    ]
    assert b"usage" not in answer(rounds).sent


def test_usage_in_every_chunk() -> None:
    """Usage that grows from chunk to chunk goes on growing over the rounds."""

    def written(delta: Json, tokens: int | None, finish: str | None = None) -> bytes:
        usage = None if tokens is None else {"completion_tokens": tokens}
        return chunk(delta, finish=finish, usage=usage)

    rounds = [
        [written({"tool_calls": [asks()]}, 3), written({}, 4, "tool_calls"), DONE],
        [written({"content": "x"}, 1), written({}, None), written({}, 2, "stop"), DONE],
    ]
    sent = answer(rounds).sent
    counts = [one["usage"] for one in data_of(sent)[:-1]]
    assert [use and use["completion_tokens"] for use in counts] == [5, None, 6]


def test_calls_of_the_client_are_counted_anew() -> None:
    """In a mixed turn the indexes that the client sees have no gap."""
    pieces = [
        {"tool_calls": [asks("h0", 0)]},
        {"tool_calls": [called("search", "", index=1, call="c1")]},
        {"tool_calls": [called(arguments="{}", index=1)]},
        {"tool_calls": [asks("h2", 2), called("find", "{}", index=3, call="c3")]},
    ]
    turn = answer([chunks(*pieces, finish="tool_calls")])
    message = Client().read(turn.sent)["choices"][0]["message"]
    assert [call["id"] for call in message["tool_calls"]] == ["c1", "c3"]
    assert finishes(turn.sent) == ["tool_calls"]
    assert b"headroom_retrieve" not in turn.sent
    assert [call.id for call in turn.rounds[0].calls] == ["h0", "h2"]
    assert turn.rounds[0].others


def one_chunk(entry: Json) -> list[bytes]:
    said = {"role": "assistant", "content": None, "tool_calls": [entry]}
    return [chunk(said, finish="tool_calls", usage=USAGE), DONE]


@pytest.mark.parametrize(
    "written",
    [
        one_chunk(asks()),
        one_chunk(called("headroom_retrieve", ASKED, index=None)),
        [*chunks({"tool_calls": [called("headroom_retrieve", ASKED)]})],
        [
            role(),
            chunk({"tool_calls": [called("headroom_retrieve", index=None, call="h")]}),
            chunk({"tool_calls": [called(arguments=ASKED[:9], index=None)]}),
            chunk({"tool_calls": [called(arguments=ASKED[9:], index=None)]}),
            chunk({"content": ""}, finish="tool_calls"),
        ],
        [
            role(),
            chunk({"tool_calls": [called("headroom_retrieve", "", call="h")]}),
            chunk({"tool_calls": [called("headroom_retrieve", ASKED, call="h")]}),
            DONE,
        ],
        [
            role(),
            chunk({"tool_calls": [called(call="h")]}),
            chunk({"tool_calls": [called(arguments=ASKED[:9])]}),
            chunk({"tool_calls": [called("headroom_retrieve", ASKED[9:])]}),
            chunk(finish="stop"),
        ],
    ],
    ids=["in one chunk", "bare", "no id", "no index", "name again", "name late"],
)
def test_ways_to_write_a_hidden_call(written: list[bytes]) -> None:
    """However a gateway writes a hidden call, it is hidden, and can be answered."""
    turn = answer([written, chunks({"content": "done"}, id_="b")])
    (call,) = turn.rounds[0].calls
    assert call.arguments == {"hash": HASH}
    assert turn.rounds[0].complete
    seen = Client().read(turn.sent)["choices"][0]["message"]
    assert (seen["role"], seen["content"]) == ("assistant", "done")
    assert b"headroom" not in turn.sent
    *_, spoken, result = turn.bodies[0]["messages"]
    assert spoken["tool_calls"][0]["id"] == result["tool_call_id"] == call.id
    assert json.loads(spoken["tool_calls"][0]["function"]["arguments"]) == {
        "hash": HASH
    }


@pytest.mark.parametrize("name", ["head", "headroom_retrieve_all", "h", "retrieve"])
def test_names_like_the_hidden_one(name: str) -> None:
    """A tool of the client whose name only begins like the hidden one is shown."""
    pieces = [called(letter, index=0, call="c") for letter in name[:1]]
    pieces += [called(letter, index=0) for letter in name[1:]]
    pieces += [called(arguments='{"a":'), called(arguments="1}")]
    turn = answer([chunks(*({"tool_calls": [one]} for one in pieces))])
    (call,) = Client().read(turn.sent)["choices"][0]["message"]["tool_calls"]
    assert (call["function"]["name"], call["function"]["arguments"]) == (
        name,
        '{"a":1}',
    )
    assert turn.rounds[0].others


def test_calls_all_numbered_zero() -> None:
    """Calls that a gateway numbers alike are told apart by their ids."""
    entries = [
        asks("h"),
        called("search", "{}", call="c"),
        called("find", "{}", call="d"),
    ]
    turn = answer([chunks(*({"tool_calls": [one]} for one in entries))])
    seen = Client().read(turn.sent)["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in seen] == ["search", "find"]


def test_text_and_end_in_one_chunk() -> None:
    """What the last chunk says goes out at once, its finish reason at the end."""
    streamed = request_of().streamed()
    (frame,) = Frames().feed(chunk({"content": "all"}, finish="stop", usage=USAGE))
    first = streamed.take(frame)
    assert text(first) == "all"
    assert finishes(first) == []
    assert data_of(first)[0]["usage"] is None
    last = streamed.finish()
    assert (text(last), finishes(last)) == ("", ["stop"])
    assert data_of(last)[0]["usage"] == USAGE


def test_stops_instead_of_calls_that_nobody_saw() -> None:
    """When the model asked to the end the answer stops, and says the closing text."""
    rounds = [
        chunks({"tool_calls": [asks()]}, finish="tool_calls"),
        chunks({"tool_calls": [asks()]}, finish="tool_calls", id_="b"),
    ]
    turn = answer(rounds, closing="The end.")
    seen = Client().read(turn.sent)
    assert seen["choices"][0]["message"]["content"] == "The end."
    assert seen["choices"][0]["finish_reason"] == "stop"
    assert seen["usage"]["total_tokens"] == 30
    assert not turn.rounds[-1].text


def test_an_error_is_passed_on() -> None:
    """An error of the upstream reaches the client as it is, and ends the round."""
    error = b'data: {"error": {"message": "overloaded", "code": 529}}\n\n'
    turn = answer([[role(), chunk({"content": "a"}), error]])
    assert error in turn.sent
    assert turn.rounds[0].failed
    assert turn.rounds[0].complete


@pytest.mark.parametrize(
    ("written", "complete"),
    [
        ([role(), chunk({"content": "a"})], False),
        ([role(), chunk({"content": "a"}), usage_chunk()], False),
        ([role(), chunk({"content": "a"}, finish="stop")], True),
        ([role(), chunk({"content": "a"}), DONE], True),
        ([], False),
    ],
)
def test_what_ends_a_round(written: list[bytes], *, complete: bool) -> None:
    """A finish reason or `[DONE]` ends a round, and nothing else does."""
    assert answer([written]).rounds[0].complete is complete


def test_errors_of_the_server() -> None:
    """An error of this server is one that the SDK raises."""
    problem = Problem(status=502, message="gone")
    (said,) = data_of(request_of().streamed().error(problem))
    assert said["error"]["message"] == "gone"
    assert said["error"]["type"] == "server_error"


def test_what_only_begins_is_shown_at_the_end() -> None:
    """A call whose name ends too early for the hidden one is the client's."""
    turn = answer(
        [[role(), chunk({"tool_calls": [called("head", "{}", call="c")]}), DONE]]
    )
    (call,) = [
        one for delta in deltas(turn.sent) for one in delta.get("tool_calls", ())
    ]
    assert (call["function"]["name"], call["index"]) == ("head", 0)
    assert turn.sent.endswith(DONE)
