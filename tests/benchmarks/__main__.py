"""Measure everything and print the table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from .calls import plain_calls, retrieving_calls
from .compressing import hostile_texts, memory, new_outputs
from .graphs import calls_in_nodes
from .histories import second_calls
from .imports import import_times
from .prefixes import hostile_prompts, volatile_values
from .stalls import stalls
from .stores import puts_and_gets
from .streams import chunks, long_streams
from .table import Row, print_header, print_row, print_section

_SECTIONS: dict[str, Callable[[], AsyncIterator[Row]]] = {
    # First, since its first row is about the import of langgraph.
    "A call that retrieves once, against its two calls": retrieving_calls,
    "A call": plain_calls,
    "A call in a LangGraph node, its messages streamed": calls_in_nodes,
    "A chunk of a stream of 10,000": chunks,
    "A chunk of longer streams": long_streams,
    "A call over a history of 100,000 tokens": second_calls,
    "The longest wait of the event loop, 400 KB": stalls,
    "Putting an original into a store and getting it, beside doing so plainly": (
        puts_and_gets
    ),
    "Looking for volatile values, 10 KB": volatile_values,
    "Looking for volatile values, 1 MB that nobody means well with, per 10 KB": (
        hostile_prompts
    ),
    "Importing, in a fresh interpreter": import_times,
    "Compressing what is new, per 1,000 tokens": new_outputs,
    "Compressing 400 KB that nobody means well with": hostile_texts,
    "Memory that 400 KB take, as a multiple": memory,
}


async def main() -> None:
    """Print one section after the other."""
    print_header()
    for title, rows in _SECTIONS.items():
        print_section(title)
        async for row in rows():
            print_row(row)


asyncio.run(main())
