"""`HeadroomMiddleware`: compression in `create_agent`.

By default around each call of the model: the agent's model is wrapped for the time
of a call, so that the state keeps what the tools wrote, and nobody sees a
retrieval. Or around each call of a tool: what enters the state is compressed, so
that state and checkpoints stay small, and a retrieval is a tool call like others.
Either way it belongs last in the list of middleware, closest to model and tools.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage

from headroom_langchain.accounts.ledger import Counted, Ledger
from headroom_langchain.agents.tool_hooks import ToolHooks
from headroom_langchain.agents.visible_retrieval import as_answer, asked_rounds, closing
from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore, check_store
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.chat_model import HeadroomChatModel
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.lifecycle.participants import Participants, TakingPart
from headroom_langchain.rules.policy import CompressionPolicy, check_policy

try:
    from langchain.agents.middleware import (
        AgentMiddleware,
        ModelRequest,
        ModelResponse,
    )
except ImportError as error:
    msg = "HeadroomMiddleware needs langchain: pip install headroom-langchain[agents]"
    raise ImportError(msg) from error

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.messages import ToolMessage
    from langgraph.prebuilt.tool_node import ToolCallRequest
    from langgraph.types import Command

Compress = Literal["model_calls", "tool_results"]
"""Where an agent's texts are compressed."""


class HeadroomMiddleware(Counted, AgentMiddleware[Any, Any, Any]):
    """Compresses large tool results in an agent.

    Put it last: middleware that comes after it would see the wrapped model.

    Example:
        ```python
        agent = create_agent(model, tools=[...], middleware=[HeadroomMiddleware()])
        ```

        With small checkpoints, and retrieval as a visible tool call:

        ```python
        headroom = HeadroomMiddleware(
            compress="tool_results", store=SqliteCCRStore("originals.db")
        )
        ```
    """

    def __new__(
        cls,
        *_: Any,
        compress: Compress = "model_calls",
        **__: Any,
    ) -> Self:
        """Choose the class: an agent asks a class which hooks it has."""
        visible = cls is HeadroomMiddleware and compress == "tool_results"
        made: type[Any] = HeadroomToolResultMiddleware if visible else cls
        return cast("Self", super().__new__(made))

    def __init__(
        self,
        policy: CompressionPolicy | None = None,
        store: CCRStore | None = None,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        compress: Compress = "model_calls",
        preserve_type: bool = False,
        embeddings: Embeddings | None = None,
        **taking_part: Unpack[TakingPart],
    ) -> None:
        """Prepare the middleware.

        Args:
            policy: The rules; the defaults compress large tool results.
            store: Where originals are kept, in memory by default. With
                `compress="tool_results"` one must be given, and it must last as
                long as the threads: their state no longer has the originals.
            namespace: Separates tenants in the store; a call's
                `configurable={"headroom_namespace": ...}` names another.
            compress: `"model_calls"` compresses what each call of the model is
                sent; `"tool_results"` what each tool returns, and makes a
                `HeadroomToolResultMiddleware`.
            preserve_type: Whether the wrapped model is an instance of the model's
                own class, too, for middleware that comes after this one and asks,
                as the prompt caching of deepagents does.
            embeddings: Finds passages by meaning, beside the words of a query.
            taking_part: `extensions`, `hooks` and `discover` as of
                `HeadroomChatModel`.

        Raises:
            ConfigurationError: `policy` is no policy, `compress` has another value,
                tool results are to be compressed without a store, or who takes part
                has no fitting methods.
        """
        super().__init__()
        if compress != "model_calls":
            msg = (
                f"compress={compress!r} does not fit {type(self).__name__}: write "
                'HeadroomMiddleware(compress="model_calls") or "tool_results"; '
                "for the latter, subclasses derive from HeadroomToolResultMiddleware."
            )
            raise ConfigurationError(msg)
        check_policy(policy)
        self.policy = policy if policy is not None else CompressionPolicy()
        check_store(store)
        self.store = store if store is not None else InMemoryCCRStore()
        self.namespace = namespace
        self.preserve_type = preserve_type
        self.embeddings = embeddings
        # A mistake shows here and not in the first call.
        Participants.of(**taking_part)
        self._taking_part = taking_part
        self._wrapped: HeadroomChatModel | None = None
        self.ledger = Ledger()

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Call the model through the wrapper."""
        return handler(request.override(model=self._around(request.model)))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Call the model through the wrapper."""
        return await handler(request.override(model=self._around(request.model)))

    def _around(self, model: BaseChatModel) -> HeadroomChatModel:
        """Wrap a model, the same one only once, so that it remembers texts."""
        wrapped = self._wrapped
        if wrapped is None or wrapped.inner is not model:
            self._wrapped = wrapped = HeadroomChatModel(
                model,
                policy=self.policy,
                store=self.store,
                namespace=self.namespace,
                preserve_type=self.preserve_type,
                embeddings=self.embeddings,
                ledger=self.ledger,
                **self._taking_part,
            )
        return wrapped


class HeadroomToolResultMiddleware(HeadroomMiddleware):
    """Compresses tool results before they enter the state of an agent.

    The agent has `headroom_retrieve` among its tools and calls it like the others;
    after the policy's `max_rounds` in a row the model must answer. The store must
    last as long as the threads, since the state no longer has the originals.
    """

    def __init__(
        self,
        policy: CompressionPolicy | None = None,
        store: CCRStore | None = None,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        compress: Compress = "tool_results",
        embeddings: Embeddings | None = None,
        **taking_part: Unpack[TakingPart],
    ) -> None:
        """Prepare the middleware; see `HeadroomMiddleware`."""
        self._hooks = ToolHooks(
            policy=policy,
            store=store,
            namespace=namespace,
            embeddings=embeddings,
            **taking_part,
        )
        terms = self._hooks.terms
        super().__init__(
            terms.policy,
            self._hooks.store,
            namespace=namespace,
            embeddings=embeddings,
        )
        self.ledger = self._hooks.ledger
        if compress != "tool_results":
            msg = f"compress={compress!r}: write HeadroomMiddleware(compress=...)."
            raise ConfigurationError(msg)
        self.tools = [self._hooks.tool] if terms.offered else []

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Run a tool and compress its result, or answer `headroom_retrieve`."""
        return self._hooks.wrap_tool_call(request, handler)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """Run a tool and compress its result, or answer `headroom_retrieve`."""
        return await self._hooks.awrap_tool_call(request, handler)

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Call the model; after the last round it must answer."""
        if (last := self._last_round(request)) is None:
            return handler(request)
        return _answering(handler(last))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Call the model; after the last round it must answer."""
        if (last := self._last_round(request)) is None:
            return await handler(request)
        return _answering(await handler(last))

    def _last_round(self, request: ModelRequest[Any]) -> ModelRequest[Any] | None:
        """Return the request that lets the model only answer, if it must."""
        policy = self._hooks.terms.under(None).policy
        if asked_rounds(request.messages) <= policy.max_rounds:
            return None
        # An agent with an answer format may demand some tool's call of the model.
        choice = "any" if request.response_format else request.tool_choice
        given = {"tools": request.tools, "tool_choice": choice}
        changes = closing(request.model, self._hooks.tool, given)
        return request.override(**changes)


def _answering(response: ModelResponse[Any]) -> ModelResponse[Any]:
    result = [
        as_answer(message) if isinstance(message, AIMessage) else message
        for message in response.result
    ]
    return replace(response, result=result)
