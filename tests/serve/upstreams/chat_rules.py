"""What OpenAI Chat Completions refuses in a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from upstreams.malformed import arguments, needed, only, refuse, tool
from upstreams.script import Json

_FIELDS: Final = frozenset(
    "model messages stream stream_options tools tool_choice parallel_tool_calls n"
    " max_tokens max_completion_tokens temperature top_p stop seed user metadata store"
    " response_format logprobs top_logprobs presence_penalty frequency_penalty"
    " reasoning_effort service_tier logit_bias modalities prediction verbosity"
    " prompt_cache_key safety_identifier web_search_options audio".split()
)
_MESSAGES: Final[Mapping[str, str]] = {
    "system": "content name",
    "developer": "content name",
    "user": "content name",
    "assistant": "content name refusal tool_calls audio function_call annotations",
    "tool": "content tool_call_id name",
}
_LONGEST_ID: Final = 40

Given = Mapping[str, tuple[str, str]]
"""By the id of a call, its name and arguments as they were answered."""


def check(body: Json, given: Given) -> None:
    """Refuse a malformed request.

    Args:
        body: The request.
        given: What was answered before.

    Raises:
        MalformedError: It is refused.
    """
    only(body, _FIELDS, "body")
    needed(body, ("model", "messages"), "body")
    tools = _tools(body)
    if body.get("stream_options") is not None and body.get("stream") is not True:
        refuse("stream_options is only allowed when stream is enabled")
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        refuse("messages: [] is too short")
    open_calls: list[str] = []
    seen: set[str] = set()
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        _message(message, where)
        if message["role"] == "tool":
            call_id = message.get("tool_call_id")
            if call_id not in open_calls:
                refuse(f"{where}: 'tool' must be a response to a preceding tool_calls")
            open_calls.remove(call_id)
            continue
        if open_calls:
            refuse(f"{where}: tool_call_ids without response messages: {open_calls}")
        if message.get("tool_calls") is not None:
            open_calls = _calls(message["tool_calls"], tools, given, where)
            if seen & set(open_calls):
                refuse(f"{where}: duplicate tool call ids")
            seen |= set(open_calls)
    if open_calls:
        refuse(f"tool_call_ids did not have response messages: {open_calls}")


def _message(message: Json, where: str) -> None:
    role = str(message.get("role"))
    if role not in _MESSAGES:
        refuse(f"{where}.role: {role!r} is not known")
    only(message, {*_MESSAGES[role].split(), "role"}, where)
    _content(message, where)


def _tools(body: Json) -> dict[str, Any]:
    known: dict[str, Any] = {}
    tools = body.get("tools")
    if tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) is not None:
                refuse(f"'{name}' is only allowed when 'tools' are specified.")
        return known
    if not tools:
        refuse("tools: [] is too short")
    for index, one in enumerate(tools):
        where = f"tools.{index}"
        only(one, ("type", "function"), where)
        if one.get("type") != "function":
            refuse(f"{where}.type: {one.get('type')!r}")
        function = one["function"]
        only(function, ("name", "description", "parameters", "strict"), where)
        schema = function.get("parameters")
        tool(function.get("name"), schema, known, where, function.get("strict"))
        known[function["name"]] = schema
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("function", {}).get("name") not in known:
        refuse("tool_choice: no such tool")
    return known


def _content(message: Json, where: str) -> None:
    content = message.get("content")
    if content is None:
        if message["role"] != "assistant" or not message.get("tool_calls"):
            refuse(f"{where}.content: expected a string, got null")
    elif isinstance(content, list):
        if not content:
            refuse(f"{where}.content: [] is too short")
        for part in content:
            if part.get("type") == "text" and not part.get("text"):
                refuse(f"{where}.content: text content parts must be non-empty")
    elif not isinstance(content, str):
        refuse(f"{where}.content: expected a string")


def _calls(calls: Any, tools: Mapping[str, Any], given: Given, where: str) -> list[str]:
    if not isinstance(calls, list) or not calls:
        refuse(f"{where}.tool_calls: [] is too short")
    ids: Sequence[str] = []
    for call in calls:
        only(call, ("id", "type", "function"), f"{where}.tool_calls")
        needed(call, ("id", "type", "function"), f"{where}.tool_calls")
        only(call["function"], ("name", "arguments"), f"{where}.function")
        name, raw = call["function"].get("name"), call["function"].get("arguments")
        if name not in tools:
            refuse(f"{where}: tool {name!r} is not declared in tools")
        if len(call["id"]) > _LONGEST_ID:
            refuse(f"{where}: string too long: {call['id']!r}")
        arguments(raw, where)
        was = given.get(call["id"])
        if was is not None and was != (name, raw):
            refuse(f"{where}: the call was {was}, and now is {(name, raw)}")
        ids = [*ids, call["id"]]
    if len(set(ids)) != len(ids):
        refuse(f"{where}: duplicate tool call ids")
    return list(ids)
