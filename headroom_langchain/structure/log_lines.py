"""Read a log: its lines with what kind each is, and its stack traces.

A line has a template (numbers, quotes and paths masked) and belongs to a family
of lines of the same length that start alike. Both only rank and count: whether
two lines say the same is decided by their text after the timestamp.

What a line says is cut out of the text whenever it is asked for: kept are some
bytes per line, so that a log takes little more memory than its text.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Final, NamedTuple

from .log_levels import Level, first_alarm, judge, may_alarm
from .slices import Slices
from .stack_traces import Stack, find_stacks
from .text_lines import TextLines

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\-_])"
)
_STAMP = re.compile(
    r"[\[(]?(?:"
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
    r"(?:[T _:-]\d{1,2}:\d\d(?::\d\d)?(?:[.,:]\d+)?(?: ?Z| ?[+-]\d\d:?\d\d| UTC)?)?"
    r"|\d{1,2}[/-](?:\d{1,2}|[A-Z][a-z]{2})[/-]\d{2,4}[ T:,]{1,2}\d\d:\d\d(?::\d\d)?"
    r"(?:[.,]\d+)?(?: [+-]\d{4})?"
    r"|(?:[A-Z][a-z]{2},? ){1,2} ?\d{1,2},? (?:\d{4},? )?\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"(?: [AP]M| \d{4})?"
    r"|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?: ?[AP]M)?"
    r"|\d{10}(?:\.\d+|\d{3})?"
    r"|(?<=\[) *\d+\.\d{3,}"
    r")[\])]?[ \t]*(?:[|-] )?|==\d+==[ \t]?|#\d+ \d+\.\d{1,3} ",
)
_NUMBER = re.compile(
    r"0x[0-9a-fA-F]+|(?<![a-zA-Z])[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,}){0,4}"
    r"|\d+(?:[.,:]\d+)*"
)
_QUOTED = re.compile(
    r"\"[^\"]{1,200}\"|'[^']{1,200}'|\u2018[^\u2019]{1,200}\u2019|`[^`']{1,200}['`]"
)
_ZERO = re.compile(r"(?<![\d.])0(?![\d.])")
_STATUS = re.compile(r"(?:\" |[Ss]tatus(?:_?[Cc]ode)?[\"']?[=: ]+)([45])\d\d(?!\d)")
_PATH = re.compile(r"[/\\][^\s:,;'\"()\[\]<>|]+")
_GROUP = "Exception Group Traceback"
_IN_GROUP = re.compile(r" +(?:\| ?|(?=\+-))")
_LONG = 1200
_SIGNED_WORDS = 3
_PATTERN_WORDS = 40
_SMALL = 4
_MANY = 6
_MOST_FAMILIES: Final = 800
_MOST_KNOWN: Final = 1500
_MOST_TEMPLATES: Final = 800
_TOGETHER: Final = 256
_LEVELS: Final = tuple(Level)


class Line(NamedTuple):
    """One line of a log."""

    text: str
    """The line without colours and without its line break."""
    key: str
    """The line after its timestamp. Lines with the same key say the same."""
    family: int
    """Which family of the log it belongs to."""
    level: Level
    summary: bool
    """Whether it sums something up, such as `5 failed, 3 passed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of a log, by number."""

    texts: Slices
    """The lines as shown."""
    keys: Slices
    """The lines after their timestamps."""
    families: Sequence[int]
    """The number of the family of each line."""
    levels: bytearray
    """The level of each line."""
    summaries: bytearray
    """1 for each line that sums something up."""
    _templates: dict[int, str] = field(default_factory=dict)
    """Those that were asked for, up to some hundred."""

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self.levels)

    def template(self, at: int) -> str:
        """Return the key of a line with numbers, quotes and paths masked."""
        known = self._templates.get(at)
        if known is None:
            known = _template(_NUMBER.sub("<n>", self.keys[at][:_LONG]))
            if len(self._templates) < _MOST_TEMPLATES:
                self._templates[at] = known
        return known

    def stamp(self, at: int) -> str:
        """Return the time stamp of a line, empty where it has none."""
        text = self.texts[at]
        return text[: len(text) - len(self.keys[at])]

    def __getitem__(self, at: int) -> Line:
        """Return one line."""
        return Line(
            self.texts[at],
            self.keys[at],
            self.families[at],
            _LEVELS[self.levels[at]],
            bool(self.summaries[at]),
        )


@dataclass(slots=True, eq=False)
class Family:
    """Lines of the same number of words that start with the same words."""

    words: list[str]
    """The words the lines have in common; a star stands for the others."""
    lines: array[int] = field(default_factory=lambda: array("I"))

    @property
    def pattern(self) -> str:
        """The common words as one text."""
        return " ".join(self.words)

    def merge(self, words: list[str]) -> None:
        """Keep only what another line of the family has in common with it."""
        if words == self.words:
            return
        self.words = [
            mine if mine == other else "<*>"
            for mine, other in zip(self.words, words, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log that was read."""

    lines: Lines
    shown: Sequence[str]
    """The lines as they stand in the text, with their colours; of one that was drawn
    over, `…` and its last state."""
    families: tuple[Family, ...]
    """The family of each line, by its number; families that were merged repeat."""
    stacks: tuple[Stack, ...]
    bodies: Sequence[str]
    """The keys of the lines, as the stacks were found in them."""

    def in_stacks(self) -> bytearray:
        """Return one byte per line, 1 for those of stack traces."""
        inside = bytearray(len(self.lines))
        for stack in self.stacks:
            inside[stack.start : stack.stop] = b"\1" * (stack.stop - stack.start)
        return inside


def read_log(text: str) -> Log:
    """Read a log. Takes any text, in time linear in its length."""
    text = text.removesuffix("\n")
    plain = _ANSI.sub("", _drawn(text, "")) if _is_drawn(text) else text
    texts = TextLines(plain)
    shown = (
        TextLines(_drawn(text, "\N{HORIZONTAL ELLIPSIS}")) if plain != text else texts
    )
    reader = _Reader(len(texts))
    for first in range(0, len(texts), _TOGETHER):
        reader.read(texts[first : first + _TOGETHER], texts.starts, first)
    keys = texts.starting(reader.keys)
    bodies: Sequence[str] = keys
    if _GROUP in plain:
        bodies = [_IN_GROUP.sub("", key, count=1) for key in keys]
    return Log(
        lines=Lines(
            texts=texts,
            keys=keys,
            families=reader.places,
            levels=reader.levels,
            summaries=reader.summaries,
        ),
        shown=shown,
        families=reader.families.of_lines(reader.places),
        stacks=find_stacks(bodies),
        bodies=bodies,
    )


def _is_drawn(text: str) -> bool:
    return "\x1b" in text or "\r" in text


def _drawn(text: str, mark: str) -> str:
    """Leave of each line that was drawn over its last state, behind a mark."""
    if "\r" not in text:
        return text
    drawn = StringIO(newline="")
    start = 0
    while start < len(text):
        stop = text.find("\n", start) + 1 or len(text)
        line = text[start:stop]
        if "\r" in line:
            end = "\n" if line.endswith("\n") else ""
            line = _last_state(line.rstrip("\r\n"), mark) + end
        drawn.write(line)
        start = stop
    return drawn.getvalue()


def _last_state(line: str, mark: str) -> str:
    """Return what a terminal would show of a line at last."""
    stop = len(line)
    while (at := line.rfind("\r", 0, stop)) >= 0:
        if _ANSI.sub("", line[at + 1 : stop]):
            return mark + line[at + 1 : stop]
        stop = at
    return line[:stop]


def _template(numbered: str) -> str:
    """Mask the quotes and paths of a line whose numbers are masked."""
    if '"' in numbered or "'" in numbered or "\u2018" in numbered:
        numbered = _QUOTED.sub("<q>", numbered)
    if "/" in numbered or "\\" in numbered:
        numbered = _PATH.sub("/<p>", numbered)
    return numbered


def masked(text: str) -> str:
    """Mask the numbers of a line, so that it can be compared with others."""
    return _NUMBER.sub("<n>", text)


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a line, in order."""
    return _NUMBER.findall(text)


class _Reader:
    """Reads lines; what differs in numbers only is judged once."""

    def __init__(self, size: int) -> None:
        self.keys = array("l", [0]) * size
        self.places = array("I", [0]) * size
        self.levels = bytearray(size)
        self.summaries = bytearray(size)
        self.families = _Families()
        self._known: dict[str, tuple[int, Level, bool] | None] = {}

    def read(self, lines: Sequence[str], starts: Sequence[int], first: int) -> None:
        """Read some lines that follow each other.

        Args:
            lines: The lines.
            starts: Where each line of the log starts.
            first: The number of the first of them.
        """
        keys: list[str] = []
        for at, line in enumerate(lines, first):
            stamp = _STAMP.match(line)
            offset = stamp.end() if stamp is not None else 0
            self.keys[at] = starts[at] + offset
            keys.append(line[offset : offset + _LONG])
        numbered = _NUMBER.sub("<n>", "\n".join(keys)).split("\n")
        for at, (key, pattern) in enumerate(zip(keys, numbered, strict=True), first):
            known = self._known.get(pattern)
            if known is None or len(key) == _LONG:
                known = self._asked(key, pattern, lines[at - first])
            self.places[at], self.levels[at], self.summaries[at] = known

    def _asked(self, key: str, pattern: str, line: str) -> tuple[int, Level, bool]:
        """Judge a line, also by those of its numbers that tell good from bad."""
        telling = pattern
        if pattern in self._known or _numbers_tell(pattern):
            telling += "0" if _ZERO.search(key) is not None else "1"
            telling += "".join(_STATUS.findall(key))
        known = self._known.get(telling)
        if known is None or len(key) == _LONG:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            if telling is not pattern:
                self._known[pattern] = None
            known = self._known[telling] = self._judged(key, pattern, line)
        return known

    def _judged(self, key: str, pattern: str, line: str) -> tuple[int, Level, bool]:
        level, summary = judge(key)
        long = len(key) == _LONG
        if long and level < Level.ERROR and first_alarm(line) >= 0:
            level = Level.ERROR
        return self.families.place(pattern), level, summary


def _numbers_tell(pattern: str) -> bool:
    """Whether a line may be good or bad depending on its numbers."""
    return '" <n>' in pattern or "tatus" in pattern or may_alarm(pattern)


class _Families:
    """Puts lines into families, in the order in which they turn up."""

    def __init__(self) -> None:
        self._found: list[Family] = []
        self._places: dict[tuple[int, tuple[str, ...]], int] = {}

    def place(self, numbered: str) -> int:
        """Return the number of the family of a line whose numbers are masked."""
        words = numbered.split(None, _PATTERN_WORDS)
        start = _template(numbered).split(None, _SIGNED_WORDS)
        named = tuple("<*>" if "<" in word else word for word in start[:_SIGNED_WORDS])
        sign = len(words), named
        place = self._places.get(sign)
        if place is None and len(self._found) >= _MOST_FAMILIES:
            sign = len(words), ()
            place = self._places.get(sign)
        if place is None:
            place = self._places[sign] = len(self._found)
            self._found.append(Family(words))
        else:
            self._found[place].merge(words)
        return place

    def of_lines(self, places: Sequence[int]) -> tuple[Family, ...]:
        """Fill the families with their lines, and merge many that differ by a name."""
        for at, place in enumerate(places):
            self._found[place].lines.append(at)
        alike: dict[tuple[int, str], list[Family]] = {}
        for family in self._found:
            if len(family.lines) <= _SMALL and len(family.words) >= _SIGNED_WORDS:
                sign = len(family.words), family.words[0]
                alike.setdefault(sign, []).append(family)
        into: dict[int, Family] = {}
        for same in alike.values():
            if len(same) >= _MANY:
                into |= dict.fromkeys(map(id, same), _merged(same))
        return tuple(into.get(id(family), family) for family in self._found)


def _merged(families: Sequence[Family]) -> Family:
    merged = Family(list(families[0].words))
    for family in families:
        merged.merge(family.words)
        merged.lines += family.lines
    merged.lines = array("I", sorted(merged.lines))
    return merged
