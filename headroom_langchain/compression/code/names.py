"""The names that lines of source code define, where the lines are not shown.

Somebody who sees that a type has a member `timeout` can ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_KEYWORDS = re.compile(
    r"(?:[\w<>,*&\[\]]{1,40} ){0,4}?(?:def|class|func|fn|function\*?|interface|struct"
    r"|enum|trait|type|union|namespace|module|mod|const|let|var|val|static|sub"
    r"|# ?define) +(?:\([^()]{0,80}\) *)?([A-Za-z_$~][\w$]*)"
)
_MARKED = re.compile(r"([A-Za-z_$~][\w$]*\??)[\"']?\s*(?:[(=;:,{\[]|$)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_GENERIC = re.compile(r"<[^<>]*>")
_PROBED: Final = 160
_FIRST: Final = 2
_TOKENS: Final = 1.2
_A_TOKEN: Final = 3.6


def name_in(body: str, place: int) -> str:
    """Return the name that a line defines; empty for none.

    Args:
        body: The line.
        place: 2 where a member's name is the first word of its line, else 1.
    """
    text = body[:_PROBED].strip()
    found = _KEYWORDS.match(text)
    if found is None and place == _FIRST:
        word = _WORD.match(text)
        return word[0] if word else ""
    if found is None:
        if "<" in text:
            text = _GENERIC.sub("", _GENERIC.sub("", text))
        found = _MARKED.search(text)
    return found[1] if found else ""


class Names:
    """What the marks in an excerpt say of the lines they stand for."""

    def __init__(
        self, texts: Sequence[str], named: bytearray, shown: bytearray, tokens: float
    ) -> None:
        """Take lines.

        Args:
            texts: The lines of a text.
            named: 1 or 2 for lines that define a name.
            shown: 1 for lines that are shown.
            tokens: How many tokens all names may take.
        """
        self._texts = texts
        self._named = named
        hidden = (at for at, one in enumerate(named) if one and not shown[at])
        cost = sum(map(_cost, self._of(hidden)))
        self._share = min(1.0, tokens / cost) if cost else 0.0

    def _of(self, lines: Iterable[int]) -> dict[str, None]:
        texts, named = self._texts, self._named
        names = (name_in(texts[at], named[at]) for at in lines if named[at])
        return dict.fromkeys(name for name in names if name)

    def among(self, lines: Iterable[int]) -> str:
        """Name what some lines define, as a mark says it; empty for nothing."""
        names = list(self._of(lines))
        few = names[: round(self._share * len(names))]
        more = ", …" if 0 < len(few) < len(names) else ""
        return f": {', '.join(few)}{more}" if few else ""


def _cost(name: str) -> float:
    return _TOKENS + len(name) / _A_TOKEN
