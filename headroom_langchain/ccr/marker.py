"""The line that stands at the end of a text that was shortened.

It is the one thing a model must understand to get an original back: plain words
about what is missing, and the call that returns it. A marker grants nothing:
which keys are answered is decided by records, never by text.
"""

from __future__ import annotations

import re
from typing import Final

from headroom_langchain.ccr.store.base import KEY_LENGTH

RETRIEVE_TOOL_NAME: Final = "headroom_retrieve"
"""The name of the tool that a marker tells the model to call."""

COMPLETE: Final = "[headroom: rewritten to save space, nothing is left out]"
"""The last line of a text that was rewritten without loss."""

_MAX_OMITTED: Final = 32
_MARKED = re.compile(
    rf"\[headroom: [^\n]*; {RETRIEVE_TOOL_NAME}"
    rf'\(hash="([0-9a-f]{{{KEY_LENGTH}}})"[^\n]*\]'
)


def marker(key: str, omitted: str) -> str:
    """Return the line that says what is missing and how to ask for it.

    It has at most 50 tokens (`o200k_base`), about 42 as a rule: half of them are
    the key and the name of the tool.

    Args:
        key: The key of the original.
        omitted: What is missing in a few words, such as `483 of 500 rows`; of a
            longer list only the first thing is named.
    """
    what = omitted.replace(",", "")
    if len(what) > _MAX_OMITTED:
        what = f"{what.partition(' and ')[0][:_MAX_OMITTED].rstrip()} and more"
    call = f'{RETRIEVE_TOOL_NAME}(hash="{key}", query)'
    return f"[headroom: {what} hidden; {call} returns them]"


def summary(omitted: str) -> str:
    """Return the line for a text that was shortened with no way to ask for more."""
    return f"[headroom: {omitted} hidden]"


def is_marked(text: str) -> bool:
    """Tell whether the last line of a text is one that this module writes."""
    last = text.rstrip().rpartition("\n")[2]
    return last.startswith("[headroom: ") and last.endswith("]")


def marked_keys(text: str) -> list[str]:
    """Return the keys that the markers in a text name, in their order."""
    return _MARKED.findall(text)
