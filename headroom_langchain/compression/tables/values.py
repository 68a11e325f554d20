"""What the cells of a column measure: plain numbers, amounts, times and dates."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from math import isfinite, isnan, nan
from typing import Final

NOTHING: Final = frozenset(
    (
        *("", "-", "--", "?", "??", "*", "null", "NULL", "(null)", "nil", "\\N"),
        *("None", "none", "<none>", "<unset>", "N/A", "n/a", "NA", "NaN", "nan"),
    )
)
"""Cells that say that there is no value."""

_AMOUNT: Final = re.compile(
    r"([-+(]?)[$€£]?([-+]?)(\d[\d,._ ]*)\s?(%|[A-Za-zµ]{0,5})\)?$"
)
_LONGEST: Final = 32
_CLOCK: Final = re.compile(r"(?:(\d+)-)?((?:\d+:)+\d+(?:\.\d+)?)$")
_PARTS: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_SPAN: Final = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[dhms]) ?){2,}$")
_DATE: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?[\d.,:+Z -]*$"
)
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_UNITS: Final = {
    "k": 1e3, "m": 60.0, "g": 1e9, "t": 1e12, "p": 1e15, "b": 1.0, "s": 1.0,
    "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "h": 3600.0, "d": 86400.0,
    "w": 604800.0, "y": 31536000.0, "min": 60.0, "sec": 1.0, "%": 1.0, "": 1.0,
}  # fmt: skip
_PARTS_OF: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3}
_PROBE: Final = 16
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Measures:
    """A column whose cells are numbers."""

    numbers: array[float]
    """The number of each cell; no number (`nan`) where it has none."""
    dates: bool


def measure(counts: Counter[str], cells: Sequence[str]) -> Measures | None:
    """Read the cells of a column as numbers.

    Args:
        counts: How often each distinct cell occurs.
        cells: The cells.

    Returns:
        The numbers, or `None` when too many of the distinct cells are something else.
    """
    valued = (cell for cell in counts if cell not in NOTHING)
    probe = list(islice(valued, _PROBE))
    if not _are_mostly_numbers(map(_measured, probe), len(probe)):
        return None
    distinct = _measured_all(counts)
    if not _are_mostly_numbers(distinct, len(counts) - len(NOTHING & counts.keys())):
        return None
    if len(counts) == len(cells):
        numbers = distinct
    elif len(counts) > _HALF * len(cells):
        # Measuring again costs less memory than a dictionary of so many cells.
        numbers = _measured_all(cells)
    else:
        known = dict(zip(counts, distinct, strict=True))
        numbers = array("d", map(known.__getitem__, cells))
    first = next(compress(counts, (not isnan(number) for number in distinct)))
    return Measures(numbers, dates=_DATE.match(first) is not None)


def _measured_all(cells: Iterable[str]) -> array[float]:
    try:
        numbers = array("d", map(float, cells))
    except ValueError:
        return array("d", map(_measured, cells))
    return numbers if isfinite(sum(numbers)) else array("d", map(_measured, cells))


def _measured(cell: str) -> float:
    number = number_of(cell)
    return nan if number is None else number


def _are_mostly_numbers(numbers: Iterable[float], count: int) -> bool:
    found = sum(1 for number in numbers if not isnan(number))
    return found > 0 and found >= _HALF * count


def number_of(cell: str) -> float | None:
    """Return what a cell measures; times in seconds, sizes in bytes.

    Args:
        cell: A cell such as `1,234`, `-5`, `45%`, `12G`, `3m20s` or `2026-03-01`.
    """
    try:
        number = float(cell)
    except ValueError:
        return _written_number(cell) if len(cell) <= _LONGEST else None
    return number if number - number == 0 else None


def _written_number(cell: str) -> float | None:
    if not any(map(str.isdigit, cell)):
        return None
    date = _DATE.match(cell)
    if date is not None:
        return _seconds(date)
    clock = _CLOCK.match(cell)
    if clock is not None:
        total = float(clock.group(1) or 0) * 24
        for part in clock.group(2).split(":"):
            total = total * 60 + float(part)
        return total
    if _SPAN.match(cell):
        return sum(float(n) * _PARTS_OF[unit] for n, unit in _PARTS.findall(cell))
    return _amount(cell)


def _amount(cell: str) -> float | None:
    found = _AMOUNT.match(cell)
    if found is None:
        return None
    before, sign, digits, unit = found.groups()
    factor = _factor(unit)
    if factor is None:
        return None
    plain = digits.strip()
    if _GROUPED.match(plain):
        plain = plain.replace(",", "")
    elif plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        number = float(plain) * factor
    except ValueError:
        return None
    return -number if "-" in before + sign or before == "(" else number


def _factor(unit: str) -> float | None:
    if unit[:1] == "M":
        return 1e6 if unit in ("M", "MB", "Mi", "MiB", "Mb") else None
    short = unit.lower()
    if short not in _UNITS:
        short = short.removesuffix("b").removesuffix("i")
    return _UNITS.get(short)


def _seconds(date: re.Match[str]) -> float:
    year, month, day, hour, minute, second = (int(part or 0) for part in date.groups())
    days = (year * 12 + month) * 31 + day
    return float(((days * 24 + hour) * 60 + minute) * 60 + second)
