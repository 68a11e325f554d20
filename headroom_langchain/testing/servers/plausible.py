"""Routers: answers made from the request itself.

`plausible` does what a sensible model would do, as far as test suites can
tell: it calls the tools it is told to call, fits JSON to a schema, and goes on
from a tool's result. `asking_first` makes any router ask for an original first.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from headroom_langchain.testing.marker import RETRIEVE, last_hash
from headroom_langchain.testing.servers.dialect import dump
from headroom_langchain.testing.servers.example import example
from headroom_langchain.testing.servers.reply import Reply, ToolUse

if TYPE_CHECKING:
    from headroom_langchain.testing.servers.query import OfferedTool, Query
    from headroom_langchain.testing.servers.reply import Failure, Router

_NO_SUCH_HASH = "0123456789abcdef01234567"
_TELLING_LETTERS = 4  # `get` and `my` ask for nothing
_QUOTED = re.compile(r"'(\w{1,40})'")


def plausible(query: Query) -> Reply:
    """Answer a request the way a sensible model would.

    Args:
        query: The request.

    Returns:
        A tool call when one is forced or asked for, JSON when the request wants
        JSON, text otherwise, cut at the first stop sequence.
    """
    tool = _tool_to_call(query)
    if tool is not None:
        call = ToolUse(name=tool.name, args=example(tool.schema, query.user))
        return Reply(tool_calls=(call,))
    if query.schema is not None:
        return Reply(text=dump(example(query.schema, query.user)))
    if query.wants_json:
        fields = dict.fromkeys(_QUOTED.findall(query.user), "a cat")
        return Reply(text=dump(fields))
    return _until_stop(Reply(text=_sentence(query)), query.stop)


def asking_first(router: Router) -> Router:
    """Make a router ask for an original before it answers anything.

    Wherever the request offers `headroom_retrieve` and lets the model call it,
    the first answer is that call: with the hash of the last marker, or with a
    hash that nobody knows. Once its result is there, `router` answers.

    Args:
        router: What answers then.
    """

    def ask(query: Query) -> Reply | Failure:
        offered = query.tool(RETRIEVE) is not None
        free = query.tool_choice in {"auto", "any", RETRIEVE}
        if not offered or not free or RETRIEVE in query.answered:
            return router(query)
        known = last_hash(said.text for said in query.said)
        call = ToolUse(name=RETRIEVE, args={"hash": known or _NO_SUCH_HASH})
        return Reply(tool_calls=(call,))

    return ask


def _tool_to_call(query: Query) -> OfferedTool | None:
    tools = [tool for tool in query.tools if tool.name != RETRIEVE]
    if query.tool_choice == "none":
        return None
    if query.tool_choice not in {"auto", "any"}:
        return query.tool(query.tool_choice)
    asked = next((tool for tool in tools if _is_asked_for(tool, query.user)), None)
    if query.tool_choice == "any":
        return asked or next(iter(tools), None)
    return None if set(query.used) - {RETRIEVE} else asked


def _is_asked_for(tool: OfferedTool, text: str) -> bool:
    """Tell whether a word of the tool's name is in the text."""
    words = tool.name.lower().split("_")
    return any(len(word) >= _TELLING_LETTERS and word in text.lower() for word in words)


def _sentence(query: Query) -> str:
    if query.said and query.said[-1].role == "tool":
        return "That is what the tool says, and thank you for asking."
    return "Hello, how can I help you today?"


def _until_stop(reply: Reply, stop: tuple[str, ...]) -> Reply:
    places = [(reply.text.find(word), word) for word in stop if word in reply.text]
    if not places:
        return reply
    place, word = min(places)
    return replace(reply, text=reply.text[:place], stop_sequence=word)
