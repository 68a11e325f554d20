"""Any text that no other compressor understands.

An excerpt shows each line that tells of a failure, the beginning and the end, what
the agent asked for, values and forms that no other line has, headings, definitions,
lines that state rules, and first lines of paragraphs. Where there are too many of
one sort, they are taken evenly from the whole text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.budget import power_budget
from headroom_langchain.compression.choice import Choice, evenly, token_costs
from headroom_langchain.compression.chosen import ChosenPieces
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.odd_values import odd_lines
from headroom_langchain.compression.outliers import table_outliers
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.alarms import find_alarms
from headroom_langchain.structure.forms import single_forms
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.outline import Role, roles
from headroom_langchain.structure.statements import weigh
from headroom_langchain.structure.stems import Lowered

_LIKENESS = 0.01
_FACTOR = 2.6
_POWER = 0.8
_HEAD = 0.12
_TAIL = 0.06
_ERRORS = 1.0
_WARNINGS = 0.3
_RESERVED = 0.5
_ASKED = 0.25
_OUTLIERS = 0.3
_HEADINGS = 0.35
_DEFINITIONS = 0.7
_RULES = 0.75
_MENTIONS = 0.4
_LEADS = 0.7
_SIGNATURE_LINES = 6
_MENTIONED = 2
_ODD = 0.05
_LETTERS = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
_PROBED = 200
_FEW_USES = 3
_COMMON = 0.05


class PlainText:
    """Compresses any text."""

    @property
    def kind(self) -> str:
        """The name `text`."""
        return "text"

    def likeness(self, sample: Sample) -> float:
        """Return 0.01, so that any other compressor goes first."""
        return _LIKENESS if sample.size else 0.0

    def read(self, text: str, _sample: Sample) -> ChosenPieces | None:
        """Read a text; `None` only for the empty one."""
        return read_plain(text) if text else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return power_budget(tokens, factor=_FACTOR, power=_POWER)


def read_plain(text: str) -> ChosenPieces:
    """Read a text of which nothing is known."""
    return ChosenPieces(text, _choose)


def _choose(pieces: Sequence[str], budget: int, interest: Interest) -> bytearray:
    lowered = Lowered(pieces)
    choice = Choice(pieces, costs=token_costs(pieces))
    errors, warnings = _alarms(pieces, find_alarms(pieces, lowered))
    choice.add_each(evenly(errors), _ERRORS * budget)
    choice.add_each(range(len(pieces)), choice.spent + _HEAD * budget)
    backwards = range(len(pieces) - 1, -1, -1)
    choice.add_each(backwards, choice.spent + _TAIL * budget)
    few = max(3, len(pieces) // 20)
    unusual = (
        (lines_with(pieces, interest.arguments, few=few), _ASKED),
        (evenly(warnings), _WARNINGS),
        (_unlike(pieces), _OUTLIERS),
    )
    limit = max(float(budget), choice.spent + _RESERVED * budget)
    for wanted, share in unusual:
        choice.add_each(wanted, choice.spent + share * (limit - choice.spent))
    found = roles(pieces, weigh(lowered, len(pieces)))
    of_role: dict[Role, list[int]] = {role: [] for role in Role}
    for at, role in enumerate(found):
        of_role[role].append(at)
    definitions = _with_arguments(pieces, of_role[Role.DEFINITION])
    seen: set[str] = set()
    for wanted, share in (
        (evenly(of_role[Role.HEADING]), _HEADINGS),
        (evenly(definitions), _DEFINITIONS),
        (_with_neighbours(evenly(of_role[Role.RULE]), found), _RULES),
        (evenly(of_role[Role.MENTION]), _MENTIONS),
        (_once(pieces, evenly(_telling(pieces, of_role[Role.LEAD])), seen), _LEADS),
        (_once(pieces, evenly(of_role[Role.LEAD]), seen), _LEADS),
        (_once(pieces, evenly(of_role[Role.BODY]), seen), 1.0),
    ):
        choice.add_each(wanted, choice.spent + share * (limit - choice.spent))
    choice.add_each(lines_with(pieces, interest.question, few=_MENTIONED), limit)
    choice.close_gaps()
    return choice.shown


def _alarms(
    pieces: Sequence[str], levels: Mapping[int, Level]
) -> tuple[list[int], list[int]]:
    """Lines of errors and of warnings, each text once."""
    seen: set[str] = set()
    errors: list[int] = []
    warnings: list[int] = []
    for at, level in levels.items():
        text = pieces[at].strip()
        if text not in seen:
            seen.add(text)
            (errors if level is Level.ERROR else warnings).append(at)
    return errors, warnings


def _unlike(pieces: Sequence[str]) -> Iterable[int]:
    """Lines with a value, a number or a form that others do not have."""
    odd = odd_lines(pieces, share=_ODD)
    return dict.fromkeys([*odd, *table_outliers(pieces), *single_forms(pieces)])


def _telling(pieces: Sequence[str], leads: Sequence[int]) -> list[int]:
    """Lines with a word that few of the others have: no mere labels of numbers."""
    uses: Counter[str] = Counter()
    for at in leads:
        uses.update({*_LETTERS.findall(pieces[at][:_PROBED])})
    few = max(_FEW_USES, _COMMON * len(leads))
    rare = {word for word, count in uses.items() if count <= few}
    return [
        at
        for at in leads
        if not rare.isdisjoint(_LETTERS.findall(pieces[at][:_PROBED]))
    ]


def _once(
    pieces: Sequence[str], wanted: Iterable[int], seen: set[str]
) -> Iterable[int]:
    """Lines that do not say what another one has said."""
    for at in wanted:
        text = pieces[at].strip()
        if text not in seen:
            seen.add(text)
            yield at


def _with_neighbours(rules: Iterable[int], found: Sequence[Role]) -> Iterable[int]:
    """Rules with the line that goes on, and the one in which the sentence began."""
    for at in rules:
        yield at
        if at + 1 < len(found) and found[at + 1] == Role.BODY:
            yield at + 1
        if at and found[at] != Role.LEAD and found[at - 1] in (Role.LEAD, Role.BODY):
            yield at - 1


def _with_arguments(pieces: Sequence[str], definitions: Sequence[int]) -> list[int]:
    """Definitions with the lines of arguments that some run over."""
    wanted: list[int] = []
    for start in definitions:
        wanted.append(start)
        at = start
        while (
            pieces[at].rstrip().endswith(("(", ","))
            and at + 1 < len(pieces)
            and at - start < _SIGNATURE_LINES
        ):
            at += 1
            wanted.append(at)
    return list(dict.fromkeys(wanted))
