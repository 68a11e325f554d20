"""The words that say what an agent was looking for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Final

from headroom_langchain.compression.excerpt import Interest

MAX_WORDS: Final = 40
"""Words kept of the arguments, and of the question."""

_MAX_TEXT: Final = 4000
_WORD = re.compile(r"[^\W_]{2}[\w./:@-]*|[^\W_]", re.UNICODE)


def interest_of(arguments: Mapping[str, object], question: str) -> Interest:
    """Take the words out of a tool call's arguments and the question before it.

    Args:
        arguments: The arguments of the call, any JSON value inside; the text of
            all values counts up to 4,000 characters.
        question: The last human text before the call, likewise.
    """
    text = " ".join(_strings(arguments))
    return Interest(arguments=_words(text[:_MAX_TEXT]), question=_words(question))


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[str, ...]:
    words = (word.strip("./:@-").casefold() for word in _WORD.findall(text[:_MAX_TEXT]))
    kept = dict.fromkeys(word for word in words if len(word) > 1)
    return tuple(kept)[:MAX_WORDS]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        # Python refuses to write integers of more than some thousand digits.
        with suppress(ValueError):
            yield str(value)
