"""From settings to an application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headroom_langchain.ccr.store.base import CCRStore, check_store
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.rules.policy import CompressionPolicy, check_policy
from headroom_langchain.serve.app import App, Backend
from headroom_langchain.serve.hooks import StreamHooks
from headroom_langchain.serve.http_upstream import HttpUpstream
from headroom_langchain.serve.relay import Relay
from headroom_langchain.serve.settings import Limits, Upstreams
from headroom_langchain.serve.turn.preparing import Rules

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from headroom_langchain.serve.operations import Operations


def create_app(
    model: BaseChatModel | None = None,
    *,
    upstreams: Upstreams | None = None,
    policy: CompressionPolicy | None = None,
    store: CCRStore | None = None,
    namespace: str | None = None,
    limits: Limits | None = None,
    hooks: Sequence[StreamHooks] = (),
    operations: Operations | None = None,
) -> App:
    """Make an ASGI application that speaks the protocols of providers.

    Args:
        model: Answers Messages and Chat Completions; wrap it in `HeadroomChatModel`
            to compress. Without one, requests are passed on to the upstreams, with
            the client's own key.
        upstreams: Where requests are passed on to; the providers' own addresses by
            default.
        policy: The rules for what is passed on.
        store: Where originals go; the memory of this process by default. Several
            workers need one that they share.
        namespace: The tenant of all requests; `None` for one for each credential.
        limits: What a request may take.
        hooks: Who is told of streams.
        operations: The live page, metrics and logs; without it there are none.

    Returns:
        The application; `uvicorn.run` serves it, Starlette and FastAPI mount it.

    Raises:
        ConfigurationError: Something given is not what it should be.
        ImportError: `httpcore` is missing; the message says what to install.
    """
    check_policy(policy)
    check_store(store)
    limits = limits or Limits()
    backend: Backend
    if model is not None:
        from headroom_langchain.serve.model_backed import ModelBackend

        backend = ModelBackend(model, heartbeat=limits.heartbeat, namespace=namespace)
    else:
        where = upstreams or Upstreams()
        rules = Rules(
            policy=policy or CompressionPolicy(),
            store=store if store is not None else InMemoryCCRStore(),
        )
        backend = Relay(
            upstreams={
                "anthropic": HttpUpstream(where.anthropic, limits),
                "openai": HttpUpstream(where.openai, limits),
            },
            rules=rules,
            limits=limits,
            namespace=namespace,
        )
    return App(
        backend,
        limits=limits,
        hooks=hooks,
        observers=operations.observers if operations else (),
        routes=operations.routes if operations else None,
    )
