"""One text made shorter: read, rewritten without loss, or excerpted.

A rewriting that keeps everything wins whenever it fits the budget, since nothing
then has to be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.excerpt import Compressor, Interest, Reading
from headroom_langchain.compression.hidden import only_hidden
from headroom_langchain.compression.json.likeness import looks_like_json
from headroom_langchain.compression.kept import kept
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.repeats import fold_repeats
from headroom_langchain.compression.sample import Sample
from headroom_langchain.tokens import estimate_tokens

_NEARLY_ALL: Final = 0.8
"""The share of a text that a rule keeps from which the text goes out whole."""


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
    first: Compressor | None = None,
    keep: tuple[str, ...] = (),
) -> Shortened | None:
    """Make a text shorter.

    Args:
        text: The text, of any kind.
        interest: What the agent was looking for.
        tool: The tool that wrote the text, a hint for what kind it is.
        scale: Factor on the budget of an excerpt.
        lossless: Only rewrite, leave nothing out.
        first: The compressor that is asked to read the text before all others.
        keep: Regular expressions; what they are found in is shown in any case.

    Returns:
        The shorter text, or `None` when nothing can be done. It is not made sure
        that the result is smaller than the text.
    """
    tokens = estimate_tokens(text)
    sample = Sample.of(text, tool=tool, arguments=interest.arguments)
    folded = fold_repeats(text)
    found = _read(folded, sample, first)
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
    pieces: tuple[str, ...] = ()
    if keep and excerpt.omitted:
        json = looks_like_json(sample)
        pieces = kept(text, shown=shown, patterns=keep, json=json)
    if sum(map(len, pieces)) > _NEARLY_ALL * len(text):
        return None
    if pieces:
        head = f"[hidden otherwise, {len(pieces)} kept by a rule:]"
        shown = "\n".join([shown, head, *pieces])
    legible = text if excerpt.legible is None else excerpt.legible
    if excerpt.omitted and (names := only_hidden(legible, shown=shown, budget=budget)):
        shown = f"{shown}\n{names}"
    omitted = excerpt.omitted
    if repeated := text.count("\n") - folded.count("\n"):
        omitted = f"{repeated:,} repeated lines"
    if pieces:
        omitted = f"{omitted} ({len(pieces)} kept)"
    return Shortened(text=shown, kind=compressor.kind, omitted=omitted)


def _read(
    text: str, sample: Sample, first: Compressor | None
) -> tuple[Compressor, Reading] | None:
    if first is not None and (reading := first.read(text, sample)) is not None:
        return first, reading
    return read(text, sample)
