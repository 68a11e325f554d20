"""What a script needs to know about markers and the retrieval tool.

Written out here once more, on purpose: a test that took these from the code
under test would agree with it about a wrong marker too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RETRIEVE = "headroom_retrieve"
"""The name of the tool that returns originals."""

_MARKER = re.compile(r'headroom_retrieve\(hash="([0-9a-f]{24})"')


def last_hash(texts: Iterable[str]) -> str | None:
    """Return the hash of the last marker in some texts.

    Args:
        texts: What a model was sent, oldest first.

    Returns:
        24 hex digits, or None when no text has a marker.
    """
    found: str | None = None
    for text in texts:
        for match in _MARKER.finditer(text):
            found = match[1]
    return found
