"""One aligned table, printed row by row as the figures come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from .timing import Pair

Unit = Literal["ms", "µs", "x", "rows", ""]

_DIGITS: dict[Unit, int] = {"ms": 2, "µs": 1, "x": 2, "rows": 0, "": 0}
_WIDTHS = (54, 11, 11, 12, 8, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of the bare model, and of the wrapped one."""

    what: str
    bare: float | None
    """`None` when only the wrapped model has such a figure."""
    wrapped: float
    unit: Unit = "ms"
    aim: float | None = None
    """The most by which the wrapped figure should exceed the bare one, or the most
    it should be when `absolute`; `None` when nothing is aimed at."""
    absolute: bool = False

    @classmethod
    def of(
        cls, what: str, pair: Pair, *, per: int = 1, aim: float | None = None
    ) -> Self:
        """Make a row of a pair of times, in ms, or in µs for each of many chunks."""
        unit: Unit = "ms" if per == 1 else "µs"
        scale = 1e3 if per == 1 else 1e6
        return cls(
            what=what,
            bare=pair.bare / per * scale,
            wrapped=pair.wrapped / per * scale,
            unit=unit,
            aim=aim,
        )

    @property
    def excess(self) -> float:
        """What wrapping adds."""
        return self.wrapped - (self.bare or 0.0)

    @property
    def verdict(self) -> str:
        """Whether the aim is met."""
        if self.aim is None:
            return ""
        judged = self.wrapped if self.absolute else self.excess
        return "ok" if judged <= self.aim else "over"

    def cells(self) -> tuple[str, ...]:
        """Return the row as it is printed."""
        ratio = f"{self.wrapped / self.bare:.2f}" if self.bare else ""
        return (
            self.what,
            "-" if self.bare is None else self._figure(self.bare),
            self._figure(self.wrapped),
            self._figure(self.excess, sign="+"),
            ratio,
            "" if self.aim is None else f"{self.aim:g} {self.unit}",
            self.verdict,
        )

    def _figure(self, value: float, *, sign: str = "") -> str:
        return f"{value:{sign},.{_DIGITS[self.unit]}f} {self.unit}"


def print_header() -> None:
    """Print the names of the columns."""
    _print(("", "bare", "wrapped", "difference", "ratio", "aim", ""))


def print_section(title: str) -> None:
    """Print the title of the rows that follow."""
    print(f"\n{title}", flush=True)


def print_row(row: Row) -> None:
    """Print one row."""
    _print(("  " + row.what, *row.cells()[1:]))


def _print(cells: tuple[str, ...]) -> None:
    first, *figures, verdict = cells
    widths = _WIDTHS[1:]
    right = "".join(
        cell.rjust(width) for cell, width in zip(figures, widths, strict=True)
    )
    print(f"{first:<{_WIDTHS[0]}}{right}  {verdict}".rstrip(), flush=True)
