"""What a client sees of a chat model, collected while it is called."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from queue import Queue
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a client sees of one surface."""

    answers: tuple[AIMessage, ...]
    """What the surface hands over at the end: one answer, of a batch several."""
    pieces: tuple[str, ...]
    """The pieces of text as they were streamed; none where nothing streams."""
    ids: frozenset[str | None]
    """The ids of the messages that were streamed."""
    closings: int
    """How many chunks said that they are the last."""
    steps: tuple[str, ...]
    """The kinds of events in their order; tokens in a row count as one."""
    events: tuple[str, ...]
    """All that was seen, as text, but for our own record on messages."""
    metadata: frozenset[str]
    """What events say about their origin: names, and of what is known of the model
    the values too."""
    counted: Mapping[str, UsageMetadata]
    """The usage that LangChain's own handler counted, by model."""
    runs: int
    """How many model runs a callback handler saw."""


class Runs(BaseCallbackHandler):
    """Counts model runs, and knows when all of them have ended."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended: Queue[UUID] = Queue()

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        self.begun += 1

    def on_llm_end(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        self.ended.put(run_id)

    async def settled(self) -> None:
        """Wait until every run has ended: async v3 streams end before their run."""
        for _ in range(self.begun):
            await asyncio.to_thread(self.ended.get, timeout=10)


@dataclass(slots=True)
class Watch:
    """Collects what is seen of one surface."""

    given: RunnableConfig
    """The configuration of the call, as a user would write it."""
    usage: UsageMetadataCallbackHandler = field(
        default_factory=UsageMetadataCallbackHandler
    )
    runs: Runs = field(default_factory=Runs)
    _pieces: list[str] = field(default_factory=list)
    _ids: set[str | None] = field(default_factory=set)
    _closings: int = 0
    _steps: list[str] = field(default_factory=list)
    _events: list[str] = field(default_factory=list)
    _metadata: set[str] = field(default_factory=set)

    @property
    def config(self) -> RunnableConfig:
        """The configuration to call with."""
        return merge_configs(self.given, {"callbacks": [self.usage, self.runs]})

    def event(self, kind: str, event: object) -> None:
        """Note an event."""
        self._steps.append(kind)
        self._events.append(as_text(event))

    def about(self, metadata: Mapping[str, Any]) -> None:
        """Note what an event says about its origin."""
        for key, value in metadata.items():
            self._metadata.add(f"{key}={value}" if key.startswith("ls_") else key)

    def message(self, message: object) -> None:
        """Note a message or a piece of one, if it is the model's."""
        if isinstance(message, AIMessage):
            self.text(message.text, message.id)
        if isinstance(message, AIMessageChunk):
            self._closings += message.chunk_position == "last"

    def text(self, text: str, message_id: str | None) -> None:
        """Note a piece of text."""
        self._pieces.append(text)
        self._ids.add(message_id)

    async def observed(self, *answers: AIMessage) -> Observed:
        """Return what was seen, with the answers that came of it."""
        await self.runs.settled()
        assert all(isinstance(answer, AIMessage) for answer in answers)
        return Observed(
            answers=answers,
            pieces=tuple(self._pieces),
            ids=frozenset(self._ids),
            closings=self._closings,
            steps=tuple(kind for kind, _ in groupby(self._steps)),
            events=(*self._events, *map(as_text, answers)),
            metadata=frozenset(self._metadata),
            counted=dict(self.usage.usage_metadata),
            runs=self.runs.begun,
        )


def as_text(value: object) -> str:
    """Return everything in a value as text, but for our record on messages."""
    return repr(_bare(value))


def _bare(value: object) -> object:
    if isinstance(value, BaseModel):
        return _bare(vars(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = dataclasses.fields(value)
        return {entry.name: _bare(getattr(value, entry.name)) for entry in named}
    if isinstance(value, Mapping):
        bare = {key: _bare(inner) for key, inner in value.items()}
        extra = bare.get("additional_kwargs")
        if isinstance(extra, dict):
            extra.pop("headroom", None)
        return bare
    if isinstance(value, list | tuple | set | frozenset):
        return [_bare(inner) for inner in value]
    return value
