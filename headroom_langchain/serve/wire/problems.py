"""Errors as the providers write them, so that their own clients understand them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, TypeAlias

from headroom_langchain.serve.wire.frames import dumped

Provider: TypeAlias = Literal["anthropic", "openai"]
"""Whose protocol it is; errors and headers are those of the provider."""

_ANTHROPIC: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_OPENAI: Final = {429: "rate_limit_exceeded"}
_SERVER_FAILED: Final = 500
_LONGEST: Final = 2000
"""Characters of a text that is no JSON, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, for the client."""

    status: int
    """The status of HTTP that fits it, whether or not it can still be sent."""
    message: str
    type: str = ""
    """The provider's own name for it; empty for what the status stands for."""


def type_of(provider: Provider, problem: Problem) -> str:
    """Return the provider's name for a problem, which is its own if it has one."""
    if problem.type:
        return problem.type
    failed = problem.status >= _SERVER_FAILED
    if provider == "anthropic":
        usual = "api_error" if failed else "invalid_request_error"
        return _ANTHROPIC.get(problem.status, usual)
    usual = "server_error" if failed else "invalid_request_error"
    return _OPENAI.get(problem.status, usual)


def body(provider: Provider, problem: Problem) -> bytes:
    """Write the body of an error.

    Args:
        provider: Whose client reads it.
        problem: What went wrong.
    """
    error: dict[str, Any] = {
        "type": type_of(provider, problem),
        "message": problem.message,
    }
    if provider == "anthropic":
        return dumped({"type": "error", "error": error})
    return dumped({"error": {**error, "param": None, "code": None}})


def problem_of(provider: Provider, status: int, raw: bytes) -> Problem:
    """Read the body of an error, whoever on the way upstream wrote it.

    Args:
        provider: Whose upstream it is.
        status: The status it came with.
        raw: The body, which may be anything.

    Returns:
        The problem, with the upstream's own words and type where there are any.
    """
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return Problem(status=status, message=_plain(raw) or _unsaid(provider, status))
    message, type_ = _said(value)
    return Problem(
        status=status, message=message or _unsaid(provider, status), type=type_
    )


def _said(value: object) -> tuple[str, str]:
    """Return the message and the type in a JSON body; empty where there are none."""
    match value:
        case {"error": {"message": str(message), **error}}:
            return message, _first(error, "type", "code")
        case {"error": {"type": str(type_)}}:
            return "", type_
        case {"error": str(message)} | {"message": str(message)}:
            return message, ""
        case {"detail": str(message)} | str(message):
            return message, ""
        case [first, *_]:
            return _said(first) if isinstance(first, dict) else ("", "")
    return "", ""


def _first(error: Mapping[Any, Any], *names: str) -> str:
    return next((one for n in names if isinstance(one := error.get(n), str)), "")


def _plain(raw: bytes) -> str:
    """Return a text that is meant for people; pages of HTML are not."""
    text = raw.decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text[:_LONGEST]


def _unsaid(provider: Provider, status: int) -> str:
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return f"The {provider} upstream answered {status}{phrase} and did not say why."
