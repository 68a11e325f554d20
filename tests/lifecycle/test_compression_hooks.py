"""Hooks decide what is read and how much of it is shown, from the past alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from taking_part import (
    KEY,
    LOG,
    MODELS,
    NEEDLE,
    SURFACES,
    Ran,
    history,
    scripted,
    sent,
    wrapped,
)

from headroom_langchain import (
    CompressionPolicy,
    CompressionResult,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
)
from headroom_langchain.lifecycle import Bias, CompressionHooks, Outgoing
from headroom_langchain.testing import ScriptedChatModel

BOOK = "\n\n".join(
    f"Chapter {n}. The river {n * 7} rose, and house {n} had seen {n * n} boats."
    for n in range(300)
)

Judge = Callable[[Sequence[BaseMessage]], Bias | None]


class Judging(CompressionHooks):
    """Ask a function, and write down what it was asked about."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.asked: list[list[BaseMessage]] = []

    def compute_biases(self, messages: Sequence[BaseMessage]) -> Bias | None:
        self.asked.append(list(messages))
        return self.judge(messages)


def always(bias: Bias | None) -> Judging:
    return Judging(lambda _: bias)


def results(*texts: str) -> list[BaseMessage]:
    """Return a conversation with the result of a tool for each text."""
    messages: list[BaseMessage] = [HumanMessage("Why?")]
    for number, text in enumerate(texts):
        call = {"name": "run", "args": {}, "id": f"c{number}"}
        messages += [
            AIMessage("", tool_calls=[call]),
            ToolMessage(text, tool_call_id=f"c{number}", name="run"),
        ]
    return messages


def shortened(
    messages: list[BaseMessage], hooks: CompressionHooks | None
) -> CompressionResult[BaseMessage]:
    return compress(messages, store=InMemoryCCRStore(), hooks=hooks)


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_hooks_that_say_nothing_change_nothing(surface: Callable[..., Ran]) -> None:
    """The base class leaves everything as it is, on every surface."""
    assert surface(hooks=CompressionHooks()) == surface()


def test_a_protected_message_goes_out_whole() -> None:
    """What a hook protects is not compressed, and the report says why."""
    result = shortened(history(), always(Bias(protect=True)))
    assert result.messages[-1].text == LOG
    assert result.blocks[-1].skipped == "protected"


@pytest.mark.parametrize("more", [1.5, 3.0])
def test_a_bias_scales_what_is_shown(more: float) -> None:
    """A larger budget shows more and a smaller one less, as the report says."""
    less, plain, larger = (
        shortened(history(BOOK), always(bias)).blocks[-1]
        for bias in (Bias(budget=1 / more), None, Bias(budget=more))
    )
    assert less.tokens_after < plain.tokens_after < larger.tokens_after
    assert (less.bias, plain.bias, larger.bias) == (1 / more, 1.0, more)


def test_only_what_could_be_compressed_is_asked_about() -> None:
    """Hooks are asked about messages with a text that the rules do not spare."""
    hooks = always(None)
    shortened([*results("short", LOG), HumanMessage(LOG)], hooks)
    assert [asked[-1].text for asked in hooks.asked] == [LOG]


def test_a_hook_does_not_see_what_comes_after() -> None:
    """Each message is judged with those before it and no others."""
    hooks, messages = always(None), results(LOG, LOG + "\nmore")
    shortened(messages, hooks)
    assert hooks.asked == [messages[:3], messages]


TEXTS = st.lists(
    st.sampled_from([LOG, LOG[:9000], LOG.replace("INFO", "ERROR"), "short"]),
    min_size=2,
    max_size=5,
)
BIASES = st.sampled_from([None, Bias(budget=0.5), Bias(budget=2.0), Bias(protect=True)])


