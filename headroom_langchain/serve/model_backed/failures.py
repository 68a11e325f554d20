"""What clients are told when a model fails, in the words of its protocol."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from headroom_langchain.serve.model_backed.asked import Protocol
from headroom_langchain.serve.wire.body import Json
from headroom_langchain.serve.wire.headers import Headers
from headroom_langchain.serve.wire.problems import Problem, Provider, body

_log: Final = logging.getLogger("headroom_langchain.serve")

_FIRST_ERROR: Final = 400
_LAST_ERROR: Final = 599
_SERVER: Final = 500

NOTHING: Final = Problem(status=502, message="The model ended without any answer.")
BROKEN_OFF: Final = Problem(
    status=502, message="The model's answer broke off before its end."
)

_PROVIDERS: Final[Mapping[Protocol, Provider]] = {
    "messages": "anthropic",
    "chat": "openai",
}
_KEPT: Final = ("retry-after", "retry-after-ms", "x-should-retry")
"""Headers of a provider's refusal that its clients act on."""


def problem_of(error: BaseException, *, native: bool) -> Problem:
    """Return what an exception of a model says to a client.

    The provider's own words are passed on where there are any. Of anything else only
    the name is, since it may tell of this server; the log has all of it.

    Args:
        error: The exception.
        native: Whether the client knows the types of the provider's errors.
    """
    status = _status(error)
    if status is None:
        _log.error("the model failed", exc_info=error)
        said = f"The model failed: {type(error).__name__}."
        return Problem(status=_SERVER, message=said)
    inner = _body(error)
    message = inner.get("message") or str(error)
    kind = inner.get("type") if native else None
    return Problem(
        status=status, message=str(message), type=kind if isinstance(kind, str) else ""
    )


def headers_of(error: BaseException) -> Headers:
    """Return the headers of an exception's response that clients act on."""
    if _status(error) is None:
        # It would fail again.
        return [(b"x-should-retry", b"false")]
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    found = ((name, headers.get(name)) for name in _KEPT)
    return [(name.encode(), str(value).encode()) for name, value in found if value]


def problem_body(protocol: Protocol, problem: Problem) -> bytes:
    """Write a problem as the body of an answer."""
    return body(_PROVIDERS[protocol], problem)


def problem_event(protocol: Protocol, problem: Problem) -> bytes:
    """Write a problem as the last event of a stream."""
    name = b"event: error\n" if protocol == "messages" else b""
    return name + b"data: " + problem_body(protocol, problem) + b"\n\n"


def _status(error: BaseException) -> int | None:
    """Return the status of HTTP that an exception stands for, if it says so."""
    response = getattr(error, "response", None)
    found: list[Any] = [getattr(error, "status_code", None)]
    found.append(getattr(response, "status_code", None))
    if isinstance(response, dict):
        found.append(response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    found.append(getattr(error, "code", None))
    fitting = (
        status
        for status in found
        if isinstance(status, int) and _FIRST_ERROR <= status <= _LAST_ERROR
    )
    return next(fitting, None)


def _body(error: BaseException) -> Json:
    body = getattr(error, "body", None)
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else body
