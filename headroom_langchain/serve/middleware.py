"""Compression for applications that talk to providers themselves.

Requests that speak Messages, Chat Completions or Responses are compressed on their way
into the application, and what the model asks to retrieve is answered on the way out,
live. To the application it looks as if its client had sent less; everything else goes
straight through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from headroom_langchain.ccr.store.base import CCRStore, check_store
from headroom_langchain.ccr.store.memory import InMemoryCCRStore
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.rules.policy import CompressionPolicy, check_policy
from headroom_langchain.serve.app import App
from headroom_langchain.serve.asgi_upstream import AsgiUpstream, on_behalf_of
from headroom_langchain.serve.client import Asgi, Receive, Scope, Send
from headroom_langchain.serve.handled import Observer
from headroom_langchain.serve.hooks import StreamHooks
from headroom_langchain.serve.relay import Relay
from headroom_langchain.serve.routing import route
from headroom_langchain.serve.settings import Limits
from headroom_langchain.serve.turn.preparing import Rules

DialectName: TypeAlias = Literal["messages", "chat", "responses"]
"""The protocols that are read."""

_PATHS: Final[Mapping[str, str]] = {
    "messages": "/v1/messages",
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
}


class CompressionMiddleware:
    """ASGI middleware around an application that speaks a provider's protocol.

    Example:
        ```python
        app = FastAPI()
        app.add_middleware(CompressionMiddleware, policy=CompressionPolicy())
        ```
    """

    def __init__(
        self,
        app: Asgi,
        *,
        policy: CompressionPolicy | None = None,
        store: CCRStore | None = None,
        namespace: str | None = None,
        paths: Mapping[str, DialectName] | None = None,
        limits: Limits | None = None,
        hooks: Sequence[StreamHooks] = (),
        observers: Sequence[Observer] = (),
    ) -> None:
        """Wrap an application.

        Args:
            app: The application.
            policy: The rules.
            store: Where originals go; the memory of this process by default. Several
                workers need one that they share.
            namespace: The tenant of all requests; `None` for one for each credential.
            paths: Which protocol is spoken where. By default paths that end like the
                providers' own are read: `/v1/messages`, `/chat/completions`,
                `/responses`.
            limits: What a request may take.
            hooks: Who is told of streams.
            observers: Who is told of requests that are over.

        Raises:
            ConfigurationError: Something given is not what it should be.
        """
        check_policy(policy)
        check_store(store)
        limits = limits or Limits()
        self._app = app
        self._paths = None if paths is None else _checked(paths)
        self._upstream = AsgiUpstream(app)
        rules = Rules(
            policy=policy or CompressionPolicy(),
            store=store if store is not None else InMemoryCCRStore(),
        )
        relay = Relay(
            upstreams={"anthropic": self._upstream, "openai": self._upstream},
            rules=rules,
            limits=limits,
            namespace=namespace,
        )
        self._engine = App(relay, limits=limits, hooks=hooks, observers=observers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or hand over whatever else it is."""
        path = self._spoken(scope) if scope["type"] == "http" else None
        if path is None:
            await self._app(scope, receive, send)
            if scope["type"] == "lifespan":
                await self._engine.close()
            return
        with on_behalf_of(scope):
            seen = {**scope, "root_path": "", "path": path, "raw_path": path.encode()}
            await self._engine(seen, receive, send)

    def _spoken(self, scope: Scope) -> str | None:
        """Return the path by which the engine knows a request, `None` for others."""
        if scope["method"] != "POST" or not _has_json(scope):
            return None
        path: str = scope["path"]
        if self._paths is not None:
            return self._paths.get(path)
        dialect = route("POST", path, scope["headers"]).dialect
        return None if dialect is None else _PATHS[dialect.name]


def _has_json(scope: Scope) -> bool:
    types = [value for name, value in scope["headers"] if name == b"content-type"]
    return any(b"json" in value.lower() for value in types)


def _checked(paths: Mapping[str, DialectName]) -> Mapping[str, str]:
    for path, name in paths.items():
        if name not in _PATHS or not path.startswith("/"):
            msg = (
                f"paths={{{path!r}: {name!r}}}: write a path that starts with /, and "
                f"one of {', '.join(_PATHS)}"
            )
            raise ConfigurationError(msg)
    return {path: _PATHS[name] for path, name in paths.items()}
