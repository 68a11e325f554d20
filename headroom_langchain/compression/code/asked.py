"""The symbols and lines of source code that a call asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from headroom_langchain.structure.source_symbols import Symbol

_RANGE = re.compile(r"(?:lines?[:=]?)?l?(\d{1,7})[-:.]{1,2}l?(\d{1,7})p?$")
_NUMBER = re.compile(r"(\d{1,7})p?$")
_PARTS = re.compile(r"[.:#]+")
_MOST_LINES = 600
_TELLING = 8


def asked_ranges(words: Sequence[str], count: int, first: int = 1) -> list[range]:
    """Return the ranges of lines that words name, such as `120-180`.

    A text that is hardly longer than the range is what the range was cut out of:
    then nothing in it was asked for more than the rest.

    Args:
        words: Words from the arguments of the call.
        count: How many lines the text has.
        first: The number of the first of them.
    """
    pairs = [match.groups() for word in words if (match := _RANGE.match(word))]
    for one, other in pairwise(words):
        begins, ends = _NUMBER.match(one), _NUMBER.match(other)
        if begins and ends:
            pairs.append((begins[1], ends[1]))
    found: list[range] = []
    for low, high in pairs:
        start, stop = int(low) - first, int(high) - first + 1
        size = stop - start
        if 0 <= start < stop <= count and size <= _MOST_LINES and 2 * size <= count:
            found.append(range(start, stop))
    return found


def asked_symbols(
    symbols: Sequence[Symbol], words: Sequence[str], *, telling: bool = False
) -> list[Symbol]:
    """Return the symbols that words name, in the order of the words.

    Args:
        symbols: The symbols of a file.
        words: Words, lower case; `Class.method` names the method.
        telling: Whether only names count that are no words of everyday language:
            long ones, and such with `_` or capital letters inside.
    """
    if not words:
        return []
    named: dict[str, list[Symbol]] = {}
    for symbol in symbols:
        simple = _PARTS.split(symbol.name)[-1].strip("_?!$")
        if simple and (not telling or _is_telling(simple)):
            named.setdefault(simple.lower(), []).append(symbol)
    found: list[Symbol] = []
    for word in words:
        if "/" not in word:
            found += named.get(_PARTS.split(word)[-1].strip("_?!$"), ())
    return found


def _is_telling(name: str) -> bool:
    return len(name) >= _TELLING or "_" in name or not name[1:].islower()