@settings(deadline=None, max_examples=25)
@given(texts=TEXTS, biases=st.lists(BIASES, min_size=12, max_size=12))
def test_biases_are_causal(texts: list[str], biases: list[Bias | None]) -> None:
    """Whatever a hook says of a message, later messages do not change its form."""

    def judge(messages: Sequence[BaseMessage]) -> Bias | None:
        return biases[len(messages) % len(biases)]

    inner = ScriptedChatModel(turns=["Yes."] * len(texts))
    model = HeadroomChatModel(inner, hooks=Judging(judge))
    for count in range(1, len(texts) + 1):
        model.invoke(results(*texts[:count]))
    requests = [request.messages for request in inner.requests]
    for earlier, later in pairwise(requests):
        assert later[: len(earlier)] == earlier


def test_a_remembered_form_is_not_used_for_another_bias() -> None:
    """A text that was shortened one way is shortened anew when the hook differs."""
    hooks = always(None)
    inner = ScriptedChatModel(turns=["Yes."] * 2)
    model = HeadroomChatModel(inner, hooks=hooks)
    model.invoke(history())
    hooks.judge = lambda _: Bias(protect=True)
    model.invoke(history())
    assert [request.messages[-1].text == LOG for request in inner.requests] == [
        False,
        True,
    ]


class Trimming(CompressionHooks):
    """Leave the first message out."""

    def pre_compress(self, messages: Sequence[BaseMessage]) -> Sequence[BaseMessage]:
        return messages[1:]


def test_what_a_hook_returns_is_read_and_sent() -> None:
    """`pre_compress` replaces the messages that are compressed."""
    model = wrapped(hooks=Trimming())
    model.invoke(history())
    assert [type(message) for message in sent(model)] == [AIMessage, ToolMessage]
    assert KEY in sent(model)[-1].text


def test_a_hook_that_leaves_messages_out_is_refused_where_they_have_places() -> None:
    """A node that replaces messages of a state keeps all of them."""
    expected = SURFACES["compress_node"]()
    ran = SURFACES["compress_node"](hooks=Trimming())
    assert ran.answer == expected.answer
    assert "2 messages instead of 3 were ignored" in ran.notes[0]


class Looking(CompressionHooks):
    """Keep what was made."""

    def __init__(self) -> None:
        self.results: list[Outgoing] = []

    def post_compress(self, result: Outgoing) -> None:
        self.results.append(result)


@pytest.mark.parametrize("surface", MODELS.values(), ids=MODELS)
def test_a_hook_sees_what_goes_out(surface: Callable[..., Ran]) -> None:
    """`post_compress` gets messages and figures once for each call."""
    hooks = Looking()
    surface(hooks=hooks)
    (result,) = hooks.results
    assert KEY in result.messages[-1].text
    assert result.tokens_saved == result.tokens_before - result.tokens_after > 0


VISIBLE: dict[str, Any] = {
    "less": always(Bias(budget=0.3)),
    "trimmed": Trimming(),
}


@pytest.mark.parametrize("hooks", VISIBLE.values(), ids=VISIBLE)
@pytest.mark.parametrize("surface", MODELS.values(), ids=MODELS)
def test_originals_are_found_whatever_hooks_say(
    surface: Callable[..., Ran], hooks: Any
) -> None:
    """A model that asks for what a hook had left out is answered."""
    expected, ran = surface(), surface(hooks=hooks)
    said = expected.answer if isinstance(expected.answer, str) else expected.answer[0]
    answer = ran.answer if isinstance(ran.answer, str) else ran.answer[0]
    assert (answer, ran.notes) == (said, ())


def test_a_policy_and_a_bias_multiply() -> None:
    """A bias scales what the rules allow."""
    halves = CompressionPolicy(budget=0.5)
    once = compress(history(), store=InMemoryCCRStore(), hooks=always(Bias(budget=0.5)))
    other = compress(history(), store=InMemoryCCRStore(), policy=halves)
    assert once.messages == other.messages


def test_a_round_after_a_bias_finds_the_needle() -> None:
    """What was left out under a bias can be asked for in the same call."""
    model = HeadroomChatModel(scripted(), hooks=always(Bias(budget=0.2)))
    model.invoke(history())
    assert NEEDLE not in sent(model)[-1].text
    assert NEEDLE in sent(model, 1)[-1].text
