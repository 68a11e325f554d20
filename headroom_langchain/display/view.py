"""What is shown of a compression, whatever shows it: rows, figures and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

_TOGETHER: Final = 4
"""As many texts in a row that were left alone are shown as one."""

MOST_ROWS: Final = 60
"""Rows that are shown before the rest is folded."""


class Outcome(Protocol):
    """What became of a text."""

    @property
    def kind(self) -> str | None:
        """How it was understood."""

    @property
    def key(self) -> str | None:
        """The key of its original."""

    @property
    def omitted(self) -> str:
        """What is not shown."""

    @property
    def tokens_before(self) -> int:
        """Tokens as it was given."""

    @property
    def tokens_after(self) -> int:
        """Tokens as it is now."""

    @property
    def skipped(self) -> str | None:
        """Why it was left as it is."""


class Block(Outcome, Protocol):
    """A text of a message; a `BlockReport` is one."""

    @property
    def message(self) -> int:
        """Index of its message."""

    @property
    def role(self) -> str:
        """Who wrote it."""

    @property
    def tool(self) -> str | None:
        """The tool that wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One text as it was, and as it is sent."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One text."""

    message: int | None
    """Index of its message; `None` for a text by itself."""
    who: str
    """The tool that wrote it, or the role."""
    kind: str | None
    omitted: str
    key: str | None
    skipped: str | None
    tokens_before: int
    tokens_after: int
    texts: Texts | None
    """`None` when it was left alone, or the texts are not known."""

    @property
    def told(self) -> str:
        """What became of it, in a few words."""
        if self.skipped is not None:
            # That a text of the assistant is the assistant's says nothing.
            why = "" if self.skipped == f"{self.who} text" else f": {self.skipped}"
            return f"left alone{why}"
        return f"{self.omitted} hidden" if self.omitted else "rewritten, nothing hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Texts in a row that were left alone, shown as one."""

    rows: tuple[Row, ...]

    @property
    def tokens(self) -> int:
        """Their tokens."""
        return sum(row.tokens_before for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One more figure, such as what was retrieved."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A compression as it is shown."""

    rows: tuple[Row, ...]
    facts: tuple[Fact, ...] = ()
    asked: tuple[str, ...] = ()
    """What the model asked for of what is hidden, one line each."""
    notes: tuple[str, ...] = ()

    @property
    def tokens_before(self) -> int:
        """Tokens of all texts as they were given."""
        return sum(row.tokens_before for row in self.rows)

    @property
    def tokens_after(self) -> int:
        """Tokens of all texts as they are now."""
        return sum(row.tokens_after for row in self.rows)

    @property
    def largest(self) -> int:
        """Tokens of the largest text as it was given, at least 1."""
        return max((row.tokens_before for row in self.rows), default=1) or 1

    @property
    def told(self) -> str:
        """What became of the texts, in one line."""
        changed = [row for row in self.rows if row.skipped is None]
        hidden = sum(1 for row in changed if row.omitted)
        if not self.rows:
            return "There was no text."
        return (
            f"{len(changed):,} of {counted(len(self.rows), 'text')} compressed, "
            f"{hidden:,} with hidden parts"
        )


def view_of(
    blocks: Sequence[Block],
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    facts: Sequence[Fact] = (),
    asked: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> View:
    """Return what is shown of the texts of messages.

    Empty texts, such as those of messages that only call tools, are not shown.

    Args:
        blocks: What was decided about each text.
        before: The texts as they were, one for each block. With another number of
            them, which an extension that changes messages can bring about, no
            texts are shown.
        after: The texts as they are now, likewise.
        facts: More figures.
        asked: What the model asked for of what is hidden.
        notes: What went wrong.
    """
    texts: list[Texts | None] = [None] * len(blocks)
    if len(blocks) == len(before) == len(after):
        pairs = zip(before, after, strict=True)
        texts = [Texts(before=old, after=new) for old, new in pairs]
    rows = [
        _row(block, known, message=block.message, who=block.tool or block.role)
        for block, known in zip(blocks, texts, strict=True)
        if block.tokens_before
    ]
    return View(
        rows=tuple(rows), facts=tuple(facts), asked=tuple(asked), notes=tuple(notes)
    )


def view_of_text(
    outcome: Outcome, *, before: str, after: str, notes: Sequence[str] = ()
) -> View:
    """Return what is shown of a text by itself.

    Args:
        outcome: What became of it.
        before: The text as it was.
        after: The text as it is now.
        notes: What went wrong.
    """
    row = _row(outcome, Texts(before=before, after=after), message=None, who="text")
    return View(rows=(row,), notes=tuple(notes))


def grouped(rows: Sequence[Row]) -> Iterator[Row | Left]:
    """Put texts together that stand in a row and were left alone."""
    left: list[Row] = []
    for row in rows:
        if row.skipped is not None:
            left.append(row)
            continue
        yield from _together(left)
        left = []
        yield row
    yield from _together(left)


def saved(before: float, after: float) -> str:
    """Return how much less it is; negative when it is more."""
    return f"{100 * (1 - after / before) if before else 0.0:.1f} %"


def counted(number: int, thing: str) -> str:
    """Return a number of things in words, such as `2 lines`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _together(left: Sequence[Row]) -> Sequence[Row | Left]:
    return (Left(rows=tuple(left)),) if len(left) >= _TOGETHER else left


def _row(
    outcome: Outcome, texts: Texts | None, *, message: int | None, who: str
) -> Row:
    return Row(
        message=message,
        who=who,
        kind=outcome.kind,
        omitted=outcome.omitted,
        key=outcome.key,
        skipped=outcome.skipped,
        tokens_before=outcome.tokens_before,
        tokens_after=outcome.tokens_after,
        texts=texts if outcome.skipped is None else None,
    )
