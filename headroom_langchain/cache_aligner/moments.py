"""Moments in a text: dates, times of day and seconds since 1970.

A date with a time of day is what a program writes, unless the words around it say
otherwise. A date or a time of day alone belongs to the text, unless a label says
that it is that of the call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from headroom_langchain.cache_aligner.context import Surroundings, holds, occurrences
from headroom_langchain.cache_aligner.found import Found, Kind
from headroom_langchain.cache_aligner.labels import is_own

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|juin|juil|août|déc|fév"
    r"|okt|dez|ene|abr|ago|dic|out|set|mag|giu|lug|ott|gen)[^\W\d_]{0,7}\.?"
)
_ANY_MONTH = r"[^\W\d_]{3,12}\.?"
_WEEKDAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    r"|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|s[áa]bado|domingo"
    r"|(?:lune|marte|mercole|giove|vener)dì|sabato|domenica"
    r"|(?:segunda|terça|quarta|quinta|sexta)(?:-feira)?"
    r"|(?:maan|dins|woens|donder|vrij|zater|zon|mån|tis|ons|tors|fre|lör|sön|lør|søn)dag"
    r"|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela"
    r"|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье)\.?"
)
_ORDINAL = r"(?:st|nd|rd|th|\.)?"
_CLOCK = (
    r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?(?:[AaPp]\.[Mm]\.|[AaPp][Mm]\b))?"
)
_ZONE = r"(?:\s?(?:Z\b|[+-]\d\d:?\d\d\b)|\s(?:UTC|GMT|[A-Z]{2,4}T)\b)?"

_CANDIDATE = re.compile(
    rf"""(?x)[0-9](?<![0-9A-Za-z].)(?:
      (?:(?<=1)9|(?<=2)0)\d\d(?:
          (?P<iso>-\d\d-\d\d|/\d\d?/\d\d?|-W\d\d-\d)
        | (?P<cjk>[年년]\ ?\d\d?[月월]\ ?\d\d?[日일])
        | (?P<year>(?![0-9A-Za-z]))
        | (?P<basic>\d{{4}}(?:T\d{{4,6}}(?:\.\d+)?Z?)?(?![0-9A-Za-z-])))
    | (?<=[12])(?P<epoch>\d{{9}}(?:\d{{3}}){{0,3}}(?:\.\d+)?(?![0-9A-Za-z]))
    | \d?(?:
          (?P<clock>:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?(?:\s?(?:[AaPp]\.[Mm]\.|[AaPp][Mm]\b))?(?!\d))
        | (?P<numeric>(?:
            (?:/\d\d?/|\.\d\d?\.|-\d\d?-|(?i:[-/]{_MONTH}[-/]))(?:19|20)\d\d
            | (?:/\d\d/|\.\d\d\.)\d\d(?!\.\d))
            (?![0-9A-Za-z]))
        | (?P<day>(?:st|nd|rd|th)\ of\ [^\W\d_]{{3,10}}\b))
    )"""
)
"""Begins with a digit, so that a text with few digits is passed over quickly."""
_BEFORE_YEAR = re.compile(
    rf"(?i)(?<![0-9A-Za-z])(?:{_WEEKDAY},?\s+(?:(?:the|de[nr]|el|il|le)\s+)?)?"
    rf"(?:\d\d?{_ORDINAL}\s+(?:of\s+|de\s+)?{_ANY_MONTH}(?:,|\sde)?"
    rf"|{_MONTH}(?:\s+\d\d?{_ORDINAL},?)?(?:\s+{_CLOCK}(?:\s[A-Z]{{3,4}})?)?)\s+\Z"
)
_LETTER = re.compile(r"[^\W\d_]")
_BEFORE_DAY = re.compile(rf"(?i)(?<![0-9A-Za-z]){_WEEKDAY},?\s+(?:the\s+)?\Z")
_DAY_WORDS = 2
"""How many words a weekday and its article are."""
_BEFORE_CLOCK = re.compile(rf"(?i)(?<![0-9A-Za-z]){_MONTH}\s+\d\d?\s\Z")
_YEAR_AFTER = re.compile(r"\s(?:[A-Z]{2,4}\s)?\d{4}\b")
_WITH_SECONDS = re.compile(r"\d\d?:\d\d:\d\d(?:\.\d+)?")
_TIME_AFTER = re.compile(rf"(?:T|:|,?\s(?:at\s)?){_CLOCK}{_ZONE}")
_ZONE_AFTER = re.compile(_ZONE)
_OFFSET_AFTER = re.compile(r" (?:[+-]\d{4}|GMT|UTC)\b")

_LABEL = re.compile(
    r"""(?:\b(?:at|time|timestamp|epoch|since|until|ts)\s\Z"""
    r"""|(?<![A-Za-z_])([A-Za-z_]{1,96})(?: \([^)]{0,24}\))?["'`*)>\]]{0,3}"""
    r"""(?:(?<=>)|\s{0,2}(?:[:=]|is)\s{0,2}["'`*<(\[{]{0,3})\Z)"""
)
_SINCE_1970 = re.compile(
    r"(?:.*(?:time|stamp|epoch|buster|_at|_ts|now)(?:_m?s)?|ts|iat|exp|nbf|t|date"
    r"|seconds|unix|created|updated|modified|started|expires|expiry)\Z"
)
_CAMEL = re.compile(r"[a-z]+(?:At|Date|Time)\Z")
_NEAR = 48
_HAPPENED = re.compile(
    r"(?i)(?:\b(?:releas|publish|modifi|creat|updat|compil|deprecat|correct|revis|expir"
    r"|introduc|remov)\w*(?: (?:on|at|in)|(?: \w{1,12}){0,3},)?\s*"
    r"|version\w*\s*=\s*[\"']"
    r"|@[\w.-]{1,60}>\s+(?:on\s)?|\d\s+#\s|\bId:\s\S+\s[\d.]+\s"
    r"|\A\W*v?\d+(?:\.\d+)+\S*\s+)\Z"
)
_SPOKEN = re.compile(r".*[^\W\d_]{3}.*(?<![\d:])\d\d?:\d\d(?:\s?[AaPp]\.?[Mm]\.?)?\Z")
"""Date and time as in a story: without seconds and time zone."""
_OF_CALL = re.compile(
    r"\b(?:start|open|began|chat|session|conversation|log|last|messag)"
)
_SIGNED = re.compile(r"\s+[^\W\d_][^<\n]{1,50}<[^>\s]+@")
"""The author of a change, as in the header of its entry."""
_MIDNIGHT = re.compile(
    r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00|\sUTC)?\Z|\s00:00:00\s\d{4}\Z"
)
"""Where a day begins: a boundary."""
_FAR = re.compile(r"(?<!\d)(?:19[0-8]\d|199[0-4]|9999)(?!\d)")
"""A year in which no such program ran."""
_IN_FAR = ("19", "9999")
_GOES_ON = re.compile(
    r"(?:[\s,(|\u2013\u2014-]|to|and|at|on|um|und|et|il est|is|bis|à|until){1,12}\Z"
)
"""What stands between parts of one moment, such as a date and its time of day."""
_MARKUP = " \t-*#>|`\"'"
_YEAR_SIZE = 4
_INSIDE = frozenset("-./_")
"""Behind one of these a date is part of a longer name."""


