"""Something that does not belong, put at a random place of an output.

Each anomaly keeps the form of its output: a record stays a record, a row a row. It
comes with the words that an excerpt must show.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

WORD: Final = "quillwort"
PHRASE: Final = "ERROR: quota exceeded on volume seven"
NUMBER: Final = "987654321"
CATEGORY: Final = "quarantined"
FIELD: Final = "rollback_reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """An output with something in it that does not belong."""

    text: str
    needle: str
    """What must be seen of it."""


Injector = Callable[[str, Random], Anomaly]


def _json(change: Callable[[dict[str, Any], Random], str]) -> Injector:
    def inject(text: str, random: Random) -> Anomaly:
        value = json.loads(text)
        needle = change(random.choice(list(_objects(value))), random)
        return Anomaly(text=json.dumps(value, indent=2), needle=needle)

    return inject


def _json_lines(change: Callable[[dict[str, Any], Random], str]) -> Injector:
    def inject(text: str, random: Random) -> Anomaly:
        values = [json.loads(line) for line in text.split("\n")]
        needle = change(random.choice(values), random)
        lines = [json.dumps(value) for value in values]
        return Anomaly(text="\n".join(lines), needle=needle)

    return inject


def _objects(value: object) -> list[dict[str, Any]]:
    """Return the records of a value: objects in lists."""
    found: list[dict[str, Any]] = []
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            waiting += inner.values()
        elif isinstance(inner, list):
            found += [each for each in inner if isinstance(each, dict)]
            waiting += inner
    return found


def _set(kinds: type | tuple[type, ...], value: object) -> Callable[..., str]:
    """Return a change of one field of a record, of those that have such values."""

    def change(record: dict[str, Any], random: Random) -> str:
        fitting = [key for key in sorted(record) if isinstance(record[key], kinds)]
        record[random.choice(fitting)] = value
        return str(value)

    return change


def _rare(record: dict[str, Any], _: Random) -> str:
    record["status" if "status" in record else "kind"] = CATEGORY
    return CATEGORY


def _new_field(record: dict[str, Any], _: Random) -> str:
    record[FIELD] = "operator"
    return FIELD


_RECORD_CHANGES: Final[Mapping[str, Callable[..., str]]] = {
    "rare category": _rare,
    "new field": _new_field,
    "error phrase": _set(str, PHRASE),
    "extreme number": _set(int, int(NUMBER)),
    "unique word": _set(str, WORD),
}


def _cell(column: int, value: str) -> Injector:
    def inject(text: str, random: Random) -> Anomaly:
        rows = list(csv.reader(io.StringIO(text)))
        random.choice(rows[1:])[column] = value
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return Anomaly(text=out.getvalue(), needle=value)

    return inject


_CELLS: Final[Mapping[str, Injector]] = {
    "rare category": _cell(5, CATEGORY),
    "new field": _cell(4, ""),
    "error phrase": _cell(5, PHRASE),
    "extreme number": _cell(1, NUMBER),
    "unique word": _cell(3, WORD),
}


def _has_words(line: str) -> bool:
    return len(line.split()) > 1 and re.search(r"\w{3}", line) is not None


def _line(
    change: Callable[[str, Random], str],
    needle: str,
    *,
    says: Callable[[str], bool] = _has_words,
) -> Injector:
    """Change one line that says something."""

    def inject(text: str, random: Random) -> Anomaly:
        lines = text.split("\n")
        places = [at for at, line in enumerate(lines) if says(line)]
        at = random.choice(places[1:])
        lines[at] = change(lines[at], random)
        return Anomaly(text="\n".join(lines), needle=needle)

    return inject


def _with_line(line: str, needle: str) -> Injector:
    """Put a line between two others, indented as the one before it."""

    def inject(text: str, random: Random) -> Anomaly:
        lines = text.split("\n")
        places = [at for at, there in enumerate(lines) if there.strip()]
        at = random.choice(places[1:])
        indent = re.match(r"\s*", lines[at])
        lines.insert(at + 1, f"{indent[0] if indent else ''}{line}")
        return Anomaly(text="\n".join(lines), needle=needle)

    return inject


def _word(replacement: str) -> Callable[[str, Random], str]:
    def change(line: str, random: Random) -> str:
        words = list(re.finditer(r"[^\W\d_]{3,}", line)) or list(
            re.finditer(r"\w+", line)
        )
        word = random.choice(words)
        return f"{line[: word.start()]}{replacement}{line[word.end() :]}"

    return change


_MARKUP: Final = re.compile(r"(<[^<>]*>|&\w+;|&#\d+;)")


def _said(parts: Sequence[str]) -> list[int]:
    """Return which parts of a line are words between tags."""
    return [
        at
        for at, part in enumerate(parts)
        if at % 2 == 0 and re.search(r"[^\W\d_]{3}", part)
    ]


def _is_said(line: str) -> bool:
    return bool(_said(_MARKUP.split(line)))


def _in_text(change: Callable[[str, Random], str]) -> Callable[[str, Random], str]:
    """Change what a page says, and not its tags."""

    def changed(line: str, random: Random) -> str:
        parts = _MARKUP.split(line)
        at = random.choice(_said(parts))
        parts[at] = change(parts[at], random)
        return "".join(parts)

    return changed


def _number(line: str, random: Random) -> str:
    numbers = list(re.finditer(r"\b\d+\b", line))
    if not numbers:
        return f"{line} {NUMBER}"
    found = random.choice(numbers)
    return f"{line[: found.start()]}{NUMBER}{line[found.end() :]}"


_LINES: Final[Mapping[str, Injector]] = {
    "error phrase": _with_line(PHRASE, PHRASE),
    "extreme number": _line(_number, NUMBER),
    "unique word": _line(_word(WORD), WORD),
}


def _level(line: str, _: Random) -> str:
    return re.sub(r" INFO ", " NOTICE ", line)


def _status(line: str, _: Random) -> str:
    return re.sub(r" ok     ", f" {CATEGORY} ", line)


INJECTORS: Final[Mapping[str, Mapping[str, Injector]]] = {
    "json records": {name: _json(c) for name, c in _RECORD_CHANGES.items()},
    "json lines": {name: _json_lines(c) for name, c in _RECORD_CHANGES.items()},
    "json tree": {name: _json(c) for name, c in _RECORD_CHANGES.items()},
    "import log": _LINES,
    "service log": {**_LINES, "rare category": _line(_level, "NOTICE")},
    "tracebacks": _LINES,
    "csv": {name: c for name, c in _CELLS.items() if name != "new field"},
    "columns": {**_LINES, "rare category": _line(_status, CATEGORY)},
    "markdown": _LINES,
    "html": {
        "error phrase": _with_line(f"<p>{PHRASE}</p>", PHRASE),
        "extreme number": _line(_in_text(_number), NUMBER, says=_is_said),
        "unique word": _line(_in_text(_word(WORD)), WORD, says=_is_said),
    },
    "code": _LINES,
    "diff": _LINES,
    "search": _LINES,
}
"""The anomalies that fit each output of `real_outputs`, by name."""
