"""What Prometheus is told: counts and times, with labels of few values.

The library keeps what was counted in this process, or, for several workers, in files of
a folder that all of them read; which of both is settled when it is imported.
"""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from headroom_langchain._version import __version__
from headroom_langchain.serve.operations.entry import Entry
from headroom_langchain.serve.operations.worker_counts import FOLDER

try:
    from prometheus_client import (
        CollectorRegistry,
        Counter,
        Gauge,
        Histogram,
        ProcessCollector,
    )
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.multiprocess import (
        MultiProcessCollector,
        mark_process_dead,
    )
except ImportError as error:
    _msg = "metrics need prometheus-client: pip install 'headroom-langchain[serve]'"
    raise ImportError(_msg) from error

_SECONDS: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0),
)
_DIALECTS: Final = frozenset(("messages", "chat", "responses"))
_STATUSES: Final = frozenset(status.value for status in HTTPStatus)


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        """Begin to count."""
        self._folder = os.environ.get(FOLDER) or None
        # With several workers the values are in files, and the same metric of another
        # application in this process would be theirs, too.
        self._registry = registry = CollectorRegistry()
        if self._folder is None:
            ProcessCollector(registry=registry)
        build = Gauge(
            "headroom_build_info",
            "The version that runs.",
            ["version"],
            registry=registry,
            multiprocess_mode="max",
        )
        build.labels(__version__).set(1)
        self._in_flight = Gauge(
            "headroom_requests_in_flight",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._groups: dict[str, _Group] = {}
        self._counts = _Counts(registry)
        self._statuses: dict[tuple[str, int, str], Any] = {}

    def began(self) -> None:
        """Count a request that has come."""
        self._in_flight.inc()

    def ended(self, entry: Entry) -> None:
        """Count a request that is over."""
        self._in_flight.dec()
        dialect = entry["dialect"] if entry["dialect"] in _DIALECTS else "other"
        self._requests(dialect, entry["status"], entry["outcome"]).inc()
        group = self._groups.get(dialect)
        if group is None:
            group = self._groups[dialect] = _Group(self._counts, dialect)
        group.add(entry)

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics of all workers, and the type of their text.

        It reads files when there are several workers.

        Args:
            accept: The header that says which text is wanted.
        """
        encode, kind = choose_encoder(accept)
        registry = self._registry
        if self._folder is not None:
            _forget_the_dead(Path(self._folder))
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=self._folder)  # type: ignore[no-untyped-call]
        return encode(registry), kind

    def _requests(self, dialect: str, status: int, outcome: str) -> Any:
        key = (dialect, status, outcome)
        child = self._statuses.get(key)
        if child is None:
            # An upstream may answer with any number.
            known = status in _STATUSES or not status
            told = "none" if not status else str(status) if known else "other"
            child = self._counts.requests.labels(dialect, told, outcome)
            if known:
                self._statuses[key] = child
        return child


class _Counts:
    """What is counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"headroom_{name}", about, labels, registry=registry)

        def times(name: str, about: str) -> Histogram:
            labels = ["dialect"]
            return Histogram(
                f"headroom_{name}", about, labels, registry=registry, buckets=_SECONDS
            )

        self.requests = counter(
            "requests", "Requests that are over.", "dialect", "status", "outcome"
        )
        self.seconds = times("request_seconds", "From the request's head to the end.")
        self.first_byte = times(
            "first_byte_seconds", "From the request's head to the answer's first byte."
        )
        self.rounds = counter("rounds", "Requests made of them.", "dialect")
        self.retrievals = counter(
            "retrievals", "Hidden calls for originals.", "dialect", "result"
        )
        self.before = counter("tokens_before", "Of texts as they came.", "dialect")
        self.after = counter("tokens_sent", "Of texts sent on.", "dialect")
        self.usage = counter(
            "usage_tokens", "What providers counted.", "dialect", "type"
        )
        self.bytes = counter("bytes", "Of bodies.", "dialect", "direction")


class _Group:
    """The metrics of one protocol, looked up once."""

    def __init__(self, counts: _Counts, dialect: str) -> None:
        self._seconds = counts.seconds.labels(dialect)
        self._first_byte = counts.first_byte.labels(dialect)
        self._rounds = counts.rounds.labels(dialect)
        self._answered = counts.retrievals.labels(dialect, "answered")
        self._refused = counts.retrievals.labels(dialect, "error")
        self._before = counts.before.labels(dialect)
        self._after = counts.after.labels(dialect)
        self._usage = {
            name: counts.usage.labels(dialect, name)
            for name in ("input", "cached", "written", "output")
        }
        self._in = counts.bytes.labels(dialect, "in")
        self._out = counts.bytes.labels(dialect, "out")

    def add(self, entry: Entry) -> None:
        self._seconds.observe(entry["seconds"])
        if entry["first_byte"] is not None:
            self._first_byte.observe(entry["first_byte"])
        self._rounds.inc(entry["rounds"])
        self._in.inc(entry["bytes_in"])
        self._out.inc(entry["bytes_out"])
        if entry["before"]:
            self._before.inc(entry["before"])
            self._after.inc(entry["after"])
        if entry["retrievals"]:
            errors = sum(1 for asked in entry["asked"] if asked["error"])
            self._answered.inc(entry["retrievals"] - errors)
            self._refused.inc(errors)
        for name, tokens in (entry["usage"] or {}).items():
            self._usage[name].inc(tokens)  # type: ignore[arg-type]


def _forget_the_dead(folder: Path) -> None:
    """Leave out what workers that were killed had in flight."""
    for file in folder.glob("gauge_live*_*.db"):
        number = file.stem.rpartition("_")[2]
        if number.isdigit() and not _lives(int(number)):
            mark_process_dead(int(number), path=str(folder))  # type: ignore[no-untyped-call]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
