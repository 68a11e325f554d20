"""The stages of a call from the messages it was given to those that go out.

Whoever compresses messages goes through them here, so that they come alike on
every surface.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from langchain_core.messages import BaseMessage

from headroom_langchain.ccr.store.base import CCRStore, Original
from headroom_langchain.lifecycle.running import Lifecycle
from headroom_langchain.lifecycle.steps import Steps
from headroom_langchain.plan.pipeline import Compressed, Plan

_THREAD_WORTH: Final = 8192
"""Characters of new text from which an event loop is spared the work."""

MakePlan = Callable[[Sequence[BaseMessage]], Plan]
"""Looks at messages."""


@dataclass(slots=True)
class Work:
    """Do what a plan left over."""

    plan: Plan

    def do(self) -> Compressed:
        """Compress."""
        return self.plan.run()

    async def ado(self) -> Compressed:
        """Compress, in a thread if it takes long."""
        if self.plan.work < _THREAD_WORTH:
            return self.plan.run()
        return await asyncio.to_thread(self.plan.run)


def work(plan: Plan) -> Steps[Compressed]:
    """Do what a plan left over, and return the messages as they go out."""
    compressed: Compressed = yield Work(plan)
    return compressed


@dataclass(slots=True)
class Keep:
    """Hand originals to a store."""

    store: CCRStore
    originals: Sequence[Original]
    namespace: str

    def do(self) -> None:
        """Write them."""
        self.store.put_many(self.originals, namespace=self.namespace)

    async def ado(self) -> None:
        """Write them."""
        await self.store.aput_many(self.originals, namespace=self.namespace)


@dataclass(slots=True, kw_only=True)
class Prepared:
    """What became of the messages of a call."""

    received: list[BaseMessage]
    """What was read."""
    rewritten: list[BaseMessage]
    """What was made of each of those."""
    compressed: Compressed
    """What goes out instead."""
    notes: tuple[str, ...]
    """What went wrong, beside what the lifecycle notes."""


@dataclass(slots=True, kw_only=True)
class Preparation:
    """How the messages of a call are prepared."""

    lifecycle: Lifecycle
    plan: MakePlan
    run: Callable[[Plan], Steps[Compressed]]
    """Carries out a plan."""
    store: CCRStore | None
    """Where originals go; `None` when the call holds them itself."""
    namespace: str
    plan_unkept: MakePlan | None = None
    """Looks at messages whose originals could not be kept; `None` when they go out
    all the same."""

    def steps(self, messages: list[BaseMessage]) -> Steps[Prepared]:
        """Prepare messages."""
        lifecycle = self.lifecycle
        received = yield from lifecycle.received(messages)
        plan = self.plan(received)
        if biases := lifecycle.biases(plan, received):
            plan.bias(biases)
        yield from lifecycle.routed(plan)
        compressed = yield from self.run(plan)
        keys = [original.key for original in compressed.originals]
        unkept = yield from self._keep(compressed)
        if unkept is not None and self.plan_unkept is not None:
            plan = self.plan_unkept(received)
            plan.bias(biases)
            compressed = yield from self.run(plan)
        sent = yield from lifecycle.compressed(compressed)
        yield from lifecycle.remembered(keys, unkept)
        rewritten = compressed.messages
        if sent is not rewritten:
            compressed = replace(compressed, messages=sent)
        return Prepared(
            received=received,
            rewritten=rewritten,
            compressed=compressed,
            notes=() if unkept is None else (f"originals were not kept: {unkept}",),
        )

    def _keep(self, compressed: Compressed) -> Steps[str | None]:
        """Keep what was left out; returns why not, when the store fails."""
        if self.store is None or not compressed.originals:
            return None
        try:
            yield Keep(self.store, compressed.originals, self.namespace)
        except Exception as error:  # noqa: BLE001 - fail open, whatever a store raises
            return f"{type(error).__name__}: {error}"
        return None
