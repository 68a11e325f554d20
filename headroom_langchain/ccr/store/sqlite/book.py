"""The book of a store's file: figures by tenant, day and topic, in a table.

Adding is one statement per line, so that several processes may add at once. Figures
are in clear, whatever is done to contents at rest: there are no contents in them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from headroom_langchain.ccr.store.figures import Figures, Line, Topic
from headroom_langchain.ccr.store.original import content_bytes, content_text

_COUNTS: Final = (
    "calls",
    "requests",
    "retrievals",
    "texts",
    "tokens_before",
    "tokens_after",
    "tokens_sent",
    "tokens_retrieved",
    "tokens_resent",
    "tokens_net_saved",
    "input_tokens",
    "output_tokens",
    "uncounted",
    "paid_fresh",
    "paid_cached",
    "paid_written",
    "paid_output",
    "plain_fresh",
    "plain_cached",
    "plain_written",
    "plain_output",
)
"""The columns of the figures, see `schema`."""
_PLACE: Final = "namespace, day, model, tool, kind"

_ADD: Final = (
    f"INSERT INTO figures ({_PLACE}, {', '.join(_COUNTS)})"  # noqa: S608 - names of columns
    f" VALUES (?, ?, ?, ?, ?{', ?' * len(_COUNTS)})"
    f" ON CONFLICT ({_PLACE}) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTS)
)
_LINES: Final = (
    f"SELECT {_PLACE}, {', '.join(_COUNTS)} FROM figures"  # noqa: S608 - likewise
    f" WHERE namespace = COALESCE(?, namespace) ORDER BY {_PLACE}"
)


def add(
    connection: sqlite3.Connection,
    figures: Mapping[Topic, Figures],
    namespace: str,
    now: float,
) -> None:
    """Add figures to the lines of a tenant and a day.

    Args:
        connection: Of the store's file, in a transaction.
        figures: By topic.
        namespace: The tenant.
        now: The time in seconds since 1970.
    """
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    place = (content_bytes(namespace), day)
    connection.executemany(
        _ADD,
        [
            (
                *place,
                *map(content_bytes, (topic.model, topic.tool, topic.kind)),
                *(getattr(added, name) for name in _COUNTS),
            )
            for topic, added in figures.items()
        ],
    )


def lines(connection: sqlite3.Connection, namespace: str | None) -> list[Line]:
    """Return the lines of a tenant, `None` for those of all; not damaged ones."""
    place = None if namespace is None else content_bytes(namespace)
    rows = (_line(row) for row in connection.execute(_LINES, (place,)))
    return [line for line in rows if line is not None]


def _line(row: tuple[Any, ...]) -> Line | None:
    namespace, day, model, tool, kind, *counts = row
    try:
        return Line(
            namespace=content_text(namespace),
            day=str(day),
            topic=Topic(
                model=content_text(model),
                tool=content_text(tool),
                kind=content_text(kind),
            ),
            figures=Figures(**dict(zip(_COUNTS, map(int, counts), strict=True))),
        )
    except (AttributeError, TypeError, ValueError):
        return None
