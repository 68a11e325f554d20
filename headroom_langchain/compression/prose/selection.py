"""Choose the pieces of a document that an excerpt shows.

Headings first, then what states a warning or a rule, the first lines of code and
tables, and the first sentence of each section and block. Where there are too many
of one sort, they are taken evenly from the whole document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.choice import evenly, token_costs
from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.prose.entries import items, meanings, names
from headroom_langchain.compression.prose.links import Links
from headroom_langchain.compression.prose.marked_choice import MarkedChoice
from headroom_langchain.compression.prose.pieces import Document
from headroom_langchain.compression.prose.weights import weigh_pieces
from headroom_langchain.structure.markup import Part
from headroom_langchain.structure.statements import Weight
from headroom_langchain.structure.stems import Lowered

_ALARMS: Final = 0.5
_HEAD: Final = 0.06
_TAIL: Final = 0.02
_ASKED: Final = 0.25
_MENTIONED: Final = 2
_SHORT_BLOCK: Final = 360
_SHORT_RULE: Final = 200
_SHORT_CODE: Final = 6
_SHORT_CODE_AGAIN: Final = 4
_CODE_LINES: Final = 3
_TABLE_HEAD: Final = 2
_SHORT_TABLE: Final = 9
_SEEN_ROWS: Final = 5
_COMMENTS: Final = ("//", "#", "--", "/*", "*", ";", "<!--", "%", '"""', "$ ", "> ")
_REFERRING: Final = (
    "This ",
    "It ",
    "These ",
    "They ",
    "Those ",
    "That ",
    "If so",
    "Otherwise",
    "これ",
    "この",
    "それ",
    "その",
    "这",
    "该",
    "此",
    "이 ",
)
"""Words with which a sentence speaks of what the one before it named."""
_ALARM_STEMS: Final = (
    "error exception fatal failure failed panic traceback critical"
    " 错误 エラー 오류 ошибка"
).split()
_ALARM = re.compile(
    r"^[\W_]{0,12}(?:\w{2,24}(?:error|exception)|error|fatal|failure|failed|panic"
    r"|traceback|critical|错误|エラー|오류|ошибка)\b ?[:!(\[]",
    re.IGNORECASE | re.MULTILINE,
)
"""The beginning of a message of an error, not of a sentence about errors."""
_BY_LINE: Final = (Part.CODE, Part.ROWS)
_INDEX: Final = 0.7
_PROSE: Final = (Part.TEXT, Part.ITEM, Part.NOTE)
_SPACES: Final = 6
_STOPS: Final = (".", "!", "?", ":", "。", ")", "|")
_CLOSER: Final = 3


