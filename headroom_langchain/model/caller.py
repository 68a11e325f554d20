"""A call of a wrapped model, from its messages to the exchange that drives it.

Hidden exchanges are put back, texts shortened, originals kept, the retrieve tool
offered: in this order, for every call, with nothing remembered between calls but
what makes the next one faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManager, Callbacks
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from headroom_langchain.accounts.account import opened
from headroom_langchain.accounts.ledger import Ledger
from headroom_langchain.accounts.metadata import compression_of
from headroom_langchain.accounts.watching import ledgers_of
from headroom_langchain.calls.call_config import configurable
from headroom_langchain.calls.tool_choice import ToolChoice
from headroom_langchain.calls.tracing import chain_run, observers
from headroom_langchain.ccr.embedded import reranked_by
from headroom_langchain.ccr.retrieval.reading import INDEXES
from headroom_langchain.ccr.rounds.answering import Answering
from headroom_langchain.ccr.rounds.machine import Rounds
from headroom_langchain.ccr.rounds.record import expand
from headroom_langchain.ccr.store.base import CCRStore
from headroom_langchain.lifecycle.extension import Extension
from headroom_langchain.lifecycle.hooks import CompressionHooks
from headroom_langchain.lifecycle.participants import Participants
from headroom_langchain.lifecycle.preparing import Preparation, Prepared, work
from headroom_langchain.lifecycle.running import Lifecycle
from headroom_langchain.lifecycle.steps import Steps, acarried_out, carried_out
from headroom_langchain.model.exchange import Exchange
from headroom_langchain.model.offering import Offering, ToolFormat, wants_strict
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.messages import recorded_keys
from headroom_langchain.plan.pipeline import Compressed, Plan
from headroom_langchain.rules.policy import CompressionPolicy

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


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
    extensions: tuple[Extension, ...] = ()
    """Who is told of the stages of calls, in this order."""
    hooks: CompressionHooks | None = None
    discover: bool = False
    """Whether installed extensions are told, too."""
    ledger: Ledger = field(default_factory=Ledger)
    """What adds up the calls."""
    callbacks: Callbacks = None
    """Who is told of calls of this model alone."""

    def same(self, other: CallerSettings) -> bool:
        """Tell whether other settings are the very same objects."""
        return (
            self.inner is other.inner
            and self.policy is other.policy
            and self.store is other.store
            and self.namespace == other.namespace
            and self.embeddings is other.embeddings
            and self.ledger is other.ledger
            and self.callbacks is other.callbacks
            and self.extensions is other.extensions
            and self.hooks is other.hooks
            and self.discover == other.discover
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call whose texts are not shortened yet."""

    policy: CompressionPolicy
    namespace: str
    offering: Offering
    stop: list[str] | None
    observers: CallbackManager | None
    lifecycle: Lifecycle
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
        self.participants = Participants.of(
            extensions=settings.extensions,
            hooks=settings.hooks,
            discover=settings.discover,
        )
        self._formats: dict[bool, ToolFormat | None] = {}

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
        return carried_out(self._opening(messages, stop, arguments))

    async def aopen(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        arguments: Mapping[str, Any],
    ) -> Exchange:
        """Begin a call as `open` does; much new text is read in a thread."""
        return await acarried_out(self._opening(messages, stop, arguments))

    def _opening(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        arguments: Mapping[str, Any],
    ) -> Steps[Exchange]:
        settings = configurable()
        namespace = settings.get("headroom_namespace", self.settings.namespace)
        lifecycle = self.participants.begin("model", namespace)
        policy = self.settings.policy.with_overrides(settings)
        policy = yield from lifecycle.set_up(policy)
        yield from lifecycle.pre_start(messages, arguments.get("tools") or ())
        offering = self._offering(policy, arguments)
        if offering.choice.forbids and policy.when_forced == "original":
            policy = policy.model_copy(update={"roles": frozenset()})
        # Providers refuse calls of tools in a request that offers none.
        backed = bool(arguments.get("tools")) or offering.open
        expanded, notes = expand(messages, policy.replay if backed else "never")
        yield from lifecycle.post_start(expanded)
        call = Call(
            policy=policy,
            namespace=namespace,
            offering=offering,
            stop=stop,
            observers=observers(),
            lifecycle=lifecycle,
            replayed=len(expanded) > len(messages),
            notes=notes,
        )
        prepared = yield from self._preparation(call).steps(expanded)
        return self._exchange(call, prepared)

    def _offering(
        self, policy: CompressionPolicy, arguments: Mapping[str, Any]
    ) -> Offering:
        return Offering(
            format=self._format(policy, arguments),
            choice=ToolChoice.of(arguments),
            arguments=arguments,
            first=policy.when_forced == "retrieve",
        )

    def _preparation(self, call: Call) -> Preparation:
        def plan(messages: Sequence[BaseMessage]) -> Plan:
            return Plan(
                messages,
                policy=call.policy,
                redeemable=call.offering.format is not None,
                memory=self._memory,
            )

        return Preparation(
            lifecycle=call.lifecycle,
            plan=plan,
            run=partial(_compression, call),
            store=self.settings.store,
            namespace=call.namespace,
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

    def _exchange(self, call: Call, prepared: Prepared) -> Exchange:
        policy, compressed = call.policy, prepared.compressed
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
        settings = self.settings
        account = opened(
            compressed,
            [settings.ledger, *ledgers_of(call.observers, settings.callbacks)],
            model=settings.inner,
            offered=call.offering.format,
            changed=call.lifecycle.watched,
            retrievals=answering.reports,
            notes=(
                call.notes,
                prepared.notes,
                call.lifecycle.notes,
                answering.notes,
                rounds.notes,
            ),
            observers=call.observers,
        )
        return Exchange(
            inner=self.settings.inner,
            account=account,
            rounds=rounds,
            answering=answering,
            stop=call.stop,
            arguments=arguments,
            closing=call.offering.closing(arguments),
            observers=call.observers,
            timeout=policy.round_timeout,
            lifecycle=call.lifecycle,
        )


def _compression(call: Call, plan: Plan) -> Steps[Compressed]:
    inputs = {"texts": plan.texts}
    with chain_run(call.observers, "headroom_compress", inputs) as told:
        compressed = yield from work(plan)
        if call.observers is not None:
            told.update(compression_of(compressed.blocks))
    return compressed
