"""JSON as other programs write it: with blanks, escapes, and keys that stand twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from hypothesis import strategies as st

from headroom_langchain.serve.wire.body import Path

Spans = dict[Path, tuple[int, int]]


@dataclass(frozen=True)
class Members:
    """What an object is written with: a key may stand in it twice."""

    pairs: Sequence[tuple[str, Any]]


@dataclass
class Text:
    """A JSON text, and where in it each value stands that `json.loads` finds."""

    blanks: cycle[str]
    escaping: cycle[bool]
    text: str = ""
    spans: Spans = field(default_factory=dict)

    def write(self, value: object, path: Path = ()) -> None:
        """Write a value with blanks around it."""
        self.text += next(self.blanks)
        for there in [one for one in self.spans if one[: len(path)] == path]:
            del self.spans[there]
        start = len(self.text)
        if isinstance(value, Members):
            self._all("{}", [(key, one, (*path, key)) for key, one in value.pairs])
        elif isinstance(value, list):
            self._all("[]", [(None, one, (*path, i)) for i, one in enumerate(value)])
        else:
            self._scalar(value)
        self.spans[path] = start, len(self.text)
        self.text += next(self.blanks)

    def _all(self, around: str, values: list[tuple[str | None, object, Path]]) -> None:
        self.text += around[0] + ("" if values else next(self.blanks))
        for number, (key, value, path) in enumerate(values):
            self.text += "," if number else ""
            if key is not None:
                self.text += next(self.blanks)
                self._scalar(key)
                self.text += next(self.blanks) + ":"
            self.write(value, path)
        self.text += around[1]

    def _scalar(self, value: object) -> None:
        text = json.dumps(value, ensure_ascii=next(self.escaping))
        try:
            text.encode()
        except UnicodeEncodeError:
            text = json.dumps(value)
        self.text += text


keys = st.sampled_from(["a", "b", "messages", "é", 'q"\\', "", "\ud800", "\U0001f600"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(['}]",:{[', "\\", "\u2028", "\udc00", "é\n"])
)


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return arrays of values, and objects of them."""
    return st.lists(leaves, max_size=4) | members(leaves)


def members(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Members]:
    """Return objects."""
    return st.lists(st.tuples(keys, leaves), max_size=5).map(Members)


@st.composite
def objects(draw: st.DrawFn) -> Text:
    """Draw the text of an object."""
    blanks = draw(st.lists(st.sampled_from(["", " ", "\n\t", "\r\n "]), min_size=1))
    escaping = draw(st.lists(st.booleans(), min_size=1))
    text = Text(cycle(blanks), cycle(escaping))
    text.write(draw(members(st.recursive(scalars, values, max_leaves=12))))
    return text
