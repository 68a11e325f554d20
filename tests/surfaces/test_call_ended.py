"""`on_call_ended` of an extension: told once, however a call ends."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from headroom_langchain import HeadroomChatModel, InMemoryCCRStore, compress
from headroom_langchain.lifecycle.events import CallInfo, PipelineEvent
from headroom_langchain.reports.report import CallReport
from headroom_langchain.testing import ScriptedChatModel, Turn

LOG = "\n".join(f"INFO request {n} served in {n % 17} ms" for n in range(600))
MESSAGES: list[BaseMessage] = [
    HumanMessage("What went wrong?"),
    AIMessage("", tool_calls=[{"name": "shell", "args": {}, "id": "c"}]),
    ToolMessage(LOG, tool_call_id="c", name="shell"),
]


class Watching:
    """Writes down how calls ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[CallInfo, CallReport, BaseException | None]] = []

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        pass

    def on_call_ended(
        self, call: CallInfo, report: CallReport, error: BaseException | None
    ) -> None:
        self.ended.append((call, report, error))


class Failing(Watching):
    """Cannot bear an end."""

    def on_call_ended(
        self, call: CallInfo, report: CallReport, error: BaseException | None
    ) -> None:
        msg = "no"
        raise RuntimeError(msg)


def wrapped(turn: Turn | str, *extensions: Any) -> HeadroomChatModel:
    inner = ScriptedChatModel(turns=[turn], chunking=3)
    return HeadroomChatModel(inner, extensions=extensions)


async def test_the_report_is_that_of_the_model() -> None:
    """An answer that is complete ends without an error."""
    watching = Watching()
    llm = wrapped("hello", watching)
    await llm.ainvoke(MESSAGES)
    ((call, report, error),) = watching.ended
    assert call.surface == "model"
    assert error is None
    assert llm.report is not None
    assert report.figures == llm.report.figures
    assert report.blocks == llm.report.blocks


def test_an_error_is_told() -> None:
    """What a call failed with is what its caller sees."""
    watching = Watching()
    with pytest.raises(ValueError, match="no") as raised:
        wrapped(Turn(error=ValueError("no")), watching).invoke(MESSAGES)
    assert [error for _, _, error in watching.ended] == [raised.value]


async def test_leaving_is_told() -> None:
    """A caller that leaves a stream ends it with `GeneratorExit`."""
    watching = Watching()
    chunks: Any = wrapped("a long answer", watching).stream(MESSAGES)
    next(chunks)
    assert not watching.ended
    chunks.close()
    later: Any = wrapped("a long answer", watching).astream(MESSAGES)
    await anext(later)
    await later.aclose()
    errors = [type(error) for _, _, error in watching.ended]
    assert errors == [GeneratorExit, GeneratorExit]


def test_an_extension_that_raises_is_noted() -> None:
    """The answer comes, and the next extension is told all the same."""
    watching = Watching()
    llm = wrapped("hello", Failing(), watching)
    assert llm.invoke(MESSAGES).text == "hello"
    assert llm.report is not None
    note = "extension Failing failed at the end of the call: RuntimeError: no"
    assert llm.report.notes == (note,)
    assert len(watching.ended) == 1


def test_a_compression_ends_too() -> None:
    """Its report has the texts and no requests."""
    watching = Watching()
    result = compress(MESSAGES, store=InMemoryCCRStore(), extensions=[watching])
    ((call, report, error),) = watching.ended
    assert (call.surface, error, report.requests) == ("compress", None, ())
    assert report.tokens_saved == result.tokens_saved
