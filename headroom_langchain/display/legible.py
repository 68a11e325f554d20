"""Texts of any origin, written so that they can only be read.

What a terminal would obey, what turns the direction of the text around it, and what no
encoding has is replaced by a sign that can be seen.
"""

from __future__ import annotations

import re
from typing import Final

_LINE: Final = 300

_STRANGE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # all controls but tab and line feed
    # Joiners stay: they are part of emoji and of Persian words.
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen
    "\U000e0000-\U000e0fff"  # tags, unseen too
    "\ud800-\udfff]"  # halves of characters
)


def legible(text: str) -> str:
    r"""Return a text as people can read it.

    A carriage return before a line feed is left out; anything else that acts is shown
    as in a string of Python, such as `\x1b` or `\u202e`.
    """
    return _STRANGE.sub(_sign, text.replace("\r\n", "\n"))


def short(text: str) -> str:
    """Return a name, a reason or a call in one line, cut when it is very long."""
    line = legible(" ".join(text[: _LINE + 1].split()))
    return line if len(line) <= _LINE else f"{line[:_LINE]}…"


def _sign(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
