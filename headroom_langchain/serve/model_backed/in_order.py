"""One call after the other, for models that write several at once.

While the arguments of a call are no whole JSON yet, everything else waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from headroom_langchain.serve.model_backed.pieces import Argued, Called, Piece


class InOrder:
    """Lets everything wait until the call under way has whole arguments."""

    def __init__(self) -> None:
        """Start before the first piece."""
        self._call: int | None = None
        """The number of the call under way."""
        self._written: list[str] = []
        self._whole: bool | None = None
        """Whether its arguments are whole; `None` when that is not known."""
        self._waiting: list[Piece] = []

    def take(self, piece: Piece) -> Iterator[Piece]:
        """Take in a piece, and yield those that are next."""
        if self._mine(piece):
            yield piece
            if self._waiting and self._done():
                yield from self._go_on()
        elif self._call is not None and not self._done():
            self._waiting.append(piece)
        else:
            self._begin(piece)
            yield piece

    def rest(self) -> Iterator[Piece]:
        """Yield what still waits."""
        while self._waiting:
            yield from self._go_on()

    def _go_on(self) -> Iterator[Piece]:
        """Take in again what has waited; the first of it is next in any case."""
        waiting, self._waiting = self._waiting, []
        self._call = None
        for piece in waiting:
            yield from self.take(piece)

    def _mine(self, piece: Piece) -> bool:
        if not isinstance(piece, Argued) or piece.number != self._call:
            return False
        self._written.append(piece.json)
        self._whole = None
        return True

    def _begin(self, piece: Piece) -> None:
        self._call = piece.number if isinstance(piece, Called) else None
        self._written, self._whole = [], None

    def _done(self) -> bool:
        if self._whole is None:
            try:
                json.loads("".join(self._written))
            except (ValueError, RecursionError):
                self._whole = False
            else:
                self._whole = True
        return self._whole
