"""Read a log: its lines with what kind each is, and its stack traces.

A line has a template (numbers, quotes and paths masked) and belongs to a family
of lines of the same length that start alike. Both only rank and count: whether
two lines say the same is decided by their text after the timestamp.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .log_levels import Level, first_alarm, judge
from .stack_traces import Stack, find_stacks

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])"
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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log."""

    text: str
    """The line as shown: without colours and without its line break."""
    key: str
    """The line after its timestamp. Lines with the same key say the same."""
    template: str
    """The key with numbers, quotes and paths masked."""
    family: int
    """Which family of the log it belongs to."""
    level: Level
    summary: bool
    """Whether it sums something up, such as `5 failed, 3 passed`."""


@dataclass(slots=True, eq=False)
class Family:
    """Lines of the same number of words that start with the same words."""

    words: list[str]
    """The words the lines have in common; a star stands for the others."""
    lines: list[int] = field(default_factory=list)

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

    lines: tuple[Line, ...]
    families: tuple[Family, ...]
    """The family of each line, by its number; families that were merged repeat."""
    stacks: tuple[Stack, ...]
    bodies: Sequence[str]
    """The keys of the lines, as the stacks were found in them."""


def read_log(text: str) -> Log:
    """Read a log. Takes any text, in time linear in its length."""
    reader = _Reader()
    lines = [reader.line(shown) for shown in shown_lines(text)]
    bodies = [line.key for line in lines]
    if _GROUP in text:
        bodies = [_IN_GROUP.sub("", body) for body in bodies]
    return Log(
        lines=tuple(lines),
        families=reader.families.of_lines(lines),
        stacks=find_stacks(bodies),
        bodies=bodies,
    )


def shown_lines(text: str) -> Iterator[str]:
    """Cut a text into lines without colours; of redrawn lines, the last state stays."""
    body = text.removesuffix("\n")
    for raw in body.split("\n"):
        line = raw
        if "\x1b" in line:
            line = _ANSI.sub("", line)
        if "\r" in line:
            line = line.rstrip("\r")
            line = line[line.rfind("\r") + 1 :]
        yield line


def masked(text: str) -> str:
    """Mask the numbers of a line, so that it can be compared with others."""
    return _NUMBER.sub("<n>", text)


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a line, in order."""
    return _NUMBER.findall(text)


class _Reader:
    """Reads lines; what differs in numbers only is judged once."""

    def __init__(self) -> None:
        self.families = _Families()
        self._seen: dict[str, Line] = {}
        self._alike: dict[str, tuple[str, int, Level, bool]] = {}

    def line(self, shown: str) -> Line:
        """Read one line."""
        line = self._seen.get(shown)
        if line is not None:
            return line
        stamp = _STAMP.match(shown)
        key = shown[stamp.end() :] if stamp is not None else shown
        head = key if len(key) <= _LONG else key[:_LONG]
        numbered = _NUMBER.sub("<n>", head)
        telling = numbered
        if "0" in head and _ZERO.search(head) is not None:
            telling += "0"
        if '" 5' in head or "tatus" in head:
            telling += "".join(_STATUS.findall(head))
        alike = self._alike.get(telling)
        if alike is None or len(key) > _LONG:
            alike = self._alike[telling] = self._judged(key, head, numbered)
        line = self._seen[shown] = Line(shown, key, *alike)
        return line

    def _judged(
        self, key: str, head: str, numbered: str
    ) -> tuple[str, int, Level, bool]:
        level, summary = judge(head)
        if len(key) > _LONG and level < Level.ERROR and first_alarm(key) >= 0:
            level = Level.ERROR
        template = numbered
        if '"' in template or "'" in template or "\u2018" in template:
            template = _QUOTED.sub("<q>", template)
        if "/" in template or "\\" in template:
            template = _PATH.sub("/<p>", template)
        return template, self.families.place(numbered, template), level, summary


class _Families:
    """Puts lines into families, in the order in which they turn up."""

    def __init__(self) -> None:
        self._found: list[Family] = []
        self._places: dict[tuple[int, tuple[str, ...]], int] = {}

    def place(self, numbered: str, template: str) -> int:
        words = numbered.split(None, _PATTERN_WORDS)
        start = template.split(None, _SIGNED_WORDS)[:_SIGNED_WORDS]
        sign = len(words), tuple("<*>" if "<" in word else word for word in start)
        place = self._places.get(sign)
        if place is None:
            place = self._places[sign] = len(self._found)
            self._found.append(Family(words))
        else:
            self._found[place].merge(words)
        return place

    def of_lines(self, lines: Sequence[Line]) -> tuple[Family, ...]:
        """Fill the families with their lines, and merge many that differ by a name."""
        for at, line in enumerate(lines):
            self._found[line.family].lines.append(at)
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
    merged.lines.sort()
    return merged
