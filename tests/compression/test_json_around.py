"""JSON with text around it, one document after another, and cut in the middle."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom_langchain.compression.excerpt import NOTHING_ASKED
from headroom_langchain.compression.json.mixed import MixedJson
from headroom_langchain.compression.registry import read
from headroom_langchain.compression.sample import Sample
from headroom_langchain.structure.json_parts import JsonPart, TextPart, split_json
from headroom_langchain.structure.json_text import parse_json

_ROWS = [
    {"id": n, "name": f"node-{n}", "state": "ready" if n != 31 else "draining"}
    for n in range(60)
]
_JSON = json.dumps({"items": _ROWS, "total": 60}, indent=2)


def _excerpt(text: str, budget: int = 500) -> str:
    found = read(text, Sample.of(text))
    assert found is not None
    return found[1].excerpt(budget=budget, interest=NOTHING_ASKED).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("npm warn Unknown user config", ""),
        ("$ kubectl get nodes -o json", "Warning: v1 is deprecated"),
        ("The answer:\n\n```json", "```\n\nRetention is 14 days."),
        ("< HTTP/1.1 200 OK\n< x-ratelimit-remaining: 7\n<", "* Closing connection"),
    ],
    ids=["warning", "command", "fence", "curl"],
)
def test_text_around_a_document_is_kept(before: str, after: str) -> None:
    """What stands before and after a document is shown, and what is rare inside it."""
    text = _excerpt(f"{before}\n{_JSON}\n{after}")

    assert text.startswith(before)
    assert text.endswith(after)
    assert "draining" in text
    assert len(text) < len(_JSON) / 2


def test_documents_one_after_another_are_one_table() -> None:
    """Documents that follow each other are records, and what differs is shown."""
    text = "\n".join(json.dumps(row, indent=2) for row in _ROWS)
    parts = split_json(text)

    assert [type(part) for part in parts] == [JsonPart]
    assert isinstance(parts[0], JsonPart)
    assert parts[0].documents == len(_ROWS)
    assert "draining" in _excerpt(text)


@settings(deadline=None, max_examples=60)
@given(st.integers(400, len(_JSON) - 1))
def test_a_document_that_breaks_off_is_read_as_far_as_it_goes(cut: int) -> None:
    """The members before the cut are those of the whole, and the rest is text."""
    text = _JSON[:cut]
    first, *rest = split_json(text)
    whole = parse_json(_JSON)

    assert isinstance(first, JsonPart)
    assert isinstance(whole, dict)
    assert first.mended
    assert isinstance(first.value, dict)
    rows, all_rows = first.value["items"], whole["items"]
    assert isinstance(rows, list)
    assert isinstance(all_rows, list)
    assert rows[:-1] == all_rows[: len(rows) - 1]
    shown = "".join(part.text for part in rest if isinstance(part, TextPart))
    assert text[first.stop :].strip("\n") == shown or not text[first.stop :].strip()


def test_a_cut_is_marked() -> None:
    """A document that breaks off says so, and the words of whoever cut it are shown."""
    cut = f"{_JSON[:2500]}\n... [output truncated: 9000 more characters]"
    text = _excerpt(cut)

    assert text.startswith("[JSON that breaks off]")
    assert "[output truncated: 9000 more characters]" in text


def test_text_with_a_little_json_is_left_to_others() -> None:
    """A text that is not mainly JSON is none of this compressor's business."""
    text = "a line of prose\n" * 50 + '{"a": 1}\n'

    assert MixedJson().read(text, Sample.of(text)) is None


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet='[]{}",:0 1eE.-\\unul\n\ud800\x00', max_size=80))
def test_taking_a_text_apart_keeps_its_order_and_never_raises(text: str) -> None:
    """The parts of any text follow each other, and texts between them are verbatim."""
    at = 0
    for part in split_json(text):
        if isinstance(part, JsonPart):
            assert at <= part.start < part.stop
            at = part.stop
        else:
            found = text.find(part.text, at)
            assert found >= at
            at = found + len(part.text)


@pytest.mark.parametrize("unit", ["[\n", '{"a":\n', "[1,\n", '{"a":1\n', "{}\n"])
def test_many_beginnings_are_no_documents(unit: str) -> None:
    """Text that begins like JSON over and over is read or refused, and never raises."""
    text = unit * 30_000
    reading = MixedJson().read(text, Sample.of(text))

    assert reading is None or reading.lossless()
