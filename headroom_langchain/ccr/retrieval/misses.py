"""What a model is told about hashes that lead nowhere, and which would.

Only hashes that the conversation may use are named, each with a few words about
what it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from headroom_langchain.ccr.retrieval.measure import measure
from headroom_langchain.ccr.store.base import KEY_LENGTH, Original

_SHORT_HASH: Final = 8
_MOST_LISTED: Final = 5
_LONGEST_NAME: Final = 40
_BREAK: Final = 2

_COPY: Final = "Copy the whole hash from a marker."
_RUN: Final = "Run the tool that produced it again."
_COPY_OR_RUN: Final = (
    "Copy the hash from the marker; if it is right, the original is no longer kept: "
    "run the tool that produced it again."
)


def unknown_keys(keys: Sequence[str], known: Sequence[str]) -> str:
    """Say of each hash why it leads nowhere, and what to do.

    Args:
        keys: The hashes, at least one.
        known: Hashes that the conversation may use.
    """
    gone = [f"`{key}`" for key in keys if key in known]
    whole = [f"`{key}`" for key in keys if key not in known and len(key) == KEY_LENGTH]
    told = [_wrong(key, known) for key in keys if len(key) != KEY_LENGTH]
    if whole:
        remedy = _COPY if known else _COPY_OR_RUN
        told.append(f"Not found: nothing is stored under {', '.join(whole)}. {remedy}")
    if gone:
        told.append(f"Not found: no longer kept is {', '.join(gone)}. {_RUN}")
    return "\n".join(told)


def with_known(
    text: str,
    known: Sequence[str],
    originals: Mapping[str, Original],
    max_tokens: int,
) -> str:
    """Add to an answer which hashes there are, as many as fit.

    Args:
        text: The answer.
        known: The hashes, those first that are to be named first.
        originals: What they stand for, as far as it was read.
        max_tokens: Estimated tokens of the whole; the answer itself is never cut.
    """
    if not known:
        return text
    head = f"{text}\nHashes of this conversation:"
    left = max_tokens - measure(head) - _more_cost(known)
    rows: list[str] = []
    for key in known[:_MOST_LISTED]:
        row = _row(key, originals.get(key))
        left -= measure(row) + _BREAK
        if left < 0:
            break
        rows.append(row)
    if not rows:
        return text
    more = len(known) - len(rows)
    return "\n".join([head, *rows, *([f"and {more} more"] if more else [])])


def _wrong(key: str, known: Sequence[str]) -> str:
    """Say what is wrong with a hash that is too short or too long."""
    full = [candidate for candidate in known if candidate.startswith(key)]
    if len(key) >= _SHORT_HASH and len(full) == 1:
        return f'`{key}` is cut short. The full hash is hash="{full[0]}".'
    shown = key if len(key) <= KEY_LENGTH else f"{key[:KEY_LENGTH]}…"
    digits = f"`{shown}` has {len(key):,} digits, a hash has {KEY_LENGTH}"
    return f"Not found: {digits}. {_COPY}"


def _row(key: str, original: Original | None) -> str:
    if original is None:
        return f"- {key}"
    tool = f" of {original.tool[:_LONGEST_NAME]}" if original.tool else ""
    kind = original.kind.replace("_", " ")
    return f"- {key}: {kind}{tool}, {_extent(original.content)}"


def _extent(content: str) -> str:
    lines = len(content.splitlines())
    return f"{lines:,} lines" if lines > 1 else f"{len(content):,} characters"


def _more_cost(known: Sequence[str]) -> float:
    return measure(f"and {len(known)} more") + _BREAK
