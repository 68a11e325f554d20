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
    pieces = document.pieces
    at = 0
    while at < len(pieces):
        if not shown[at]:
            at += 1
            continue
        stop = at
        while stop < len(pieces) and shown[stop]:
            stop += 1
        out.append(_joint(document, before, pieces[at]))
        text = document.text[pieces[at].start : pieces[stop - 1].stop]
        before = pieces[stop - 1]
        amid = _ends_amid(document, before)
        out.append(text.rstrip() if amid else text.rstrip("\r\n"))
        at = stop
    out.append(_joint(document, before, None))
    return "".join(out).lstrip("\n").rstrip("\r\n")


def _joint(document: Document, before: Piece | None, after: Piece | None) -> str:
    """Return what stands between two shown pieces that do not touch."""
    first = before.last + 1 if before is not None else 0
    stop = after.line if after is not None else len(document.lines)
    opened = _starts_amid(document, after)
    if before is not None and after is not None and before.block == after.block:
        part = document.blocks[after.block].part
        if part not in _LINES:
            return "… " if opened else "…\n"
    closed = _ends_amid(document, before)
    hidden = stop - first
    lines = document.lines[first:stop]
    if hidden > 0 and any(line.strip() for line in lines):
        mark = f"[... {hidden:,} line{'s' if hidden > 1 else ''}]"
        return f"{closed}\n{mark}\n{opened}"
    if before is None:
        return opened
    return f"{closed}\n{opened}"


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
    hidden = sum(
        piece.stop - piece.start
        for piece, visible in zip(document.pieces, shown, strict=True)
        if not visible
    )
    return f"{hidden:,} of {len(document.text):,} characters"
