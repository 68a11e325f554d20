"""What is shown of a JSON document when not everything fits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.excerpt import Excerpt
from headroom_langchain.compression.json.alarms import alarm_at, template
from headroom_langchain.compression.json.blocks import (
    TITLE,
    Line,
    read_blocks,
    refer_to_repeats,
    render_blocks,
)
from headroom_langchain.compression.json.cells import clip
from headroom_langchain.compression.json.excerpt import TableExcerpt, excerpt_table
from headroom_langchain.compression.json.table import Table, render_complete
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.json.blocks import Block
    from headroom_langchain.structure.json_text import JsonValue

_ALONE_FROM: Final = 120
_LOOSE_SHARE: Final = 0.45
_LOOSE_WEIGHT: Final = 2.0
_WIDEST_CELL: Final = 260
_NARROWEST_CELL: Final = 80
_WIDEST_LINE: Final = 1200
_CHARACTERS_PER_TOKEN: Final = 3
_URGENT_SLACK: Final = 1.5
_GROUPS_NAMED: Final = 5
_FEW_ALIKE: Final = 2
_SCALE: Final = 3.0
_POWER: Final = 0.75


def excerpt_budget(tokens: int) -> int:
    """Return how many tokens an excerpt may have: the longer, the smaller a share."""
    return max(1, min(tokens, int(_SCALE * tokens**_POWER)))


@dataclass(frozen=True, slots=True)
class JsonReading:
    """A JSON document taken apart."""

    blocks: list[Block]

    @classmethod
    def of(cls, value: JsonValue) -> JsonReading:
        """Take a value apart."""
        return cls(read_blocks(value))

    def lossless(self) -> str | None:
        """Write the document as lines and tables that keep every value."""
        return render_blocks(self.blocks)

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show what fits the budget: errors first, then what is rare.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        if len(self.blocks) == 1 and isinstance(self.blocks[0], Table):
            table = excerpt_table(self.blocks[0], budget, interest)
            if not table.hidden and not table.cut:
                return Excerpt(text=table.text, omitted="")
            return Excerpt(text=table.text, omitted=_omitted([table], self.blocks, 0))
        return _share(
            refer_to_repeats(self.blocks), budget - estimate_tokens(TITLE), interest
        )


def _share(blocks: list[Block], budget: int, interest: Interest) -> Excerpt:
    """Share a budget among the blocks of a document.

    Small blocks and lines are chosen from together; every larger table has a
    share by the square root of its size, the smallest first, and what one
    leaves over goes to the next.
    """
    costs = [_cost(block) for block in blocks]
    alone = max(_ALONE_FROM, budget // 20)
    tables = {
        at: block
        for at, block in enumerate(blocks)
        if isinstance(block, Table) and costs[at] > alone
    }
    loose = [at for at in range(len(blocks)) if at not in tables]
    loose_cost = sum(costs[at] for at in loose)
    share = budget
    if tables:
        weights = sum(sqrt(costs[at]) for at in tables)
        fair = _LOOSE_WEIGHT * sqrt(loose_cost)
        part = budget * max(_LOOSE_SHARE, fair / (fair + weights))
        share = min(loose_cost, int(part))
    texts = _choose_loose(blocks, loose, share, interest)
    left = budget - _total(texts)
    excerpts: list[TableExcerpt] = []
    waiting = sorted(tables, key=lambda at: costs[at])
    for number, at in enumerate(waiting):
        weights = sum(sqrt(costs[other]) for other in waiting[number:])
        room = max(_ALONE_FROM // 2, int(left * sqrt(costs[at]) / weights))
        excerpt = excerpt_table(tables[at], room, interest)
        texts[at] = excerpt.text
        excerpts.append(excerpt)
        left -= estimate_tokens(excerpt.text)
    if left > 0 and share < loose_cost:
        texts |= _choose_loose(blocks, loose, share + left, interest)
    hidden = [at for at in loose if at not in texts]
    parts = [TITLE, *(texts[at] for at in sorted(texts))]
    if hidden:
        parts.append(_name_hidden(blocks, hidden))
    return Excerpt(
        text="\n".join(parts), omitted=_omitted(excerpts, blocks, len(hidden))
    )


def _cost(block: Block) -> int:
    text = render_complete(block) if isinstance(block, Table) else block.render()
    return estimate_tokens(text)


def _choose_loose(
    blocks: list[Block], loose: list[int], budget: int, interest: Interest
) -> dict[int, str]:
    """Choose among lines and small tables."""
    size = _CHARACTERS_PER_TOKEN * budget
    cells = sum(len(block.cells) for block in blocks if isinstance(block, Line))
    width = max(_WIDEST_LINE, size // max(1, len(loose)))
    limit = max(_WIDEST_CELL, size // max(1, cells))
    texts = {at: _write(blocks[at], limit, width) for at in loose}
    while limit > _NARROWEST_CELL and _total(texts) > budget:
        limit //= 2
        texts = {at: _write(blocks[at], limit, width) for at in loose}
    seen: Counter[str] = Counter()
    ranks: dict[int, tuple[int, int, int]] = {}
    for at in loose:
        path = blocks[at].path
        kind = _shape(blocks[at])
        repeats = max(0, seen[kind] - _FEW_ALIKE)
        ranks[at] = (_urgency(texts[at], interest), repeats, path.count("."))
        seen[kind] += 1
    chosen: dict[int, str] = {}
    used = 0
    for at in sorted(loose, key=lambda at: ranks[at]):
        cost = estimate_tokens(texts[at])
        slack = _URGENT_SLACK if ranks[at][0] < _ROUTINE else 1
        if used + cost <= slack * budget or not chosen:
            chosen[at] = texts[at]
            used += cost
    return chosen


def _total(texts: dict[int, str]) -> int:
    return sum(map(estimate_tokens, texts.values()))


def _shape(block: Block) -> str:
    if isinstance(block, Table) or block.same_as:
        return template(block.path)
    return ",".join(sorted(block.cells))


_ALARMING, _ASKED, _ROUTINE = range(3)


def _urgency(text: str, interest: Interest) -> int:
    if alarm_at(text) >= 0:
        return _ALARMING
    folded = text.casefold()
    if any(word in folded for word in interest.arguments if len(word) > _ROUTINE):
        return _ASKED
    return _ROUTINE


def _write(block: Block, limit: int, width: int) -> str:
    if isinstance(block, Table):
        return render_complete(block)
    if block.same_as:
        return block.render()
    cells: list[str] = []
    left = width
    for path, cell in block.cells.items():
        keep = max(0, alarm_at(cell, path)) if len(cell) > limit else 0
        part = f"{path}={clip(cell, limit, keep)}"
        if len(part) > left and alarm_at(cell, path) < 0:
            continue
        left -= len(part)
        cells.append(part)
    missing = len(block.cells) - len(cells)
    if missing:
        cells.append(f"… {missing} more fields")
    return f"{block.path}: {', '.join(cells)}"


def _name_hidden(blocks: list[Block], hidden: list[int]) -> str:
    groups = Counter(".".join(blocks[at].path.split(".")[:2]) for at in hidden)
    named = ", ".join(
        f"{path} ({times})" for path, times in groups.most_common(_GROUPS_NAMED)
    )
    rest = len(groups) - _GROUPS_NAMED
    more = f" and {rest} other places" if rest > 0 else ""
    return f"not shown: {len(hidden)} objects under {named}{more}"


def _omitted(excerpts: list[TableExcerpt], blocks: list[Block], objects: int) -> str:
    rows = sum(excerpt.hidden for excerpt in excerpts)
    total = sum(len(block.rows) for block in blocks if isinstance(block, Table))
    parts: list[str] = []
    if rows:
        nouns = {excerpt.noun for excerpt in excerpts if excerpt.hidden}
        noun = nouns.pop() if len(nouns) == 1 else "rows"
        parts.append(f"{rows} of {total} {noun}")
    if objects:
        lines = sum(isinstance(block, Line) for block in blocks)
        parts.append(f"{objects} of {max(lines, objects)} objects")
    return " and ".join(parts) or "parts of long values"
