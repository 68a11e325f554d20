"""Lines that have words an agent asked for.

A word says something only where it is rare: one that stands in every tenth line
was not what anybody meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from headroom_langchain.structure.stems import Lowered

_SHORTEST: Final = 3
_MOST_WORDS: Final = 20


def lines_with(lines: Sequence[str], words: Sequence[str], *, few: int) -> list[int]:
    """Find lines by words, those of the rarest words first.

    Args:
        lines: The lines of a text.
        words: What was asked for, lower case; the first 20 of three letters or
            more count.
        few: How many lines may have a word at the most for it to count.
    """
    wanted = [word for word in words if len(word) >= _SHORTEST][:_MOST_WORDS]
    lowered = Lowered(lines if wanted else ())
    found: list[tuple[int, int]] = []
    for word in wanted:
        hits = list(islice(lowered.having((word,)), few + 1))
        if len(hits) <= few:
            found += [(len(hits), at) for at in hits]
    return [at for _, at in sorted(found)]
