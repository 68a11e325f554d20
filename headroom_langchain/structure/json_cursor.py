"""Reading a JSON text piece by piece, so that not all of it is held at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from headroom_langchain.structure.json_text import DECODER, JsonValue, count_keys

_BLANK: Final = re.compile(r"[ \t\n\r]*")


class Cursor:
    """A place in a JSON text.

    Where the text is no JSON, or nests too deep, the methods raise a `ValueError`
    or a `RecursionError`.
    """

    def __init__(self, text: str, at: int = 0) -> None:
        """Begin at an offset."""
        self.at = at
        self.keys = 0
        """How many keys were read so far; the keys of an object are told apart."""
        self._text = text

    def sign(self) -> str:
        """Skip blanks, and return the character behind them; empty at the end."""
        sign = self._text[self.at : self.at + 1]
        if sign > " ":
            return sign
        blank = _BLANK.match(self._text, self.at)
        self.at = blank.end() if blank else self.at
        return self._text[self.at : self.at + 1]

    def value(self) -> JsonValue:
        """Read the value that begins here."""
        self.sign()
        value: JsonValue
        value, self.at = DECODER.raw_decode(self._text, self.at)
        self.keys += count_keys(value)
        return value

    def elements(self) -> Iterator[tuple[int, JsonValue]]:
        """Read the elements of the array that begins here, each with its offset."""
        self.at += 1
        if self.sign() == "]":
            self.at += 1
            return
        while True:
            self.sign()
            yield self.at, self.value()
            if self._ends("]"):
                return

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here.

        Whoever asks has to read the value before the next key.
        """
        self.at += 1
        if self.sign() == "}":
            self.at += 1
            return
        while True:
            yield self._key()
            if self._ends("}"):
                return

    def pieces(self, size: int) -> Iterator[JsonValue]:
        """Read the array or object that begins here, a part of it at a time.

        Args:
            size: About how many characters a part has.

        Yields:
            Arrays, or objects, that make up the whole when they are joined.
        """
        sign = self.sign()
        closing = "]" if sign == "[" else "}"
        self.at += 1
        if self.sign() == closing:
            self.at += 1
            return
        while True:
            yield self._at_once(sign, closing, size) or self._by_and_by(sign, size)
            if self._ends(closing):
                return

    def _at_once(self, sign: str, closing: str, size: int) -> JsonValue:
        """Read up to a comma, if that stands between two members."""
        stop = self._text.rfind(",", self.at, self.at + size)
        if stop < 0:
            return None
        piece: JsonValue
        try:
            piece = DECODER.decode(f"{sign}{self._text[self.at : stop]}{closing}")
        except ValueError:
            return None
        if piece:
            self.at = stop
            self.keys += count_keys(piece)
        return piece

    def _by_and_by(self, sign: str, size: int) -> JsonValue:
        stop = self.at + size
        values: list[JsonValue] = []
        members: dict[str, JsonValue] = {}
        while True:
            if sign == "[":
                values.append(self.value())
            else:
                key = self._key()
                members[key] = self.value()
            if self.at >= stop or self.sign() != ",":
                return values or members
            self.at += 1

    def _key(self) -> str:
        if self.sign() != '"':
            msg = "a member has no key"
            raise ValueError(msg)
        key = self.value()
        self._expect(":")
        self.keys += 1
        return str(key)

    def _ends(self, closing: str) -> bool:
        """Step over the sign behind a value; tell whether it closes the whole."""
        ends = self.sign() == closing
        self._expect(closing if ends else ",")
        return ends

    def _expect(self, sign: str) -> None:
        if self.sign() != sign:
            msg = f"{sign!r} is missing"
            raise ValueError(msg)
        self.at += 1
