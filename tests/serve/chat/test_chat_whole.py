from __future__ import annotations

from typing import Any

import pytest
from chat_turns import USAGE, answer, asks, called, chunks, request_of, whole
from openai.types.chat import ChatCompletion

from headroom_langchain import CompressionPolicy
from headroom_langchain.serve.dialects.dialect import Whole
from headroom_langchain.serve.wire.body import Json


def finished(*answers: Json, closing: str = "", **policy: Any) -> tuple[Json, Whole]:
    """Take in rounds; returns the answer."""
    taken = request_of(policy=CompressionPolicy(**policy)).whole()
    for one in answers:
        taken.take(one)
        taken.round()
    return taken.finish(closing), taken


def test_an_answer_of_one_round_stays_as_it_is() -> None:
    """Where nothing was hidden the answer is the upstream's own."""
    given = whole("Hi", called("search", "{}", call="c"), finish="tool_calls")
    assert finished(given)[0] is given


def test_rounds_are_one_completion() -> None:
    """Texts are joined, usage is summed, the first id and the last reason count."""
    said, _ = finished(
        whole("one ", asks(), finish="tool_calls", reasoning_content="hm. "),
        whole("two", finish="length", id_="b", reasoning_content="ah."),
    )
    message = said["choices"][0]["message"]
    assert (said["id"], message["content"]) == ("a", "one two")
    assert message["reasoning_content"] == "hm. ah."
    assert said["choices"][0]["finish_reason"] == "length"
    assert said["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}
    assert "tool_calls" not in message
    assert ChatCompletion.model_validate(said).choices[0].message.content == "one two"


def test_usage_of_the_last_round_alone() -> None:
    """With the policy `last` the usage is that of the last round."""
    said, _ = finished(whole(None, asks()), whole("x"), usage="last")
    assert said["usage"] == USAGE


def test_mixed_calls() -> None:
    """Of a mixed turn the client gets its own calls."""
    calls = asks("h", 0), called("search", "{}", call="c"), asks("i", 2)
    said, taken = finished(whole(None, *calls, finish="tool_calls"))
    choice = said["choices"][0]
    assert [call["id"] for call in choice["message"]["tool_calls"]] == ["c"]
    assert choice["finish_reason"] == "tool_calls"
    assert [call.id for call in taken.round().calls] == ["h", "i"]
    assert taken.round().others


def test_the_closing_text() -> None:
    """When the model asked to the end the answer stops with the closing text."""
    said, taken = finished(whole(None, asks(), finish="tool_calls"), closing="End.")
    assert said["choices"][0]["message"]["content"] == "End."
    assert said["choices"][0]["finish_reason"] == "stop"
    assert not taken.round().text


@pytest.mark.parametrize("given", [{"error": {"message": "no"}}, {"choices": []}, {}])
def test_what_is_no_completion_stays(given: Json) -> None:
    """What is no completion reaches the client unchanged, and ends the answer."""
    said, taken = finished(given)
    assert said is given
    assert taken.round().complete is bool(given.get("error"))
    assert not taken.round().calls


def test_whole_and_streamed_agree() -> None:
    """A round means the same whether it came in pieces or at once."""
    calls = [asks("h", 0), called("search", '{"q": 1}', index=1, call="c")]
    spoken = answer([chunks({"content": "a"}, {"tool_calls": calls})]).rounds[0]
    _, taken = finished(whole("a", *calls))
    other = taken.round()
    assert (spoken.content, spoken.calls) == (other.content, other.calls)


def test_arguments_that_are_cut_off() -> None:
    """A call that the limit cut off has no arguments, and is repeated with none."""
    call = called("headroom_retrieve", '{"hash": "01', call="h")
    for finish, raw in (("length", '{"hash": "01"}'), ("tool_calls", '["a"]')):
        call["function"]["arguments"] = raw
        _, taken = finished(whole(None, call, finish=finish))
        spoken = taken.round()
        assert spoken.calls[0].arguments is None
        assert spoken.content[0]["tool_calls"][0]["function"]["arguments"] == "{}"
