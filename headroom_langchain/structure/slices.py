"""Parts of a text that are cut from it when they are asked for.

A list of lines takes several times the memory of short lines; their places do not.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import overload


class Slices(Sequence[str]):
    """Parts of one text, in their order."""

    __slots__ = ("_starts", "_stops", "_text")

    def __init__(self, text: str, starts: array[int], stops: array[int]) -> None:
        """Hold a text and the places of its parts.

        Args:
            text: The text.
            starts: Where each part starts.
            stops: Where each part stops.
        """
        self._text = text
        self._starts = starts
        self._stops = stops

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._stops)

    def __iter__(self) -> Iterator[str]:
        """Give one after the other."""
        text = self._text
        for start, stop in zip(self._starts, self._stops, strict=False):
            yield text[start:stop]

    def between(self, start: int, stop: int) -> Iterator[str]:
        """Give the parts from `start` to before `stop`."""
        text = self._text
        starts, stops = self._starts[start:stop], self._stops[start:stop]
        for begin, end in zip(starts, stops, strict=False):
            yield text[begin:end]

    def behind(self, offsets: Sequence[int]) -> Slices:
        """Return the parts without as many first characters as told for each."""
        starts = map(int.__add__, self._starts, offsets)
        return self.starting(array(self._starts.typecode, starts))

    def starting(self, starts: array[int]) -> Slices:
        """Return the parts with other places to start at."""
        return Slices(self._text, starts, self._stops)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return one of them, or some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return self._text[self._starts[at] : self._stops[at]]
