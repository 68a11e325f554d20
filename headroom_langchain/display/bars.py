"""Bars: how much of a text is sent, beside the largest text.

The length of a bar is the text as it was, its full part what is sent of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar as parts of the room for it, each from 0 to 1."""

    sent: float
    gone: float

    def drawn(self, width: int, *, ascii_only: bool = False) -> tuple[str, str]:
        """Return both parts in characters; what there is can be seen.

        Args:
            width: Characters that the longest bar has.
            ascii_only: Use no other characters than those of ASCII.
        """
        if ascii_only:
            sent = "#" * max(round(width * self.sent), 1 if self.sent else 0)
        else:
            full, part = divmod(round(8 * width * self.sent), 8)
            sent = "█" * full + (_EIGHTHS[part] if part else "")
            sent = sent or (_EIGHTHS[1] if self.sent else "")
        rest = round(width * (self.sent + self.gone)) - len(sent)
        rest = max(rest, 1) if self.gone else 0
        return sent, ("." if ascii_only else "░") * rest


def bar(before: float, after: float, largest: float) -> Bar:
    """Return a bar.

    Args:
        before: Tokens of a text as it was.
        after: Tokens of what is sent of it.
        largest: Tokens of the text whose bar is the longest.
    """
    sent = min(1.0, after / largest)
    return Bar(sent=sent, gone=max(0.0, min(1.0, before / largest) - sent))