def moments(text: str, lower: str) -> Iterator[Found]:
    """Find the moments that a program filled in.

    Args:
        text: Any text.
        lower: The same, `lowered`.

    Yields:
        Dates (`date`), dates with times and times of day (`time`), and seconds or
        parts of them since 1970 (`epoch`), as they come.
    """
    done = 0
    last: Found | None = None
    for candidate in _CANDIDATE.finditer(text):
        if candidate.start() < done:
            continue
        if candidate.lastgroup == "epoch":
            volatile = _is_epoch(text, *candidate.span())
            moment = _Moment("epoch", *candidate.span(), "epoch")
        else:
            moment = _extent(text, candidate)
            volatile = _is_filled_in(text, moment, last)
        done = moment.end
        if volatile:
            last = Found(moment.kind, moment.start, moment.end)
            yield last
    yield from _weekdays(text)
    yield from _days(text, lower)


class _Moment(NamedTuple):
    """A whole date or time, of which a candidate is a part."""

    shape: str
    start: int
    end: int
    kind: Kind


def _is_filled_in(text: str, moment: _Moment, before: Found | None) -> bool:
    around = Surroundings.of(text, moment.start, moment.end)
    alone = moment.kind == "date" or moment.shape == "clock"
    inside = text[moment.start - 1 : moment.start] in _INSIDE
    if not (alone or inside or around.fixed) and not _is_told(
        text[moment.start : moment.end], around
    ):
        return True
    if before is not None and _GOES_ON.match(text, before.end, moment.start):
        return True
    return (
        is_own(
            _label(text, moment.start, around.before),
            around.after,
            clock=moment.shape == "clock" and moment.kind == "time",
            year=moment.end - moment.start == _YEAR_SIZE,
        )
        and not around.announced
    )


