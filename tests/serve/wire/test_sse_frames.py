"""A stream is cut into the same events, however the network cuts it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom_langchain.serve.wire.frames import Frame, Frames, dumped, event

STREAM = (
    "\ufeffevent: message_start\ndata: {}\n\n"
    ": a comment\n\n"
    "\n"
    "event: ping\ndata: {}\n\n"
    "data: one\ndata:two\ndata\ndata:  three \nid: 7\nretry: 1\n\n"
    "event:x\nevent: an é\ndata: a\u2028b\u0085c\x0b\U0001f600\n\n"
    "event: without data\n\n"
    "\ufeffdata: no data, but for the mark before it\n\n"
    "data: [DONE]\n\n"
    "data: cut o"
)
BOM = b"\xef\xbb\xbf"
ENDS = ["\n", "\r\n", "\r"]

pieces = st.sampled_from(
    [
        *("\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\r\r"),
        *("data", "data:", "data: ", "event", "event: ", "id: 1", ": ", ":", " "),
        *("{}", "x", "é", "\u2028", "\U0001f600", "\ufeff", "\0"),
        "event: ping\ndata: {}\n\n",
        "data: {}\r\n\r\n",
    ]
)
streams = st.lists(pieces, max_size=30).map("".join).map(str.encode)


def fed(chunks: Iterable[bytes]) -> tuple[list[Frame], bytes]:
    """Return the frames of a stream, and what is left of it."""
    frames = Frames()
    return [frame for chunk in chunks for frame in frames.feed(chunk)], frames.rest()


def said(frames: Iterable[Frame]) -> list[tuple[str, bytes]]:
    """Return what the frames say that are not blank."""
    return [(one.event, one.data) for one in frames if one.raw.strip(b"\r\n")]


def cut(stream: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut a stream at some places, which may be the same."""
    borders = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in pairwise(borders)]


def dispatched(stream: bytes) -> list[tuple[str, str]]:
    """Return the events of a stream as the standard's algorithm finds them."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    events, name, data = [], "", ""
    for line in re.split("\r\n|\n|\r", text)[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            if data:
                events.append((name, data.removesuffix("\n")))
            name, data = "", ""
        elif field == "event":
            name = value
        elif field == "data":
            data += value + "\n"
    return events


def has_data(raw: bytes) -> bool:
    """Tell whether any line of a frame is one of data."""
    return re.search(rb"(^|[\r\n])data[:\r\n]", raw) is not None


@settings(deadline=None, max_examples=400)
@given(stream=streams, places=st.lists(st.integers(0, 1000), max_size=12))
@example(stream=b"\xef\xbb\xbf\r\ndata: x\r\n\r\n", places=[1, 2, 4, 13])
@example(stream=b"data: x\n\xef\xbb\xbfdata: y\n\n", places=[])
@example(stream=b"\n\xef\xbb\xbfdata: y\n\n", places=[])
def test_events_are_those_of_the_standard(stream: bytes, places: list[int]) -> None:
    """Wherever a stream is cut, its events are those that the standard finds in it."""
    frames, _ = fed(cut(stream, places))
    with_data = [
        (one.event, one.data.decode())
        for number, one in enumerate(frames)
        if has_data(one.raw.removeprefix(BOM) if number == 0 else one.raw)
    ]
    assert with_data == dispatched(stream)


@settings(deadline=None, max_examples=400)
@given(stream=st.binary(max_size=60) | streams, places=st.lists(st.integers(0, 1000)))
def test_no_byte_is_lost(stream: bytes, places: list[int]) -> None:
    """The bytes of all frames, and of what is left, are those of the stream."""
    frames, rest = fed(cut(stream, places))
    assert b"".join(frame.raw for frame in frames) + rest == stream
    assert said(frames) == said(fed([stream])[0])


@pytest.mark.parametrize("end", ENDS, ids=["LF", "CRLF", "CR"])
def test_a_stream_may_be_cut_anywhere(end: str) -> None:
    """Cut at any byte or at all of them, a stream says the same."""
    stream = STREAM.replace("\n", end).encode()
    whole, rest = fed([stream])
    assert rest == b"data: cut o"
    assert said(whole) == [
        ("message_start", b"{}"),
        ("", b""),
        ("ping", b"{}"),
        ("", b"one\ntwo\n\n three "),
        ("an é", "a\u2028b\u0085c\x0b\U0001f600".encode()),
        ("without data", b""),
        ("", b""),
        ("", b"[DONE]"),
    ]
    for place in range(len(stream) + 1):
        assert said(fed(cut(stream, [place]))[0]) == said(whole)
    assert said(fed(bytes([one]) for one in stream)[0]) == said(whole)


@pytest.mark.parametrize("end", ENDS, ids=["LF", "CRLF", "CR"])
def test_an_event_does_not_wait_for_the_next(end: str) -> None:
    """An event is there with the last byte of its blank line."""
    frames = Frames()
    stream = f"event: a{end}data: b{end}{end}".encode()
    assert list(frames.feed(stream[:-1])) == (
        [Frame(stream[:-1], "a", b"b")] if end == "\r\n" else []
    )
    (last,) = frames.feed(stream[-1:])
    assert (last.event, last.data) == (("", b"") if end == "\r\n" else ("a", b"b"))
    assert frames.rest() == b""


def test_frames_that_nobody_looked_at_are_no_part_of_the_rest() -> None:
    """What follows a frame is there, whether or not all frames were asked for."""
    frames = Frames()
    first = next(frames.feed(b"data: 1\n\ndata: 2\n\ndata: 3"))
    assert first.data == b"1"
    assert frames.rest() == b"data: 3"
    assert frames.rest() == b""


@pytest.mark.parametrize("line", [b"data: %b\n\n", b"event: x\r\nid: %b\r\n\r\n"])
def test_a_long_line_in_small_pieces_is_read_in_linear_time(line: bytes) -> None:
    """A line of megabytes that comes in bits is not read again for each of them."""
    stream = line % (b"x" * 2_000_000)
    started = time.process_time()
    frames, rest = fed(stream[at : at + 20] for at in range(0, len(stream), 20))
    assert time.process_time() - started < 10
    assert b"".join(frame.raw for frame in frames) + rest == stream


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": [1]}', {"a": [1]}),
        ('{"a": "\u2028é"}'.encode(), {"a": "\u2028é"}),
        (b"[1]", None),
        (b"[DONE]", None),
        (b"", None),
        (b'{"a": "\xff"}', None),
        (b'{"a":' * 100_000, None),
        (b'{"a":' + b"1" * 5000 + b"}", None),
    ],
    ids=["object", "UTF-8", "array", "no JSON", "empty", "no UTF-8", "deep", "number"],
)
def test_data_that_is_no_object_reads_as_none(data: bytes, value: object) -> None:
    """Data is read as a JSON object or not at all, and never raises."""
    assert Frame(b"", "", data).json() == value


def test_what_is_written_is_read_again() -> None:
    """An event that is written is one frame with the same name and data."""
    data = {"text": "a\nb\r\u2028é\U0001f600", "n": [1, None, True]}
    for name in ("content_block_delta", ""):
        written = event(name, data)
        (frame,) = Frames().feed(written)
        assert (frame.raw, frame.event, frame.json()) == (written, name, data)


def test_lone_surrogates_are_written_as_escapes() -> None:
    """A text that UTF-8 cannot hold is written so that it reads as the same text."""
    assert dumped({"a": "é\ud800"}) == b'{"a":"\\u00e9\\ud800"}'
    assert dumped({"a": "é"}) == '{"a":"é"}'.encode()
