"""A text is cut into lines, and nothing of it gets lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.gaps import omitted_lines, show_spans
from headroom_langchain.compression.spans import Pieces, cut_spans

texts = st.lists(
    st.tuples(
        st.sampled_from(["ab ", "x", "\n", "\r\n", "日。", "end. "]),
        st.integers(1, 500),
    ),
    max_size=12,
).map(lambda runs: "".join(piece * times for piece, times in runs))


@settings(deadline=None)
@given(texts)
def test_spans_are_the_text(text: str) -> None:
    """Spans are in order, and leave out line breaks only."""
    spans = cut_spans(text)
    end = 0
    for span in spans:
        assert text[end : span.start] in ("", "\n")
        assert span.line == text.count("\n", 0, span.start)
        end = span.stop
    assert end == len(text)


@settings(deadline=None)
@given(texts)
def test_pieces_are_slices_of_the_text(text: str) -> None:
    """Whether asked for one by one or all at once, pieces are the same."""
    spans = cut_spans(text)
    pieces = Pieces(text, spans)
    wanted = [text[span.start : span.stop] for span in spans]
    assert list(pieces) == wanted
    assert [pieces[at] for at in range(len(pieces))] == wanted
    assert pieces[1:3] == wanted[1:3]


@settings(deadline=None)
@given(texts)
def test_lines_not_shown_are_counted(text: str) -> None:
    """A line counts as shown as soon as a part of it is."""
    spans = cut_spans(text)
    shown = bytearray(at * 7 % 3 == 0 for at in range(len(spans)))
    seen = {span.line for span, visible in zip(spans, shown, strict=True) if visible}
    total = text.count("\n") + 1
    said = omitted_lines(spans, shown)
    if said.endswith("lines"):
        assert said == f"{total - len(seen):,} of {total:,} lines"
    else:
        hidden = zip(spans, shown, strict=True)
        size = sum(span.stop - span.start for span, visible in hidden if not visible)
        assert said == f"{size:,} of {len(text):,} characters"


def test_very_many_lines_are_taken_together() -> None:
    """A hundred thousand lines are cut into some thousand runs of lines."""
    text = "\n".join(f"{n}" for n in range(100_000))
    spans = cut_spans(text)
    assert len(spans) <= 16_000
    assert [span.line for span in spans][:3] == [0, 7, 14]
    assert spans[-1].last == 99_999
    assert show_spans(text, spans, bytearray(b"\x01") * len(spans)) == text
