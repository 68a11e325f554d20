"""What `stats` tells, as tables of texts that any screen can show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headroom_langchain.ccr.store.figures import Figures, Line, summed
from headroom_langchain.cli.stats import day_of

if TYPE_CHECKING:
    from headroom_langchain.cli.stats import Told
    from headroom_langchain.cli.stats_money import Money

_MOST_ROWS: Final = 14
"""Rows of a table; what else there is stands in one more."""
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")
_KILO: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of texts under a heading; all columns but the first are numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: int | None = None
    """The row that matters most."""


def tables(told: Told) -> list[Table]:
    """Return what is told of a store, most important first."""
    return [_store(told), *_kinds(told), *_saved(told), *_parts(told)]


def footnote(told: Told) -> str:
    """Return what the figures mean."""
    if not told.lines:
        return (
            "No figures of calls yet: they are added by models, nodes, compress() and "
            "servers with this file as their store."
        )
    notes = [
        "Tokens are estimated, and a text counts in each call that sends it.",
        "Net is what was saved, less what retrievals and their tool took.",
    ]
    if not told.total.requests:
        notes.append("Calls that others make of models are not told in money.")
    elif told.money is None:
        notes.append("--price IN,CACHED,OUT tells it in money.")
    else:
        notes += [f"No price of {name!r} is known." for name in told.money.unpriced]
    if told.money is not None and told.money.savings.estimated:
        notes.append("Where providers told no usage, money is estimated, too.")
    return " ".join(notes)


def _store(told: Told) -> Table:
    stats = told.stats
    rows = [
        ("originals", f"{stats.originals:,} with {_size(stats.bytes)}"),
        ("namespaces", f"{stats.namespaces:,}"),
        ("on disk", _size(told.file_bytes)),
    ]
    if stats.oldest_use is not None:
        rows.append(("oldest use", f"{day_of(stats.oldest_use)} UTC"))
    return Table(head=(told.path, ""), rows=tuple(rows))


def _kinds(told: Told) -> Iterator[Table]:
    if told.kinds:
        rows = [
            (kind, f"{held.originals:,}", _size(held.bytes))
            for kind, held in told.kinds.items()
        ]
        yield Table(head=("Kept by kind", "originals", "size"), rows=_cut(rows))


def _saved(told: Told) -> Iterator[Table]:
    if not told.lines:
        return
    total = told.total
    saved, net = total.tokens_saved, total.tokens_net_saved
    rows = (
        ("texts as given", f"{total.tokens_before:,}", ""),
        ("texts as compressed", f"{total.tokens_after:,}", ""),
        ("saved by that", f"{saved:,}", _share(total, saved)),
        (_count(total.retrievals, "retrieval"), f"{total.tokens_retrieved:,}", ""),
        ("sent again for them", f"{total.tokens_resent:,}", ""),
        ("net saved", f"{net:,}", _share(total, net)),
    )
    called = _count(total.calls, "call")
    if total.requests:
        called += f", {_count(total.requests, 'request')}"
    head = (called, "tokens", "share")
    yield Table(head=head, rows=rows, strong=5)
    if told.money is not None:
        yield _money(told.money)


def _money(money: Money) -> Table:
    found = money.savings
    rows = (
        ("without compression", f"{found.plain:,.4f}", ""),
        ("paid", f"{found.paid:,.4f}", ""),
        ("net saved", f"{found.saved:,.4f}", f"{found.percent:.1f} %"),
    )
    return Table(head=(f"Cost {money.prices}", "amount", "share"), rows=rows, strong=2)


def _parts(told: Told) -> Iterator[Table]:
    yield from _texts(told, "By tool", lambda line: line.topic.tool or "(no tool)")
    yield from _texts(told, "By kind", lambda line: line.topic.kind or "(as it was)")
    yield from _groups(told, "By model", lambda line: line.topic.model or "(none)")
    yield from _groups(told, "By namespace", lambda line: line.namespace)
    yield from _groups(told, "By day", lambda line: line.day, newest=True)


def _texts(told: Told, name: str, by: Callable[[Line], str]) -> Iterator[Table]:
    """Yield a table of texts, those first of which most was saved."""
    sums = {key: each for key, each in summed(told.lines, by).items() if each.texts}
    if not sums:
        return
    ranked = sorted(sums.items(), key=lambda item: (-item[1].tokens_saved, item[0]))
    rows = [
        (
            key,
            f"{each.texts:,}",
            f"{each.tokens_before:,}",
            f"{each.tokens_after:,}",
            f"{each.tokens_saved:,}",
            _share(each, each.tokens_saved),
        )
        for key, each in ranked
    ]
    head = (name, "texts", "given", "compressed", "saved", "share")
    yield Table(head=head, rows=_cut(rows))


def _groups(
    told: Told, name: str, by: Callable[[Line], str], *, newest: bool = False
) -> Iterator[Table]:
    """Yield a table of calls, unless all of them are in one group."""
    sums = summed(told.lines, by)
    if len(sums) <= 1:
        return
    ranked = sorted(sums.items(), reverse=newest)
    if not newest:
        ranked.sort(key=lambda item: -item[1].tokens_net_saved)
    rows = [
        (
            key,
            f"{each.calls:,}",
            f"{each.tokens_before:,}",
            f"{each.tokens_after:,}",
            f"{each.tokens_net_saved:,}",
            _share(each, each.tokens_net_saved),
        )
        for key, each in ranked
    ]
    head = (name, "calls", "given", "compressed", "net saved", "share")
    yield Table(head=head, rows=_cut(rows))


def _size(count: int) -> str:
    """Return a number of bytes for people."""
    amount, unit = float(count), 0
    while amount >= _KILO and unit < len(_UNITS) - 1:
        amount, unit = amount / _KILO, unit + 1
    return f"{amount:,.0f} bytes" if unit == 0 else f"{amount:,.1f} {_UNITS[unit]}"


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def _cut(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    if len(rows) <= _MOST_ROWS:
        return tuple(rows)
    rest = (f"and {len(rows) - _MOST_ROWS:,} more", *[""] * (len(rows[0]) - 1))
    return (*rows[:_MOST_ROWS], rest)


def _share(figures: Figures, tokens: int) -> str:
    before = figures.tokens_before
    return f"{100 * tokens / before:.1f} %" if before else ""
