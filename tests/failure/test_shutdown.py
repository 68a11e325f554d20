"""A program may end with streams read half."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from clients import CLIENTS
from talks import history, scripted, wrapped

HERE = Path(__file__).parent


def ended(*arguments: str) -> str:
    """Run the program, and return what it complained about."""
    environment = {**os.environ, "PYTHONASYNCIODEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "-X", "dev", str(HERE / "half_read.py"), *arguments],
        env=environment,
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    # That something took a while is no complaint.
    return "\n".join(line for line in done.stderr.splitlines() if "seconds" not in line)


@pytest.mark.parametrize("count", ["1", "4", "9"])
def test_a_program_ends_silently_with_a_stream_read_half(count: str) -> None:
    """In the first round and in hidden ones there is nothing to complain about."""
    assert ended("scripted", "wrapped", count) == ""


@pytest.mark.parametrize("count", ["2", "9"])
@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_program_ends_with_a_connection_read_half(client: str, count: str) -> None:
    """What clients themselves complain about is theirs; no task is left, no stream."""
    told = ended(client, "wrapped", count)
    assert "Task was destroyed" not in told
    assert "never awaited" not in told
    assert "headroom_langchain" not in complained(told)


def complained(told: str) -> str:
    """The generators that an event loop could not close."""
    return "\n".join(line for line in told.splitlines() if line.startswith("asyncgen:"))


def test_an_event_loop_may_be_closed_without_its_generators(watch: object) -> None:
    """A stream outlives its loop no worse than one of the bare model."""
    for model in (scripted(), wrapped()):
        loop = asyncio.new_event_loop()
        stream = model.astream(history("ann"))
        loop.run_until_complete(anext(stream))  # type: ignore[arg-type] # it is a coroutine
        loop.run_until_complete(stream.aclose())  # type: ignore[attr-defined] # it is a generator
        loop.close()
