"""Spans and metrics, as OpenTelemetry's own SDK takes them."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
    InMemorySpanExporter,
)
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import StatusCode

from headroom_langchain import (
    CompressionPolicy,
    HeadroomChatModel,
    InMemoryCCRStore,
    compress,
)
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.lifecycle.events import CallInfo, SetUp
from headroom_langchain.otel import OpenTelemetry
from headroom_langchain.otel.extension import MOST_OPEN
from headroom_langchain.testing import Call, ScriptedChatModel, Turn

PRIVATE = "hunter2"
LOG = "\n".join(
    f"12:00:{number % 60:02d} INFO {PRIVATE} request {number} in {number % 17} ms"
    for number in range(600)
)
USAGE = {"input_tokens": 100, "output_tokens": 7, "total_tokens": 107}
ASKS = Turn(
    tool_calls=(
        Call(
            name="headroom_retrieve",
            args={"hash": content_key(LOG), "query": f"{PRIVATE} 599"},
        ),
    ),
    usage=USAGE,  # type: ignore[arg-type] # a dict of that shape
)
ANSWERS = Turn(text=f"It is {PRIVATE}.", usage=USAGE)  # type: ignore[arg-type] # likewise


def messages(log: str = LOG) -> list[BaseMessage]:
    return [
        HumanMessage(f"What of {PRIVATE}?"),
        AIMessage("", tool_calls=[{"name": "shell", "args": {}, "id": "c"}]),
        ToolMessage(log, tool_call_id="c", name="shell"),
    ]


@dataclass(frozen=True, slots=True)
class Watched:
    """An SDK that keeps what it is told, and the extension that tells it."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader
    traces: TracerProvider
    extension: OpenTelemetry

    def model(self, *turns: Turn | str) -> HeadroomChatModel:
        inner = ScriptedChatModel(turns=turns, chunking=3)
        return HeadroomChatModel(inner, extensions=[self.extension])

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        ended = self.exporter.get_finished_spans()
        return [span for span in ended if name in (None, span.name)]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.spans(name)
        return span

    def metrics(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def count(self, name: str) -> float:
        total: float = sum(point.value for point in self.metrics()[name])
        return total


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Return an SDK for one test."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    traces = TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    meters = MeterProvider([reader])
    extension = OpenTelemetry(tracer_provider=traces, meter_provider=meters)
    yield Watched(exporter, reader, traces, extension)
    traces.shutdown()
    meters.shutdown()


def invoke(llm: HeadroomChatModel) -> None:
    llm.invoke(messages())


def stream(llm: HeadroomChatModel) -> None:
    list(llm.stream(messages()))


async def ainvoke(llm: HeadroomChatModel) -> None:
    await llm.ainvoke(messages())


async def astream(llm: HeadroomChatModel) -> None:
    async for _ in llm.astream(messages()):
        pass


async def call(way: Callable[[HeadroomChatModel], Any], llm: HeadroomChatModel) -> None:
    if inspect.iscoroutinefunction(way):
        await way(llm)
    else:
        way(llm)


each_way = pytest.mark.parametrize("way", [invoke, stream, ainvoke, astream])


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    assert span.attributes is not None
    return span.attributes


def parent(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def own(span: ReadableSpan) -> int:
    assert span.context is not None
    number: int = span.context.span_id
    return number


@each_way
async def test_a_call_is_a_span_with_its_parts(
    way: Callable[[HeadroomChatModel], Any], watched: Watched
) -> None:
    """Compression and rounds are children of the request, which has the caller's."""
    with watched.traces.get_tracer("app").start_as_current_span("app") as app:
        await call(way, watched.model(ASKS, ANSWERS))
    request = watched.one("headroom.request")
    assert parent(request) == app.get_span_context().span_id
    first, second = watched.spans("headroom.round")
    for span in (watched.one("headroom.compress"), first, second):
        assert parent(span) == own(request)
    assert [attributes(s)["headroom.round"] for s in (first, second)] == [1, 2]
    assert first.end_time is not None
    assert second.start_time is not None
    assert first.end_time <= second.start_time
    assert {span.status.status_code for span in watched.spans()} == {StatusCode.UNSET}


@each_way
async def test_the_request_has_the_figures_of_the_report(
    way: Callable[[HeadroomChatModel], Any], watched: Watched
) -> None:
    """Its attributes are the numbers that `llm.report` tells."""
    llm = watched.model(ASKS, ANSWERS)
    await call(way, llm)
    report, said = llm.report, attributes(watched.one("headroom.request"))
    assert report is not None
    assert said["headroom.tokens.before"] == report.tokens_before
    assert said["headroom.tokens.after"] == report.tokens_after
    assert said["headroom.tokens.saved"] == report.tokens_saved > 0
    assert said["headroom.tokens.net_saved"] == report.tokens_net_saved > 0
    assert said["headroom.tokens.retrieved"] == report.tokens_retrieved > 0
    assert (said["headroom.rounds"], said["headroom.retrievals"]) == (2, 1)
    assert said["headroom.notes"] == 0
    assert said["headroom.surface"] == "model"
    assert said["gen_ai.usage.input_tokens"] == 200
    compressing = attributes(watched.one("headroom.compress"))
    assert compressing["headroom.kinds"] == ("logs",)
    assert compressing["headroom.originals"] == 1
    assert compressing["headroom.originals.kept"] is True


async def test_metrics_count_what_calls_came_to(watched: Watched) -> None:
    """Counters are the sums of all reports, by few attributes."""
    llm = watched.model(ASKS, ANSWERS, "again")
    llm.invoke(messages())
    await llm.ainvoke(messages())
    total = llm.total
    assert watched.count("headroom.calls") == 2
    assert watched.count("headroom.tokens.saved") == total.tokens_saved
    assert watched.count("headroom.tokens.sent") == total.tokens_sent
    assert watched.count("headroom.tokens.net_saved") == total.tokens_net_saved
    assert watched.count("headroom.tokens.retrieved") == total.tokens_retrieved
    assert watched.count("headroom.retrievals") == 1
    (duration,) = watched.metrics()["headroom.compress.duration"]
    assert (duration.count, duration.sum > 0) == (2, True)
    for points in watched.metrics().values():
        for point in points:
            assert set(point.attributes) <= {"headroom.surface", "headroom.kind"}


@each_way
async def test_nothing_of_a_text_is_told(
    way: Callable[[HeadroomChatModel], Any], watched: Watched
) -> None:
    """Neither spans nor metrics have anything of messages, queries or answers."""
    await call(way, watched.model(ASKS, ANSWERS))
    failing = watched.model(Turn(error=ValueError(f"cannot read {PRIVATE}")))
    with pytest.raises(ValueError, match="cannot read"):
        await call(way, failing)
    told = [span.to_json() for span in watched.spans()]
    data = watched.reader.get_metrics_data()
    assert data is not None
    told.append(data.to_json())
    assert PRIVATE not in "".join(told)
    assert content_key(LOG) not in "".join(told)


@each_way
async def test_a_call_that_fails_is_an_error(
    way: Callable[[HeadroomChatModel], Any], watched: Watched
) -> None:
    """The request and its round say which kind of error it was."""
    with pytest.raises(ValueError, match="no"):
        await call(way, watched.model(Turn(error=ValueError("no"))))
    for name in ("headroom.request", "headroom.round"):
        span = watched.one(name)
        assert span.status.status_code is StatusCode.ERROR
        assert attributes(span)["error.type"] == "ValueError"


async def test_a_call_that_is_left_ends(watched: Watched) -> None:
    """Its spans end, and are no errors."""
    chunks: Any = watched.model("a long answer").stream(messages())
    next(chunks)
    assert not watched.spans("headroom.request")
    chunks.close()
    later: Any = watched.model("a long answer").astream(messages())
    await anext(later)
    await later.aclose()
    for name in ("headroom.request", "headroom.round"):
        for span in (left := watched.spans(name)):
            assert span.status.status_code is StatusCode.UNSET
            assert attributes(span)["headroom.left"] is True
        assert len(left) == 2


async def test_tasks_are_not_mixed_up(watched: Watched) -> None:
    """Each of many calls at once has its own parts, under its own caller's span."""
    tracer = watched.traces.get_tracer("app")

    async def one(number: int) -> int:
        with tracer.start_as_current_span("app") as app:
            llm = watched.model(ASKS, ANSWERS)
            config: Any = {"configurable": {"thread_id": str(number)}}
            async for _ in llm.astream(messages(), config):
                await asyncio.sleep(0)
            return app.get_span_context().span_id

    apps = await asyncio.gather(*map(one, range(20)))
    _check(watched, {str(number): app for number, app in enumerate(apps)})


def test_threads_are_not_mixed_up(watched: Watched) -> None:
    """So it is with threads."""
    tracer = watched.traces.get_tracer("app")
    apps: dict[str, int] = {}

    def one(number: int) -> None:
        with tracer.start_as_current_span("app") as app:
            llm = watched.model(ASKS, ANSWERS)
            config: Any = {"configurable": {"thread_id": str(number)}}
            llm.invoke(messages(), config)
            apps[str(number)] = app.get_span_context().span_id

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _check(watched, apps)


def _check(watched: Watched, apps: Mapping[str, int]) -> None:
    requests = watched.spans("headroom.request")
    named = {attributes(s)["gen_ai.conversation.id"]: parent(s) for s in requests}
    assert named == apps
    for request in requests:
        below = [s.name for s in watched.spans() if parent(s) == own(request)]
        assert sorted(below) == ["headroom.compress", *["headroom.round"] * 2]


def test_a_compression_outside_of_a_model_is_one_span(watched: Watched) -> None:
    """It has the figures and no rounds."""
    store = InMemoryCCRStore()
    result = compress(messages(), store=store, extensions=[watched.extension])
    (span,) = watched.spans()
    said = attributes(span)
    assert span.name == "headroom.compress"
    assert said["headroom.surface"] == "compress"
    assert said["headroom.tokens.saved"] == result.tokens_saved
    assert said["headroom.originals"] == 1
    assert watched.count("headroom.tokens.saved") == result.tokens_saved


def test_calls_that_never_end_are_given_up(watched: Watched) -> None:
    """So many are waited for; the oldest ends first, and says so."""
    for number in range(MOST_OPEN + 2):
        call = CallInfo(
            id=str(number), namespace="", conversation=None, surface="model"
        )
        begun = SetUp(call=call, policy=CompressionPolicy())
        watched.extension.on_pipeline_event(begun)
    lost = watched.spans("headroom.request")
    assert [attributes(span)["headroom.lost"] for span in lost] == [True, True]


def test_names_are_those_of_the_conventions(watched: Watched) -> None:
    """What begins with `gen_ai.` is known to OpenTelemetry."""
    invoke(watched.model(ASKS, ANSWERS))
    known = {
        value
        for name, value in vars(gen_ai_attributes).items()
        if name.startswith("GEN_AI_") and isinstance(value, str)
    }
    used = {name for span in watched.spans() for name in attributes(span)}
    ours = {name for name in used if name.startswith("gen_ai.")}
    assert ours
    assert ours <= known
    assert all(name.startswith(("gen_ai.", "headroom.")) for name in used)


def test_copies_of_a_model_tell_the_same_sdk(watched: Watched) -> None:
    """A deep copy has the same extension; another process takes its own SDK."""
    invoke(copy.deepcopy(watched.model(ASKS, ANSWERS)))
    assert len(watched.spans("headroom.request")) == 1
    assert isinstance(pickle.loads(pickle.dumps(watched.extension)), OpenTelemetry)  # noqa: S301 - made just here


def test_without_an_sdk_nothing_is_recorded() -> None:
    """The extension changes no answer where OpenTelemetry is not set up."""
    inner = ScriptedChatModel(turns=[ASKS, ANSWERS])
    llm = HeadroomChatModel(inner, extensions=[OpenTelemetry()])
    assert llm.invoke(messages()).text == ANSWERS.text
    assert llm.report is not None
    assert llm.report.notes == ()


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    """The error says what to install, and the rest of the package needs none of it."""
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").write_text("raise ImportError\n")
    code = (
        "import headroom_langchain, json\n"
        "headroom_langchain.HeadroomChatModel\n"
        "try:\n    import headroom_langchain.otel\n"
        "except ImportError as error:\n    print(json.dumps(str(error)))"
    )
    folders = [str(tmp_path), *sys.path]
    told = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {folders!r}\n{code}"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert "pip install 'headroom-langchain[otel]'" in json.loads(told.stdout)
