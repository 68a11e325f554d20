"""What all tests of failures share: nothing may go wrong behind their back."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from talks import Watch


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Whatever could not be raised fails the test at its end."""
    watch = Watch()
    monkeypatch.setattr(sys, "unraisablehook", watch.on_unraisable)
    # Only what the test makes has to be looked at afterwards, which is little.
    gc.freeze()
    yield watch
    gc.collect()
    gc.unfreeze()
    assert watch.heard == []


@pytest.fixture
async def nothing_left(watch: Watch) -> AsyncIterator[None]:
    """At the end of a test no task is left, and the event loop has nothing to say."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(watch.on_loop)
    before = asyncio.all_tasks() - {asyncio.current_task()}
    yield
    gc.collect()
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    loop.set_exception_handler(None)
    assert left == set()
