"""An extension or a hook that fails costs a note and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from taking_part import MODELS, SURFACES, Surface, Watcher, history, sent, wrapped

from headroom_langchain import (
    CCRStore,
    ConfigurationError,
    InMemoryCCRStore,
    compress,
)
from headroom_langchain.lifecycle import (
    Bias,
    CompressionHooks,
    Outgoing,
    PipelineEvent,
    Stage,
)
from headroom_langchain.lifecycle.participants import Participants


class Failing:
    """Fails at every stage."""

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        msg = "out of order"
        raise RuntimeError(msg)


class FailingHooks(CompressionHooks):
    """Fail in every method."""

    def pre_compress(self, messages: Sequence[BaseMessage]) -> None:
        msg = "no"
        raise KeyError(msg)

    def compute_biases(self, messages: Sequence[BaseMessage]) -> None:
        raise ValueError

    def post_compress(self, result: Outgoing) -> None:
        msg = "full"
        raise OSError(msg)


STAGES = {
    f"extension Failing failed at {stage}: RuntimeError: out of order"
    for stage in Stage
}
HOOKS = {
    "hooks FailingHooks failed at pre_compress: KeyError: 'no'",
    "hooks FailingHooks failed at compute_biases: ValueError",
    "hooks FailingHooks failed at post_compress: OSError: full",
}


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
@pytest.mark.parametrize("others", [(), (Watcher(),)], ids=["alone", "among others"])
def test_who_fails_changes_nothing(surface: Surface, others: Sequence[Any]) -> None:
    """A call with failing participants answers as one without any."""
    expected = surface()
    ran = surface(extensions=[*others, Failing()], hooks=FailingHooks())
    assert ran.answer == expected.answer


@pytest.mark.parametrize("surface", MODELS.values(), ids=MODELS)
def test_what_fails_is_noted_once(surface: Surface) -> None:
    """The report names who failed, at which stage, and why; each thing once."""
    ran = surface(extensions=[Failing()], hooks=FailingHooks())
    assert len(ran.notes) == len(set(ran.notes))
    assert set(ran.notes) == STAGES | HOOKS


@pytest.mark.parametrize(
    "surface",
    ["compress", "acompress", "compress_text", "tool results", "pre_model_hook"],
)
def test_a_compression_notes_what_fails(surface: str) -> None:
    """Results and reports of compressions say what went wrong."""
    notes = SURFACES[surface](extensions=[Failing()], hooks=FailingHooks()).notes
    assert set(notes) <= STAGES | HOOKS
    assert len(notes) == 8 + 3


def test_a_retrieval_graph_logs_what_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no report, the log has the notes."""
    SURFACES["retrieval graph"](extensions=[Failing()])
    assert "extension Failing failed at setup" in caplog.text


def test_who_comes_after_a_failure_is_told() -> None:
    """A failing extension does not stop those behind it."""
    watcher = Watcher()
    MODELS["invoke"](extensions=[Failing(), watcher])
    assert watcher.stages == list(Stage) + list(Stage)[8:]


class Stopping:
    """Ends the program."""

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_is_no_failure() -> None:
    """Who presses the keys to stop a program stops it."""
    model = wrapped(extensions=[Stopping()])
    with pytest.raises(KeyboardInterrupt):
        model.invoke(history())


class Waiting:
    """Never comes back."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def aon_pipeline_event(self, event: PipelineEvent) -> None:
        self.reached.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("stream", [False, True])
def test_a_cancellation_is_no_failure(*, stream: bool) -> None:
    """A task that is cancelled while an extension is told ends there."""

    async def cancelled() -> None:
        extension = Waiting()
        model = wrapped(extensions=[extension])
        call = anext(model.astream(history())) if stream else model.ainvoke(history())
        task = asyncio.ensure_future(call)
        await extension.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


class Odd(CompressionHooks):
    """Return what nobody asked for."""

    def pre_compress(self, messages: Sequence[BaseMessage]) -> Any:
        return "all of them"

    def compute_biases(self, messages: Sequence[BaseMessage]) -> Any:
        return 2.0


def test_odd_answers_of_hooks_are_noted() -> None:
    """A hook that returns something else is ignored, and the report says so."""
    expected, model = wrapped(), wrapped(hooks=Odd())
    assert model.invoke(history()).text == expected.invoke(history()).text
    assert sent(model) == sent(expected)
    report = model.report
    assert report is not None
    assert report.notes == (
        "hooks Odd at pre_compress returned something else than messages: ignored",
        "hooks Odd at compute_biases returned float, no Bias: ignored",
    )


class WrongBias(CompressionHooks):
    """Ask for a budget of nothing."""

    def compute_biases(self, messages: Sequence[BaseMessage]) -> Bias:
        return Bias(budget=0.0)


def test_a_bias_that_cannot_be_is_a_failure_of_the_hook() -> None:
    """A factor of nothing is noted with the remedy."""
    model = wrapped(hooks=WrongBias())
    model.invoke(history())
    report = model.report
    assert report is not None
    assert "must be above 0" in report.notes[0]


class Full(InMemoryCCRStore):
    """A store that takes nothing."""

    def put_many(self, *_: Any, **__: Any) -> Any:
        msg = "disk full"
        raise OSError(msg)


@pytest.mark.parametrize("surface", ["model", "compress"])
def test_an_extension_learns_that_originals_were_not_kept(surface: str) -> None:
    """The stage of remembering says why a store failed."""
    watcher, store = Watcher(), Full()
    assert isinstance(store, CCRStore)
    if surface == "model":
        wrapped(store=store, extensions=[watcher]).invoke(history())
    else:
        compress(history(), store=store, extensions=[watcher])
    event = watcher.at(Stage.INPUT_REMEMBERED)
    assert event.error == "OSError: disk full"
    assert len(event.keys) == 1
    shown = watcher.at(Stage.INPUT_COMPRESSED).messages[-1].text
    assert ("headroom_retrieve" in shown) is (surface == "model")


class AsyncUnderTheWrongName:
    """Names its method as a synchronous one."""

    async def on_pipeline_event(self, event: PipelineEvent) -> None:
        """Never awaited under this name."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("me", "is no list"),
        (Watcher(), "is no list"),
        ([3], "has no method"),
        ([Watcher], "is a class"),
        ([AsyncUnderTheWrongName()], "must be named `aon_pipeline_event`"),
    ],
)
def test_what_is_no_extension_is_refused(given: Any, said: str) -> None:
    """A mistake shows where extensions are given, with the remedy."""
    with pytest.raises(ConfigurationError, match=said):
        Participants.of(extensions=given)
    with pytest.raises(ValueError, match=said):
        wrapped(extensions=given)


@pytest.mark.parametrize("given", [Watcher(), CompressionHooks, 3])
def test_what_is_no_hooks_is_refused(given: Any) -> None:
    """Hooks are instances of a class that derives from the base class."""
    with pytest.raises(ConfigurationError, match="CompressionHooks"):
        Participants.of(hooks=given)
    with pytest.raises(ValueError, match="CompressionHooks"):
        wrapped(hooks=given)
