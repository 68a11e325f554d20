"""One text made shorter: read, rewritten without loss, or excerpted.

The shape of the text says whose it is; what begins like JSON and cannot be read
as such is judged again by its lines. A rewriting that keeps everything wins
whenever it fits the budget, since nothing then has to be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.detect import detect, detect_text
from headroom_langchain.compression.excerpt import Compressor, Interest, Reading
from headroom_langchain.compression.json_records import JsonRecords
from headroom_langchain.compression.json_tree import NestedJson
from headroom_langchain.compression.logs import Logs
from headroom_langchain.compression.text import PlainText
from headroom_langchain.tokens import estimate_tokens

_LOGS: Final[Compressor] = Logs()
_TEXT: Final[Compressor] = PlainText()
_JSON: Final[dict[str, Compressor]] = {
    compressor.kind: compressor for compressor in (JsonRecords(), NestedJson())
}

COMPRESSORS: Final = (*_JSON.values(), _LOGS, _TEXT)
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
    if first in _JSON:
        # What begins like JSON and is none is judged by its lines.
        for kind in dict.fromkeys((first, *_JSON)):
            if (reading := _JSON[kind].read(text)) is not None:
                return _JSON[kind], reading
        first = detect_text(text)
    for compressor in (_LOGS, _TEXT) if first == _LOGS.kind else (_TEXT,):
        if (reading := compressor.read(text)) is not None:
            return compressor, reading
    msg = "a text that is empty cannot be shortened"
    raise ValueError(msg)
