"""JSON records: an array of objects, alone, in an envelope, or one per line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.json.embedded import may_embed
from headroom_langchain.compression.json.inside import ExcerptText, excerpt_plainly
from headroom_langchain.compression.json.likeness import looks_like_json
from headroom_langchain.compression.json.packed import (
    ENVELOPES,
    FEWEST,
    Packed,
    read_packed,
)
from headroom_langchain.compression.json.reading import JsonReading, excerpt_budget
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.json_text import (
    parse_json,
    parse_json_lines,
    size_of,
)

if TYPE_CHECKING:
    from headroom_langchain.structure.json_text import JsonValue

_LIKENESS: Final = 0.9
_DOMINANT: Final = 0.6


@dataclass(frozen=True, slots=True)
class JsonRecords:
    """Shortens arrays of objects to column tables."""

    inside: ExcerptText = excerpt_plainly
    """Shortens long texts that stand in strings."""
    kind: str = "json_records"

    def likeness(self, sample: Sample) -> float:
        """Return 0.9 for a text that begins as JSON does."""
        return _LIKENESS if looks_like_json(sample) else 0.0

    def read(self, text: str, _sample: Sample) -> JsonReading | None:
        """Read a text that is mainly one array of objects.

        Returns:
            The reading, or `None` for text that is not JSON, or JSON of another
            shape.
        """
        # Strings that are JSON themselves are taken apart later, from the values.
        if may_embed(text):
            value: JsonValue = parse_json(text) or parse_json_lines(text)
        else:
            value = read_packed(text)
        if value is None or not is_mainly_records(value):
            return None
        return JsonReading.of(value, source=text, inside=self.inside)

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return excerpt_budget(tokens)


def is_mainly_records(value: JsonValue) -> bool:
    """Tell whether a document is an array of objects, or an envelope around one."""
    for _ in range(ENVELOPES + 1):
        if isinstance(value, Packed):
            return True
        if isinstance(value, list):
            objects = sum(isinstance(item, dict) for item in value)
            return objects >= FEWEST and objects == len(value)
        if not isinstance(value, dict) or not value:
            return False
        sizes = [
            member.size() if isinstance(member, Packed) else size_of(member)
            for member in value.values()
        ]
        largest = max(sizes)
        if largest < _DOMINANT * sum(sizes):
            return False
        value = list(value.values())[sizes.index(largest)]
    return False
