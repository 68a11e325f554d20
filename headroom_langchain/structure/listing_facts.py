"""What a listing says of entries beside their names: rights, owners, sizes, dates."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from typing import Final

_MODE = re.compile(r"[dlcbpsD-][rwxsStT-]{9}[.+@]?$")
DATE = re.compile(
    r"(?:^|\s)([A-Z][a-z]{2} +\d{1,2} +(?:\d{4}|\d\d:\d\d)"
    r"|\d{4}-\d\d-\d\d(?:[ T+]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: [+-]\d{4})?)?)(?=\s|$)"
)
"""A date as `ls` or `find` write it."""
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)([KMGTP]?)i?B?$")
_UNITS: Final = {
    "": 1,
    "K": 1 << 10,
    "M": 1 << 20,
    "G": 1 << 30,
    "T": 1 << 40,
    "P": 1 << 50,
}
_RIGHTS: Final = 10
_OWNERS: Final = slice(-3, -1)
_UNKNOWN: Final = -1


class Column:
    """One value of each entry, every distinct one kept once."""

    __slots__ = ("_numbers", "_of", "_values")

    def __init__(self, size: int) -> None:
        """Begin without values, for so many lines."""
        self._values: list[str] = []
        self._numbers: dict[str, int] = {}
        self._of = array("i", [_UNKNOWN]) * size

    def put(self, at: int, value: str) -> None:
        """Set the value of a line."""
        number = self._of[at] = self._numbers.setdefault(value, len(self._values))
        if number == len(self._values):
            self._values.append(value)

    def get(self, at: int) -> str:
        """Return the value of a line that has one."""
        return self._values[self._of[at]]

    def items(self) -> Iterator[tuple[int, str]]:
        """Give the lines that have a value, with it."""
        values = self._values
        return (
            (at, values[number]) for at, number in enumerate(self._of) if number >= 0
        )

    def counts(self) -> Counter[str]:
        """Count how many lines have each value."""
        known = Counter(self._of)
        return Counter({value: known[n] for value, n in self._numbers.items()})


class Facts:
    """What is known of each entry beside its name."""

    __slots__ = ("dates", "modes", "owners", "sizes")

    def __init__(self, size: int) -> None:
        """Begin without facts, for so many lines."""
        self.sizes = array("d", [_UNKNOWN]) * size
        """The size of each entry, or -1."""
        self.modes = Column(size)
        self.owners = Column(size)
        self.dates = Column(size)

    def sized(self) -> list[int]:
        """Return the entries that have a size."""
        return [at for at, size in enumerate(self.sizes) if size >= 0]

    def take(self, at: int, fields: str, date: re.Match[str] | None) -> None:
        """Take the facts out of the fields before a name.

        Args:
            at: The number of the line.
            fields: Such as `-rw-r--r-- 1 root root 12 Jan 1 2025`, or a part of it.
            date: Where in the fields `DATE` is found, if it is.
        """
        words = (fields[: date.start()] if date else fields).split()
        shows_mode = bool(words) and _MODE.match(words[0]) is not None
        if shows_mode:
            self.modes.put(at, words.pop(0)[:_RIGHTS])
        size = _SIZE.match(words[-1]) if words else None
        if size is not None and shows_mode and len(words) > 1:
            self.owners.put(at, " ".join(words[_OWNERS]))
        if date:
            self.dates.put(at, date[1])
            if size is None:
                size = _SIZE.match(fields[date.end() :].lstrip().partition(" ")[0])
        if size is not None:
            self.sizes[at] = bytes_of(size[1], size[2])


def bytes_of(number: str, unit: str) -> float:
    """Return how many bytes a size is, such as `1.5` and `K`."""
    return float(number.replace(",", ".")) * _UNITS[unit]
