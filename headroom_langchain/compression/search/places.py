"""Which files of a search result are less telling than the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ASIDE = re.compile(
    r"(?:^|[/\\])(?:tests?|testing|specs?|__tests__|docs?|examples?|samples?|migrations"
    r"|vendor|vendored|_vendor|node_modules|third_party|dist|build|fixtures|benchmarks?"
    r"|locales?|generated)[/\\]"
    r"|(?:^|[/\\])(?:test_|conftest\.|changelog|changes\.|history\.|news\.)[^/\\]*$"
    r"|(?:[_.-]test|[._]spec|\.min|_pb2|\.generated|[_-]lock|\.lock|tests?)\.\w+$",
    re.IGNORECASE,
)


def aside(files: Sequence[str]) -> bytearray:
    """Mark the files that are tests, documents, copies of others or made by a tool.

    What all paths have in common says nothing: in a search among tests, none is aside.

    Args:
        files: The paths of the files.

    Returns:
        One byte per file, 1 for a file that stands aside.
    """
    common = common_folder(files)
    return bytearray(_ASIDE.search(file[len(common) :]) is not None for file in files)


def common_folder(files: Sequence[str]) -> str:
    """Return the folder that all paths begin with, with its last slash, or nothing."""
    if not files:
        return ""
    # What the first and the last in order have in common, all have.
    first, last = min(files), max(files)
    size = next(
        (
            at
            for at, (one, other) in enumerate(zip(first, last, strict=False))
            if one != other
        ),
        len(first),
    )
    shared = first[:size]
    return shared[: max(shared.rfind("/"), shared.rfind("\\")) + 1]