def _label(text: str, start: int, before: str) -> str:
    """Return what stands before a value, or the short line above it."""
    if before.strip(_MARKUP):
        return before
    end = max(0, start - 1 - len(before))
    return text[max(0, text.rfind("\n", max(0, end - _NEAR), end)) : end] + ": "


def _is_told(value: str, around: Surroundings) -> bool:
    """Tell whether it is the time of something that happened."""
    if (
        value.count(":") == 1
        and _SPOKEN.match(value)
        and not _OF_CALL.search(around.before.lower())
    ):
        return True
    before, after = around
    between = before.endswith("from ") and after.startswith((" to", " until"))
    return between or bool(
        ("@" in after and _SIGNED.match(after))
        or (value[10:11] != "T" and _HAPPENED.search(before[-_NEAR:]))
        or ("00:00" in value and _MIDNIGHT.search(value))
        or (holds(value, _IN_FAR) and _FAR.search(value))
    )


def _extent(text: str, candidate: re.Match[str]) -> _Moment:
    """Return where the whole moment begins and ends."""
    shape = str(candidate.lastgroup)
    start, end = candidate.span()
    clock = shape == "clock" or (shape == "basic" and "T" in candidate[0])
    left = None
    if text[start - 1 : start] == " ":
        before = text[max(0, start - _NEAR) : start].rpartition("\n")[2]
        if _LETTER.search(before):
            left = _part_before(text, candidate, before)
    if left is not None:
        start -= len(left[0])
        if shape == "year":
            clock = ":" in left[0]
        elif shape == "clock":
            shape = "logged"
    after = _TIME_AFTER
    if clock:
        after = _OFFSET_AFTER if shape == "year" else _ZONE_AFTER
    right = after.match(text, end)
    if right is not None and right.end() > end:
        end, clock = right.end(), True
    return _Moment(shape, start, end, "time" if clock else "date")


def _part_before(
    text: str, candidate: re.Match[str], before: str
) -> re.Match[str] | None:
    if candidate.lastgroup == "year":
        return _BEFORE_YEAR.search(before)
    if candidate.lastgroup != "clock":
        words = before.rsplit(maxsplit=_DAY_WORDS)
        start = len(words[0]) if len(words) > _DAY_WORDS else 0
        return _BEFORE_DAY.search(before, start)
    # As in a system's log: without a year, also behind the time.
    logged = _WITH_SECONDS.fullmatch(candidate[0])
    dated = logged is None or _YEAR_AFTER.match(text, candidate.end())
    return None if dated else _BEFORE_CLOCK.search(before)


def _is_epoch(text: str, start: int, end: int) -> bool:
    around = Surroundings.of(text, start, end)
    label = _LABEL.search(around.before)
    if label is None or around.example:
        return False
    name = label[1]
    return name is None or bool(_SINCE_1970.match(name.lower()) or _CAMEL.search(name))


_A_WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\Z")
_TODAY_AFTER = re.compile(r"\s(?:today|now)\b")


def _weekdays(text: str) -> Iterator[Found]:
    for end in occurrences(text, "day"):
        name = _A_WEEKDAY.search(text[max(0, end - 10) : end])
        if name is None or text[end : end + 1].isalnum():
            continue
        start = end - len(name[0])
        around = Surroundings.of(text, start, end)
        if is_own(around.before, "", clock=False, year=False) or _TODAY_AFTER.match(
            around.after
        ):
            yield Found("date", start, end)


_DAY_OF_YEAR = re.compile(
    rf"(?i)(?:['\u2019]s)?(?:\sdate)?\s?(?:is|:)\s(?P<value>(?:{_WEEKDAY},?\s)?"
    rf"(?:{_MONTH}\s\d\d?{_ORDINAL}|\d\d?{_ORDINAL}\s{_MONTH}))(?!\w|,?\s\d)"
)


def _days(text: str, lower: str) -> Iterator[Found]:
    for end in occurrences(lower, "today", "date"):
        match = _DAY_OF_YEAR.match(text, end)
        if match is not None:
            start, last = match.span("value")
            yield Found("date", start, start + len(text[start:last].rstrip(".")))
