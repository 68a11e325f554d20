"""Tool calls of a stream, which come in pieces: put together, and shown or hidden.

A call is hidden once its name is that of the retrieve tool, and held while it may
become that. The calls that are shown are counted anew, so that they have no gaps.
Upstreams write pieces in many ways: a name cut in two, a whole call at once, calls
without an index or all with the same one, calls without an id.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from headroom_langchain.serve.dialects.retrieve_tool import NAME
from headroom_langchain.serve.wire.body import Json


class Calls:
    """The calls of one round."""

    def __init__(self, first: int) -> None:
        """Begin a round.

        Args:
            first: The index of the next call that the client sees.
        """
        self.next = first
        """The index of the next call that the client sees."""
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._waiting: deque[_Call] = deque()
        """Calls that are not shown yet: what the first one is, is not known."""

    def take(self, entries: Sequence[Any]) -> list[Json]:
        """Take in the pieces of a chunk; returns those that the client may see."""
        touched: dict[int, list[Json]] = {}
        for entry in entries:
            if isinstance(entry, dict):
                call = self._call_of(entry)
                call.add(entry)
                touched.setdefault(call.number, []).append(entry)
        shown: list[Json] = []
        for number, added in touched.items():
            call = self._calls[number]
            if call.position is not None:
                shown.append({**_merged(added), "index": call.position})
            elif not (call.waiting or call.hidden):
                # Its name went on behind what looked like all of it.
                self._wait(call)
        return [*shown, *self._let_go()]

    def end(self) -> list[Json]:
        """Take note that no piece follows; returns what the client may see now."""
        for call in self._waiting:
            call.ended = True
        return list(self._let_go())

    @property
    def any(self) -> bool:
        """Whether a call has begun."""
        return bool(self._calls)

    def whole(self) -> list[Json]:
        """Return all calls of the round as a message has them."""
        return [call.whole() for call in self._calls]

    def _let_go(self) -> Iterator[Json]:
        while self._waiting and not self._waiting[0].open:
            call = self._waiting.popleft()
            call.waiting = False
            if not call.hidden:
                call.position = self.next
                self.next += 1
                yield {**call.first_piece(), "index": call.position}

    def _call_of(self, entry: Json) -> _Call:
        index, call_id = entry.get("index"), entry.get("id") or None
        named = bool(_spoken_in(entry).get("name"))
        if isinstance(index, int):
            call = self._by_index.get(index)
            # Some upstreams number all calls 0.
            other = call and call.id and call_id and call.id != call_id and named
            if call is None or other:
                call = self._by_index[index] = self._begun()
        elif call_id is not None:
            call = self._by_id.get(call_id) or self._begun()
        else:
            call = self._begun() if named or not self._calls else self._calls[-1]
        if call_id is not None:
            self._by_id.setdefault(call_id, call)
        return call

    def _begun(self) -> _Call:
        call = _Call(len(self._calls))
        self._calls.append(call)
        self._wait(call)
        return call

    def _wait(self, call: _Call) -> None:
        call.waiting = True
        self._waiting.append(call)


class _Call:
    """One call, as far as it has come."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.position: int | None = None
        """The index under which the client sees it; `None` while it does not."""
        self.waiting = False
        self.ended = False
        self.id: str | None = None
        self._name = ""
        self._entries: list[Json] = []

    def add(self, entry: Json) -> None:
        self.id = self.id or entry.get("id") or None
        name = _spoken_in(entry).get("name")
        # Some upstreams repeat the whole name with every piece.
        if isinstance(name, str) and not (name == self._name == NAME):
            self._name += name
        self._entries.append(entry)

    @property
    def hidden(self) -> bool:
        return self._name == NAME and "custom" not in self._entries[0]

    @property
    def open(self) -> bool:
        """Whether it may still become a hidden one."""
        name, begun = self._name, self._entries[0]
        if self.ended or "custom" in begun or name == NAME:
            return False
        return NAME.startswith(name)

    def first_piece(self) -> Json:
        """Return what has come so far as one piece."""
        return _merged(self._entries)

    def whole(self) -> Json:
        merged = _merged(self._entries)
        if self.hidden:
            merged["function"] = {**merged["function"], "name": NAME}
        return {key: value for key, value in merged.items() if key != "index"}


def _spoken_in(entry: Json) -> Json:
    spoken = entry.get("function") or entry.get("custom")
    return spoken if isinstance(spoken, dict) else {}


def _merged(entries: Sequence[Json]) -> Json:
    """Put pieces of a call together."""
    if len(entries) == 1:
        return dict(entries[0])
    merged = _last_of(entries)
    for kind in ("function", "custom"):
        parts = [part for entry in entries if isinstance(part := entry.get(kind), dict)]
        if parts:
            joined = {
                key: text
                for key in ("name", "arguments", "input")
                if (text := _joined(part.get(key) for part in parts)) is not None
            }
            merged[kind] = {**_last_of(parts), **joined}
    return merged


def _last_of(objects: Iterable[Json]) -> Json:
    """Return the members of all objects; what is empty takes nobody's place."""
    merged: Json = {}
    for one in objects:
        for key, value in one.items():
            if key not in merged or value not in (None, ""):
                merged[key] = value
    return merged


def _joined(parts: Iterable[Any]) -> str | None:
    texts = [
        part if isinstance(part, str) else json.dumps(part)
        for part in parts
        if part is not None
    ]
    return "".join(texts) if texts else None
