"""Whatever a model says, round after round, and however its client goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from upstreams import Call, Retrieve, Text, Thinking, Turn, Way
from upstreams.script import Block, said

from conformance.continued import goes_on
from conformance.house import House
from conformance.speakers import SPEAKERS
from conformance.speaking import How, Result, rows


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its rounds, and how it comes."""

    rounds: tuple[Turn, ...]
    how: How

    @property
    def text(self) -> str:
        """Return what the client reads."""
        blocks = [block for turn in self.rounds for block in turn.blocks]
        return "".join(block.text for block in blocks if isinstance(block, Text))

    @property
    def calls(self) -> int:
        """How many calls the client sees."""
        blocks = [block for turn in self.rounds for block in turn.blocks]
        return sum(isinstance(block, Call) for block in blocks)


_words = st.sampled_from(["One. ", "Zwei — ☂ ", "a\nb\n", "x "])
_texts = st.builds(Text, _words)
_thoughts = st.builds(Thinking, _words)
_looks = st.builds(Call, st.just("look"), st.fixed_dictionaries({"at": _words}))
_asks = st.just(Retrieve("?"))
_ways = st.builds(
    Way,
    newline=st.sampled_from([b"\n", b"\r\n"]),
    cut=st.sampled_from([0, 0, 7]),
    pings=st.sampled_from([(), (1, 2)]),
    gzip=st.booleans(),
)


def _round(*needed: st.SearchStrategy[Block]) -> st.SearchStrategy[Turn]:
    """Make rounds that think first, if they do, and say and call the rest."""
    more = st.lists(st.one_of(_texts, *needed), max_size=3)
    parts = st.tuples(st.lists(_thoughts, max_size=1), more, *needed)
    blocks = parts.flatmap(
        lambda made: st.permutations([*made[1], *made[2:]]).map(
            lambda rest: (*made[0], *rest)
        )
    )
    pieces = st.sampled_from([1, 8, 100])
    return st.builds(Turn, blocks=blocks, piece=pieces, way=_ways)


_hidden = st.lists(_round(_asks), max_size=3)
_last = st.one_of(_round(_texts), _round(_looks), _round(_asks, _looks))
_answers = st.builds(
    lambda hidden, last, how: Said((*hidden, last), how),
    _hidden,
    _last,
    st.sampled_from(["stream", "whole"]),
)


def _numbered(answers: list[Said]) -> list[Said]:
    """Let each call ask for something else, as models do that get on."""
    numbers = iter(range(1000))

    def asked(block: Block) -> Block:
        again = isinstance(block, Retrieve)
        return Retrieve(f"host-{next(numbers)}") if again else block

    return [
        replace(
            one,
            rounds=tuple(
                replace(turn, blocks=tuple(map(asked, turn.blocks)))
                for turn in one.rounds
            ),
        )
        for one in answers
    ]


@pytest.mark.parametrize("kind", sorted(SPEAKERS))
@settings(
    deadline=None,
    max_examples=5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(answers=st.lists(_answers, min_size=1, max_size=4))
def test_any_conversation(house: House, kind: str, answers: list[Said]) -> None:
    """No request is malformed, nothing said is lost, and the prefix holds."""
    house.open()
    speaker, asked = house.speaker(kind), None
    for number, answer in enumerate(_numbered(answers)):
        house.upstream.play(*answer.rounds)
        asked = asked or speaker.begin(Result())
        heard = speaker.ask(asked, answer.how)
        assert heard.text == answer.text
        assert len(heard.calls) == answer.calls
        results = {
            call[0]: f"{call[0]} {n}" if n else rows(first=1000 * (number + 1))
            for n, call in enumerate(heard.calls)
        }
        say = None if results else "Go on."
        asked = speaker.go_on(asked, heard, say=say, results=results)
    house.upstream.play(said("Bye."))
    assert asked is not None
    assert speaker.ask(asked, "whole").text == "Bye."
    assert len(house.upstream.got) == sum(len(one.rounds) for one in answers) + 1
    assert goes_on(speaker, house.upstream.got)
    house.close()
