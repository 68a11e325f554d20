"""Which lines of a page are shown when not all of them fit.

Errors and what was asked for come first, then headings, odd rows of tables, form
fields, rules, figures, first sentences, and a sample of the rest.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, overload

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import Choice, evenly, token_costs
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.gaps import omitted_lines
from headroom_langchain.compression.markup.page_lines import PageLine, Part
from headroom_langchain.compression.markup.zones import ALERT
from headroom_langchain.compression.odd_values import odd_lines
from headroom_langchain.compression.outliers import table_outliers
from headroom_langchain.compression.spans import Pieces, Span, Spans
from headroom_langchain.structure.alarms import find_alarms
from headroom_langchain.structure.log_levels import Level
from headroom_langchain.structure.statements import Weight, weigh
from headroom_langchain.structure.stems import Lowered

_LONG: Final = 300
_LEAST: Final = 100
_SENTENCE_END = re.compile(r"[.!?;:](?=\s)|[。\uff01\uff1f\uff1b]")
_FIGURE = re.compile(
    r"[$€£¥]\s?\d|\d(?:\s?(?:%|°|[kKMGT]i?B\b|[mµn]?s\b|kg\b|[mck]m\b|[MGk]?Hz\b)"
    r"|(?: (?:seconds|minutes|hours|days|weeks|bytes|characters|times|years|items"
    r"|entries|requests|users|percent)\b)|\.\d+\.\d)|\b[A-Z][A-Z\d]+_[A-Z\d_]{2}"
)
_NAMED_FAILURE = re.compile(
    r"\b(?:\w*(?:[Ee]rror|[Ee]xception|[Ff]ailure|[Ff]ailed|FAILED|ERROR|FATAL|[Ff]atal))"
    r"(?:\[\w+\])?: "
)
_MANY_ALERTS: Final = 0.25
_ODD: Final = 0.05
_SHORT: Final = 160
_MENTIONED: Final = 2
_HEADINGS: Final = (Part.HEADING, Part.TABLE_HEAD)
_NAMED: Final = (*_HEADINGS, Part.HEAD, Part.FIELD)
_MARK = re.compile(r"#+ |\s*(?:[-*]|\d{1,3}\.) ")
_FIRST_CODE: Final = 4
_GAP: Final = 8
_FIRST_LINES: Final = {Part.ROW: 2, Part.CODE: 3}
_FEWEST_ROWS: Final = 3


class PagePieces(Pieces):
    """The lines of a page, long ones cut into sentences."""

    def __init__(self, lines: Sequence[PageLine]) -> None:
        """Cut lines into pieces."""
        spans = Spans()
        self.owners: list[PageLine] = []
        """The line of each piece."""
        start = 0
        for number, line in enumerate(lines):
            stop = start + len(line.text)
            for begin, end in _sentences(line.text, start, stop):
                spans.add(begin, end, number, number)
                self.owners.append(line)
            start = stop + 1
        self.spans = spans
        self.text = "\n".join([line.text for line in lines])
        """All lines, with line breaks between them."""
        super().__init__(self.text, spans)


def _sentences(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    begin = 0
    if stop - start > _LONG:
        while len(text) - begin > _LONG:
            found = _SENTENCE_END.search(text, begin + _LEAST, begin + 2 * _LONG)
            space = text.rfind(" ", begin + _LEAST, begin + _LONG)
            end = space + 1 if space >= 0 else begin + _LONG
            end = found.end() if found else end
            yield start + begin, start + end
            begin = end
    yield start + begin, stop


def choose(pieces: PagePieces, budget: int, interest: Interest) -> bytearray:
    """Choose the pieces to show.

    Args:
        pieces: The pieces of a page.
        budget: Estimated tokens.
        interest: What the agent was looking for.
    """
    costs = token_costs(pieces)
    if sum(costs) + len(costs) <= budget:
        return bytearray(b"\x01" * len(pieces))
    choice = Choice(pieces, costs=costs)
    groups = _groups(pieces)
    few = max(3, len(pieces) // 20)
    for wanted, share in (
        (groups.head, 0.2),
        (groups.alerts, 0.35),
        (lines_with(pieces, interest.arguments, few=few), 0.25),
        (groups.headings, 0.35),
        (groups.odd, 0.3),
        (groups.fields, 0.7),
        (groups.failures, 0.2),
        (_rules(groups.stated[Weight.WARNING], pieces.spans), 0.6),
        (_rules(groups.stated[Weight.LIMIT], pieces.spans), 0.6),
        (groups.samples, 0.2),
        (evenly(groups.figures), 0.3),
        (_rules(groups.stated[Weight.RULE], pieces.spans), 0.4),
        (evenly(groups.leads), 0.5),
        (evenly(groups.stated[Weight.MENTION]), 0.35),
        (lines_with(pieces, interest.question, few=_MENTIONED), 0.5),
        (evenly(groups.others), 1.0),
    ):
        choice.add_each(wanted, choice.spent + share * (budget - choice.spent))
    _close_gaps(choice.shown, costs)
    return choice.shown


def _close_gaps(shown: bytearray, costs: Sequence[int]) -> None:
    """Show what costs no more than the mark that says that it is missing."""
    at = 0
    while at < len(shown):
        stop = at
        while stop < len(shown) and not shown[stop]:
            stop += 1
        if at < stop and sum(costs[at:stop]) <= _GAP:
            shown[at:stop] = b"\x01" * (stop - at)
        at = stop + 1


def omitted_pieces(spans: Sequence[Span], shown: bytearray) -> str:
    """Say how much is not shown: lines, or sentences where each line is begun."""
    lines = omitted_lines(spans, shown)
    if lines.startswith("0 "):
        return f"{shown.count(0):,} of {len(shown):,} sentences"
    return lines


@dataclass(slots=True)
class _Groups:
    """The pieces of each sort, in their order."""

    head: list[int] = field(default_factory=list)
    alerts: list[int] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    fields: list[int] = field(default_factory=list)
    stated: dict[Weight, list[int]] = field(
        default_factory=lambda: {weight: [] for weight in Weight}
    )
    samples: list[int] = field(default_factory=list)
    """The beginning of the first piece of code of each section."""
    figures: list[int] = field(default_factory=list)
    leads: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    def named(self, part: Part) -> list[int]:
        """Return the sort of pieces that are told by what they are."""
        if part in _HEADINGS:
            return self.headings
        return self.head if part == Part.HEAD else self.fields


def _groups(pieces: PagePieces) -> _Groups:
    groups = _Groups()
    lowered = Lowered(pieces)
    weights = weigh(lowered, len(pieces))
    known = {
        _plain(text)
        for text, owner in zip(pieces, pieces.owners, strict=True)
        if owner.part == Part.HEADING
    }
    known.add("")
    told = zip(pieces, pieces.owners, weights, strict=True)
    for at, (text, owner, weight) in enumerate(told):
        if owner.zone & ALERT:
            groups.alerts.append(at)
        if owner.part in _NAMED:
            groups.others.append(at)
            groups.named(owner.part).append(at)
        elif (plain := _plain(text)) not in known:
            # A repeat, such as a table of contents has of the headings, says nothing.
            known.add(plain)
            groups.others.append(at)
            if weight >= (
                Weight.WARNING if owner.part == Part.CODE else Weight.MENTION
            ):
                groups.stated[weight].append(at)
            elif _FIGURE.search(text):
                groups.figures.append(at)
    if len(groups.alerts) > max(3, _MANY_ALERTS * len(pieces)):
        groups.alerts = []
    groups.leads = _leads(pieces.owners)
    groups.samples = _samples(pieces.owners)
    groups.odd = _odd(pieces)
    groups.failures = _failures(pieces, find_alarms(pieces, lowered))
    return groups


def _plain(text: str) -> str:
    """Return a line without what makes it a heading or an item."""
    mark = _MARK.match(text)
    return text[mark.end() :] if mark else text


def _samples(owners: Sequence[PageLine]) -> list[int]:
    """The first lines of the first code of each section."""
    found: list[int] = []
    left = _FIRST_CODE
    for at, owner in enumerate(owners):
        if owner.part == Part.HEADING:
            left = _FIRST_CODE
        elif owner.part != Part.CODE:
            left = left if left == _FIRST_CODE else 0
        elif left and owner.text:
            found.append(at)
            left -= 1
    return found


def _rules(places: Sequence[int], spans: Sequence[Span]) -> Iterator[int]:
    """Pieces that state something, with what goes on in the line and began it."""
    for at in evenly(places):
        yield at
        if at + 1 < len(spans) and spans[at + 1].line == spans[at].line:
            yield at + 1
        if at and spans[at - 1].line == spans[at].line:
            yield at - 1


def _leads(owners: Sequence[PageLine]) -> list[int]:
    """The beginning of each paragraph, of each table, and of each piece of code."""
    found: list[int] = []
    before: PageLine | None = None
    run = 0
    for at, owner in enumerate(owners):
        run = run + 1 if before is not None and before.part == owner.part else 1
        if owner.part == Part.TEXT:
            wanted = owner is not before
        else:
            wanted = run <= _FIRST_LINES.get(owner.part, 0)
        if wanted:
            found.append(at)
        before = owner
    return found


def _odd(pieces: PagePieces) -> list[int]:
    """Short lines unlike others, and rows with extreme numbers."""
    extreme: list[int] = []
    at = 0
    for tabular, run in groupby(pieces.owners, key=_is_row):
        size = sum(1 for _ in run)
        if tabular and size >= _FEWEST_ROWS:
            table = [text.replace(" | ", "\t") for text in pieces[at : at + size]]
            extreme += [at + row for row in table_outliers(table)]
        at += size
    short = array("i", (at for at, text in enumerate(pieces) if len(text) < _SHORT))
    rare = odd_lines(_Some(pieces, short), share=_ODD)
    return list(dict.fromkeys([*(short[at] for at in rare), *extreme]))


class _Some(Sequence[str]):
    """Some of the pieces of a page."""

    def __init__(self, pieces: Sequence[str], places: Sequence[int]) -> None:
        self._pieces, self._places = pieces, places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return map(self._pieces.__getitem__, self._places)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self._pieces[one] for one in self._places[at]]
        return self._pieces[self._places[at]]


def _failures(pieces: PagePieces, alarms: Mapping[int, Level]) -> list[int]:
    """Pieces that tell of a failure, unless failures are what the page is about.

    Rows and code tell of failures that happened; of sentences those do that name
    one and then say more about it.
    """
    owners = pieces.owners
    named = [at for at in alarms if _NAMED_FAILURE.search(pieces[at])]
    lines = [at for at in alarms if _is_row(owners[at]) or owners[at].part == Part.CODE]
    others = [at for at, level in alarms.items() if level == Level.ERROR]
    most = max(_FEWEST_ROWS, _MANY_ALERTS * len(pieces))
    groups = (group for group in (named, lines, others) if len(group) <= most)
    return list(dict.fromkeys([at for group in groups for at in group]))


def _is_row(owner: PageLine) -> bool:
    return owner.part in {Part.ROW, Part.TABLE_HEAD}
