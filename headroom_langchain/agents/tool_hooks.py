"""`ToolHooks`: what compression does around the tools of an agent or a graph.

A tool's result is compressed before it enters the state, so that the state and
its checkpoints stay small, and `headroom_retrieve` is a tool that the loop
itself calls. `HeadroomMiddleware(compress="tool_results")` has these hooks, and
a `ToolNode` takes them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolCall,
    ToolMessage,
)

from headroom_langchain.accounts.bookkeeping import (
    akeep_figures,
    asked_outside,
    keep_figures,
)
from headroom_langchain.accounts.ledger import Counted
from headroom_langchain.accounts.outside import Books, Tell
from headroom_langchain.agents.tool_results import mapped, tool_messages
from headroom_langchain.agents.visible_retrieval import Told, VisibleRetrieval
from headroom_langchain.calls.call_config import published
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.ccr.tool import create_retrieve_tool
from headroom_langchain.compressing import Job
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.lifecycle.participants import Participants, TakingPart
from headroom_langchain.plan.deciding import Memory
from headroom_langchain.plan.messages import text_blocks
from headroom_langchain.reports.results import CompressionResult
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.rules.terms import Terms, messages_of

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.runnables import RunnableConfig
    from langchain_core.tools import BaseTool
    from langgraph.prebuilt.tool_node import ToolCallRequest
    from langgraph.types import Command

_BEFORE = 2
"""Messages put before the results of a tool: what was asked, and the call."""


class ToolHooks(Counted):
    """Compresses what tools return, and answers `headroom_retrieve`.

    A call of `headroom_retrieve` may read the originals that the thread's own
    messages stand for, in the namespace of the call, and no others.

    `report` is what the last compression did, with the retrievals after it; `total`
    counts each compression once.

    Example:
        ```python
        hooks = ToolHooks(store=SqliteCCRStore("originals.db"))
        tools = ToolNode(
            [read_log, hooks.tool],
            wrap_tool_call=hooks.wrap_tool_call,
            awrap_tool_call=hooks.awrap_tool_call,
        )
        model = model.bind_tools([read_log, hooks.tool])
        ```
    """

    def __init__(
        self,
        *,
        policy: CompressionPolicy | None = None,
        store: CCRStore | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        compress: bool = True,
        embeddings: Embeddings | None = None,
        **taking_part: Unpack[TakingPart],
    ) -> None:
        """Prepare the hooks.

        Args:
            policy: The rules; the defaults compress large tool results.
            store: Where originals are kept. The state no longer has them, so this
                must last as long as the threads do: a file for threads that are
                resumed, an `InMemoryCCRStore()` for those that end with the program.
            namespace: Separates tenants in the store; a call's
                `configurable={"headroom_namespace": ...}` names another.
            compress: Whether results are compressed here. Without it the hooks only
                answer `headroom_retrieve`, for graphs that compress what they send
                and keep the originals in their state; no store is needed then.
            embeddings: Finds passages by meaning, beside the words of a query.
            taking_part: `extensions`, `hooks` and `discover` as of
                `HeadroomChatModel`. They see what was asked, the call, and its
                results, and must leave as many.

        Raises:
            ConfigurationError: Originals would be left out, and there is no store.
        """
        self._participants = Participants.of(**taking_part)
        policy = policy if policy is not None else CompressionPolicy()
        kept = store if store is not None else InMemoryCCRStore()
        self.terms = Terms(policy=policy, namespace=namespace)
        if compress and store is None and self.terms.offered:
            msg = (
                "Compressing tool results needs a store that lasts as long as the "
                "threads, since their state no longer has the originals. Give one "
                'such as store=SqliteCCRStore("originals.db"), or '
                "store=InMemoryCCRStore() for threads that end with the program."
            )
            raise ConfigurationError(msg)
        self.tool: BaseTool = create_retrieve_tool(
            kept,
            namespace=namespace,
            max_tokens=policy.max_retrieval_tokens,
            embeddings=embeddings,
        )
        """`headroom_retrieve`, for the list of tools; the hooks answer its calls."""
        self._books = Books()
        self.ledger = self._books.ledger
        self.store = kept
        self._compress = compress
        memory = None if compress else Memory()
        self._retrieval = VisibleRetrieval(kept, memory=memory, embeddings=embeddings)

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        execute: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Run a tool and compress its result, or answer `headroom_retrieve`.

        Args:
            request: The call, with the state of the graph.
            execute: Runs the tool.

        Raises:
            ConfigurationError: The call's configuration overrides a setting that
                does not exist, or with a value that does not fit.
        """
        terms = self._terms(request)
        if (call := _retrieve_call(request)) is not None:
            messages = messages_of(request.state)
            told = self._retrieval.answers(terms, messages, [call])
            report = asked_outside(told.retrievals, told.resent)
            keep_figures(self.store, report, namespace=terms.namespace)
            return self._answered(request, told)
        result = execute(request)
        if not (found := self._compressible(request, result)):
            return result
        with self._books.compression(_config(request)) as tell:
            compressed = self._job(terms, request, found).run()
            return self._replaced(result, found, compressed, tell)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        execute: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """Do as `wrap_tool_call` does; texts are read in a worker thread."""
        terms = self._terms(request)
        if (call := _retrieve_call(request)) is not None:
            messages = messages_of(request.state)
            told = await self._retrieval.aanswers(terms, messages, [call])
            report = asked_outside(told.retrievals, told.resent)
            await akeep_figures(self.store, report, namespace=terms.namespace)
            return self._answered(request, told)
        result = await execute(request)
        if not (found := self._compressible(request, result)):
            return result
        with self._books.compression(_config(request)) as tell:
            compressed = await self._job(terms, request, found).arun()
            return self._replaced(result, found, compressed, tell)

    def _terms(self, request: ToolCallRequest) -> Terms:
        return self.terms.under(_config(request))

    def _job(
        self, terms: Terms, request: ToolCallRequest, found: Sequence[ToolMessage]
    ) -> Job[BaseMessage]:
        """Return how results are compressed; what goes before them is not."""
        roles = terms.policy.roles & {"tool"}
        with published(_config(request)):
            lifecycle = self._participants.begin(
                "tool_result", terms.namespace, fixed=True
            )
        return Job(
            [*_before(request), *found],
            policy=terms.policy.model_copy(update={"roles": roles}),
            store=self.store if self.terms.offered else None,
            namespace=terms.namespace,
            lifecycle=lifecycle,
        )

    def _compressible(
        self, request: ToolCallRequest, result: ToolMessage | Command[Any]
    ) -> list[ToolMessage]:
        # What a tool returns directly is an answer to the user.
        direct = request.tool is not None and request.tool.return_direct
        return [] if direct or not self._compress else tool_messages(result)

    def _answered(self, request: ToolCallRequest, told: Told) -> ToolMessage:
        self._books.retrieval(
            _config(request), told.retrievals, told.notes, resent=told.resent
        )
        return told.messages[0]

    def _replaced(
        self,
        result: ToolMessage | Command[Any],
        found: Sequence[ToolMessage],
        compressed: CompressionResult[BaseMessage],
        tell: Tell,
    ) -> ToolMessage | Command[Any]:
        blocks = [
            replace(block, message=block.message - _BEFORE)
            for block in compressed.blocks
            if block.message >= _BEFORE
        ]
        tell(blocks, compressed.notes)
        new = compressed.messages[_BEFORE:]
        changes = {id(old): now for old, now in zip(found, new, strict=True)}
        replaced: ToolMessage | Command[Any] = mapped(
            result, lambda message: changes[id(message)]
        )
        return replaced


def _config(request: ToolCallRequest) -> RunnableConfig | None:
    # A request that was made outside a graph has no runtime.
    return getattr(request.runtime, "config", None)


def _retrieve_call(request: ToolCallRequest) -> HiddenCall | None:
    call = request.tool_call
    if call["name"] != RETRIEVE_TOOL_NAME:
        return None
    arguments = call["args"]
    return HiddenCall(id=call["id"], arguments=arguments, raw=json.dumps(arguments))


def _before(request: ToolCallRequest) -> list[BaseMessage]:
    """Return what a result is read against: what was asked, and the call."""
    call: ToolCall = request.tool_call
    question = _last_question(messages_of(request.state))
    return [HumanMessage(question), AIMessage("", tool_calls=[call])]


def _last_question(messages: Sequence[BaseMessage]) -> str:
    after = ToolMessage("", tool_call_id="")
    for message in reversed(messages):
        if not isinstance(message, AIMessage | ToolMessage):
            *_, block = text_blocks([message, after])
            if block.question:
                return block.question
    return ""
