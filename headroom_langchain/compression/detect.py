"""Guess what kind of text a tool has written, from a sample of its lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_SAMPLED = 240
_HEAD = 120
_HEAD_REACH = 1 << 16
_WIDTH = 240
_BYTE_ORDER_MARK = "\ufeff"

_STAMP = re.compile(
    r"[\[(<]?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T _:-]\d{1,2}:\d\d"
    r"|\d{1,2}[/-](?:\d{1,2}|[A-Z][a-z]{2})[/-]\d{2,4}[ T:,]{1,2}\d\d:\d\d"
    r"|(?:[A-Z][a-z]{2},? ){1,2} ?\d{1,2},? (?:\d{4},? )?\d\d:\d\d:\d\d"
    r"|\d{1,2}:\d\d:\d\d[\]., ])|\[ *\d+\.\d{3,}\]|[IWEFD]\d{4} \d\d:\d\d"
    r"|\d{2}-\d{2} \d\d:\d\d:\d\d"
)
_ACCESS = re.compile(r"\S+ \S+ \S+ \[\d{1,2}/[A-Z][a-z]{2}/\d{4}:")
_LEVEL = re.compile(
    r"(?:\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|SEVERE)"
    r"(?:\]|:|\s+[\[\w(/]|$)|\[(?:info|warn|warning|error|debug|notice|trace)\]"
    r"|npm (?:ERR!|WARN|error|warn|notice|http|info|verb)|level=|time=\")"
)
_BUILD = re.compile(
    r"\[ *\d+(?:/\d+|%)\]|g?make(?:\[\d+\])?: |> Task |Step \d+/\d+"
    r"|#\d+ (?:\[|\d+\.\d|DONE)"
    r"|(?:\S+/)?[\w.+-]+\.\w{1,5}[:(]\d+(?:[:,]\d+)?\)?: "
    r"(?:fatal |warning|error|note|In )"
    r"|(?:In file included|\s+from \S+:\d+|gcc |g\+\+ |cc |clang |ld: |libtool: )"
    r"|\s*(?:Compiling|Downloading|Downloaded|Checking|Finished|Updating|Building"
    r"|Installing|Collecting|Fetched|Linking|Running|Unpacking|Setting up|Selecting"
    r"|Preparing|Get:\d+|Hit:\d+|CC|CXX|LD|AR) +\S+.{0,120}[\w)/.]$"
    r"|\s*\[(?:javac|exec|echo|junit|mkdir|copy|jar|delete|java)\] |import time: "
    r"|BUILD |Build (?:started|succeeded|FAILED)|##\[|::\w+|\+ \w+ .*-\w|\s*Target \w+:"
    r"|\d* *\| +[~^|]|\d+ \| |[~^]+$"
    r"|Successfully |Requirement already|Using cached|added \d+ packages"
)
_TESTS = re.compile(
    r"={3,} .{1,100} ={3,}$|_{3,} .{1,150} _{3,}$"
    r"|.{1,200} (?:PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS)(?: +\[ *\d+%\])?$"
    r"|(?:PASSED|FAILED|SKIPPED|XFAIL|PASS|FAIL) \S"
    r"|E   |>   {2,}|\s*(?:--- (?:PASS|FAIL|SKIP)|=== (?:RUN|CONT|PAUSE|NAME))"
    r"|test \S+ \.\.\. |.{1,200} \.\.\. (?:ok|FAIL|ERROR|skipped)|\s*[✓✔√✗✘✖✕●○] "
    r"|Tests?(?: run)?: |Test Suites: |ok +\S+\s+[\d.]+s|(?:not )?ok \d+ "
    r"|\S+ [.FsxEX]{5,} *(?:\[ *\d+%\])?$|Ran \d+ tests?"
)
_TRACE = re.compile(
    r"\s*(?:at (?:async |new )?[\w$.<>/\[@~-]+ ?\(|at \S+ in |File \".*\", line \d"
    r"|Traceback \(most|Caused by: |goroutine \d+ \[|panic: |#\d+ +0x|from \S+:\d+:in )"
    r"|[\w.$]+(?:Exception|Error): |Exception in thread |thread '.*' panicked"
)
_MARKS = (_STAMP, _LEVEL, _TRACE, _BUILD, _TESTS, _ACCESS)
_PATCH = re.compile(r"diff --git |@@ -\d+|Index: |--- a/|\+\+\+ b/")
_MARKUP = re.compile(
    r"<!DOCTYPE|<html|<\?xml|<[a-zA-Z][\w:.-]*(?:[ >]|/>)", re.IGNORECASE
)
_CODE = re.compile(
    r"\s*(?:def |class |import |from \S+ import|return\b|if .*:$|for .*:$|else\b|elif "
    r"|func |fn |let |const |var |public |private |protected |#include|package |use "
    r"|export |namespace |struct |interface |//|/\*|\* |\}|self\.|\w+\(.*\);$|@\w+)"
    r"|.*[{};]$"
)
_DIAGNOSTIC = re.compile(r"[:(]\d+[,:\d]*\)?: (?:fatal )?(?:error|warning)(?: \w+)?: ")
_LEVEL_WORD = re.compile(r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL)\b")
_STAMP_INSIDE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d")
_LEVEL_WITHIN = 80
_ENOUGH = 0.3
_ENOUGH_TRACES = 0.15
_ENOUGH_DIAGNOSTICS = 0.06
_ENOUGH_ALIKE = 0.4
_ENOUGH_COLUMNS = 0.9
_LEAST = 2
_DIGITS = re.compile(r"\d+")


def detect(text: str) -> str:
    """Guess the kind of a text.

    Args:
        text: Any text. Only its beginning and a sample of its lines are looked at.

    Returns:
        `json_records` (an array, or one JSON value per line), `json`, `logs` or
        `text`. JSON is a guess from the first characters; whoever finds that it is
        none goes on with `detect_text`.
    """
    return _json_kind(text) or detect_text(text)


def detect_text(text: str) -> str:
    """Say whether a text that is not JSON looks like a log.

    Returns:
        `logs` or `text`.
    """
    lines = list(_sample(text))
    if not lines or _is_patch(lines) or _is_table(lines):
        return "text"
    size = len(lines)
    marked = traces = diagnostics = foreign = 0
    for line in lines:
        marked += _is_marked(line)
        traces += _TRACE.match(line) is not None
        diagnostics += _DIAGNOSTIC.search(line) is not None
        foreign += _CODE.match(line) is not None or _MARKUP.match(line) is not None
    if traces >= max(_LEAST, _ENOUGH_TRACES * size):
        return "logs"
    if foreign > max(marked, size // 2):
        return "text"
    logs = (
        marked >= max(_LEAST, _ENOUGH * size)
        or diagnostics >= max(_LEAST, _ENOUGH_DIAGNOSTICS * size)
        or _starts_alike(lines)
    )
    return "logs" if logs and marked + diagnostics + size // 3 >= foreign else "text"


def _is_marked(line: str) -> bool:
    plain = line.lstrip()
    if any(mark.match(plain) for mark in _MARKS):
        return True
    return (
        _LEVEL_WORD.search(line, 0, _LEVEL_WITHIN) is not None
        or _STAMP_INSIDE.search(line, 0, _LEVEL_WITHIN) is not None
    )


def _starts_alike(lines: Sequence[str]) -> bool:
    """Whether many lines begin with one tag such as `[worker]` or `Status-12:`."""
    tags: Counter[str] = Counter()
    for line in lines:
        first = line.split(None, 1)[0]
        # A path with a line number before each line is a search result.
        tagged = first.startswith("[") or (first[-1] == ":" and "." not in first)
        if tagged and any(character.isalpha() for character in first):
            tags[_DIGITS.sub("0", first)] += 1
    top = tags.most_common(1)
    return bool(top) and top[0][1] >= max(_LEAST, _ENOUGH_ALIKE * len(lines))


def _is_table(lines: Sequence[str]) -> bool:
    """Whether the lines are rows of one table under a head line."""
    if _is_marked(lines[0]):
        return False
    for delimiter in ",\t;":
        width = lines[0].count(delimiter)
        same = sum(1 for line in lines if line.count(delimiter) == width)
        if width >= _LEAST and same >= _ENOUGH_COLUMNS * len(lines):
            return True
    return False


def _json_kind(text: str) -> str | None:
    start = text[:_WIDTH].lstrip(_BYTE_ORDER_MARK + " \t\r\n")
    if start[:1] == "[":
        inner = start[1:].lstrip()
        literal = inner[:1] in '{["]-' or inner[:1].isdigit()
        stamped = _STAMP.match(start) or _BUILD.match(start) or _LEVEL.match(start)
        words = inner.startswith(("true", "false", "null"))
        return "json_records" if (literal or words) and not stamped else None
    if start[:1] != "{":
        return None
    if start[1:].lstrip()[:1] not in ('"', "}"):
        return None
    body = text.lstrip(_BYTE_ORDER_MARK + " \t\r\n")
    first, _, rest = body[: 1 << 16].partition("\n")
    following = rest.lstrip()
    lines = first.rstrip().endswith("}") and following[:1] == "{"
    return "json_records" if lines else "json"


def _sample(text: str) -> Iterator[str]:
    """Give lines that are not blank: the first ones, then some from all over."""
    at = 0
    found = 0
    while at < min(len(text), _HEAD_REACH) and found < _HEAD:
        line, at = _line_at(text, at)
        if line.strip():
            found += 1
            yield line
    step = max(1, (len(text) - at) // (_SAMPLED - _HEAD))
    while at < len(text):
        line, stop = _line_at(text, at)
        if line.strip():
            yield line
        following = text.find("\n", at + step, at + step + 4 * _WIDTH)
        at = max(stop, following + 1 if following >= 0 else at + step)


def _line_at(text: str, start: int) -> tuple[str, int]:
    """Return the beginning of the line at an offset, and where the next one starts."""
    stop = text.find("\n", start)
    stop = len(text) if stop < 0 else stop
    line = text[start : min(stop, start + _WIDTH)].rstrip("\r")
    if "\x1b" in line:
        line = _COLOURS.sub("", line)
    return line, stop + 1


_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def _is_patch(lines: Sequence[str]) -> bool:
    return sum(1 for line in lines if _PATCH.match(line)) >= _PATCH_LINES


_PATCH_LINES = 2
