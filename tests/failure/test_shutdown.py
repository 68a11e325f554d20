"""A program may end with streams read half."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from clients import CLIENTS

HERE = Path(__file__).parent


def ended(*arguments: str) -> str:
    """Run the program, and return what it complained about."""
    path = os.pathsep.join([str(HERE.parents[1]), *sys.path])
    environment = {**os.environ, "PYTHONASYNCIODEBUG": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-X", "dev", str(HERE / "half_read.py"), *arguments],
        env=environment,
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
    assert ended("scripted", count) == ""


@pytest.mark.parametrize("count", ["2", "9"])
@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_program_ends_with_a_connection_read_half(client: str, count: str) -> None:
    """What clients themselves complain about is theirs; no task is left, no stream."""
    told = ended(client, count)
    assert "Task was destroyed" not in told
    assert "never awaited" not in told
    for ours in ("Headroom", "Exchange", "continued", "BaseChatModel"):
        assert ours not in complained(told)


def complained(told: str) -> str:
    """The generators that an event loop could not close."""
    return "\n".join(line for line in told.splitlines() if line.startswith("asyncgen:"))