class Selection:
    """The sorts of pieces of a document, each in its order."""

    def __init__(self, document: Document, links: Links) -> None:
        """Sort the pieces.

        Args:
            document: The document.
            links: Its addresses.
        """
        self._document = document
        self._links = links
        self._texts = document.texts
        self._lowered = Lowered(self._texts)
        self._weights = weigh_pieces(document, self._lowered)

    def shown(self, budget: int, interest: Interest) -> bytearray:
        """Choose within a budget.

        Args:
            budget: Estimated tokens.
            interest: What the agent was looking for.

        Returns:
            One byte per piece, 1 for shown.
        """
        texts = self._texts
        costs = self._links.cheaper(token_costs(texts), texts)
        choice = MarkedChoice(texts, costs=costs, groups=self._document.groups())
        size = len(texts)
        choice.add_each(evenly(self._once(self._alarms())), _ALARMS * budget)
        choice.add_each(self._visible(range(size)), choice.spent + _HEAD * budget)
        choice.add_each(
            self._visible(reversed(range(size))), choice.spent + _TAIL * budget
        )
        few = max(3, size // 20)
        for wanted, share in (
            (lines_with(texts, interest.arguments, few=few), _ASKED),
            (self._headings(), 0.35),
            (names(self._document, costs, _INDEX * budget), _INDEX),
            (self._statements(Weight.WARNING), 0.55),
            (self._statements(Weight.LIMIT), 0.7),
            (self._tables(), 0.25),
            (self._code(), 0.25),
            (meanings(self._document), 0.5),
            (self._statements(Weight.RULE), 0.5),
            (items(self._document), 0.4),
            (self._leads(), 0.5),
            (self._statements(Weight.MENTION), 0.35),
            (lines_with(texts, interest.question, few=_MENTIONED), 0.5),
            (self._firsts(), 0.7),
            (self._rest(), 1.0),
        ):
            choice.add_each(wanted, choice.spent + share * (budget - choice.spent))
        choice.close_gaps()
        return choice.shown

    def _visible(self, places: Iterable[int]) -> Iterable[int]:
        return (at for at in places if self._part(at) is not Part.FILLER)

    def _part(self, at: int) -> Part:
        return self._document.part_of(at)

    def _alarms(self) -> list[int]:
        """Pieces with a line that is the message of an error."""
        suspects = sorted(set(self._lowered.having(_ALARM_STEMS)))
        return [at for at in suspects if _ALARM.search(self._texts[at])]

    def _headings(self) -> Iterable[int]:
        """Headings, the higher before the lower."""
        levels: dict[int, list[int]] = {}
        for block, pieces in self._document.each_block(Part.HEADING):
            levels.setdefault(block.level, []).extend(pieces)
        for level in sorted(levels):
            yield from evenly(levels[level])

    def _statements(self, weight: Weight) -> Iterable[int]:
        """Pieces of a weight, short blocks whole, of others the next piece too."""
        found = [at for at, known in enumerate(self._weights) if known == weight]
        told = self._once([one for one in found if self._is_told(one, weight)])
        for at in evenly(told):
            yield at
            if weight is not Weight.MENTION and self._part(at) not in _BY_LINE:
                yield from self._around(at, weight)

    def _is_told(self, at: int, weight: Weight) -> bool:
        """Whether a piece says what it has a word of: in code, comments do."""
        part = self._part(at)
        if part is Part.CODE and weight is Weight.WARNING:
            text = self._texts[at].lstrip()
            return text.startswith(_COMMENTS) or text.count(" ") >= _SPACES
        return part is not Part.FILLER

    def _around(self, at: int, weight: Weight) -> Iterable[int]:
        """The rest of a short block, or the sentence after a warning."""
        pieces = self._document.pieces_beside(at)
        size = self._document.piece(pieces[-1]).stop
        size -= self._document.piece(pieces[0]).start
        if at < pieces[-1] and not self._texts[at].rstrip().endswith(_STOPS):
            yield at + 1
        if self._part(at) is Part.TERM:
            yield pieces[0]
            return
        if size <= (_SHORT_BLOCK if weight is Weight.WARNING else _SHORT_RULE):
            yield from pieces
            return
        if self._part(at) is Part.ITEM:
            yield pieces[0]
        elif at > pieces[0] and self._texts[at].startswith(_REFERRING):
            yield at - 1
        if at < pieces[-1] and weight is Weight.WARNING:
            yield at + 1

    def _once(self, wanted: Sequence[int]) -> list[int]:
        """Leave out pieces that say the same as one before."""
        first: dict[str, int] = {}
        for at in wanted:
            first.setdefault(self._texts[at].strip(), at)
        return list(first.values())

    def _tables(self) -> Iterable[int]:
        """Short tables whole, of long ones the beginning."""
        wanted: list[Sequence[int]] = []
        for block, pieces in self._document.each_block(Part.ROWS):
            short = block.stop - block.first <= _SHORT_TABLE
            last = block.first + (_SHORT_TABLE if short else _TABLE_HEAD)
            wanted.append(self._until(pieces, last))
        for number in evenly(range(len(wanted))):
            yield from wanted[number]

    def _until(self, pieces: Sequence[int], last: int) -> list[int]:
        """The pieces of a block that begin in its first lines."""
        return [at for at in pieces if self._document.line_of(at) <= last]

    def _code(self) -> Iterable[int]:
        """Short code whole, of long code what tells; more of a section's first."""
        wanted: list[Sequence[int]] = []
        again = False
        uses = self._uses()
        for block, pieces in self._document.each_block(Part.HEADING, Part.CODE):
            if block.part is Part.HEADING:
                again = False
            else:
                short = len(pieces) <= (_SHORT_CODE_AGAIN if again else _SHORT_CODE)
                wanted.append(pieces if short else self._telling(pieces, uses))
                again = True
        for number in evenly(range(len(wanted))):
            yield from wanted[number]

    def _uses(self) -> Counter[str]:
        """Count how often each line of code comes."""
        return Counter(
            self._texts[at].strip()
            for _, pieces in self._document.each_block(Part.CODE)
            for at in pieces
        )

    def _telling(self, pieces: Sequence[int], uses: Counter[str]) -> list[int]:
        """The fence of a block of code, and its first lines that no other has."""
        rare = [
            at
            for at in pieces[1:]
            if uses[text := self._texts[at].strip()] == 1 and len(text) > _CLOSER
        ]
        return [*pieces[:1], *rare[:_CODE_LINES]]

    def _leads(self) -> Iterable[int]:
        """The first sentence of each section."""
        found: list[int] = []
        told = False
        for block, pieces in self._document.each_block():
            if block.part is Part.HEADING:
                told = False
            elif block.part in _PROSE and not told:
                found += pieces[:1]
                told = True
        yield from evenly(found)

    def _firsts(self) -> Iterable[int]:
        """The first piece of each block, of tables some rows."""
        found: list[int] = []
        for block, pieces in self._document.each_block():
            if block.part is Part.ROWS:
                found += self._until(pieces, block.first + _SEEN_ROWS - 1)
            elif block.part is not Part.FILLER:
                found += pieces[:1]
        yield from evenly(found)

    def _rest(self) -> Iterable[int]:
        prose = [at for at in range(len(self._texts)) if self._is_prose(at)]
        yield from evenly(self._once(prose))

    def _is_prose(self, at: int) -> bool:
        return self._part(at) is not Part.FILLER and bool(self._texts[at].strip())
