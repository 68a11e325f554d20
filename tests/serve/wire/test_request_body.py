"""A body is changed where it is asked for, and nowhere else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_texts import Spans, Text, objects, scalars

from headroom_langchain.serve.wire.body import MOST_LEVELS, Body, Path


@dataclass
class Change:
    """What is asked for at one place."""

    before: tuple[Any, ...] = ()
    instead: tuple[Any, ...] | None = None


Changes = dict[Path, Change]

new_values = (scalars | st.just({"type": "x", "é": [{}]})).map(
    lambda value: json.loads(json.dumps(value))
)


def body_of(raw: bytes) -> Body:
    """Return the body of bytes that are one."""
    body = Body.of(raw)
    assert body is not None
    return body


def places(value: object, path: Path = ()) -> list[Path]:
    """Return all places in a value, those behind its last ones included."""
    if isinstance(value, dict):
        inner = [p for key, one in value.items() for p in places(one, (*path, key))]
        return [*((*path, key) for key in [*value, "new"]), *inner]
    if isinstance(value, list):
        inner = [p for i, one in enumerate(value) for p in places(one, (*path, i))]
        return [*((*path, i) for i in range(len(value) + 1)), *inner]
    return []


def at(value: Any, path: Path) -> Any:
    """Return what stands at a place."""
    for step in path:
        value = value[step]
    return value


def changed(value: Any, changes: Changes, path: Path = ()) -> Any:
    """Return a value with changes made in it."""
    if isinstance(value, dict):
        made = {key: changed(one, changes, (*path, key)) for key, one in value.items()}
        for where, change in changes.items():
            if where[:-1] == path and change.instead is not None:
                made[str(where[-1])] = change.instead[0]
        return made
    if isinstance(value, list):
        items: list[Any] = []
        for index in range(len(value) + 1):
            change = changes.get((*path, index), Change())
            items += change.before
            if change.instead is not None:
                items += change.instead
            elif index < len(value):
                items.append(changed(value[index], changes, (*path, index)))
        return items
    return value


def touched(value: Any, spans: Spans, where: Path, change: Change) -> tuple[int, int]:
    """Return which part of a text a change may touch."""
    container, (start, end) = at(value, where[:-1]), spans[where[:-1]]
    if isinstance(container, dict):
        if where in spans:
            return spans[where]
        inside = [spans[(*where[:-1], key)][1] for key in container]
        return (last := max(inside, default=start + 1)), last
    index = int(where[-1])
    before = spans[(*where[:-1], index - 1)][1] if index else start + 1
    after = end - 1 if index >= len(container) else spans[where][0]
    if index < len(container) - 1:
        following = spans[(*where[:-1], index + 1)][0]
    else:
        following = end - 1
    if change.instead is None:
        return (before, before) if index == len(container) else (after, after)
    return spans[where] if change.instead else (before, following)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Text, Changes]:
    """Draw a text, and what is to be changed in it."""
    text = draw(objects())
    value = json.loads(text.text)
    changes: Changes = {}
    for path in draw(st.lists(st.sampled_from(places(value)), max_size=6)):
        change = changes.setdefault(path, Change())
        container = at(value, path[:-1])
        if isinstance(container, dict):
            change.instead = (draw(new_values),)
        elif path[-1] == len(container) or draw(st.booleans()):
            change.before += (draw(new_values),)
        else:
            change.instead = tuple(draw(st.lists(new_values, max_size=2)))
    return text, changes


def made(raw: bytes, changes: Changes) -> bytes:
    """Make changes."""
    body = body_of(raw)
    for path, change in changes.items():
        if change.instead is not None:
            body.replace(path, *change.instead)
        for value in change.before:
            body.insert(path, value)
    return body.bytes()


@settings(deadline=None, max_examples=200)
@given(drawn=edited())
def test_a_body_reads_as_if_its_value_were_changed(drawn: tuple[Text, Changes]) -> None:
    """Changes in the bytes and changes in the value that they stand for agree."""
    text, changes = drawn
    result = json.loads(made(text.text.encode(), changes))
    expected = changed(json.loads(text.text), changes)
    assert json.dumps(result, sort_keys=True) == json.dumps(expected, sort_keys=True)


@settings(deadline=None, max_examples=200)
@given(drawn=edited())
def test_no_other_byte_changes(drawn: tuple[Text, Changes]) -> None:
    """What stands around and between the changes stays as it was written."""
    text, changes = drawn
    value = json.loads(text.text)
    result = made(text.text.encode(), changes).decode()
    parts = [touched(value, text.spans, path, one) for path, one in changes.items()]
    kept, done = "", 0
    for start, end in sorted(parts):
        if start >= done:
            kept += re.escape(text.text[done:start]) + ".*"
        done = max(done, end)
    assert re.fullmatch(kept + re.escape(text.text[done:]), result, re.DOTALL)


def test_an_unchanged_body_is_the_very_bytes() -> None:
    """Without a change there is no difference, not even in blanks."""
    raw = b' {"a" : 1.0e0,\r\n "a":["\\u00e9"] } '
    body = body_of(raw)
    body.insert(("a", 0), *[])
    assert not body.changed
    assert body.bytes() is raw


@pytest.mark.parametrize(
    ("raw", "path", "values", "expected"),
    [
        ('{"a": [1, 2]}', ("a", 0), [9, 8], '{"a": [9,8, 2]}'),
        ('{"a": [1, 2]}', ("a", 0), [], '{"a": [2]}'),
        ('{"a": [1, 2 ]}', ("a", 1), [], '{"a": [1 ]}'),
        ('{"a": [ 1 ]}', ("a", 0), [], '{"a": [ ]}'),
        ('{"a": {"b" : 1}}', ("a", "b"), ["x"], '{"a": {"b" : "x"}}'),
        ('{"a": {"b" : 1 }}', ("a", "c"), [2], '{"a": {"b" : 1,"c":2 }}'),
        ('{"a": { }}', ("a", "c"), [2], '{"a": {"c":2 }}'),
        ('{"\\u0061": 1}', ("a",), [2], '{"\\u0061": 2}'),
        ('{"é": 1, "\\u00e9": 1}', ("é",), [2], '{"é": 1, "\\u00e9": 2}'),
    ],
)
def test_what_replaces_stands_in_the_place_of_what_was_there(
    raw: str, path: Path, values: Sequence[object], expected: str
) -> None:
    """A value makes room for one, several or none; a member that lacks is added."""
    body = body_of(raw.encode())
    body.replace(path, *values)
    assert body.changed
    assert body.bytes().decode() == expected


@pytest.mark.parametrize(
    ("raw", "index", "expected"),
    [
        ('{"a": [1, 2]}', 0, '{"a": ["x","y",1, 2]}'),
        ('{"a": [1, 2]}', 1, '{"a": [1, "x","y",2]}'),
        ('{"a": [1, 2 ] }', 2, '{"a": [1, 2,"x","y" ] }'),
        ('{"a": [ ]}', 0, '{"a": ["x","y" ]}'),
    ],
)
def test_what_is_inserted_stands_in_the_order_it_came(
    raw: str, index: int, expected: str
) -> None:
    """Values that are put in one place stand there one after the other."""
    body = body_of(raw.encode())
    body.insert(("a", index), "x")
    body.insert(("a", index), "y")
    assert body.bytes().decode() == expected


def test_a_member_is_set_whether_or_not_it_is_there() -> None:
    """`add` changes a member, or adds it at the end."""
    body = body_of(b'{"stream": true}')
    body.add("stream", value=False)
    body.add("tools", [])
    assert body.bytes() == b'{"stream": false,"tools":[]}'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('{"m": [1], "m": [2]}', '{"m": [1], "m": [9]}'),
        ('{"m": "no array", "m": [2]}', '{"m": "no array", "m": [9]}'),
        ('{"m": {"0": 1}, "m": [2]}', '{"m": {"0": 1}, "m": [9]}'),
        ('{"m": [], "m": [2], "n": {"m": [3]}}', None),
    ],
)
def test_of_a_key_that_stands_twice_the_last_is_changed(
    raw: str, expected: str | None
) -> None:
    """Where a key stands twice, what counts changes, and what does not stays."""
    body = body_of(raw.encode())
    body.replace(("m", 0), 9)
    assert body.bytes().decode() == (expected or raw.replace("2", "9"))


@pytest.mark.parametrize(
    "path",
    [(), ("b",), ("a", 2), ("a", -1), ("a", "0"), (0,), ("a", 0, "x"), ("c", "d", 0)],
)
def test_a_place_that_is_not_there_is_an_error(path: Path) -> None:
    """A change that could not be made is refused when it is asked for."""
    body = body_of(b'{"a": [1, 2], "c": {}}')
    if path != ("b",):
        with pytest.raises(LookupError, match="no place"):
            body.replace(path, 1)
    if path != ("a", 2):
        with pytest.raises(LookupError, match="no place"):
            body.insert(path, 1)
    assert not body.changed


@pytest.mark.parametrize("count", [0, 2])
def test_a_member_has_one_value(count: int) -> None:
    """A member of an object cannot be replaced by none or several values."""
    with pytest.raises(ValueError, match="a member of an object has one"):
        body_of(b'{"a": 1}').replace(("a",), *range(count))


def nested(levels: int) -> bytes:
    """Return an object of so many levels, objects and arrays in turn."""
    pairs, odd = divmod(levels, 2)
    return b'{"a":[' * pairs + b"{}" * odd + b"]}" * pairs


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[1]",
        b"null",
        b'{"a": 1',
        b'{"a": 1} x',
        b"{'a': 1}",
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b'{"a": "line\nend"}',
        nested(MOST_LEVELS + 1),
        b'{"a":' * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=range(18),
)
def test_what_cannot_be_read_and_written_is_no_body(raw: bytes) -> None:
    """What is no JSON object, or none that can be written again, is left alone."""
    assert Body.of(raw) is None


def test_deep_bodies_can_be_changed_where_there_is_little_room() -> None:
    """What is as deep as allowed is read and written, also far down in a program."""
    raw = nested(MOST_LEVELS)

    def deep_down(calls: int) -> bytes:
        if calls:
            return deep_down(calls - 1)
        body = body_of(raw)
        body.insert(("a", 0), body.value)
        return body.bytes()

    assert deep_down(400) == b'{"a":[' + raw + b"," + raw[6:]


def test_brackets_in_texts_are_no_levels() -> None:
    """A text may have any number of brackets."""
    body = body_of(json.dumps({"a": "[{" * 1000, "b": [[], [{}]]}).encode())
    body.replace(("a",), "x")
    assert body.bytes() == b'{"a": "x", "b": [[], [{}]]}'


def test_numbers_stay_as_they_were_written() -> None:
    """A number that no float can hold goes out as it came."""
    raw = b'{"a": [%b, 1.10, 1e3, 0.1234567890123456789], "b": 1}' % (b"1" * 4000)
    body = body_of(raw)
    body.replace(("b",), 2)
    assert body.bytes() == raw[:-2] + b"2}"


def test_any_number_of_changes_is_made_in_linear_time() -> None:
    """Every change costs the same, however many there are."""
    count = 30_000
    body = body_of(
        json.dumps({"m": [{"c": "x"}] * count, "o": {"k": 1}, "t": []}).encode()
    )
    started = time.process_time()
    for index in range(count):
        body.replace(("m", index, "c"), "y")
        body.replace(("o", f"k{index}"), 2)
        body.insert(("t", 0), 3)
    value = json.loads(body.bytes())
    assert time.process_time() - started < 10
    assert value["m"] == [{"c": "y"}] * count
    assert value["o"] == {"k": 1} | {f"k{index}": 2 for index in range(count)}
    assert value["t"] == [3] * count
