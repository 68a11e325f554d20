"""Compression as nodes of LangGraph graphs that are written by hand.

`compress_node` makes the state itself small, `pre_model_hook` only what a model is
sent. `create_retrieval_graph` is a model that has its retrievals answered in nodes
that everybody can see, and `ToolHooks` are for a `ToolNode`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig

from headroom_langchain.accounts.ledger import Counted
from headroom_langchain.accounts.outside import Books, Tell
from headroom_langchain.agents.retrieval_graph import create_retrieval_graph
from headroom_langchain.agents.tool_hooks import ToolHooks
from headroom_langchain.calls.call_config import published
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.compressing import Job
from headroom_langchain.lifecycle.participants import NOBODY, Participants, TakingPart
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.messages import recorded_keys, with_keys
from headroom_langchain.reports.results import CompressionResult
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.rules.terms import Terms, messages_of

__all__ = [
    "CompressingNode",
    "ToolHooks",
    "compress_node",
    "create_retrieval_graph",
    "pre_model_hook",
]

Update = dict[str, list[BaseMessage]]
"""What a node changes in the state."""

Result = CompressionResult[BaseMessage]
Notes = tuple[str, ...]


class CompressingNode(Counted, Runnable[Any, Update]):
    """A node that compresses the messages of a state.

    What others send of its results is not known here, so `total` counts each run once.
    """

    def __init__(
        self,
        update: Callable[[Sequence[BaseMessage], Result], tuple[Update, Notes]],
        *,
        name: str,
        policy: CompressionPolicy | None,
        store: CCRStore | None,
        namespace: str,
        participants: Participants = NOBODY,
        fixed: bool = False,
    ) -> None:
        """Prepare the node.

        Args:
            update: Makes of the state's messages, and what became of them, what
                the node returns and what there is to note.
            name: The name of the node's runs.
            policy: The rules.
            store: Where originals go.
            namespace: Separates tenants in the store.
            participants: Who takes part in the compression.
            fixed: Whether they must leave the messages as many as they are.
        """
        self.name = name
        self._books = Books()
        self.ledger = self._books.ledger
        self._update = update
        self._terms = Terms(policy=policy or CompressionPolicy(), namespace=namespace)
        check_store(store)
        self._store = store
        self._memory = Memory()
        self._participants, self._fixed = participants, fixed

    def invoke(
        self,
        input: Any,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> Update:
        """Compress the messages of a state."""
        messages = messages_of(input)
        with published(config), self._books.compression(config) as tell:
            result = self._job(messages, config).run()
            return self._told(messages, result, tell)

    async def ainvoke(
        self,
        input: Any,  # noqa: A002 - the name in langchain-core
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> Update:
        """Compress the messages of a state; much text is read in a worker thread."""
        messages = messages_of(input)
        with published(config), self._books.compression(config) as tell:
            result = await self._job(messages, config).arun()
            return self._told(messages, result, tell)

    def _job(
        self, messages: list[BaseMessage], config: RunnableConfig | None
    ) -> Job[BaseMessage]:
        terms = self._terms.under(config)
        return Job(
            messages,
            policy=terms.policy,
            store=self._store,
            namespace=terms.namespace,
            memory=self._memory,
            lifecycle=self._participants.begin(
                "node", terms.namespace, fixed=self._fixed
            ),
        )

    def _told(self, messages: list[BaseMessage], result: Result, tell: Tell) -> Update:
        update, notes = self._update(messages, result)
        tell(result.blocks, (*result.notes, *notes))
        return update


def compress_node(
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    **taking_part: Unpack[TakingPart],
) -> CompressingNode:
    """Make a node that replaces large messages of the state by compressed ones.

    It returns only the messages that changed, under their own ids, so that
    `add_messages` puts them in the place of the others. A message without an id
    could only be appended, so it is left as it is; states with `add_messages` have
    none. Retrievals are answered by a `ToolNode` with `ToolHooks(store=store)`.

    Args:
        policy: The rules; the defaults compress large tool results.
        store: Where originals go. It must last as long as the threads, since their
            state no longer has the originals; without one nothing is left out.
        namespace: Separates tenants in the store; a call's
            `configurable={"headroom_namespace": ...}` names another.
        taking_part: `extensions`, `hooks` and `discover` as of `HeadroomChatModel`.
            They must leave the messages as many as they are.

    Example:
        ```python
        builder.add_node("compress", compress_node(store=store))
        builder.add_edge("tools", "compress")
        builder.add_edge("compress", "model")
        ```
    """
    return CompressingNode(
        _changed,
        name="headroom_compress",
        policy=policy,
        store=store,
        namespace=namespace,
        participants=Participants.of(**taking_part),
        fixed=True,
    )


def pre_model_hook(
    *,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    **taking_part: Unpack[TakingPart],
) -> CompressingNode:
    """Make a node that hands compressed messages to the model and keeps the state.

    It returns them as `llm_input_messages`, which is what `create_react_agent`
    takes from its `pre_model_hook`.

    Args:
        policy: The rules; the defaults compress large tool results.
        store: Where originals go; without one nothing is left out.
        namespace: Separates tenants in the store; a call's
            `configurable={"headroom_namespace": ...}` names another.
        taking_part: `extensions`, `hooks` and `discover` as of `HeadroomChatModel`.
            With them the last message of the state records what was left out, for
            the hooks of `ToolNode` to know.

    Example:
        ```python
        hooks = ToolHooks(store=store, compress=False)
        tools = ToolNode(
            [read_log, hooks.tool],
            wrap_tool_call=hooks.wrap_tool_call,
            awrap_tool_call=hooks.awrap_tool_call,
        )
        agent = create_react_agent(
            model, tools, pre_model_hook=pre_model_hook(store=store)
        )
        ```

        `create_retrieve_tool(store)` among the tools does without the hooks; it
        answers any hash of its namespace, not only those of the thread.
    """
    participants = Participants.of(**taking_part)
    return CompressingNode(
        _sent if participants == NOBODY else _sent_and_recorded,
        name="headroom_pre_model_hook",
        policy=policy,
        store=store,
        namespace=namespace,
        participants=participants,
    )


def _changed(messages: Sequence[BaseMessage], result: Result) -> tuple[Update, Notes]:
    pairs = list(zip(messages, result.messages, strict=True))
    notes = [
        f"message {index} has no id and was left as it is"
        for index, (old, new) in enumerate(pairs)
        if new is not old and not new.id
    ]
    changed = [new for old, new in pairs if new is not old and new.id]
    return {"messages": changed}, tuple(notes)


def _sent(_: Sequence[BaseMessage], result: Result) -> tuple[Update, Notes]:
    return {"llm_input_messages": result.messages}, ()


def _sent_and_recorded(
    messages: Sequence[BaseMessage], result: Result
) -> tuple[Update, Notes]:
    """Record in the state what was left out.

    Without participants, compressing the state again tells it; what they change
    can only be known from a record.
    """
    update, notes = _sent(messages, result)
    known = set(recorded_keys(messages))
    keys = [key for key in recorded_keys(result.messages) if key not in known]
    if keys and messages[-1].id:
        update["messages"] = [with_keys(messages[-1], keys)]
    elif keys:
        notes += ("the last message has no id, so that what was left out is not known",)
    return update, notes
