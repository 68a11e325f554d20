"""What wrapping a model costs, beside the bare model in the same run.

Run `python -m tests.benchmarks` at the top of a checkout. It takes about a minute.
The bare model is sent what the wrapped one sends. Waits of the event loop are
measured with the collector of cyclic garbage at work, calls and streams without it.
Nothing here fails: it prints, and leaves it to the reader what to make of a busy
machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Outputs and anomalies are those of the tests, which are no package.
sys.path.append(str(Path(__file__).parents[1] / "compression"))
