"""How long looking for volatile values takes."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

from headroom_langchain.cache_aligner import volatile

from .conversations import log, prose, records
from .table import Row

_SIZE = 10_000
_REPEATS = 50
_HOSTILE = 1_000_000
_LABELLED = Path(__file__).parent.parent / "cache_aligner" / "labelled.jsonl"


def _labelled() -> str:
    lines = _LABELLED.read_text("utf-8").splitlines()
    return "\n".join(json.loads(line)["text"] for line in lines)[-_SIZE:]


_TEXTS = {
    "prose": prose(_SIZE)[:_SIZE],
    "code": Path(json.__file__).read_text("utf-8")[:_SIZE],
    "JSON records": records(_SIZE)[:_SIZE],
    "a log": log(_SIZE)[:_SIZE],
    "a volatile value in every other line": _labelled(),
}
_UNITS = {
    "one letter": "x",
    "one digit": "7",
    "years": "2026 ",
    "times": "2026-11-21T21:45:03Z ",
    "UUIDs": "8f14e45f-ceea-467f-9575-1a2b3c4d5e6f ",
    "beginnings of tokens": "eyJ.",
    "temporary paths in one another": "/tmp/x1y2z3",  # noqa: S108 - looked for only
    "labels without values": "session id ",
}


async def volatile_values() -> AsyncIterator[Row]:
    """Measure texts of 10 KB; aim: 1 ms."""
    for what, text in _TEXTS.items():
        took = 1000 * min(_seconds(text) for _ in range(_REPEATS))
        yield Row(what=what, bare=None, wrapped=took, aim=1, absolute=True)


async def hostile_prompts() -> AsyncIterator[Row]:
    """Measure texts of 1 MB that repeat what costs most, per 10 KB."""
    for what, unit in _UNITS.items():
        text = unit * (_HOSTILE // len(unit))
        took = 1000 * _seconds(text) * _SIZE / len(text)
        yield Row(what=what, bare=None, wrapped=took, absolute=True)


def _seconds(text: str) -> float:
    start = time.perf_counter()
    volatile(text)
    return time.perf_counter() - start
