"""What importing the package costs, each time in a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from statistics import median

from .table import Row

_REPEATS = 9
_LATE = ("langgraph", "numpy", "rank_bm25", "tiktoken")
"""Modules that are imported at their first use."""

_BARE = "import langchain_core.language_models as m; m.BaseChatModel"
_WRAPPED = "import headroom_langchain as m; m.HeadroomChatModel"
_TIMED = """
import json, sys, time
times = [time.perf_counter()]
for statement in {statements}:
    exec(statement)
    times.append(time.perf_counter())
spent = [end - start for start, end in zip(times, times[1:])]
print(json.dumps([spent, [name for name in {late} if name in sys.modules]]))
"""


async def import_times() -> AsyncIterator[Row]:
    """Measure the import; aim: 60 ms, and what is used late is not imported."""
    bare, wrapped, own = [], [], []
    early: set[str] = set()
    with tempfile.TemporaryDirectory() as cache:
        # Once before, so that no module is compiled while it is timed.
        _imported(cache, _BARE, _WRAPPED)
        for _ in range(_REPEATS):
            (first, after), _ = _imported(cache, _BARE, _WRAPPED)
            (alone,), modules = _imported(cache, _WRAPPED)
            bare.append(first)
            own.append(after)
            wrapped.append(alone)
            early.update(modules)
    yield Row(
        what="import of the model's class",
        bare=1e3 * median(bare),
        wrapped=1e3 * median(wrapped),
        aim=60,
    )
    yield Row(
        what="the same, langchain_core imported before",
        bare=None,
        wrapped=1e3 * median(own),
    )
    names = f" ({', '.join(sorted(early))})" if early else ""
    yield Row(
        what=f"modules imported too early{names}",
        bare=None,
        wrapped=len(early),
        unit="",
        aim=0,
    )


def _imported(cache: str, *statements: str) -> tuple[list[float], list[str]]:
    """Return the seconds of each import, and what they should not have imported."""
    program = _TIMED.format(statements=statements, late=_LATE)
    caching = {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        env={**os.environ, **caching},
    )
    spent, modules = json.loads(done.stdout)
    return spent, modules
