"""A model and its retrievals as a small graph, with nothing hidden.

`HeadroomChatModel` does the same and shows one answer. Here the model's calls of
`headroom_retrieve` and the answers are messages of the state like others, so they
need no record, and whoever streams or traces the graph sees them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.runnables.config import merge_configs

from headroom_langchain.ccr.rounds.calls import hidden_calls, mended
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.tool import create_retrieve_tool
from headroom_langchain.chat_model import HeadroomChatModel
from headroom_langchain.messages import recorded_keys
from headroom_langchain.offering import Offering, ToolFormat, wants_strict
from headroom_langchain.pipeline import Compressed, Memory, Plan
from headroom_langchain.policy import CompressionPolicy
from headroom_langchain.terms import Terms, messages_of
from headroom_langchain.tool_choice import ToolChoice
from headroom_langchain.unwrapping import unwrapped
from headroom_langchain.visible_retrieval import (
    VisibleRetrieval,
    as_answer,
    asked_of,
    asked_rounds,
    asks_only,
)

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

_RETRIEVE = "retrieve"

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

    Raises:
        ConfigurationError: `model` is no chat model.

    Example:
        ```python
        builder.add_node("model", create_retrieval_graph(model.bind_tools(tools)))
        builder.add_conditional_edges("model", tools_condition)
        ```
    """
    from langgraph.graph import END, START, MessagesState, StateGraph

    own = {"policy": policy, "store": store, "embeddings": embeddings}
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
    """One call of the model, whose texts are not shortened yet."""

    plan: Plan
    offering: Offering
    policy: CompressionPolicy
    last: bool
    """Whether the model must answer now."""

    def arguments(self, compressed: Compressed) -> dict[str, Any]:
        """Return the keyword arguments of the call."""
        marked = bool(recorded_keys(compressed.messages))
        given = self.offering.call(self.policy, marked=marked)
        return self.offering.closing(given) if self.last else given


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
        self._memory = Memory()
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
        call = self._call(state, config)
        compressed = call.plan.run()
        config = merge_configs(self._config, config)
        arguments = call.arguments(compressed)
        said = self._model.invoke(compressed.messages, config, **arguments)
        return _said(said, last=call.last)

    async def aspeak(self, state: Any, config: RunnableConfig) -> Update:
        """Call the model; texts are read in a worker thread."""
        call = self._call(state, config)
        compressed = await asyncio.to_thread(call.plan.run)
        config = merge_configs(self._config, config)
        arguments = call.arguments(compressed)
        said = await self._model.ainvoke(compressed.messages, config, **arguments)
        return _said(said, last=call.last)

    def retrieve(self, state: Any, config: RunnableConfig) -> Update:
        """Answer the calls of the last message."""
        messages = messages_of(state)
        terms, calls = self._terms.under(config), asked_of(messages)
        return {"messages": [*self._retrieval.answers(terms, messages, calls).messages]}

    async def aretrieve(self, state: Any, config: RunnableConfig) -> Update:
        """Answer the calls of the last message."""
        messages = messages_of(state)
        terms, calls = self._terms.under(config), asked_of(messages)
        told = await self._retrieval.aanswers(terms, messages, calls)
        return {"messages": [*told.messages]}

    def _call(self, state: Any, config: RunnableConfig) -> _Call:
        messages, terms = messages_of(state), self._terms.under(config)
        policy = terms.policy
        offering = Offering(
            format=self._format if terms.offered else None,
            choice=ToolChoice.of(self._arguments),
            arguments=self._arguments,
            first=policy.when_forced == "retrieve",
        )
        if offering.choice.forbids and policy.when_forced == "original":
            policy = policy.model_copy(update={"roles": frozenset()})
        return _Call(
            plan=Plan(
                messages,
                policy=policy,
                redeemable=offering.format is not None,
                memory=self._memory,
            ),
            offering=offering,
            policy=policy,
            last=asked_rounds(messages) > policy.max_rounds,
        )


_CONFIGURED = ("callbacks", "metadata", "tags")
"""What a binding of the model configures of its calls."""


def _said(message: AIMessage, *, last: bool) -> Update:
    """Return what the model said as it may stand in the state."""
    if last:
        return {"messages": [as_answer(message)]}
    return {"messages": [mended(message, hidden_calls(message))]}
