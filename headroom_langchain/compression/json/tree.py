"""Nested JSON: any array or object that is not mainly one array of objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headroom_langchain.compression.excerpt import Reading
from headroom_langchain.compression.json.blocks import Block, Line
from headroom_langchain.compression.json.cells import ROOT
from headroom_langchain.compression.json.inside import ExcerptText, excerpt_plainly
from headroom_langchain.compression.json.likeness import looks_like_json
from headroom_langchain.compression.json.long import read_long
from headroom_langchain.compression.json.packed import read_entries, read_scalars
from headroom_langchain.compression.json.reading import JsonReading, excerpt_budget
from headroom_langchain.compression.json.table import Table
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.json_text import parse_json, parse_json_lines

_LIKENESS: Final = 0.8
_SCALE: Final = 4.1
_POWER: Final = 0.7


@dataclass(frozen=True, slots=True)
class NestedJson:
    """Shortens JSON of any shape to one line per object and tables."""

    inside: ExcerptText = excerpt_plainly
    """Shortens long texts that stand in strings."""
    kind: str = "json"

    def likeness(self, sample: Sample) -> float:
        """Return 0.8 for a text that begins as JSON does."""
        return _LIKENESS if looks_like_json(sample) else 0.0

    def read(self, text: str, _sample: Sample) -> Reading | None:
        """Read a text that is one JSON array or object, or one object per line.

        Returns:
            The reading, or `None` when the text is something else.
        """
        long = read_long(text)
        if long is not None:
            return long
        flat = _read_flat(text)
        if flat is not None:
            return JsonReading([flat], [flat], self.inside)
        value = parse_json(text)
        if value is None:
            value = parse_json_lines(text)
        if not value:
            return None
        return JsonReading.of(value, source=text, inside=self.inside)

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return excerpt_budget(tokens, _SCALE, _POWER)


def _read_flat(text: str) -> Block | None:
    """Read a text of very many values on one level, a piece at a time."""
    entries = read_entries(text)
    if entries is not None:
        return Table(path="", noun="entries", rows=entries)
    cell = read_scalars(text)
    return None if cell is None else Line(path=ROOT, cells={ROOT: cell})
