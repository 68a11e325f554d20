"""What the model itself raises reaches the caller as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from talks import WAYS, Way, ainvoked, ending, history, play, scripted

from headroom_langchain import HeadroomChatModel
from headroom_langchain.testing import Shape, Turn

ENDINGS = (KeyboardInterrupt, SystemExit, asyncio.CancelledError)
SHAPES: tuple[Shape, ...] = ("openai", "anthropic", "plain")


class OwnError(Exception):
    """An error of a provider."""


def failing(error: BaseException, place: str) -> Callable[[list[BaseMessage]], Turn]:
    """A turn that raises, at a place within itself."""

    def turn(messages: list[BaseMessage]) -> Turn:
        if place == "before the first chunk":
            raise error
        whole = play(messages)
        calls = whole.tool_calls if place == "after the hidden call" else ()
        assert isinstance(error, Exception)
        return Turn(text=whole.text, tool_calls=calls, error=error)

    return turn


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("round_", [1, 2, 3])
@pytest.mark.parametrize(
    "place", ["before the first chunk", "after some text", "after the hidden call"]
)
async def test_an_error_of_the_provider_is_its_own(
    way: Way, shape: Shape, round_: int, place: str, nothing_left: None
) -> None:
    """In every round: the same object without notes or cause, and a true report."""
    error = OwnError("no more credit")
    turns = [play] * (round_ - 1) + [failing(error, place)] + [play] * 3
    model = HeadroomChatModel(scripted(shape, turns=turns))
    with pytest.raises(OwnError) as caught:
        await way(model, history("ann"))
    assert caught.value is error
    assert not hasattr(error, "__notes__")
    assert error.__cause__ is None
    report = model.report
    assert report is not None
    assert report.rounds == round_
    assert len(report.retrievals) == round_ - 1
    told = f"round {round_} was not finished: OwnError: no more credit"
    assert report.notes == (told,)
    assert (await way(model, history("bob"))).endswith(ending("bob"))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ENDINGS)
def test_what_ends_a_program_ends_it_as_with_the_bare_model(
    way: Way, kind: type[BaseException], watch: object
) -> None:
    """In a hidden round the caller's code and its program see the very same."""
    raising = failing(kind(), "before the first chunk")
    bare = outcome(way, scripted(turns=[raising]))
    wrapped = HeadroomChatModel(scripted(turns=[play, raising]))
    assert outcome(way, wrapped) == bare
    if way is not ainvoked:  # langchain-core turns what a task of its own raised
        assert bare == (kind, kind)


def outcome(way: Way, model: Any) -> tuple[type[BaseException], type[BaseException]]:
    """What the code that called saw, and what ended the event loop."""
    seen: list[type[BaseException]] = []

    async def call() -> None:
        try:
            await way(model, history("ann"))
        except BaseException as raised:
            seen.append(type(raised))
            raise

    with pytest.raises(BaseException) as ended:  # noqa: PT011 - which one is the question
        asyncio.run(call())
    return seen[0], ended.type
