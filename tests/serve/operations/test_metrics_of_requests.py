"""What Prometheus is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from watched import block, handled, retrieval, tell

from headroom_langchain.serve.operations.metrics import Metrics
from headroom_langchain.serve.operations.operations import Operations
from headroom_langchain.serve.operations.worker_counts import (
    FOLDER,
    forget_workers,
    prepare_workers,
)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    """Return samples by name and labels, as a scraper of Prometheus reads them."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(operations: Operations) -> Samples:
    metrics = operations._metrics
    assert metrics is not None
    body, kind = metrics.page("text/plain")
    assert kind.startswith("text/plain")
    return read(body.decode())


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_all_of_a_request_is_counted() -> None:
    """Counts, times, tokens, bytes, rounds and retrievals are those of the request."""
    operations = Operations(log=False)
    tell(
        operations,
        handled(
            blocks=(block(), block(skipped="small", tokens_before=9, tokens_after=9)),
            retrievals=(retrieval(), retrieval(error=True)),
            rounds=3,
            usage={
                "input_tokens": 10,
                "cache_read_input_tokens": 20,
                "cache_creation_input_tokens": 30,
                "output_tokens": 40,
            },
        ),
    )
    samples = scraped(operations)
    of = {"dialect": "messages"}
    assert (
        value(samples, "headroom_requests_total", status="200", outcome="ok", **of) == 1
    )
    assert value(samples, "headroom_request_seconds_sum", **of) == 1.25
    assert value(samples, "headroom_request_seconds_count", **of) == 1
    assert value(samples, "headroom_first_byte_seconds_bucket", le="0.25", **of) == 1
    assert value(samples, "headroom_first_byte_seconds_bucket", le="0.1", **of) == 0
    assert value(samples, "headroom_rounds_total", **of) == 3
    assert value(samples, "headroom_retrievals_total", result="answered", **of) == 1
    assert value(samples, "headroom_retrievals_total", result="error", **of) == 1
    assert value(samples, "headroom_tokens_before_total", **of) == 9009
    assert value(samples, "headroom_tokens_sent_total", **of) == 3 * 909 + 2 * 812
    assert value(samples, "headroom_bytes_total", direction="in", **of) == 1200
    assert value(samples, "headroom_bytes_total", direction="out", **of) == 3400
    counted = {"input": 10, "cached": 20, "written": 30, "output": 40}
    for name, tokens in counted.items():
        assert value(samples, "headroom_usage_tokens_total", type=name, **of) == tokens


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 60},
            },
            (40, 60, 7),
        ),
        (
            {
                "input_tokens": 100,
                "output_tokens": 7,
                "input_tokens_details": {"cached_tokens": 60},
            },
            (40, 60, 7),
        ),
        ({"input_tokens": "many", "output_tokens": None}, (0, 0, 0)),
        ({}, (0, 0, 0)),
    ],
)
def test_cached_input_is_counted_once(
    usage: dict[str, object], counts: tuple[int, int, int]
) -> None:
    """Cached tokens are told apart from the input, whichever way they came."""
    operations = Operations(log=False)
    tell(operations, handled(dialect="chat", usage=usage))
    samples = scraped(operations)
    names = ("input", "cached", "output")
    assert counts == tuple(
        value(samples, "headroom_usage_tokens_total", dialect="chat", type=name)
        for name in names
    )


def test_requests_in_flight_go_up_and_down() -> None:
    """What has begun and is not over is in flight."""
    operations = Operations(log=False)
    (observer,) = operations.observers
    observer.began()
    observer.began()
    observer.ended(handled())
    assert value(scraped(operations), "headroom_requests_in_flight") == 1


def test_labels_have_few_values() -> None:
    """Whatever clients and upstreams write, the number of series stays bounded."""
    operations = Operations(log=False)
    tell(operations, handled(status=599), handled(dialect="other", status=599))
    few = len(scraped(operations))
    requests = (
        handled(
            number,
            dialect=f"dialect-{number}",
            model=f"model-{number}",
            path=f"/v1/{number}",
            method=f"M{number}",
            status=600 + number,
        )
        for number in range(500)
    )
    tell(operations, *requests)
    assert len(scraped(operations)) <= few + 4


def test_two_applications_count_apart() -> None:
    """A request of one application is none of another's in the same process."""
    one, other = Operations(log=False), Operations(log=False)
    tell(one, handled())
    name = "headroom_requests_total"
    assert name in {sample for sample, _ in scraped(one)}
    assert name not in {sample for sample, _ in scraped(other)}


_WORKER = """
import os, sys
from watched import handled, tell
from headroom_langchain.serve.operations.operations import Operations
operations = Operations(log=False, page=False)
tell(operations, *[handled(n) for n in range(int(sys.argv[1]))])
operations.observers[0].began()
if sys.argv[2] == "scrape":
    sys.stdout.buffer.write(operations._metrics.page("")[0])
"""


def test_workers_count_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker tells the counts of all; of one that is gone nothing is in flight."""
    monkeypatch.setenv(FOLDER, "")
    folder = prepare_workers(tmp_path / "metrics")
    assert os.environ[FOLDER] == str(folder)
    (folder / "counter_1.db").touch()
    assert prepare_workers(folder) == folder
    assert list(folder.iterdir()) == []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def worker(requests: int, act: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", _WORKER, str(requests), act],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    worker(3, "end")
    samples = read(worker(2, "scrape"))
    total = value(
        samples,
        "headroom_requests_total",
        dialect="messages",
        status="200",
        outcome="ok",
    )
    assert total == 5
    assert value(samples, "headroom_requests_in_flight") == 1
    forget_workers(folder)
    assert not folder.exists()
    assert FOLDER not in os.environ


def test_open_metrics_are_answered_to_who_asks_for_them() -> None:
    """The text is the one that the scraper accepts."""
    accept = "application/openmetrics-text; version=1.0.0"
    body, kind = Metrics().page(accept)
    assert kind.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
