"""JSON with something around it: warnings, headers, a command line, a code fence.

Also several documents one after another, and documents that are cut short.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Final

from headroom_langchain.compression.excerpt import Excerpt, Reading
from headroom_langchain.compression.json.inside import ExcerptText, excerpt_plainly
from headroom_langchain.compression.json.likeness import looks_like_json
from headroom_langchain.compression.json.reading import JsonReading, excerpt_budget
from headroom_langchain.structure.json_parts import JsonPart, TextPart, split_json
from headroom_langchain.tokens import estimate_tokens

if TYPE_CHECKING:
    from headroom_langchain.compression.excerpt import Interest
    from headroom_langchain.compression.sample import Sample
    from headroom_langchain.structure.json_parts import Part

_LIKENESS: Final = 0.75
_UNMISTAKABLE: Final = 0.92
_MEMBER = re.compile(r'\s*(?:[\[\]{}]{1,4},?\s*$|"[^"]*"\s*(?::|,?\s*$)|[\[{]+")')
_START = re.compile(r'\s*(?:\{\s*(?:"|\}|$)|\[\s*(?:[{\["\d-]|\]|$))')
_DOMINANT: Final = 0.6
_MOST_PARTS: Final = 40
_TEXT_SHARE: Final = 0.3
_WHOLE_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class MixedJson:
    """Shortens the JSON in a text, and keeps what stands around it."""

    inside: ExcerptText = excerpt_plainly
    """Shortens texts around and inside the documents."""
    kind: str = "json_in_text"

    def likeness(self, sample: Sample) -> float:
        """Return 0.75 when a line begins as JSON does.

        It is 0.92 when most lines are JSON and only the first ones are not, so that a
        warning before a document makes no log of it.
        """
        if not any(map(_START.match, sample.lines)):
            return 0.0
        if looks_like_json(sample) or sample.share(_MEMBER) < _DOMINANT:
            return _LIKENESS
        return _UNMISTAKABLE

    def read(self, text: str, _sample: Sample) -> MixedReading | None:
        """Read a text that is mainly JSON.

        Returns:
            The reading, or `None` when less than three fifths of it are JSON, or
            the text is cut into very many parts.
        """
        parts = split_json(text)
        documents = [part for part in parts if isinstance(part, JsonPart)]
        if not documents or len(parts) > _MOST_PARTS:
            return None
        size = sum(part.stop - part.start for part in documents)
        if size < _DOMINANT * len(text):
            return None
        return MixedReading([_read_part(part, text, self.inside) for part in parts])

    def budget(self, tokens: int) -> int:
        """Return how many estimated tokens an excerpt of so long a text may have."""
        return excerpt_budget(tokens)


def _read_part(part: Part, text: str, inside: ExcerptText) -> _Part:
    if isinstance(part, TextPart):
        return _Around(part.text, inside)
    source = text[part.start : part.stop]
    note = f"[{part.documents} JSON documents]" if part.documents > 1 else ""
    if part.mended:
        note = "[JSON that breaks off]"
    reading = JsonReading.of(part.value, source=source, inside=inside)
    return _Document(source, reading, note)


@dataclass(frozen=True, slots=True)
class _Around:
    """Text around documents."""

    text: str
    inside: ExcerptText

    def lossless(self) -> str:
        return self.text

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        if estimate_tokens(self.text) <= max(budget, _WHOLE_TEXT):
            return Excerpt(text=self.text, omitted="")
        return self.inside(self.text, budget=budget, interest=interest)


@dataclass(frozen=True, slots=True)
class _Document:
    """A document, and the line that says what is particular about it."""

    text: str
    reading: Reading
    note: str

    def lossless(self) -> str:
        rewritten = self.reading.lossless() or self.text
        if len(rewritten) > len(self.text):
            rewritten = self.text
        return "\n".join(filter(None, [self.note, rewritten]))

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        whole = self.lossless()
        if estimate_tokens(whole) <= budget:
            return Excerpt(text=whole, omitted="")
        excerpt = self.reading.excerpt(budget=budget, interest=interest)
        text = "\n".join(filter(None, [self.note, excerpt.text]))
        return Excerpt(text=text, omitted=excerpt.omitted)


_Part = _Around | _Document


@dataclass(frozen=True, slots=True)
class MixedReading:
    """A text taken apart into documents and what stands around them."""

    parts: list[_Part]

    def lossless(self) -> str | None:
        """Write the documents as lines and tables, and all of the rest."""
        return "\n".join(part.lossless() for part in self.parts)

    def excerpt(self, *, budget: int, interest: Interest) -> Excerpt:
        """Show what fits the budget, of every part something.

        Args:
            budget: Estimated tokens that the excerpt should not exceed by much.
            interest: What the agent was looking for.
        """
        order = sorted(range(len(self.parts)), key=self._rank)
        left = budget
        texts: dict[int, str] = {}
        omitted: dict[int, str] = {}
        for done, at in enumerate(order):
            part = self.parts[at]
            weights = sum(self._weight(other) for other in order[done:])
            room = max(1, int(left * self._weight(at) / weights))
            if isinstance(part, _Around):
                room = max(room, int(_TEXT_SHARE * left))
            excerpt = part.excerpt(budget=room, interest=interest)
            texts[at], omitted[at] = excerpt.text, excerpt.omitted
            left = max(1, left - estimate_tokens(excerpt.text))
        missing = [omitted[at] for at in sorted(omitted) if omitted[at]]
        return Excerpt(
            text="\n".join(texts[at] for at in sorted(texts)),
            omitted=" and ".join(dict.fromkeys(missing)),
        )

    def _rank(self, at: int) -> tuple[bool, int]:
        """Put texts before documents, and short ones before long ones."""
        part = self.parts[at]
        return isinstance(part, _Document), len(part.text)

    def _weight(self, at: int) -> float:
        return sqrt(len(self.parts[at].text) + 1)
