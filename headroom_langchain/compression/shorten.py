"""One text made shorter: read, rewritten without loss, or excerpted.

A rewriting that keeps everything wins whenever it fits the budget, since nothing
then has to be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from headroom_langchain.compression.excerpt import Interest
from headroom_langchain.compression.hidden import only_hidden
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.repeats import fold_repeats
from headroom_langchain.compression.sample import Sample
from headroom_langchain.tokens import estimate_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortened:
    """A text, shorter."""

    text: str
    kind: str
    omitted: str
    """What is not shown; empty when nothing is left out."""


def shorten(
    text: str,
    *,
    interest: Interest,
    tool: str = "",
    scale: float = 1.0,
    lossless: bool = False,
) -> Shortened | None:
    """Make a text shorter.

    Args:
        text: The text, of any kind.
        interest: What the agent was looking for.
        tool: The tool that wrote the text, a hint for what kind it is.
        scale: Factor on the budget of an excerpt.
        lossless: Only rewrite, leave nothing out.

    Returns:
        The shorter text, or `None` when nothing can be done. It is not made sure
        that the result is smaller than the text.
    """
    tokens = estimate_tokens(text)
    sample = Sample.of(text, tool=tool, arguments=interest.arguments)
    folded = fold_repeats(text)
    found = read(folded, sample)
    if found is None:
        return None
    compressor, reading = found
    budget = min(tokens, max(1, round(scale * compressor.budget(tokens))))
    rewritten = reading.lossless()
    if rewritten is not None and (lossless or estimate_tokens(rewritten) <= budget):
        return Shortened(text=rewritten, kind=compressor.kind, omitted="")
    if lossless:
        return None
    excerpt = reading.excerpt(budget=budget, interest=interest)
    shown = excerpt.text
    legible = text if excerpt.legible is None else excerpt.legible
    if excerpt.omitted and (names := only_hidden(legible, shown=shown, budget=budget)):
        shown = f"{shown}\n{names}"
    omitted = excerpt.omitted
    if repeated := text.count("\n") - folded.count("\n"):
        omitted = f"{repeated:,} repeated lines"
    return Shortened(text=shown, kind=compressor.kind, omitted=omitted)
