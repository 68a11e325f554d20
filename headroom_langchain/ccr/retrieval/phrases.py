"""Words of a query that occur in a text exactly as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from headroom_langchain.structure.lines import line_at

if TYPE_CHECKING:
    from headroom_langchain.structure.passages import Document

_LONGEST: Final = 6
_MOST_WORDS: Final = 24
_MOST_FOUND: Final = 300
_SHORTEST_NAME: Final = 3
_WHOLE: Final = 2.0
_NAME: Final = 0.7
_PER_WORD: Final = 0.4
_QUOTE: Final = 1.2
_MOST_QUOTED: Final = 6
_QUOTED = re.compile(r"\"[^\"]{2,200}\"|`[^`]{2,200}`")
_MARKED = re.compile(r".+[:=(]|[\W_]+")
_EDGES: Final = "\"'`.,;:!?()[]{}<>"


def phrase_bonuses(document: Document, query: str) -> dict[int, float]:
    """Return what lines are worth for phrases and names of the query in them.

    Args:
        document: The text, as it was read.
        query: What is asked for; case does not matter.

    Returns:
        The worth of the best phrase of each line, in terms of the average weight
        of a word.
    """
    text = fold(document.text)
    found: dict[int, float] = {}
    for phrase, worth in _phrases(fold(query), text):
        at = text.find(phrase)
        for _ in range(_MOST_FOUND):
            if at < 0:
                break
            line = line_at(document.lines, at)
            found[line] = max(found.get(line, 0.0), worth)
            at = text.find(phrase, at + len(phrase))
    return found


def fold(text: str) -> str:
    """Return a text in lower case, of the same length, so that places agree."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _phrases(query: str, text: str) -> Iterator[tuple[str, float]]:
    """Yield what of a query may occur in a text, and what it is worth.

    A phrase is looked for only where the shorter ones in it occur.
    """
    words = query.split()[:_MOST_WORDS]
    longest = min(_LONGEST, len(words) - 1)
    starts = list(range(len(words) - 1))
    for count in range(2, longest + 1):
        phrases = {at: " ".join(words[at : at + count]) for at in starts}
        occurring = {at for at in starts if phrases[at] in text}
        yield from (
            (phrases[at], _PER_WORD * count) for at in starts if at in occurring
        )
        starts = [at for at in starts if {at, at + 1} <= occurring]
    if len(starts) == len(words) - longest:
        yield " ".join(words), _WHOLE + _PER_WORD * min(len(words), _LONGEST)
    for quoted in list(dict.fromkeys(_QUOTED.findall(query)))[:_MOST_QUOTED]:
        size = min(len(quoted.split()), _LONGEST)
        yield quoted[1:-1], _QUOTE + _PER_WORD * size
    for word in words:
        if _MARKED.fullmatch(word) and (len(word) > 1 or len(words) == 1):
            yield word, _NAME
        name = word.strip(_EDGES)
        if len(name) >= _SHORTEST_NAME and not name.isalpha():
            yield name, _NAME
