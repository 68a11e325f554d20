"""`HeadroomMiddleware`: compression in `create_agent`, around each model call.

The agent's model is wrapped for the time of a call, so that the state keeps what
the tools wrote and other middleware sees the model that it knows. It belongs
last in the list of middleware, closest to the model.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.language_models import BaseChatModel

from headroom_langchain.ccr.store.base import DEFAULT_NAMESPACE, CCRStore
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.chat_model import HeadroomChatModel
from headroom_langchain.policy import CompressionPolicy
from headroom_langchain.report import CallReport

try:
    from langchain.agents.middleware import (
        AgentMiddleware,
        ModelRequest,
        ModelResponse,
    )
except ImportError as error:
    msg = "HeadroomMiddleware needs langchain: pip install headroom-langchain[agents]"
    raise ImportError(msg) from error


class HeadroomMiddleware(AgentMiddleware[Any, Any, Any]):
    """Compresses large tool results on their way to an agent's model.

    Put it last: middleware that comes after it would see the wrapped model.

    Example:
        ```python
        agent = create_agent(model, tools=[...], middleware=[HeadroomMiddleware()])
        ```
    """

    def __init__(
        self,
        policy: CompressionPolicy | None = None,
        store: CCRStore | None = None,
        *,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        """Prepare the middleware.

        Args:
            policy: The rules; the defaults compress large tool results.
            store: Where originals are kept, in memory by default.
            namespace: Separates tenants in the store; a call's
                `configurable={"headroom_namespace": ...}` names another.
        """
        super().__init__()
        self.policy = policy if policy is not None else CompressionPolicy()
        self.store = store if store is not None else InMemoryCCRStore()
        self.namespace = namespace
        self._wrapped: HeadroomChatModel | None = None

    @property
    def report(self) -> CallReport | None:
        """What the last call of the model did, or `None` before the first."""
        return self._wrapped.report if self._wrapped is not None else None

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
                model, policy=self.policy, store=self.store, namespace=self.namespace
            )
        return wrapped
