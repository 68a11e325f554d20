"""`headroom-langchain stats`: what a store holds, and what its calls saved."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from headroom_langchain.ccr.store.figures import Figures, Line, summed
from headroom_langchain.ccr.store.inventory import StoreStats
from headroom_langchain.cli.failure import CommandError
from headroom_langchain.cli.files import open_store
from headroom_langchain.cli.stats_money import Money, money
from headroom_langchain.errors import StoreError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping

    from headroom_langchain.ccr.store.inventory import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The originals of one kind."""

    originals: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of a store."""

    path: str
    file_bytes: int
    stats: StoreStats
    kinds: Mapping[str, Held]
    """What is held by kind, most bytes first."""
    lines: tuple[Line, ...]
    """The book of what was saved."""
    money: Money | None
    """Net savings in money, when there is a price."""

    @property
    def total(self) -> Figures:
        """All lines together."""
        return summed(self.lines, lambda _: "").get("", Figures())


def stats(options: Namespace) -> None:
    """Tell what the store that the options name holds, and what was saved.

    Raises:
        CommandError: The store is not there or cannot be read, or the model that
            is named has no known price.
    """
    told = _told(options)
    if options.json:
        print(_as_json(told))
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    from headroom_langchain.cli.stats_tables import footnote, tables

    try:
        from headroom_langchain.cli.stats_screen import show
    except ImportError:
        from headroom_langchain.cli.stats_plain import show_plain

        show_plain(tables(told), footnote(told))
    else:
        show(tables(told), footnote(told), color=not options.no_color)


def _told(options: Namespace) -> Told:
    with open_store(options.store, create=False) as store:
        try:
            lines = store.figures(namespace=options.namespace)
            return Told(
                path=options.store,
                file_bytes=_size(options.store),
                stats=store.stats(namespace=options.namespace),
                kinds=_held(store.entries(namespace=options.namespace)),
                lines=lines,
                money=money(lines, options),
            )
        except StoreError as error:
            raise CommandError(str(error)) from error


def _size(name: str) -> int:
    """Return the bytes of a file and of what SQLite keeps beside it."""
    path = Path(name)
    parts = (path, path.with_name(f"{path.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _held(entries: Iterable[Entry]) -> dict[str, Held]:
    held: dict[str, Held] = {}
    for entry in entries:
        there = held.get(entry.kind, Held(originals=0, bytes=0))
        held[entry.kind] = Held(
            originals=there.originals + 1, bytes=there.bytes + entry.size
        )
    return dict(sorted(held.items(), key=lambda item: (-item[1].bytes, item[0])))


def _as_json(told: Told) -> str:
    """Return one line of ASCII."""
    oldest = told.stats.oldest_use
    return json.dumps(
        {
            "store": told.path,
            "file_bytes": told.file_bytes,
            "originals": {
                "count": told.stats.originals,
                "bytes": told.stats.bytes,
                "namespaces": told.stats.namespaces,
                "oldest_use": None if oldest is None else day_of(oldest),
                "kinds": {kind: asdict(held) for kind, held in told.kinds.items()},
            },
            "saved": {
                **_figures(told.total),
                "money": None if told.money is None else _money(told.money),
            },
            "lines": [
                {
                    "namespace": line.namespace,
                    "day": line.day,
                    **asdict(line.topic),
                    **_figures(line.figures),
                }
                for line in told.lines
            ],
        }
    )


def _money(money: Money) -> dict[str, object]:
    found = money.savings
    return {
        **asdict(found),
        "saved": found.saved,
        "prices": money.prices,
        "unpriced": money.unpriced,
    }


def _figures(figures: Figures) -> dict[str, int]:
    """Return figures with those that follow from them."""
    return {
        **asdict(figures),
        "tokens_saved": figures.tokens_saved,
    }


def day_of(seconds: float) -> str:
    """Return a time of a store's clock as a date and a time of day in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "minutes")[:16]
    except (OverflowError, OSError, ValueError):
        return f"{seconds:g} s"
