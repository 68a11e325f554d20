"""Lines with an alarming word that hardly any other line has.

In code such words are common, so a word counts by how few lines have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_FAILURE = re.compile(
    r"\b(?:error|fail(?:ed|ure|s)?|fatal|panic|critical|denied|refused|unable|cannot"
    r"|can't|could not|timed out|timeout|unreachable|corrupt(?:ed)?|not found|no such"
    r"|crash(?:ed|es)?|deadlock|unhandled|unauthorized|forbidden|violation|killed"
    r"|out of memory|overflow|leak|mismatch|invalid|missing|rejected|exceed(?:ed|s)"
    r"|insecure|vulnerab\w{1,8}|exhausted|unavailable|aborted)\b"
)
_PROBED: Final = 600
_LEAST: Final = 2
_SHARE: Final = 0.01


def rare_alarms(bodies: Iterable[tuple[int, str]]) -> list[int]:
    """Find lines with rare alarming words, those of the rarest words first.

    Args:
        bodies: Lines with their numbers; of each the first 600 characters count.

    Returns:
        The numbers of the lines.
    """
    places: dict[str, list[int]] = {}
    size = 0
    for at, body in bodies:
        size += 1
        for word in set(_FAILURE.findall(body[:_PROBED].lower())):
            places.setdefault(word, []).append(at)
    few = max(_LEAST, _SHARE * size)
    rare = [(len(found), at) for found in places.values() for at in found]
    ranked = sorted(one for one in rare if one[0] <= few)
    return list(dict.fromkeys(at for _, at in ranked))
