"""A call of a wrapped model, from its messages to the exchange that drives it.

Hidden exchanges are put back, texts shortened, originals kept, the retrieve tool
offered: in this order, for every call, with nothing remembered between calls but
what makes the next one faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from headroom_langchain.call_config import configurable
from headroom_langchain.ccr.embedded import reranked_by
from headroom_langchain.ccr.retrieval.reading import INDEXES
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.ccr.rounds.machine import Rounds
from headroom_langchain.ccr.rounds.record import expand
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.exchange import Exchange
from headroom_langchain.messages import recorded_keys
from headroom_langchain.offering import Offering, ToolFormat, wants_strict
from headroom_langchain.pipeline import Compressed, Memory, Plan
from headroom_langchain.policy import CompressionPolicy
from headroom_langchain.report import CallReport
from headroom_langchain.tool_choice import ToolChoice
from headroom_langchain.tracing import chain_run, observers, write_figures

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

_THREAD_WORTH = 8192
"""Characters of new text from which an event loop is spared the work."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallerSettings:
    """Which model is called, and how."""

    inner: BaseChatModel
    policy: CompressionPolicy
    """The rules, unless a call overrides them."""
    store: CCRStore
    namespace: str
    """The tenant, unless a call names another."""
    embeddings: Embeddings | None = None
    """What compares passages with a query, beside their words."""

    def same(self, other: CallerSettings) -> bool:
        """Tell whether other settings are the very same objects."""
        return (
            self.inner is other.inner
            and self.policy is other.policy
            and self.store is other.store
            and self.namespace == other.namespace
            and self.embeddings is other.embeddings
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call whose texts are not shortened yet."""

    plan: Plan
    policy: CompressionPolicy
    namespace: str
    offering: Offering
    stop: list[str] | None
    observers: CallbackManager | None
    replayed: bool
    """Whether hidden exchanges were put back."""
    notes: tuple[str, ...]


class Caller:
    """Opens calls of one inner model."""

    def __init__(self, settings: CallerSettings) -> None:
        """Prepare for calls."""
        self.settings = settings
        self._memory = Memory()
        self._rerank = reranked_by(settings.embeddings)
        self._formats: dict[bool, ToolFormat | None] = {}
        self._last: tuple[Compressed, Exchange, tuple[str, ...]] | None = None

    @property
    def report(self) -> CallReport | None:
        """What the last call did, or `None` before the first."""
        if self._last is None:
            return None
        compressed, exchange, notes = self._last
        return CallReport(
            blocks=compressed.blocks,
            retrievals=tuple(exchange.answering.reports),
            rounds=exchange.rounds.number + 1,
            notes=(*notes, *exchange.answering.notes, *exchange.rounds.notes),
        )

    def open(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        arguments: Mapping[str, Any],
    ) -> Exchange:
        """Begin a call.

        Args:
            messages: The conversation as its caller keeps it.
            stop: Stop sequences.
            arguments: Further keyword arguments of the call.

        Raises:
            ConfigurationError: The call's configuration overrides a setting that
                does not exist, or with a value that does not fit.
        """
        call = self._call(messages, stop, arguments)
        with _compression(call) as told:
            compressed = call.plan.run()
            _tell(call, told, compressed)
        notes = call.notes
        if compressed.originals:
            try:
                self.settings.store.put_many(
                    compressed.originals, namespace=call.namespace
                )
            except Exception as error:  # noqa: BLE001 - any store: the call holds its originals itself
                notes += (_not_kept(error),)
        return self._exchange(call, compressed, notes)

    async def aopen(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        arguments: Mapping[str, Any],
    ) -> Exchange:
        """Begin a call as `open` does; much new text is read in a thread."""
        call = self._call(messages, stop, arguments)
        with _compression(call) as told:
            if call.plan.work < _THREAD_WORTH:
                compressed = call.plan.run()
            else:
                compressed = await asyncio.to_thread(call.plan.run)
            _tell(call, told, compressed)
        notes = call.notes
        if compressed.originals:
            try:
                await self.settings.store.aput_many(
                    compressed.originals, namespace=call.namespace
                )
            except Exception as error:  # noqa: BLE001 - any store: the call holds its originals itself
                notes += (_not_kept(error),)
        return self._exchange(call, compressed, notes)

    def _call(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        arguments: Mapping[str, Any],
    ) -> Call:
        settings = configurable()
        policy = self.settings.policy.with_overrides(settings)
        offering = Offering(
            format=self._format(policy, arguments),
            choice=ToolChoice.of(arguments),
            arguments=arguments,
            first=policy.when_forced == "retrieve",
        )
        if offering.choice.forbids and policy.when_forced == "original":
            policy = policy.model_copy(update={"roles": frozenset()})
        # Providers refuse calls of tools in a request that offers none.
        backed = bool(arguments.get("tools")) or offering.open
        expanded, notes = expand(messages, policy.replay if backed else "never")
        plan = Plan(
            expanded,
            policy=policy,
            redeemable=offering.format is not None,
            memory=self._memory,
        )
        return Call(
            plan=plan,
            policy=policy,
            namespace=settings.get("headroom_namespace", self.settings.namespace),
            offering=offering,
            stop=stop,
            observers=observers(),
            replayed=len(expanded) > len(messages),
            notes=notes,
        )

    def _format(
        self, policy: CompressionPolicy, arguments: Mapping[str, Any]
    ) -> ToolFormat | None:
        """Return how the tool is offered, or `None` when nothing can be retrieved."""
        answers = arguments.get("n") or getattr(self.settings.inner, "n", None) or 1
        if not policy.retrieval or policy.offer == "never" or answers > 1:
            return None
        strict = wants_strict(arguments)
        if strict not in self._formats:
            from headroom_langchain.ccr.tool import create_retrieve_tool

            tool = create_retrieve_tool(self.settings.store)
            self._formats[strict] = ToolFormat.of(
                self.settings.inner, tool, strict=strict
            )
        return self._formats[strict]

    def _exchange(
        self, call: Call, compressed: Compressed, notes: tuple[str, ...]
    ) -> Exchange:
        policy = call.policy
        known = recorded_keys(compressed.messages)
        arguments = call.offering.call(policy, marked=bool(known) or call.replayed)
        rounds = Rounds(
            compressed.messages,
            max_rounds=policy.max_rounds,
            max_record_tokens=policy.max_record_tokens,
            usage=policy.usage,
        )
        answering = Answering(
            originals={original.key: original for original in compressed.originals},
            known=known,
            store=self.settings.store,
            namespace=call.namespace,
            max_tokens=policy.max_retrieval_tokens,
            max_round_tokens=policy.max_round_tokens,
            read=INDEXES,
            rerank=self._rerank,
        )
        exchange = Exchange(
            inner=self.settings.inner,
            rounds=rounds,
            answering=answering,
            stop=call.stop,
            arguments=arguments,
            closing=call.offering.closing(arguments),
            observers=call.observers,
            timeout=policy.round_timeout,
        )
        self._last = (compressed, exchange, notes)
        return exchange


def _compression(call: Call) -> AbstractContextManager[dict[str, Any]]:
    inputs = {"texts": call.plan.texts}
    return chain_run(call.observers, "headroom_compress", inputs)


def _tell(call: Call, told: dict[str, Any], compressed: Compressed) -> None:
    """Tell observers what was compressed, in figures and without the texts."""
    if call.observers is None:
        return
    blocks = compressed.blocks
    tokens = {
        "tokens_before": sum(block.tokens_before for block in blocks),
        "tokens_after": sum(block.tokens_after for block in blocks),
    }
    told["compressed"] = sum(block.skipped is None for block in blocks)
    told.update(tokens)
    told["hashes"] = [original.key for original in compressed.originals]
    figures = {f"headroom_{name}": count for name, count in tokens.items()}
    write_figures(call.observers, figures)


def _not_kept(error: Exception) -> str:
    return f"originals were not kept: {type(error).__name__}: {error}"
