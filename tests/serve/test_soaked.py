"""A minute of load and faults; `python -m tests.soak` is ten."""

from __future__ import annotations

import sys

import pytest
from soak.run import Trial, run


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
async def test_a_minute_of_faults_mixes_loses_and_holds_nothing() -> None:
    """Whatever fails, each client gets its own answer, whole or with a typed error."""
    result = await run(Trial(seconds=60, streams=64, workers=2))
    assert not result.faults, str(result)
    assert result.outcomes["none: message_stop"] > 100
    assert result.outcomes["error: error"] > 0
    assert result.outcomes["cut: error"] > 0
    assert result.outcomes["early: error"] > 0
    assert result.outcomes["busy: 529"] > 0
