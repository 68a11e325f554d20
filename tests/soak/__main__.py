"""`python -m tests.soak [--seconds 600] [--streams 64] [--workers 2]`."""

from __future__ import annotations

import argparse
import asyncio
import sys

from .run import Trial, run


def main() -> int:
    """Print what was seen; returns 1 when something must not have happened."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    trial = Trial(
        seconds=given.seconds, streams=given.streams, workers=given.workers, echo=True
    )
    result = asyncio.run(run(trial))
    print(result)
    return 1 if result.faults else 0


sys.exit(main())
