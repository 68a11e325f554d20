"""One call of the model, and the answer made of it as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Protocol
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig

from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.accounts.watching import counted_in
from headroom_langchain.serve.model_backed.answer import (
    EVENTS,
    JSON,
    UNCACHED,
    Answer,
    failed,
)
from headroom_langchain.serve.model_backed.asked import Asked
from headroom_langchain.serve.model_backed.calling import Call
from headroom_langchain.serve.model_backed.chat_answer import (
    ChatAnswer,
    whole_completion,
)
from headroom_langchain.serve.model_backed.ending import (
    chat_usage,
    messages_usage,
    word_of,
)
from headroom_langchain.serve.model_backed.failures import (
    BROKEN_OFF,
    NOTHING,
    headers_of,
    problem_event,
    problem_of,
)
from headroom_langchain.serve.model_backed.messages_answer import (
    MessagesAnswer,
    whole_message,
)
from headroom_langchain.serve.model_backed.pieces import Piece, Reader
from headroom_langchain.serve.model_backed.pump import LATE, Pump
from headroom_langchain.serve.model_backed.remembering import Remembered
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.frames import dumped
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Problem

_STARTS: Final = {"messages": "msg_", "chat": "chatcmpl-"}
"""How the ids of answers begin."""


class _Writer(Protocol):
    heartbeat: bytes

    def start(self) -> Iterator[Json]: ...

    def take(self, piece: Piece) -> Iterator[Json]: ...

    def end(
        self,
        word: str | None,
        usage: Json,
        *,
        called: bool,
        sequence: str | None,
    ) -> Iterator[Json]: ...

    def written(self, message: Json) -> bytes: ...

    def last(self) -> bytes: ...


@dataclass(slots=True, kw_only=True)
class ModelTurn:
    """One call of the model."""

    asked: Asked
    call: Call
    messages: list[BaseMessage]
    namespace: str
    remembered: Remembered
    ends_with_reason: bool
    """Whether the model says why it stopped, so that an answer without is cut."""
    heartbeat: float
    ledger: Ledger = field(default_factory=Ledger)
    reader: Reader = field(default_factory=Reader)
    parts: list[AIMessage] = field(default_factory=list)

    async def whole(self) -> Answer:
        """Answer in one piece."""
        try:
            with counted_in(self.ledger):
                message = await self.call.model.ainvoke(
                    self.messages,
                    self._config(),
                    stop=self.call.stop,
                    **self.call.kwargs,
                )
        except Exception as error:  # noqa: BLE001 - any model: the client is told
            return self._failure(self._told(error), headers_of(error))
        self.parts.append(message)
        writer = self._writer(message.id)
        taken = [event for p in self.reader.take(message) for event in writer.take(p)]
        rest = list(self._rest(writer))
        if problem := self._missing():
            return self._failure(problem, headers_of(RuntimeError()))
        self._keep()
        events = chain(writer.start(), taken, rest)
        messages = self.asked.protocol == "messages"
        answer = whole_message(events) if messages else whole_completion(events)
        if not messages:
            answer["usage"] = self._counted()
        return Answer(
            status=200,
            headers=[JSON, *self._ignored()],
            body=dumped(answer),
            model=self.asked.model,
            usage=self._usage(),
            ledger=self.ledger,
        )

    async def streamed(self) -> Answer:
        """Answer with a stream, once the model has begun."""
        pump = Pump(self._stream, counted_in(self.ledger))
        try:
            first = await pump.next(self.heartbeat)
        except Exception as error:  # noqa: BLE001 - any model: the client is told
            await pump.close()
            return self._failure(self._told(error), headers_of(error), stream=True)
        except BaseException:
            await pump.close()
            raise
        if first is None:
            await pump.close()
            return self._failure(NOTHING, headers_of(RuntimeError()), stream=True)
        answer = Answer(
            status=200,
            headers=[EVENTS, UNCACHED, *self._ignored()],
            body=b"",
            model=self.asked.model,
            stream=True,
            ledger=self.ledger,
            pump=pump,
        )
        answer.body = self._events(pump, first, answer)
        return answer

    async def _events(
        self, pump: Pump, first: Any, answer: Answer
    ) -> AsyncGenerator[bytes]:
        writer = self._writer(getattr(first, "id", None))
        events, chunk = writer.start(), first
        try:
            while chunk is not None:
                if chunk is LATE:
                    yield b"".join(map(writer.written, events)) + writer.heartbeat
                else:
                    self.parts.append(chunk)
                    events = chain(events, self._taken(writer, chunk))
                    if data := b"".join(map(writer.written, events)):
                        yield data
                events = iter(())
                chunk = await pump.next(self.heartbeat)
            rest = list(self._rest(writer))
            answer.problem = self._missing()
        except Exception as error:  # noqa: BLE001 - any model: the client is told
            answer.problem = self._told(error)
        answer.usage = self._usage()
        if answer.problem is not None:
            yield problem_event(self.asked.protocol, answer.problem)
            return
        self._keep()
        yield b"".join(map(writer.written, rest)) + writer.last()

    def _stream(self) -> AsyncGenerator[AIMessage]:
        chunks: AsyncGenerator[AIMessage] = self.call.model.astream(
            self.messages, self._config(), stop=self.call.stop, **self.call.kwargs
        )
        return chunks

    def _taken(self, writer: _Writer, chunk: AIMessage) -> Iterator[Json]:
        for piece in self.reader.take(chunk):
            yield from writer.take(piece)

    def _rest(self, writer: _Writer) -> Iterator[Json]:
        for piece in self.reader.end():
            yield from writer.take(piece)
        metadata = self.reader.metadata
        sequence = metadata.get("stop_sequence")
        yield from writer.end(
            word_of(metadata),
            self._counted(),
            called=self.reader.called,
            sequence=sequence if isinstance(sequence, str) else None,
        )

    def _missing(self) -> Problem | None:
        """Return what is wrong with an answer that has ended without an exception."""
        if word_of(self.reader.metadata) is not None:
            return None
        if not self.reader.spoke:
            return NOTHING
        return BROKEN_OFF if self.ends_with_reason else None

    def _keep(self) -> None:
        self.remembered.keep(self.asked, self.namespace, self.parts)

    def _failure(
        self, problem: Problem, headers: Headers, *, stream: bool = False
    ) -> Answer:
        told = failed(self.asked.protocol, problem, headers, model=self.asked.model)
        told.ledger, told.stream = self.ledger, stream
        return told

    def _told(self, error: Exception) -> Problem:
        return problem_of(error, native=self.asked.native)

    def _writer(self, given: str | None) -> _Writer:
        begins = _STARTS[self.asked.protocol]
        fits = given is not None and given.startswith(begins)
        answer_id = str(given) if fits else begins + uuid4().hex[:24]
        if self.asked.protocol == "messages":
            return MessagesAnswer(answer_id, self.asked.model)
        wanted = self.asked.usage_wanted
        return ChatAnswer(answer_id, self.asked.model, usage_wanted=wanted)

    def _usage(self) -> Json | None:
        return None if self.reader.usage is None else self._counted()

    def _counted(self) -> Json:
        if self.asked.protocol == "chat":
            return chat_usage(self.reader.usage)
        report = self.ledger.report
        requests = () if report is None else report.requests
        rounds = [request.usage for request in requests if request.usage]
        return messages_usage(self.reader.usage, rounds)

    def _config(self) -> RunnableConfig:
        return {"configurable": {"headroom_namespace": self.namespace}}

    def _ignored(self) -> Headers:
        # A client could write anything for a name.
        names = [n for n in self.call.ignored if n.isascii() and n.isidentifier()]
        return [(b"x-headroom-ignored", ", ".join(names).encode())] if names else []
