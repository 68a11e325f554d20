"""Server-sent events as they stand on the wire.

A stream is cut into frames wherever the network cuts it: within a line end, within a
character, within an event. A frame keeps the very bytes it came as, so that it can be
passed on unchanged. Lines end as the standard says: with LF, CRLF or CR.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_USUAL: Final = re.compile(rb"(?:event: ([^\r\n]*+)\r?\n)?data: ([^\r\n]*+)\r?\n\r?\n")
"""An event as all providers write it: perhaps a name, then one line of data."""
_BOM: Final = b"\xef\xbb\xbf"

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_escape: Final = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Frame:
    """One event, a comment, or a blank line that says nothing."""

    raw: bytes
    """The bytes as they came, the blank line included."""
    event: str
    """Its name; empty when it has none."""
    data: bytes
    """Its data lines, joined with LF; empty when there are none, as in a comment."""

    def json(self) -> dict[str, Any] | None:
        """Return its data as a JSON object, or `None` when they are none."""
        try:
            value = json.loads(self.data)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


class Frames:
    """Cuts a stream into frames.

    The frames and the rest, one after the other, are the stream. An event is there
    with the last byte that it needs: where its blank line is a CR and the LF of it
    comes later, that one is a frame of its own.
    """

    def __init__(self) -> None:
        """Start before the first byte."""
        self._pieces: list[bytes] = []
        """The frame under way."""
        self._blank = True
        """Whether its last line has nothing in it yet."""
        self._cr = False
        """Whether it ends with a CR, of which an LF may still be a part."""
        self._first = True

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take in bytes and return the frames that are complete now."""
        frames: list[Frame] = []
        start, at = 0, 1 if self._cr and data.startswith(b"\n") else 0
        while True:
            if at == start and not self._pieces and (usual := _USUAL.match(data, at)):
                raw, name, said = usual[0], usual[1], usual[2]
                frames.append(Frame(raw, _text(name) if name else "", said))
                start = at = usual.end()
                self._first = False
            elif line := _LINE_END.search(data, at):
                blank, self._blank = self._blank and line.start() == at, True
                at = line.end()
                if blank:
                    frames.append(self._frame(data[start:at]))
                    start = at
            else:
                break
        if data:
            self._blank = self._blank and at == len(data)
            self._cr = start < len(data) and data.endswith(b"\r")
        if start < len(data):
            self._pieces.append(data[start:])
        return iter(frames)

    def rest(self) -> bytes:
        """Return the bytes after the last complete frame, and forget them."""
        rest = b"".join(self._pieces)
        self._pieces, self._blank, self._cr = [], True, False
        return rest

    def _frame(self, last: bytes) -> Frame:
        raw = b"".join((*self._pieces, last))
        self._pieces = []
        text = raw.removeprefix(_BOM) if self._first else raw
        self._first = False
        name, data = b"", list[bytes]()
        for line in _LINE_END.split(text):
            field, _, value = line.partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
            elif field == b"event":
                name = value.removeprefix(b" ")
        return Frame(raw, _text(name), b"\n".join(data))


def event(name: str, data: dict[str, Any]) -> bytes:
    """Write an event.

    Args:
        name: Its name; empty for none.
        data: Its data.
    """
    named = f"event: {name}\n" if name else ""
    return named.encode() + b"data: " + dumped(data) + b"\n\n"


def dumped(value: Any) -> bytes:
    """Write a JSON value as short as it can be.

    Characters stand for themselves, but for lone surrogates, which UTF-8 lacks.
    """
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        return _escape(value).encode()


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
