"""Spans and metrics of OpenTelemetry, as an extension of the lifecycle.

A call of a wrapped model is a span `headroom.request` under the caller's current one,
with a child `headroom.compress` and one `headroom.round` per call of the inner model;
a compression outside of one is a span `headroom.compress`. Names follow the conventions
for generative AI where there are some, and begin with `headroom.` otherwise. No text of
a message, a query or an answer is in any of them.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from opentelemetry import trace
from opentelemetry.trace import StatusCode

from headroom_langchain._version import __version__
from headroom_langchain.lifecycle.events import (
    InputCompressed,
    InputReceived,
    InputRemembered,
    PostSend,
    PreSend,
    ResponseReceived,
    SetUp,
)
from headroom_langchain.otel.attributes import (
    block_attributes,
    call_attributes,
    kept_attributes,
    report_attributes,
    request_attributes,
    response_attributes,
)
from headroom_langchain.otel.instruments import SCOPE, Instruments

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from headroom_langchain.lifecycle.events import CallInfo, PipelineEvent
    from headroom_langchain.reports.report import CallReport

MOST_OPEN: Final = 1000
"""Calls that have begun and not ended; of more, the oldest are taken for lost."""
_LEFT: Final = (GeneratorExit, CancelledError)
"""How a call ends that its caller leaves."""


@dataclass(slots=True, kw_only=True)
class _Open:
    """A call that has not ended."""

    span: Span
    compress: Span | None = None
    round: Span | None = None
    began: float = 0.0
    """When its texts were received."""


class OpenTelemetry:
    """An extension that tells OpenTelemetry what calls do.

    Spans begin under the span that is current where the call is made. They are not
    made current themselves: a stream gives control back to its caller in between.

    Example:
        ```python
        llm = HeadroomChatModel(model, extensions=[OpenTelemetry()])
        ```
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        """Prepare the instruments.

        Args:
            tracer_provider: Makes the spans; `None` takes the global one, which
                records nothing until the program has set up an SDK.
            meter_provider: Takes the metrics, likewise.
        """
        self._tracer = trace.get_tracer(SCOPE, __version__, tracer_provider)
        self._instruments = Instruments(meter_provider)
        # Without a lock: the garbage collector may end a call at any moment.
        self._open: dict[str, _Open] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return the extension itself: copies of a model tell the same SDK."""
        return self

    def __reduce__(self) -> tuple[type[OpenTelemetry], tuple[()]]:
        """Pickle nothing: in another process its global providers serve."""
        return type(self), ()

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        """Take notice of a stage; nothing is changed."""
        if isinstance(event, SetUp):
            self._begin(event.call)
        elif (there := self._open.get(event.call.id)) is not None:
            self._go_on(there, event)

    def on_call_ended(
        self, call: CallInfo, report: CallReport, error: BaseException | None
    ) -> None:
        """Take notice of the end of a call.

        Args:
            call: The call.
            report: What it did.
            error: What it failed with, or how its caller left.
        """
        there = self._open.pop(call.id, None)
        if there is None:
            return
        self._instruments.count(call, report)
        there.span.set_attributes(report_attributes(report))
        _close(there, error)

    def _begin(self, call: CallInfo) -> None:
        name = "headroom.request" if call.surface == "model" else "headroom.compress"
        span = self._tracer.start_span(name, attributes=call_attributes(call))
        self._open[call.id] = _Open(span=span, began=time.perf_counter())
        if len(self._open) > MOST_OPEN:
            self._give_up_oldest()

    def _give_up_oldest(self) -> None:
        # Another thread may be at it, too.
        with suppress(RuntimeError, StopIteration):
            if (lost := self._open.pop(next(iter(self._open)), None)) is not None:
                lost.span.set_attribute("headroom.lost", value=True)
                _close(lost, None)

    def _go_on(self, there: _Open, event: PipelineEvent) -> None:
        match event:
            case InputReceived():
                there.began = time.perf_counter()
                if event.call.surface == "model":
                    there.compress = self._child(there, "headroom.compress")
            case InputCompressed():
                seconds = time.perf_counter() - there.began
                self._instruments.compressed(event.call, seconds)
                span = there.compress or there.span
                span.set_attributes(block_attributes(event.blocks))
            case InputRemembered():
                span, there.compress = there.compress or there.span, None
                span.set_attributes(kept_attributes(event))
                if span is not there.span:
                    span.end()
            case PreSend():
                there.round = self._child(there, "headroom.round")
                there.round.set_attributes(request_attributes(event))
            case PostSend() if there.round is not None:
                there.round.add_event("headroom.first_chunk")
            case ResponseReceived() if there.round is not None:
                there.round.set_attributes(response_attributes(event))
                there.round.end()
                there.round = None

    def _child(self, there: _Open, name: str) -> Span:
        above = trace.set_span_in_context(there.span)
        return self._tracer.start_span(name, context=above)


def _close(there: _Open, error: BaseException | None) -> None:
    """End the spans of a call, the inner ones first."""
    for span in (there.compress, there.round, there.span):
        if span is None:
            continue
        if isinstance(error, _LEFT):
            span.set_attribute("headroom.left", value=True)
        elif error is not None:
            # The message of an error may quote what was sent.
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
        span.end()
