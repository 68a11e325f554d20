"""Write the chosen pieces of a text, with a counted mark for what is between them."""

from __future__ import annotations

from collections.abc import Sequence

from headroom_langchain.compression.spans import Span


def show_spans(text: str, spans: Sequence[Span], shown: bytearray) -> str:
    """Write the spans that are shown, and between them how much is not."""
    out: list[str] = []
    at = 0
    while at < len(spans):
        stop = at
        while stop < len(spans) and shown[stop] == shown[at]:
            stop += 1
        if shown[at]:
            out.append(_slice(text, spans, at, stop))
        elif text[spans[at].start : spans[stop - 1].stop].strip():
            out.append(_gap(spans, at, stop))
        at = stop
    return "\n".join(out).rstrip("\r\n")


def _slice(text: str, spans: Sequence[Span], at: int, stop: int) -> str:
    first, last = spans[at], spans[stop - 1]
    before = "…" if at and spans[at - 1].last == first.line else ""
    after = "…" if stop < len(spans) and spans[stop].line == last.last else ""
    return f"{before}{text[first.start : last.stop]}{after}"


def _gap(spans: Sequence[Span], at: int, stop: int) -> str:
    """Count what is left out: lines, or characters where a line is shown in part."""
    first, last = spans[at], spans[stop - 1]
    begun = at > 0 and spans[at - 1].last == first.line
    goes_on = stop < len(spans) and spans[stop].line == last.last
    if first.line == last.last and (begun or goes_on):
        return f"[... {last.stop - first.start:,} characters]"
    lines = last.last - first.line + 1
    return f"[... {lines:,} line{'s' if lines > 1 else ''}]"


def omitted_lines(spans: Sequence[Span], shown: bytearray) -> str:
    """Say how much is not shown, such as `483 of 500 lines`."""
    total = spans[-1].last + 1
    characters = 0
    lines = total
    seen = -1
    for span, visible in zip(spans, shown, strict=True):
        if visible:
            lines -= span.last - max(seen, span.line - 1)
            seen = span.last
        else:
            characters += span.stop - span.start
    if len(spans) > 2 * total:
        return f"{characters:,} of {spans[-1].stop:,} characters"
    return f"{lines:,} of {total:,} lines"
