"""The line that names what stands only in the hidden part of a text.

An excerpt cannot show every line that has a strange word. Naming the words costs
two tokens each, and tells a model what it could ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from headroom_langchain.compression.strange import extreme_numbers, strange_words

_LEAST: Final = 10
_MOST: Final = 64
_TOKENS_A_WORD: Final = 60


def only_hidden(text: str, *, shown: str, budget: int) -> str:
    """Name words and numbers that are like no others and not shown.

    Args:
        text: The whole text.
        shown: Its excerpt.
        budget: Estimated tokens of the excerpt; a word may be named for every 60,
            and ten in any case.

    Returns:
        A line in square brackets, or nothing where there is nothing to name.
    """
    most = min(_MOST, max(_LEAST, budget // _TOKENS_A_WORD))
    hidden = (name for name in _names(text) if name not in shown)
    named = ", ".join(islice(hidden, most))
    return f"[only in what is hidden: {named}]" if named else ""


def _names(text: str) -> Iterator[str]:
    yield from extreme_numbers(text)
    yield from strange_words(text)
