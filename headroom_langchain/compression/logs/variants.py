"""What a flood of similar lines differs in.

Failures of one template are not one failure. Those that are not shown are told
apart by the words in which they differ from the one that is: every host, file,
test or code is named, or counted where there are too many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

ELLIPSIS: Final = "…"
_WORDS = 60
_WHOLE = 3
_FEW = 10
_SHORT = 200
_ENDS = ",:;"
_MANY = 8
_LONGEST = 160
_PREFIX = 12


def told_apart(shown: str, others: Sequence[str], *, room: int) -> str:
    """Say in which words texts differ from one that is shown.

    Args:
        shown: The text that is shown.
        others: Texts that are not, each different from the others.
        room: About how many characters may be used.

    Returns:
        The words, such as `disk3, disk7` or `502 x9, 504 x3; 12 to 9000`; empty
        when the texts have the same words.
    """
    model = shown.split(None, _WORDS)
    # Words come again: kept once each, they take a fraction of the memory.
    known: dict[str, str] = {}
    rows = [
        [known.setdefault(word, word) for word in text.split(None, _WORDS)]
        for text in others
    ]
    if any(len(row) != len(model) for row in rows):
        return _listed(_middles(shown, others), room)
    places = [
        place
        for place in range(len(model))
        if any(row[place] != model[place] for row in rows)
    ]
    if not places:
        return ""
    if len(others) <= _FEW:
        return _few_apart(others, rows, places, room)
    spans = [(place, place + 1) for place in places]
    return _columns_apart(_columns(rows, spans), room)


def _few_apart(
    others: Sequence[str],
    rows: Sequence[Sequence[str]],
    places: Sequence[int],
    room: int,
) -> str:
    """Tell a few texts apart one by one: what differs in one belongs together."""
    if sum(map(len, others)) <= min(room, _SHORT):
        return ", ".join(map(str.strip, others))
    spans = [(a - _is_named_before(rows, a), b) for a, b in _joined(places)]
    columns = _columns(rows, spans)
    whole = [" ".join(words) for words in zip(*columns, strict=True)]
    if len(others) <= _WHOLE:
        whole = [" ".join(row[spans[0][0] : spans[-1][1]]) for row in rows]
    if sum(map(len, whole)) <= room:
        return ", ".join(whole)
    return _columns_apart(columns, room)


def _columns(
    rows: Sequence[Sequence[str]], spans: Sequence[tuple[int, int]]
) -> list[list[str]]:
    return list(
        _unlike([[" ".join(row[a:b]).rstrip(_ENDS) for row in rows] for a, b in spans])
    )


def _columns_apart(columns: Sequence[Sequence[str]], room: int) -> str:
    parts = [_values(column, room // max(1, len(columns))) for column in columns]
    return "; ".join(parts)


def _joined(places: Sequence[int]) -> list[tuple[int, int]]:
    """Take together what is at most a word apart, as in `line 36, column 78`."""
    joined: list[tuple[int, int]] = []
    for place in places:
        if joined and place - joined[-1][1] <= 1:
            joined[-1] = joined[-1][0], place + 1
        else:
            joined.append((place, place + 1))
    return joined


def _unlike(columns: Sequence[list[str]]) -> Iterator[list[str]]:
    """Leave out columns that differ row by row as one before them does."""
    seen: set[tuple[str, ...]] = set()
    for column in columns:
        head = _shared(column)
        tail = _shared([word[head:][::-1] for word in column])
        core = tuple(word[head : len(word) - tail] for word in column)
        if core not in seen or not any(core):
            yield column
        seen.add(core)


def _shared(words: Sequence[str]) -> int:
    """Return how many characters all words begin with."""
    low, high = min(words), max(words)
    for place, (one, other) in enumerate(zip(low, high, strict=False)):
        if one != other:
            return place
    return len(low)


def _values(column: Sequence[str], room: int) -> str:
    """The distinct words of a column with their counts, or their range."""
    counts = Counter(column)
    told = [f"{word} x{count}" if count > 1 else word for word, count in counts.items()]
    if len(counts) <= _MANY or sum(map(len, told)) + 2 * len(told) <= room:
        return _listed(told, room)
    numbers = [(number, word) for word in counts if (number := _number(word))]
    if len(numbers) == len(counts):
        return f"{min(numbers)[1]} to {max(numbers)[1]}"
    if 2 * len(counts) > len(column) and all(map(_is_id, counts)):
        return f"{told[0]}{ELLIPSIS} ({len(counts):,} different)"
    return _listed(_without_prefix(told), room)


def _is_id(word: str) -> bool:
    """Whether a word is long and has many digits, as names hardly have."""
    return len(word) >= _MANY and sum(map(str.isdigit, word)) * 3 >= len(word)


def _number(word: str) -> tuple[float, str] | None:
    plain = word.strip("[](),;:").rstrip("msMBkKGib%").partition("=")
    digits = (plain[2] or plain[0]).replace(",", "")
    if digits.replace(".", "", 1).isdecimal() and len(digits) < _MANY * 2:
        return float(digits), plain[0] if plain[2] else ""
    return None


def _middles(shown: str, others: Sequence[str]) -> list[str]:
    """The texts without the words with which all begin and end."""
    texts = [text.split(" ") for text in (shown, *others)]
    shortest = min(map(len, texts))
    head = 0
    while head < shortest and len({text[head] for text in texts}) == 1:
        head += 1
    tail = 0
    while tail < shortest - head and len({text[-1 - tail] for text in texts}) == 1:
        tail += 1
    head -= _is_named_before(texts, head)
    return [" ".join(text[head : len(text) - tail]) for text in texts[1:]]


def _is_named_before(texts: Sequence[Sequence[str]], place: int) -> bool:
    """Whether the word before says what a number is, as in `row 52`."""
    return place > 0 and all(
        len(text) > place and text[place][:1].isdigit() for text in texts
    )


def _without_prefix(words: Sequence[str]) -> list[str]:
    """The first word, and of the others what follows what all begin with."""
    head = words[0].rfind("/", 0, _shared(words)) + 1
    if head < _PREFIX:
        return list(words)
    return [words[0], *(ELLIPSIS + word[head:] for word in words[1:])]


def _listed(words: Sequence[str], room: int) -> str:
    told: list[str] = []
    used = 0
    for word in words:
        short = word if len(word) <= _LONGEST else ELLIPSIS + word[1 - _LONGEST :]
        used += len(short) + 2
        if told and used > room:
            return f"{', '.join(told)}{ELLIPSIS} and {len(words) - len(told):,} more"
        told.append(short)
    return ", ".join(told)
