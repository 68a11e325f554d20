"""When a turn is over."""

from __future__ import annotations

import pytest

from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.rounds.machine import NOTHING_SAID
from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.turn.rounds import Asked, Broken, Finished, Rounds

CALL = HiddenCall(id="call", arguments={}, raw="{}")
ASKS = Spoken(complete=True, calls=(CALL,))
ANSWERS = Spoken(complete=True, text=True)


def test_an_answer_without_hidden_calls_ends_the_turn() -> None:
    """A round that asks for nothing is the last."""
    assert Rounds(3).after(ANSWERS) == Finished()


def test_a_hidden_call_is_answered_and_another_round_follows() -> None:
    """Rounds are counted from one, and go on while the model asks."""
    rounds = Rounds(3)
    assert rounds.after(ASKS) == Asked(number=1, exhausted=False, over=False)
    assert rounds.after(ASKS) == Asked(number=2, exhausted=False, over=False)
    assert rounds.after(ANSWERS) == Finished()


def test_a_model_that_asks_for_ever_is_told_so_once_and_then_ended() -> None:
    """Behind the limit one call is refused; the next ends the turn."""
    rounds = Rounds(1)
    assert rounds.after(ASKS) == Asked(number=1, exhausted=False, over=False)
    assert rounds.after(ASKS) == Asked(number=2, exhausted=True, over=False)
    assert rounds.after(ASKS) == Finished(closing=NOTHING_SAID)


def test_an_answer_that_ends_by_the_limit_is_never_empty_nor_added_to() -> None:
    """What is said in place of an answer is said only when nothing else was."""
    rounds = Rounds(0)
    rounds.after(ASKS)
    said = Spoken(complete=True, calls=(CALL,), text=True)
    assert rounds.after(said) == Finished(closing="")


def test_the_tools_of_the_client_come_before_another_round() -> None:
    """Calls of both kinds are answered, and the turn is over for now."""
    mixed = Spoken(complete=True, calls=(CALL,), others=True)
    assert Rounds(3).after(mixed) == Asked(number=1, exhausted=False, over=True)


def test_asking_in_vain_ends_soon() -> None:
    """Who asks again for what is not there has one more round to answer in."""
    rounds = Rounds(3)
    rounds.after(ASKS)
    rounds.end_soon()
    assert rounds.after(ASKS) == Finished(closing=NOTHING_SAID)


@pytest.mark.parametrize("told", [False, True])
def test_a_round_without_an_end_is_an_error(*, told: bool) -> None:
    """It is told once: by the upstream, or here."""
    cut = Spoken(complete=told, failed=told)
    step = Rounds(3).after(cut)
    assert isinstance(step, Broken)
    assert step.told is told
    assert step.problem.status == 502
