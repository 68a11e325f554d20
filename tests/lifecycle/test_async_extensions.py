"""Extensions are awaited where they can be, and called where they cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from taking_part import MODELS, ONCE, ROUND, SURFACES, history, wrapped

from headroom_langchain.lifecycle import PipelineEvent

SYNC = ["invoke", "stream", "batch", "agent", "compress", "compress_node"]
ASYNC = ["ainvoke", "astream", "events v2", "acompress", "pre_model_hook"]


@dataclass
class OnlyAsync:
    """Is told in asynchronous calls only."""

    seen: list[str] = field(default_factory=list)

    async def aon_pipeline_event(self, event: PipelineEvent) -> None:
        await asyncio.sleep(0)
        self.seen.append(event.stage.value)


@dataclass
class Both(OnlyAsync):
    """Knows how it was told."""

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        self.seen.append(f"sync {event.stage.value}")


def told(surface: str) -> list[str]:
    """Return the stages that a surface tells of."""
    return [*ONCE, *ROUND, *ROUND] if surface in MODELS else ONCE


@pytest.mark.parametrize("surface", ASYNC)
@pytest.mark.parametrize("kind", [OnlyAsync, Both])
def test_an_asynchronous_method_is_awaited(kind: Any, surface: str) -> None:
    """Asynchronous calls prefer the method that need not block."""
    extension = kind()
    SURFACES[surface](extensions=[extension])
    assert extension.seen == told(surface)


@pytest.mark.parametrize("surface", SYNC)
def test_a_synchronous_call_uses_the_synchronous_method(surface: str) -> None:
    """An extension with both methods is told everywhere."""
    extension = Both()
    SURFACES[surface](extensions=[extension])
    assert extension.seen == [f"sync {stage}" for stage in told(surface)]


@pytest.mark.parametrize("surface", SYNC)
def test_who_cannot_be_told_is_noted_once(surface: str) -> None:
    """A synchronous call does without an extension that would have to be awaited."""
    extension = OnlyAsync()
    ran = SURFACES[surface](extensions=[extension])
    assert ran.answer == SURFACES[surface]().answer
    assert ran.notes == ("extension OnlyAsync is told in asynchronous calls only",)
    assert extension.seen == []


class Failing:
    """Fails when it is awaited."""

    async def aon_pipeline_event(self, event: PipelineEvent) -> None:
        msg = "no line"
        raise ConnectionError(msg)


@pytest.mark.parametrize("surface", ASYNC)
def test_a_failure_in_an_awaited_method_is_noted(surface: str) -> None:
    """An asynchronous failure is passed over like any other."""
    ran = SURFACES[surface](extensions=[Failing()])
    assert ran.answer == SURFACES[surface]().answer
    failed = "extension Failing failed at setup: ConnectionError: no line"
    assert ran.notes[0] == failed


def test_other_tasks_go_on_while_an_extension_waits() -> None:
    """Calls that wait for their extensions do not wait for each other."""

    @dataclass
    class Meeting:
        """Waits until as many calls as it knows of have come."""

        expected: int
        come: set[str] = field(default_factory=set)
        all_here: asyncio.Event = field(default_factory=asyncio.Event)

        async def aon_pipeline_event(self, event: PipelineEvent) -> None:
            self.come.add(event.call.id)
            if len(self.come) == self.expected:
                self.all_here.set()
            await self.all_here.wait()

    async def together(models: Sequence[Any]) -> list[Any]:
        calls = (model.ainvoke(history()) for model in models)
        return await asyncio.wait_for(asyncio.gather(*calls), timeout=60)

    meeting = Meeting(expected=3)
    models = [wrapped(extensions=[meeting]) for _ in range(3)]
    answers = asyncio.run(together(models))
    assert [answer.text for answer in answers] == ["No."] * 3
