"""What is shown of a JSON document when not everything fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.excerpt import Excerpt
from headroom_langchain.compression.json.blocks import (
    TITLE,
    Line,
    read_blocks,
    refer_to_repeats,
    render_blocks,
)
from headroom_langchain.compression.json.cells import KEY
from headroom_langchain.compression.json.common import (
    common_cells,
    tell_common,
    without,
)
from headroom_langchain.compression.json.embedded import expand, may_embed
from headroom_langchain.compression.json.excerpt import TableExcerpt, excerpt_table
from headroom_langchain.compression.json.hidden import name_hidden
from headroom_langchain.compression.json.hoist import VALUE, Text, hoist
from headroom_langchain.compression.json.inside import ExcerptText, excerpt_plainly
from headroom_langchain.compression.json.loose import choose_loose, cost_of
from headroom_langchain.compression.json.table import Table
from headroom_langchain.compression.json.telling import message_column
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.json.blocks import Block
    from headroom_langchain.compression.json.hoist import Piece
    from headroom_langchain.structure.json_text import JsonValue

_ALONE_FROM: Final = 120
_LOOSE_SHARE: Final = 0.45
_LOOSE_WEIGHT: Final = 2.0
_FORM: Final = "how long strings were written"
"""What is missing where every value is shown, but not as a string of JSON."""

_ABSENT_OR_USUAL: Final = "which objects lack a field that is as usual"
"""What is missing where only the usual values were told once for all."""

_LEFT_OVER: Final = 40
_USUAL: Final = 0.1
"""How far from 1 a factor on the budget is no wish of anybody."""
_LESS: Final = 0.5
_MORE: Final = 1.5
_SCALE: Final = 3.0
_POWER: Final = 0.75
_SMALL: Final = 950
"""Tokens that even a small document may have, though no more than half of its own."""


def excerpt_budget(tokens: int, scale: float = _SCALE, power: float = _POWER) -> int:
    """Return how many tokens an excerpt may have: the longer, the smaller a share."""
    least = min(tokens // 2, _SMALL)
    return max(1, min(tokens, max(int(scale * tokens**power), least)))


@dataclass(frozen=True, slots=True)
class JsonReading:
    """A JSON document taken apart."""

    blocks: list[Block]
    expanded: list[Block]
    """The same, with the JSON inside strings taken apart too."""
    inside: ExcerptText
    tokens: int = 0
    """Estimated tokens of the text that it was read from; 0 when there is none."""

    @classmethod
    def of(
        cls,
        value: JsonValue,
        *,
        source: str = "",
        inside: ExcerptText = excerpt_plainly,
    ) -> JsonReading:
        """Take a value apart.

        Args:
            value: An array or object.
            source: The text that it was read from.
            inside: Shortens long texts that stand in strings.
        """
        blocks = read_blocks(value)
        expanded = read_blocks(expand(value)) if may_embed(source) else blocks
        return cls(blocks, expanded, inside, estimate_tokens(source))

    def lossless(self) -> str | None:
        """Write the document as lines and tables that keep every value."""
        return render_blocks(self.blocks)

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show what fits the budget: errors first, then what is rare.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        pieces = hoist(refer_to_repeats(self.expanded))
        if len(pieces) == 1 and isinstance(pieces[0], Table):
            plenty = self._plenty(budget)
            table = excerpt_table(pieces[0], budget, interest, plenty=plenty)
            found = Excerpt(text=table.text, omitted=_omitted([table], pieces, 0))
        else:
            found = self._excerpt_pieces(pieces, budget, interest)
        taken_apart = self.expanded is not self.blocks
        if not found.omitted and (taken_apart or _has_texts(pieces)):
            return replace(found, omitted=_FORM)
        return found

    def _plenty(self, budget: int) -> float:
        """Return how much larger or smaller than usual a budget is."""
        factor = budget / excerpt_budget(self.tokens) if self.tokens else 1.0
        return factor if abs(factor - 1) > _USUAL else 1.0

    def _excerpt_pieces(
        self, pieces: list[Piece], budget: int, interest: Interest
    ) -> Excerpt:
        """Choose among several pieces, below what most of them have in common."""
        common = common_cells(pieces)
        head = [TITLE, tell_common(common)] if common else [TITLE]
        rest = [without(piece, common) for piece in pieces]
        room = budget - estimate_tokens("\n".join(head))
        found = self._share(rest, max(budget // 2, room), interest)
        omitted = found.omitted or (_ABSENT_OR_USUAL if common else "")
        return Excerpt(text="\n".join([*head, found.text]), omitted=omitted)

    def _share(self, pieces: list[Piece], budget: int, interest: Interest) -> Excerpt:
        """Share a budget among the pieces of a document.

        Small pieces and lines are chosen from together; every larger table and
        text has a share by the square root of its size, the smallest first, and
        what one leaves over goes to the next.
        """
        costs = [cost_of(piece) for piece in pieces]
        alone = max(_ALONE_FROM, budget // 20)
        large = [
            at
            for at, piece in enumerate(pieces)
            if not isinstance(piece, Line) and costs[at] > alone
        ]
        apart = frozenset(large)
        loose = [at for at in range(len(pieces)) if at not in apart]
        loose_cost = sum(costs[at] for at in loose)
        share = budget
        if large:
            weights = sum(_weight(pieces[at], costs[at]) for at in large)
            fair = _LOOSE_WEIGHT * sqrt(loose_cost)
            part = budget * max(_LOOSE_SHARE, fair / (fair + weights))
            share = min(loose_cost, int(part))
        chosen = choose_loose(pieces, loose, share, interest)
        texts = dict(chosen.texts)
        left = budget - chosen.used
        excerpts: list[TableExcerpt] = []
        for at, excerpt in self._excerpt_large(pieces, large, costs, left, interest):
            texts[at] = excerpt.text
            excerpts.append(excerpt)
            left -= estimate_tokens(excerpt.text)
        if left > budget // _LEFT_OVER and share < loose_cost:
            again = choose_loose(pieces, loose, share + left, interest)
            chosen = replace(again, cut=again.cut or chosen.cut)
            texts |= chosen.texts
        hidden = [at for at in loose if at not in texts]
        told = [name_hidden(pieces, hidden)] if hidden else []
        parts = [*(texts[at] for at in sorted(texts)), *told]
        omitted = _omitted(excerpts, pieces, len(hidden), cut=chosen.cut)
        return Excerpt(text="\n".join(parts), omitted=omitted)

    def _excerpt_large(
        self,
        pieces: list[Piece],
        large: list[int],
        costs: list[int],
        left: int,
        interest: Interest,
    ) -> Iterator[tuple[int, TableExcerpt]]:
        """Yield excerpts of tables and texts, what one leaves over for the next."""
        waiting = sorted(large, key=lambda at: costs[at])
        for number, at in enumerate(waiting):
            rest = waiting[number:]
            weights = sum(_weight(pieces[other], costs[other]) for other in rest)
            part = left * _weight(pieces[at], costs[at]) / weights
            room = max(_ALONE_FROM // 2, int(part))
            excerpt = self._excerpt_of(pieces[at], room, interest)
            yield at, excerpt
            left -= estimate_tokens(excerpt.text)

    def _excerpt_of(
        self, piece: Piece, budget: int, interest: Interest
    ) -> TableExcerpt:
        if isinstance(piece, Table):
            return excerpt_table(piece, budget, interest)
        if isinstance(piece, Text) and estimate_tokens(piece.text) > budget:
            inner = self.inside(piece.text, budget=budget, interest=interest)
            text = f"{piece.head()}\n{inner.text}\n{piece.end()}"
            return TableExcerpt(text=text, hidden=0, noun="", cut=bool(inner.omitted))
        return TableExcerpt(text=piece.render(), hidden=0, noun="", cut=False)


def _has_texts(pieces: list[Piece]) -> bool:
    return any(isinstance(piece, Text) for piece in pieces)


def _weight(piece: Piece, cost: int) -> float:
    """Return the share of a piece: records with messages matter most, values least."""
    if not isinstance(piece, Table):
        return sqrt(cost)
    if piece.rows[0].keys() <= {KEY, VALUE}:
        return sqrt(cost) * _LESS
    messages = message_column(piece.columns())
    return sqrt(cost) * (_MORE if messages and not piece.owners else 1)


def _omitted(
    excerpts: list[TableExcerpt],
    pieces: list[Piece],
    objects: int,
    *,
    cut: bool = False,
) -> str:
    """Say what is not shown; nothing when every value is."""
    rows = sum(excerpt.hidden for excerpt in excerpts)
    total = sum(len(piece.rows) for piece in pieces if isinstance(piece, Table))
    parts: list[str] = []
    if rows:
        nouns = {excerpt.noun for excerpt in excerpts if excerpt.hidden}
        noun = nouns.pop() if len(nouns) == 1 else "rows"
        parts.append(f"{rows} of {total} {noun}")
    if objects:
        lines = sum(isinstance(piece, Line) for piece in pieces)
        parts.append(f"{objects} of {max(lines, objects)} objects")
    if parts or not (cut or any(excerpt.cut for excerpt in excerpts)):
        return " and ".join(parts)
    return "parts of long values"
