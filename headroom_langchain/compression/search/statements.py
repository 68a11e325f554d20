"""What a hit does with what was searched for, beyond what its line looks like.

To give a name its value and to compare it with a bound tells more than to pass it on.
"""

from __future__ import annotations

import re
from typing import Final

_PROBED: Final = 240
_VALUE = re.compile(
    r"[\"'`]|(?<![\w.\[])-?\d|\b(?:inf|None|null|nil|true|false)\b",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"(?:(?:var|const|let|val|static|final|public|private|protected|export|readonly|auto"
    r"|local|my|constexpr|volatile|unsigned|int|long|char|bool|double) +){0,6}"
    r"([\w.$]{1,100})(?: ?: ?[\w\[\]<>., |\"']{1,80}?)?[ \t]*:?=(?![=>~])"
)
_CHECKED = re.compile(
    r"(?:\} ?)?(?:(?:el(?:se )?)?if|elsif|unless|while|until|when|case|assert\w*)\b"
)
_BOUND = re.compile(r"[^<>=\-]\s?(?:<=|>=|<|>)\s?[\w(\"'\-]|\b(?:min|max)\(")
_RAISED = re.compile(r"(?:raise|throw|panic|abort|return -E|#[ \t]*error)\b|_?_throw")


def assigned(body: str) -> str:
    """Return the name that a line gives a value of its own, or an empty text.

    Args:
        body: The line without file and number. A text, a number or a word such as
            `None` counts as a value; the name of another thing does not.
    """
    if "=" not in body:
        return ""
    text = body[:_PROBED].strip()
    hit = _ASSIGNED.match(text)
    if hit is None or _VALUE.search(text, hit.end()) is None:
        return ""
    # What ends with a comma is an argument, or a parameter with its default.
    return "" if text.endswith(",") else hit[1]


def checks(body: str) -> bool:
    """Tell whether a line decides: it compares with a bound, or it raises.

    Args:
        body: The line without file and number.
    """
    text = body[:_PROBED].strip()
    if _RAISED.match(text):
        return True
    if _BOUND.search(text) is None:
        return False
    return _CHECKED.match(text) is not None or _ASSIGNED.match(text) is not None
