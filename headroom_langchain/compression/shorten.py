"""One text made shorter: read, rewritten without loss, or excerpted.

The kind is looked for in the order of the compressors; the first that can read
the text decides. A rewriting that keeps everything wins whenever it fits the
budget, since nothing then has to be asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headroom_langchain.compression.detect import detect
from headroom_langchain.compression.excerpt import Compressor, Interest, Reading
from headroom_langchain.compression.json_records import JsonRecords
from headroom_langchain.compression.json_tree import NestedJson
from headroom_langchain.compression.logs import Logs
from headroom_langchain.compression.text import PlainText
from headroom_langchain.tokens import estimate_tokens

COMPRESSORS: tuple[Compressor, ...] = (JsonRecords(), NestedJson(), Logs(), PlainText())
"""The compressors, the more particular kinds first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortened:
    """A text, shorter."""

    text: str
    kind: str
    omitted: str
    """What is not shown; empty when nothing is left out."""


def shorten(
    text: str, *, interest: Interest, scale: float = 1.0, lossless: bool = False
) -> Shortened | None:
    """Make a text shorter.

    Args:
        text: The text, of any kind.
        interest: What the agent was looking for.
        scale: Factor on the budget of an excerpt.
        lossless: Only rewrite, leave nothing out.

    Returns:
        The shorter text, or `None` when nothing can be done. It is not made sure
        that the result is smaller than the text.
    """
    tokens = estimate_tokens(text)
    compressor, reading = _read(text)
    budget = min(tokens, max(1, round(scale * compressor.budget(tokens))))
    rewritten = reading.lossless()
    if rewritten is not None and (lossless or estimate_tokens(rewritten) <= budget):
        return Shortened(text=rewritten, kind=compressor.kind, omitted="")
    if lossless:
        return None
    excerpt = reading.excerpt(budget=budget, interest=interest)
    return Shortened(text=excerpt.text, kind=compressor.kind, omitted=excerpt.omitted)


def _read(text: str) -> tuple[Compressor, Reading]:
    first = detect(text)
    order: Sequence[Compressor] = sorted(COMPRESSORS, key=lambda c: c.kind != first)
    for compressor in order:
        if (reading := compressor.read(text)) is not None:
            return compressor, reading
    msg = "PlainText reads every text"
    raise AssertionError(msg)
