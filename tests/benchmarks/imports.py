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
{before}
start = time.perf_counter()
{statement}
spent = time.perf_counter() - start
print(json.dumps([spent, [name for name in {late} if name in sys.modules]]))
"""


async def import_times() -> AsyncIterator[Row]:
    """Measure the import; aim: 60 ms, and what is used late is not imported."""
    bare, wrapped, own = [], [], []
    early: set[str] = set()
    with tempfile.TemporaryDirectory() as cache:
        # Each program once before, so that none is timed compiling its modules.
        _imported(_BARE, cache)
        _imported(_WRAPPED, cache)
        _imported(_WRAPPED, cache, before=_BARE)
        for _ in range(_REPEATS):
            bare.append(_imported(_BARE, cache)[0])
            seconds, modules = _imported(_WRAPPED, cache)
            wrapped.append(seconds)
            own.append(_imported(_WRAPPED, cache, before=_BARE)[0])
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


def _imported(
    statement: str, cache: str, *, before: str = ""
) -> tuple[float, list[str]]:
    """Return the seconds of an import, and what it should not have imported."""
    program = _TIMED.format(statement=statement, before=before, late=_LATE)
    caching = {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        env={**os.environ, **caching},
    )
    spent, modules = json.loads(done.stdout)
    return spent, modules
