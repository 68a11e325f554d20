"""Parts of a text that are cut from it when they are asked for.

A list of lines takes several times the memory of short lines; their places do not.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import overload


class Slices(Sequence[str]):
    """Parts of one text, in their order."""

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

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return one of them, or some."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return self._text[self._starts[at] : self._stops[at]]


def cut_lines(text: str) -> tuple[Slices, array[int]]:
    """Cut a text at its line breaks.

    Args:
        text: The text.

    Returns:
        The lines, and where each starts; last, where one more would start.
    """
    starts, stops = array("l", (0,)), array("l")
    at = text.find("\n")
    while at >= 0:
        stops.append(at)
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    stops.append(len(text))
    starts.append(len(text) + 1)
    return Slices(text, starts, stops), starts
