"""JSON paths such as `$.items[17].name`, and where they lead in a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headroom_langchain.structure.json_spans import Spans, json_path

_STEP = re.compile(
    r"(?P<deep>\.\.)(?P<below>\*|[^\s.\[\]*?()'\"@]+)"
    r"|\.?\[\s*(?P<index>-?\d{1,9})\s*\]"
    r"|\.?\[\s*(?P<from>-?\d{0,9})\s*:\s*(?P<to>-?\d{0,9})\s*\]"
    r"|(?:\.|\.?\[\s*)(?P<all>\*)(?:\s*\])?"
    r"|\.?\[\s*(?P<quoted>\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^'\\]*(?:\\.[^'\\]*)*')\s*\]"
    r"|\.(?P<name>[^\s.\[\]*?()'\"@][^.\[\]]*)"
)
_MOST_STEPS: Final = 40
_MOST_NAMES: Final = 12

Way = Literal["child", "all", "slice", "deep"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path."""

    way: Way
    key: str | int | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path into a JSON text."""

    source: str
    """The path as the model wrote it."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where a path leads."""

    found: Sequence[int]
    """The spans it leads to."""
    hint: str
    """When it leads nowhere: how far it goes, and what there is."""


def parse_json_path(source: str) -> JsonPath | str:
    """Read a path: names, `[17]`, `[-1]`, `[2:5]`, `[*]`, `["odd name"]`, `..name`.

    Args:
        source: The path, with its `$`.

    Returns:
        The path, or a sentence for the model that says where it went wrong.
    """
    steps: list[Step] = []
    at = 1
    while at < len(source):
        match = _STEP.match(source, at)
        if match is None or len(steps) == _MOST_STEPS:
            return _unreadable(source, at)
        steps.append(_step(match))
        at = match.end()
    return JsonPath(source, tuple(steps))


def follow(spans: Spans, path: JsonPath) -> Landing:
    """Find the values that a path leads to.

    Args:
        spans: Where the values of the text stand.
        path: The path. In JSON Lines `$[2]` is the third record.
    """
    children: dict[int, list[int]] = {}
    for at, parent in enumerate(spans.parents):
        children.setdefault(parent, []).append(at)
    roots = children.get(-1, [])
    here = roots if len(roots) == 1 else [-1]
    for step in path.steps:
        ahead = list(dict.fromkeys(_next(spans, children, here, step)))
        if not ahead:
            return Landing(found=(), hint=_hint(spans, children, here))
        here = ahead
    found = [at for at in here if at >= 0] or roots
    return Landing(found=found, hint="")


def _unreadable(source: str, at: int) -> str:
    return (
        f"The JSON path {source[:80]!r} cannot be read from {source[at : at + 20]!r} "
        "on. Write it like `$.items[17].name`, `$.items[*].name`, `$..name` or "
        '`$["odd name"]`; for conditions search with words instead.'
    )


def _step(match: re.Match[str]) -> Step:
    if match["deep"]:
        return Step("deep", None if match["below"] == "*" else match["below"])
    if match["index"]:
        return Step("child", int(match["index"]))
    if match["all"]:
        return Step("all")
    if match["quoted"]:
        return Step("child", _unquote(match["quoted"]))
    if match["name"]:
        return Step("child", match["name"].rstrip())
    start, end = match["from"], match["to"]
    return Step("slice", None, int(start) if start else None, int(end) if end else None)


def _unquote(quoted: str) -> str:
    inner = quoted[1:-1]
    if quoted[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"'))
    except ValueError:
        return quoted[1:-1]


def _next(
    spans: Spans,
    children: dict[int, list[int]],
    here: Sequence[int],
    step: Step,
) -> Iterator[int]:
    if step.way == "deep":
        yield from _below(spans, here, step.key)
        return
    for at in here:
        below = children.get(at, [])
        if step.way == "all":
            yield from below
        elif step.way == "slice":
            yield from below[step.start : step.end]
        elif isinstance(step.key, int):
            is_list = at < 0 or spans.shapes[at] == "["
            if is_list and -len(below) <= step.key < len(below):
                yield below[step.key]
        else:
            yield from (child for child in below if spans.keys[child] == step.key)


def _below(spans: Spans, here: Sequence[int], key: str | int | None) -> Iterator[int]:
    """Yield what stands at any depth below some values, in the order of the text."""
    inside = set(here)
    for at, parent in enumerate(spans.parents):
        if -1 in inside or parent in inside:
            inside.add(at)
            if key is None or spans.keys[at] == key:
                yield at


def _hint(spans: Spans, children: dict[int, list[int]], here: Sequence[int]) -> str:
    at = here[0]
    path = json_path(spans, at) if at >= 0 else "$"
    below = children.get(at, [])
    if at < 0 or spans.shapes[at] == "[":
        return f"`{path}` is an array of {len(below)}, `{path}[0]` the first."
    if not below:
        return f"`{path}` holds nothing more."
    names = [str(spans.keys[child])[:60] for child in below]
    more = ", …" if len(names) > _MOST_NAMES else ""
    return f"`{path}` has: {', '.join(names[:_MOST_NAMES])}{more}."
