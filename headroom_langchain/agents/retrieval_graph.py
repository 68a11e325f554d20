"""A model and its retrievals as a small graph, with nothing hidden.

`HeadroomChatModel` does the same and shows one answer. Here the model's calls of
`headroom_retrieve` and the answers are messages of the state like others, so they
need no record, and whoever streams or traces the graph sees them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.runnables.config import merge_configs

from headroom_langchain.accounts.bookkeeping import (
    akeep_figures,
    asked_outside,
    keep_figures,
)
from headroom_langchain.accounts.outside import Books
from headroom_langchain.agents.visible_retrieval import (
    Told,
    VisibleRetrieval,
    as_answer,
    asked_of,
    asked_rounds,
    asks_only,
)
from headroom_langchain.calls.tool_choice import ToolChoice
from headroom_langchain.ccr.rounds.calls import hidden_calls, mended
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.tool import create_retrieve_tool
from headroom_langchain.chat_model import HeadroomChatModel
from headroom_langchain.lifecycle.participants import NOBODY, Participants, TakingPart
from headroom_langchain.lifecycle.preparing import Preparation, work
from headroom_langchain.lifecycle.running import Lifecycle
from headroom_langchain.lifecycle.steps import Steps, acarried_out, carried_out
from headroom_langchain.model.ending import ended_outside
from headroom_langchain.model.offering import Offering, ToolFormat, wants_strict
from headroom_langchain.model.unwrapping import unwrapped
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.messages import recorded_keys, with_keys
from headroom_langchain.plan.pipeline import Plan
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.rules.terms import Terms, messages_of

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

_RETRIEVE = "retrieve"

_log = logging.getLogger(__name__)

Update = dict[str, list[BaseMessage]]
"""What a node changes in the state."""


def create_retrieval_graph(
    model: Any,
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    embeddings: Embeddings | None = None,
    name: str = "headroom_retrieval",
    **taking_part: Unpack[TakingPart],
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Make a graph that calls a model with compressed messages.

    Its node `model` calls the model; its node `retrieve` answers what the model
    asks of `headroom_retrieve`, until it answers, calls other tools, or has asked
    as often as the policy allows and must answer. The state keeps what the tools
    wrote. As a node of another graph it shares the key `messages`.

    A message that also calls other tools ends the graph with none of its calls
    answered, for the `ToolNode` after it to answer them all. It needs the hooks of
    `ToolHooks(store=store, compress=False)`, and no further tool.

    Args:
        model: A chat model, one with bound tools, or the name of one.
        policy: The rules; the defaults compress large tool results.
        store: Where the originals of messages are that were compressed elsewhere;
            those of other messages are in the state itself.
        namespace: Separates tenants in the store; a call's
            `configurable={"headroom_namespace": ...}` names another.
        embeddings: Finds passages by meaning, beside the words of a query.
        name: The name of the graph.
        taking_part: `extensions`, `hooks` and `discover` as of `HeadroomChatModel`.
            What they leave out is kept in the store and recorded on the answers;
            what goes wrong with them is told in the log.

    Raises:
        ConfigurationError: `model` is no chat model.

    Example:
        ```python
        builder.add_node("model", create_retrieval_graph(model.bind_tools(tools)))
        builder.add_conditional_edges("model", tools_condition)
        ```
    """
    from langgraph.graph import END, START, MessagesState, StateGraph

    own = {"policy": policy, "store": store, "embeddings": embeddings, **taking_part}
    nodes = _Nodes(model, own, namespace=namespace)

    def after_model(state: Any) -> str:
        said = messages_of(state)[-1]
        asks = isinstance(said, AIMessage) and asks_only(said)
        return _RETRIEVE if asks else END

    builder = StateGraph(MessagesState)
    builder.add_node("model", RunnableLambda(nodes.speak, afunc=nodes.aspeak))
    builder.add_node(_RETRIEVE, RunnableLambda(nodes.retrieve, afunc=nodes.aretrieve))
    builder.add_edge(START, "model")
    builder.add_conditional_edges("model", after_model, [_RETRIEVE, END])
    builder.add_edge(_RETRIEVE, "model")
    return builder.compile(name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One call of the model."""

    messages: list[BaseMessage]
    arguments: Mapping[str, Any]
    last: bool
    """Whether the model must answer now."""
    keys: Sequence[str]
    """What is to be recorded on the answer."""

    def update(self, said: AIMessage) -> Update:
        """Return what the model said as it may stand in the state."""
        told = as_answer(said) if self.last else mended(said, hidden_calls(said))
        return {"messages": [with_keys(told, self.keys) if self.keys else told]}


class _Nodes:
    """The nodes of one graph, and what they share."""

    def __init__(
        self,
        model: Any,
        own: Mapping[str, Any],
        *,
        namespace: str,
    ) -> None:
        """Take apart what was given as the model; what a wrapper has counts too.

        Args:
            model: What was given.
            own: The rules, the store and the embeddings, each unless it is `None`.
            namespace: Separates tenants in the store.
        """
        named = {key: value for key, value in own.items() if value is not None}
        fields = unwrapped({"inner": model, **named}, wrapper=HeadroomChatModel)
        self._model: BaseChatModel = fields["inner"]
        self._arguments: Mapping[str, Any] = fields.get("inner_arguments", {})
        config: Any = {key: fields[key] for key in _CONFIGURED if key in fields}
        self._config: RunnableConfig = config
        self._terms = Terms(
            policy=fields.get("policy", CompressionPolicy()), namespace=namespace
        )
        kept = fields["store"] if "store" in fields else InMemoryCCRStore()
        self._participants = Participants.of(
            **{key: fields[key] for key in _TAKING_PART if key in fields}
        )
        self._store = kept
        self._memory = Memory()
        self._books = Books()
        self._retrieval = VisibleRetrieval(
            kept, memory=self._memory, embeddings=fields.get("embeddings")
        )
        self._format = ToolFormat.of(
            self._model,
            create_retrieve_tool(kept),
            strict=wants_strict(self._arguments),
        )

    def speak(self, state: Any, config: RunnableConfig) -> Update:
        """Call the model."""
        call = carried_out(self._opening(state, config))
        config = merge_configs(self._config, config)
        return call.update(self._model.invoke(call.messages, config, **call.arguments))

    async def aspeak(self, state: Any, config: RunnableConfig) -> Update:
        """Call the model; much text is read in a worker thread."""
        call = await acarried_out(self._opening(state, config))
        config = merge_configs(self._config, config)
        said = await self._model.ainvoke(call.messages, config, **call.arguments)
        return call.update(said)

    def retrieve(self, state: Any, config: RunnableConfig) -> Update:
        """Answer the calls of the last message."""
        messages = messages_of(state)
        terms, calls = self._terms.under(config), asked_of(messages)
        told = self._retrieval.answers(terms, messages, calls)
        report = asked_outside(told.retrievals, told.resent)
        keep_figures(self._store, report, namespace=terms.namespace)
        return self._told(config, told)

    async def aretrieve(self, state: Any, config: RunnableConfig) -> Update:
        """Answer the calls of the last message."""
        messages = messages_of(state)
        terms, calls = self._terms.under(config), asked_of(messages)
        told = await self._retrieval.aanswers(terms, messages, calls)
        report = asked_outside(told.retrievals, told.resent)
        await akeep_figures(self._store, report, namespace=terms.namespace)
        return self._told(config, told)

    def _told(self, config: RunnableConfig, told: Told) -> Update:
        self._books.retrieval(config, told.retrievals, told.notes, resent=told.resent)
        return {"messages": [*told.messages]}

    def _opening(self, state: Any, config: RunnableConfig) -> Steps[_Call]:
        messages, terms = messages_of(state), self._terms.under(config)
        lifecycle = self._participants.begin("node", terms.namespace)
        policy = yield from lifecycle.set_up(terms.policy)
        yield from lifecycle.pre_start(messages, self._arguments.get("tools") or ())
        yield from lifecycle.post_start(messages)
        offering = self._offering(replace(terms, policy=policy))
        if offering.choice.forbids and policy.when_forced == "original":
            policy = policy.model_copy(update={"roles": frozenset()})
        preparation = self._preparation(
            lifecycle, policy, terms.namespace, redeemable=offering.format is not None
        )
        with self._books.compression(config) as tell:
            prepared = yield from preparation.steps(messages)
            tell(prepared.compressed.blocks, prepared.notes)
        blocks = prepared.compressed.blocks
        failed = yield from ended_outside(
            lifecycle, self._store, terms.namespace, blocks, prepared.notes
        )
        for note in (*lifecycle.notes, *prepared.notes, *([failed] if failed else [])):
            _log.warning("%s", note)
        sent = prepared.compressed.messages
        last = asked_rounds(messages) > policy.max_rounds
        arguments = offering.call(policy, marked=bool(recorded_keys(sent)))
        return _Call(
            messages=sent,
            arguments=offering.closing(arguments) if last else arguments,
            last=last,
            keys=self._unrecorded(messages, sent),
        )

    def _offering(self, terms: Terms) -> Offering:
        return Offering(
            format=self._format if terms.offered else None,
            choice=ToolChoice.of(self._arguments),
            arguments=self._arguments,
            first=terms.policy.when_forced == "retrieve",
        )

    def _preparation(
        self,
        lifecycle: Lifecycle,
        policy: CompressionPolicy,
        namespace: str,
        *,
        redeemable: bool,
    ) -> Preparation:
        def plan(messages: Sequence[BaseMessage], *, redeemable: bool) -> Plan:
            return Plan(
                messages, policy=policy, redeemable=redeemable, memory=self._memory
            )

        return Preparation(
            lifecycle=lifecycle,
            plan=partial(plan, redeemable=redeemable),
            run=work,
            # Without participants, compressing the state again finds the originals.
            store=None if self._participants == NOBODY else self._store,
            namespace=namespace,
            plan_unkept=partial(plan, redeemable=False),
        )

    def _unrecorded(
        self, messages: Sequence[BaseMessage], sent: Sequence[BaseMessage]
    ) -> list[str]:
        """Return what was left out and is not recorded in the state yet."""
        if self._participants == NOBODY:
            return []
        known = set(recorded_keys(messages))
        return [key for key in recorded_keys(sent) if key not in known]


_CONFIGURED = ("callbacks", "metadata", "tags")
"""What a binding of the model configures of its calls."""

_TAKING_PART = ("extensions", "hooks", "discover")
"""What names who takes part in the compression."""
