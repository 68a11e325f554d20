"""Which protocol a request speaks, and whose upstream answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headroom_langchain.serve.dialects.chat import CHAT
from headroom_langchain.serve.dialects.dialect import Dialect
from headroom_langchain.serve.dialects.messages import MESSAGES
from headroom_langchain.serve.dialects.responses import RESPONSES
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Provider

_PATHS: Final[tuple[tuple[str, Dialect], ...]] = (
    ("/v1/messages", MESSAGES),
    ("/chat/completions", CHAT),
    ("/responses", RESPONSES),
)
"""How the path of a protocol ends; gateways have more in front of it."""

_ANTHROPIC: Final = ("/v1/messages", "/v1/complete", "/v1/skills")
"""How paths begin that only Anthropic has, whatever the headers say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes."""

    provider: Provider
    dialect: Dialect | None
    """The protocol; `None` for what is passed on unread."""


def route(method: str, path: str, headers: Headers) -> Route:
    """Find out where a request goes."""
    dialect = _dialect(path) if method == "POST" else None
    if dialect is not None:
        return Route(provider=dialect.provider, dialect=dialect)
    theirs = path.startswith(_ANTHROPIC) or any(
        name == b"anthropic-version" for name, _ in headers
    )
    return Route(provider="anthropic" if theirs else "openai", dialect=None)


def _dialect(path: str) -> Dialect | None:
    return next((dialect for end, dialect in _PATHS if path.endswith(end)), None)
