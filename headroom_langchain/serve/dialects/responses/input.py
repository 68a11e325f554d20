"""The input of a request: a text or a list of items, and what is changed in it."""

from __future__ import annotations

from collections.abc import Sequence

from headroom_langchain.serve.dialects.responses.items import without_id
from headroom_langchain.serve.wire.body import Body, Json, Path


class Input:
    """What a client sent, as items; changes of it are made in the body."""

    def __init__(self, body: Body) -> None:
        """Read the input of a body, which may have none."""
        value = body.value.get("input")
        self._body = body
        self._text = value if isinstance(value, str) else None
        self._front: list[Json] = []
        self._back: list[Json] = []
        self._listed = isinstance(value, list)
        self.items: Sequence[Json] = value if isinstance(value, list) else self._said()
        """The items as they came; a text is a message of the user."""

    def write(self, index: int, path: Path, text: str) -> None:
        """Put another text into an item."""
        if self._listed:
            self._body.replace(("input", index, *path), text)
        else:
            self._text = text
            self._rewrite()

    def forget_id(self, index: int) -> None:
        """Take its id from an item that the provider did not write."""
        self._body.replace(("input", index), without_id(self.items[index]))

    def insert(self, index: int, items: Sequence[Json]) -> None:
        """Put items before the one that came with this index.

        Args:
            index: As many as there are puts them behind all.
            items: They come behind those that were put there before.
        """
        if not items:
            return
        if self._listed:
            self._body.insert(("input", index), *items)
        else:
            (self._back if index else self._front).extend(items)
            self._rewrite()

    def append(self, items: Sequence[Json]) -> None:
        """Put items behind all others."""
        self.insert(len(self.items), items)

    def be(self, items: Sequence[Json]) -> None:
        """Let there be these items alone."""
        self._body.add("input", list(items))

    def _said(self) -> list[Json]:
        return [] if self._text is None else [{"role": "user", "content": self._text}]

    def _rewrite(self) -> None:
        if self._front or self._back:
            self.be([*self._front, *self._said(), *self._back])
        else:
            self._body.add("input", self._text)
