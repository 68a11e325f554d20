"""Compression without the wrapper, as functions.

Markers written here are redeemed by whoever holds the store: a tool made with
`create_retrieve_tool(store)`, or a `HeadroomChatModel` with the same store. So
without a store nothing is left out; texts are only rewritten without loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Generic, Unpack

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
    convert_to_messages,
    convert_to_openai_messages,
)

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.lifecycle.participants import NOBODY, Participants, TakingPart
from headroom_langchain.lifecycle.preparing import Preparation, Prepared, work
from headroom_langchain.lifecycle.running import Lifecycle
from headroom_langchain.lifecycle.steps import Steps, acarried_out, carried_out
from headroom_langchain.model.ending import ended_outside
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.pipeline import Plan
from headroom_langchain.reports.results import CompressedText, CompressionResult, M
from headroom_langchain.rules.policy import CompressionPolicy, check_policy
from headroom_langchain.tokens import TokenCounter, estimate_tokens


def compress(
    messages: Sequence[M],
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    model: BaseChatModel | None = None,
    token_counter: TokenCounter = estimate_tokens,
    **taking_part: Unpack[TakingPart],
) -> CompressionResult[M]:
    """Compress the large texts of messages.

    Args:
        messages: LangChain messages, or dicts as OpenAI's API takes them.
        policy: The rules; the defaults compress large tool results.
        store: Where originals go. Without one nothing is left out.
        namespace: Separates tenants in the store.
        model: The model that will read the messages. For one that cannot call
            tools nothing is left out.
        token_counter: Counts the figures of the result; decides nothing.
        taking_part: `extensions`, `hooks` and `discover`, which are those of
            `HeadroomChatModel`.

    Returns:
        The messages, in the form they were given. If the store cannot be written,
        nothing is left out and the notes say why.

    Raises:
        ConfigurationError: `messages` is no list of messages, or something given is
            not what it should be.
    """
    return Job(
        messages,
        policy=policy,
        store=store,
        namespace=namespace,
        model=model,
        token_counter=token_counter,
        lifecycle=Participants.of(**taking_part).begin("compress", namespace),
    ).run()


async def acompress(
    messages: Sequence[M],
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    model: BaseChatModel | None = None,
    token_counter: TokenCounter = estimate_tokens,
    **taking_part: Unpack[TakingPart],
) -> CompressionResult[M]:
    """Compress as `compress` does; much text is read in a worker thread."""
    return await Job(
        messages,
        policy=policy,
        store=store,
        namespace=namespace,
        model=model,
        token_counter=token_counter,
        lifecycle=Participants.of(**taking_part).begin("compress", namespace),
    ).arun()


def compress_text(
    text: str,
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    tool: str = "tool",
    arguments: Mapping[str, Any] | None = None,
    question: str = "",
    token_counter: TokenCounter = estimate_tokens,
    **taking_part: Unpack[TakingPart],
) -> CompressedText:
    """Compress one text as if a tool had written it.

    Args:
        text: The text.
        policy: The rules.
        store: Where the original goes. Without one nothing is left out.
        namespace: Separates tenants in the store.
        tool: The name of the tool.
        arguments: What the tool was called with: such lines are shown first.
        question: What was asked before the tool was called, likewise.
        token_counter: Counts the figures of the result; decides nothing.
        taking_part: `extensions`, `hooks` and `discover`, which are those of
            `HeadroomChatModel`.

    Raises:
        ConfigurationError: `text` is no string, or something given is not what it
            should be.
    """
    if not isinstance(text, str):
        msg = f"A {type(text).__name__} is no text: decode bytes, write data as JSON"
        raise ConfigurationError(msg)
    call = {"name": tool, "args": dict(arguments or {}), "id": "call"}
    result = compress(
        [
            HumanMessage(question),
            AIMessage("", tool_calls=[call]),
            ToolMessage(text, tool_call_id="call", name=tool),
        ],
        policy=policy,
        store=store,
        namespace=namespace,
        token_counter=token_counter,
        **taking_part,
    )
    block = result.blocks[-1]
    return CompressedText(
        text=str(result.messages[-1].content),
        given=text,
        key=block.key,
        kind=block.kind,
        omitted=block.omitted,
        tokens_before=block.tokens_before,
        tokens_after=block.tokens_after,
        skipped=block.skipped,
        rule=block.rule,
        notes=result.notes,
    )


class Job(Generic[M]):
    """One compression: its plan, and its result in the form of its input."""

    def __init__(
        self,
        messages: Sequence[M],
        *,
        policy: CompressionPolicy | None = None,
        store: CCRStore | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        model: BaseChatModel | None = None,
        token_counter: TokenCounter = estimate_tokens,
        memory: Memory | None = None,
        lifecycle: Lifecycle | None = None,
    ) -> None:
        """Take over messages; the arguments are those of `compress`.

        With a `memory`, texts that were shortened before are not read again; a
        `lifecycle` tells of the stages.
        """
        _check_given(messages)
        check_policy(policy)
        self._given: list[M] = list(messages)
        self._messages = [_message(message) for message in messages]
        self._policy = policy or CompressionPolicy()
        self._counter = token_counter
        self._memory = memory
        check_store(store)
        self._store, self._namespace = store, namespace
        self._able = model is None or _calls_tools(model)
        self._lifecycle = lifecycle or NOBODY.begin("compress", namespace)

    def run(self) -> CompressionResult[M]:
        """Compress, and keep the originals."""
        return carried_out(self._steps())

    async def arun(self) -> CompressionResult[M]:
        """Compress, and keep the originals; much text is read in a worker thread."""
        return await acarried_out(self._steps())

    def _steps(self) -> Steps[CompressionResult[M]]:
        lifecycle, messages = self._lifecycle, self._messages
        policy = yield from lifecycle.set_up(self._policy)
        yield from lifecycle.pre_start(messages, ())
        yield from lifecycle.post_start(messages)
        offered = policy.retrieval and policy.offer != "never"
        redeemable = self._store is not None and self._able and offered
        prepared = yield from Preparation(
            lifecycle=lifecycle,
            plan=partial(self._planned, policy, redeemable=redeemable),
            run=work,
            store=self._store,
            namespace=self._namespace,
            plan_unkept=partial(self._planned, policy, redeemable=False),
        ).steps(messages)
        texts = [b for b in prepared.compressed.blocks if b.role in policy.roles]
        note = yield from ended_outside(
            lifecycle, self._store, self._namespace, texts, prepared.notes
        )
        return self._result(prepared, note)

    def _planned(
        self,
        policy: CompressionPolicy,
        messages: Sequence[BaseMessage],
        *,
        redeemable: bool,
    ) -> Plan:
        return Plan(
            messages,
            policy=policy,
            redeemable=redeemable,
            memory=self._memory,
            token_counter=self._counter,
        )

    def _result(self, prepared: Prepared, note: str | None) -> CompressionResult[M]:
        return CompressionResult(
            messages=self._given_back(prepared),
            given=self._given,
            blocks=prepared.compressed.blocks,
            notes=(*self._lifecycle.notes, *prepared.notes, *([note] if note else [])),
        )

    def _given_back(self, prepared: Prepared) -> list[Any]:
        """Return messages in the form of those that were given."""
        pairs = zip(self._messages, self._given, strict=True)
        forms: dict[int, Any] = {id(message): given for message, given in pairs}
        for old, new in zip(prepared.received, prepared.rewritten, strict=True):
            if new is not old and isinstance(given := forms.get(id(old)), dict):
                forms[id(new)] = {**given, "content": new.content}
        sent = prepared.compressed.messages
        return [forms.get(id(message)) or self._formed(message) for message in sent]

    def _formed(self, message: BaseMessage) -> Any:
        """Return a message that was not given in the form of the others."""
        if self._given and all(isinstance(given, dict) for given in self._given):
            return convert_to_openai_messages(message)
        return message


def _check_given(messages: object) -> None:
    """Refuse what could be iterated over, but not as messages."""
    if isinstance(messages, str | bytes | Mapping | BaseMessage):
        what = type(messages).__name__
        msg = f"A {what} is no list of messages: give [message, ...], or compress_text"
        raise ConfigurationError(msg)


def _calls_tools(model: BaseChatModel) -> bool:
    return type(model).bind_tools is not BaseChatModel.bind_tools


def _message(given: BaseMessage | dict[str, Any]) -> BaseMessage:
    return given if isinstance(given, BaseMessage) else convert_to_messages([given])[0]
