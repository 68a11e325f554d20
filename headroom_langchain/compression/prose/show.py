"""Write the chosen pieces of a document.

What is missing inside a paragraph is marked with `…`, what is missing between
blocks with a line that counts it.
"""

from __future__ import annotations

from headroom_langchain.compression.prose.pieces import Document, Piece
from headroom_langchain.structure.markup import Part

_LINES = frozenset((Part.CODE, Part.ROWS))


def show(document: Document, shown: bytearray) -> str:
    """Write the pieces that are shown.

    Args:
        document: The document.
        shown: One byte per piece, 1 for shown.
    """
    out: list[str] = []
    before: Piece | None = None
    at = shown.find(1)
    while at >= 0:
        stop = shown.find(0, at)
        stop = len(shown) if stop < 0 else stop
        first, last = document.piece(at), document.piece(stop - 1)
        joint = _joint(document, before, first)
        text = document.text[first.start : last.stop]
        if joint.endswith("… "):
            text = text.lstrip(" \t")
        amid = _ends_amid(document, last)
        out += joint, text.rstrip() if amid else text.rstrip("\r\n")
        before = last
        at = shown.find(1, stop)
    out.append(_joint(document, before, None))
    return "".join(out).lstrip("\n").rstrip("\r\n")


def _joint(document: Document, before: Piece | None, after: Piece | None) -> str:
    """Return what stands between two shown pieces that do not touch."""
    opened = _starts_amid(document, after)
    if before is not None and after is not None and before.block == after.block:
        part = document.block(after.block).part
        if part not in _LINES or before.last == after.line:
            return "… " if opened else "…\n"
    first = before.last + 1 if before is not None else 0
    stop = after.line if after is not None else len(document.lines)
    if before is not None and _is_rest(document, before, stop):
        return f"…\n{opened}"
    closed = _ends_amid(document, before)
    hidden = stop - first
    if document.has_words(first, stop):
        mark = f"[... {hidden:,} line{'s' if hidden > 1 else ''}]"
        return f"{closed}\n{mark}\n{opened}"
    if before is None:
        return opened
    return f"{closed}\n{opened}"


def _is_rest(document: Document, before: Piece, stop: int) -> bool:
    """Tell whether only the rest of a block of prose is missing before a line."""
    block = document.block(before.block)
    if block.part in _LINES or before.last + 1 >= block.stop:
        return False
    return not document.has_words(block.stop, stop)


def _starts_amid(document: Document, piece: Piece | None) -> str:
    """Return `…` for a piece that does not begin with its line."""
    if piece is None or piece.start == 0:
        return ""
    line = document.text[piece.start - 1]
    return "" if line == "\n" else "…"


def _ends_amid(document: Document, piece: Piece | None) -> str:
    """Return `…` for a piece that does not end with its line."""
    if piece is None:
        return ""
    text = document.text[piece.start : piece.stop]
    if text.endswith("\n") or piece.stop >= len(document.text):
        return ""
    return "" if document.text[piece.stop] in "\r\n" else "…"


def omitted(document: Document, shown: bytearray) -> str:
    """Say how much is not shown, such as `12,345 of 20,000 characters`."""
    hidden = document.hidden_size(shown)
    return f"{hidden:,} of {len(document.text):,} characters"
