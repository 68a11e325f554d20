"""What looks after workers, where they cannot begin."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from headroom_langchain.serve.server.listening import LOOPBACK, listen
from headroom_langchain.serve.server.settings import ServerSettings

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no workers"
)


def test_workers_that_cannot_start_are_not_tried_for_ever(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """When the first worker cannot start, the server ends with an error."""
    from headroom_langchain.serve.server.workers import WorkerError, Workers

    before = signal.getsignal(signal.SIGTERM)
    settings = ServerSettings(store=str(tmp_path / "no" / "originals.db"))
    with listen(LOOPBACK, 0) as listener:
        workers = Workers(settings=settings, listener=listener)
        with pytest.raises(WorkerError):
            workers.run(pytest.fail)
    told = capfd.readouterr().err
    assert "a worker cannot start" in told
    assert "check that the file is a store" in told
    assert "Traceback" not in told
    assert signal.getsignal(signal.SIGTERM) is before
