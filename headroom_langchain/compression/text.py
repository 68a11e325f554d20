"""Any text that no other compressor understands.

An excerpt shows the beginning, what the agent asked for, headings, definitions,
lines that state rules, first lines of paragraphs, and the end. Where there are too
many of one sort, they are taken evenly from the whole text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headroom_langchain.compression.asked import lines_with
from headroom_langchain.compression.excerpt import Excerpt, Interest
from headroom_langchain.compression.odd_values import odd_lines
from headroom_langchain.compression.outliers import table_outliers
from headroom_langchain.compression.sample import Sample
from headroom_langchain.compression.spans import Span, cut_spans
from headroom_langchain.structure.outline import Role, roles
from headroom_langchain.tokens import estimate_tokens

_LIKENESS = 0.01
_FACTOR = 2.6
_POWER = 0.8
_GAP_TOKENS = 6
_HEAD = 0.12
_TAIL = 0.06
_ASKED = 0.25
_OUTLIERS = 0.3
_SHARES = (
    (Role.HEADING, 0.35),
    (Role.DEFINITION, 0.7),
    (Role.RULE, 0.75),
    (Role.MENTION, 0.4),
    (Role.LEAD, 0.7),
    (Role.BODY, 1.0),
)
_MISSES = 12
_SIGNATURE_LINES = 6
_MENTIONED = 2
_ODD = 0.05


class PlainText:
    """Compresses any text."""

    @property
    def kind(self) -> str:
        """The name `text`."""
        return "text"

    def likeness(self, sample: Sample) -> float:
        """Return 0.01, so that any other compressor goes first."""
        return _LIKENESS if sample.size else 0.0

    def read(self, text: str) -> TextReading | None:
        """Read a text; `None` only for the empty one."""
        return TextReading(text) if text else None

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return min(tokens, round(_FACTOR * math.pow(tokens, _POWER)))


@dataclass(frozen=True, slots=True)
class TextReading:
    """One text."""

    text: str

    def lossless(self) -> str | None:
        """Return `None`: in a text of unknown format every character may matter."""
        return None

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show the outline of the text.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        spans = cut_spans(self.text)
        pieces = [self.text[span.start : span.stop] for span in spans]
        shown = _choose(pieces, budget, interest)
        return Excerpt(
            text=_render(self.text, spans, shown), omitted=_omitted(spans, shown)
        )


class _Choice:
    """Which pieces are shown so far, and what they cost."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.shown = bytearray(len(pieces))
        self.spent = 0
        self._pieces = pieces

    def add_each(self, wanted: Iterable[int], limit: float) -> None:
        """Show pieces one by one until the limit is reached."""
        misses = 0
        for at in wanted:
            if self.shown[at]:
                continue
            cost = estimate_tokens(self._pieces[at]) + 1 + self._gap_cost(at)
            if self.spent + cost <= limit:
                self.shown[at] = 1
                self.spent += cost
            else:
                misses += 1
                if misses > _MISSES:
                    return

    def _gap_cost(self, at: int) -> int:
        """A piece splits the gap it stands in, or closes it."""
        before = at == 0 or self.shown[at - 1]
        after = at + 1 == len(self.shown) or self.shown[at + 1]
        return _GAP_TOKENS * (1 - bool(before) - bool(after))


def _choose(pieces: Sequence[str], budget: int, interest: Interest) -> bytearray:
    choice = _Choice(pieces)
    choice.add_each(range(len(pieces)), _HEAD * budget)
    backwards = range(len(pieces) - 1, -1, -1)
    choice.add_each(backwards, choice.spent + _TAIL * budget)
    few = max(3, len(pieces) // 20)
    asked = lines_with(pieces, interest.arguments, few=few)
    choice.add_each(asked, choice.spent + _ASKED * budget)
    of_role: dict[Role, list[int]] = {}
    found = roles(pieces)
    for at, role in enumerate(found):
        of_role.setdefault(role, []).append(at)
    of_role[Role.DEFINITION] = _with_arguments(pieces, of_role.get(Role.DEFINITION, []))
    odd = odd_lines(pieces, share=_ODD)
    outliers = dict.fromkeys([*odd, *table_outliers(pieces)])
    choice.add_each(outliers, choice.spent + _OUTLIERS * (budget - choice.spent))
    for role, share in _SHARES:
        limit = choice.spent + share * (budget - choice.spent)
        wanted = _evenly(of_role.get(role, []))
        if role == Role.RULE:
            wanted = _with_neighbours(wanted, found)
        choice.add_each(wanted, limit)
    choice.add_each(lines_with(pieces, interest.question, few=_MENTIONED), budget)
    return choice.shown


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


def _evenly(places: Sequence[int]) -> Iterable[int]:
    """Give all places, any first part of them spread over the whole.

    The step halves from round to round, so that whatever fits is a sample.
    """
    step = 1
    while step < len(places):
        step *= 2
    first = True
    while step >= 1:
        start, stride = (0, step) if first else (step, 2 * step)
        yield from places[start::stride]
        first = False
        step //= 2


def _render(text: str, spans: Sequence[Span], shown: bytearray) -> str:
    out: list[str] = []
    at = 0
    while at < len(spans):
        stop = at
        while stop < len(spans) and shown[stop] == shown[at]:
            stop += 1
        if shown[at]:
            out.append(_slice(text, spans, at, stop))
        elif text[spans[at].start : spans[stop - 1].stop].strip():
            out.append(_gap(spans, at, stop))
        at = stop
    return "\n".join(out).rstrip("\r\n")


def _slice(text: str, spans: Sequence[Span], at: int, stop: int) -> str:
    first, last = spans[at], spans[stop - 1]
    before = "…" if at and spans[at - 1].last == first.line else ""
    after = "…" if stop < len(spans) and spans[stop].line == last.last else ""
    return f"{before}{text[first.start : last.stop]}{after}"


def _gap(spans: Sequence[Span], at: int, stop: int) -> str:
    """Count what is left out: lines, or characters where a line is shown in part."""
    first, last = spans[at], spans[stop - 1]
    begun = at > 0 and spans[at - 1].last == first.line
    goes_on = stop < len(spans) and spans[stop].line == last.last
    if first.line == last.last and (begun or goes_on):
        return f"[... {last.stop - first.start:,} characters]"
    lines = last.last - first.line + 1
    return f"[... {lines:,} line{'s' if lines > 1 else ''}]"


def _omitted(spans: Sequence[Span], shown: bytearray) -> str:
    total = spans[-1].last + 1
    hidden = [span for span, visible in zip(spans, shown, strict=True) if not visible]
    if len(spans) > 2 * total:
        characters = sum(span.stop - span.start for span in hidden)
        return f"{characters:,} of {spans[-1].stop:,} characters"
    seen = {
        line
        for span, visible in zip(spans, shown, strict=True)
        if visible
        for line in range(span.line, span.last + 1)
    }
    lines = total - len(seen)
    return f"{lines:,} of {total:,} lines"
