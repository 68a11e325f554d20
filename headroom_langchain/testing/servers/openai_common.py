"""What OpenAI's two protocols have in common: errors and tool choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headroom_langchain.testing.servers.query import Json
    from headroom_langchain.testing.servers.reply import Failure

_ERRORS = {
    401: "invalid_request_error",
    429: "rate_limit_exceeded",
    500: "server_error",
    503: "server_error",
}


def error_type(failure: Failure) -> str:
    """Return the name OpenAI gives to an error."""
    return failure.type or _ERRORS.get(failure.status, "invalid_request_error")


def error_body(failure: Failure) -> Json:
    """Write the body of an HTTP error."""
    return {
        "error": {
            "message": failure.message,
            "type": error_type(failure),
            "param": None,
            "code": None,
        }
    }


def choice_of(value: str | Json | None) -> str:
    """Read `tool_choice`: `auto`, `any`, `none`, or the name of a tool."""
    if value is None:
        return "auto"
    if isinstance(value, str):
        return "any" if value == "required" else value
    name: str = (value.get("function") or value)["name"]
    return name
