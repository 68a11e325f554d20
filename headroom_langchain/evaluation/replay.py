"""One conversation sent request by request, compressed and as it was.

Every answer of the model was once asked for with the messages before it. Sending
all of these again shows what compression saves with a provider that caches the
beginning of a request, and whether that beginning ever changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.tool import RETRIEVE_TOOL_DESCRIPTION, RetrieveArguments
from headroom_langchain.compressing import Job
from headroom_langchain.evaluation.conversations import wire
from headroom_langchain.evaluation.saved import Conversation
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.messages import text_blocks
from headroom_langchain.reports.report import BlockReport
from headroom_langchain.reports.results import CompressionResult
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.tokens import TokenCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Tokens of all requests of a conversation together."""

    tokens: int
    cached: int
    """How many of them stood at the beginning of the request before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text that was looked at, as it was and as it would be sent."""

    report: BlockReport
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What compression would have done to a conversation."""

    name: str
    output: bool
    """Whether the conversation stands for one output of a tool."""
    requests: int
    texts: tuple[Text, ...]
    """Every text of the last request that the policy has an eye on."""
    plain: Sent
    """As it was."""
    compressed: Sent
    """Compressed, with the definition of the retrieval tool in each request."""
    breaks: int
    """Requests that do not begin with the request before."""
    notes: tuple[str, ...]


class Replay:
    """Replays conversations with one policy."""

    def __init__(self, policy: CompressionPolicy, token_counter: TokenCounter) -> None:
        """Set up.

        Args:
            policy: The rules.
            token_counter: Counts the figures; decides nothing.
        """
        self._policy = policy
        self._count = token_counter
        self._counted: dict[str, int] = {}

    def run(self, conversation: Conversation) -> Replayed:
        """Send every request of a conversation, and compare."""
        memory, store = Memory(), InMemoryCCRStore()
        plain, compressed = _Wire(self._tokens), _Wire(self._tokens)
        ends = _requests(conversation)
        last: CompressionResult[BaseMessage] | None = None
        for end in ends:
            messages = conversation.messages[:end]
            last = Job(
                messages,
                policy=self._policy,
                store=store,
                memory=memory,
                token_counter=self._count,
            ).run()
            plain.send(messages)
            compressed.send(last.messages)
        return Replayed(
            name=conversation.name,
            output=conversation.output,
            requests=len(ends),
            texts=_texts(conversation.messages[: ends[-1]], last, self._policy),
            plain=plain.sent,
            compressed=self._with_tool(compressed.sent, len(ends)),
            breaks=compressed.breaks,
            notes=last.notes if last else (),
        )

    def _with_tool(self, sent: Sent, requests: int) -> Sent:
        tool = self._tool_tokens if self._policy.retrieval else 0
        return Sent(
            tokens=sent.tokens + tool * requests,
            cached=sent.cached + tool * (requests - 1),
        )

    @cached_property
    def _tool_tokens(self) -> int:
        schema = json.dumps(RetrieveArguments.model_json_schema())
        return self._count(RETRIEVE_TOOL_DESCRIPTION + schema)

    def _tokens(self, written: str, message: BaseMessage) -> int:
        if written not in self._counted:
            texts = [block.text for block in text_blocks([message])]
            if isinstance(message, AIMessage):
                texts += [json.dumps(call["args"]) for call in message.tool_calls]
            self._counted[written] = sum(self._count(text) for text in texts)
        return self._counted[written]


class _Wire:
    """Requests as a provider sees them, one after the other."""

    def __init__(self, tokens: Callable[[str, BaseMessage], int]) -> None:
        self._tokens = tokens
        self._before: list[str] = []
        self._sent = 0
        self._cached = 0
        self.breaks = 0

    @property
    def sent(self) -> Sent:
        return Sent(tokens=self._sent, cached=self._cached)

    def send(self, messages: Sequence[BaseMessage]) -> None:
        written = [wire(message) for message in messages]
        same = 0
        for old, new in zip(self._before, written, strict=False):
            if old != new:
                break
            same += 1
        self.breaks += same < len(self._before)
        pairs = zip(written, messages, strict=True)
        counts = [self._tokens(text, message) for text, message in pairs]
        self._sent += sum(counts)
        self._cached += sum(counts[:same])
        self._before = written


def _requests(conversation: Conversation) -> list[int]:
    """Return where each request ends: before every answer, and at the end."""
    messages = conversation.messages
    if conversation.output:
        return [len(messages)]
    ends: list[int] = []
    before: BaseMessage = SystemMessage("")
    for at, message in enumerate(messages):
        # Some formats have what was said and what was called as two messages.
        if isinstance(message, AIMessage) and not isinstance(
            before, AIMessage | SystemMessage
        ):
            ends.append(at)
        before = message
    if not ends or not isinstance(before, AIMessage):
        ends.append(len(messages))
    return ends


def _texts(
    messages: Sequence[BaseMessage],
    result: CompressionResult[BaseMessage] | None,
    policy: CompressionPolicy,
) -> tuple[Text, ...]:
    if result is None:
        return ()
    before, after = text_blocks(messages), text_blocks(result.messages)
    return tuple(
        Text(report=report, before=old.text, after=new.text)
        for old, new, report in zip(before, after, result.blocks, strict=True)
        if report.role in policy.roles
    )
