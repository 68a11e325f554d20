"""Where a request goes below the address of its upstream."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_SENT: Final = re.compile(rb"[!-~]*+")
"""What a target may be written with."""
_BETWEEN: Final = re.compile(r"[/\\]")
_DECODINGS: Final = 3
"""How often a path may be decoded before somebody upstream follows it."""


def joined(base: str, target: bytes) -> bytes:
    """Return the target of a request at an upstream.

    Args:
        base: The path of the upstream's address, without a slash at its end.
        target: Path and query as the client wrote them.

    Raises:
        ValueError: The target could lead out of the upstream's path.
    """
    path = target.partition(b"?")[0].decode("latin-1")
    if not path.startswith("/") or _leads_away(path):
        msg = "a path must start with / and have no . or .. in it"
        raise ValueError(msg)
    if _SENT.fullmatch(target) is None:
        msg = "a path must have no blanks, control characters or bytes beyond ASCII"
        raise ValueError(msg)
    if base.endswith("/v1") and target.startswith(b"/v1/"):
        target = target.removeprefix(b"/v1")
    return base.encode("ascii", "strict") + target


def _leads_away(path: str) -> bool:
    """Tell whether a server might find its way upwards in a path."""
    for _ in range(_DECODINGS):
        # What stands behind a semicolon belongs to the segment for some, not for all.
        segments = (one.partition(";")[0] for one in _BETWEEN.split(path))
        if "\0" in path or not {".", ".."}.isdisjoint(segments):
            return True
        if "%" not in path:
            return False
        path = unquote(path, "latin-1")
    return not {".", ".."}.isdisjoint(_BETWEEN.split(path))
