"""What OpenAI Responses refuses in a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from upstreams.malformed import arguments, needed, only, refuse, tool
from upstreams.script import Json
from upstreams.seals import seal

_FIELDS: Final = frozenset(
    "model input instructions stream stream_options tools tool_choice store metadata"
    " parallel_tool_calls previous_response_id include reasoning text temperature user"
    " top_p top_logprobs truncation max_output_tokens max_tool_calls service_tier"
    " background prompt prompt_cache_key safety_identifier conversation".split()
)
_ITEMS: Final[Mapping[str, str]] = {
    "message": "id role content status phase",
    "reasoning": "id summary encrypted_content content status",
    "function_call": "id call_id name arguments status namespace caller",
    "function_call_output": "id call_id output status",
    "item_reference": "id",
}
_PARTS: Final = frozenset(
    {"input_text", "output_text", "refusal", "input_image", "input_file"}
)
_SEALED: Final = "reasoning.encrypted_content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A response that the provider has kept."""

    items: Sequence[Json]
    """The whole conversation up to it, its output included."""


def check(
    body: Json, kept: Mapping[str, Kept], given: Mapping[str, Json]
) -> list[Json]:
    """Refuse a malformed request; returns the whole conversation.

    Args:
        body: The request.
        kept: Responses by id.
        given: Items that were answered before, by id.

    Raises:
        MalformedError: It is refused.
    """
    only(body, _FIELDS, "body")
    needed(body, ("model",), "body")
    tools = _tools(body)
    before: Sequence[Json] = ()
    if (previous := body.get("previous_response_id")) is not None:
        if previous not in kept:
            refuse(f"Previous response with id '{previous}' not found.")
        before = kept[previous].items
    given_input = body.get("input")
    if isinstance(given_input, str):
        if not given_input and not before:
            refuse("input: must not be empty")
        user = {"type": "message", "role": "user", "content": given_input}
        items = [user] if given_input else []
    elif isinstance(given_input, list) and (given_input or before):
        items = [_item(one, tools, given, i) for i, one in enumerate(given_input)]
    else:
        refuse("One of 'input' or 'previous_response_id' or 'prompt' must be provided.")
    _paired([*before, *items])
    _reasoning(items, given)
    return [*before, *items]


def _tools(body: Json) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for index, one in enumerate(body.get("tools") or ()):
        where = f"tools.{index}"
        if one.get("type") != "function":
            continue
        only(one, "type name description parameters strict".split(), where)
        tool(one.get("name"), one.get("parameters"), known, where, one.get("strict"))
        known[one["name"]] = one["parameters"]
    choice: Any = body.get("tool_choice")
    forced = isinstance(choice, dict) and choice.get("type") == "function"
    if forced and choice.get("name") not in known:
        refuse("Tool choice 'function' not found in 'tools' parameter.")
    if any(one != _SEALED for one in body.get("include") or ()):
        refuse(f"include: {body['include']!r}")
    return known


def _item(
    item: Json, tools: Mapping[str, Any], given: Mapping[str, Json], index: int
) -> Json:
    where = f"input[{index}]"
    kind = item.get("type", "message")
    if kind not in _ITEMS:
        refuse(f"{where}: Invalid value: {kind!r}")
    only(item, {*_ITEMS[kind].split(), "type"}, where)
    if kind == "item_reference":
        if item.get("id") not in given or not given[item["id"]]["_kept"]:
            refuse(f"Item with id '{item.get('id')}' not found.")
        return given[item["id"]]
    if kind == "message":
        _message(item, where)
    elif kind == "reasoning":
        _thoughts(item, given, where)
    elif kind == "function_call":
        _call(item, tools, given, where)
    else:
        needed(item, ("call_id", "output"), where)
    return {**item, "type": kind}


def _call(
    item: Json, tools: Mapping[str, Any], given: Mapping[str, Json], where: str
) -> None:
    needed(item, ("call_id", "name", "arguments"), where)
    arguments(item["arguments"], where)
    if item["name"] not in tools:
        refuse(f"{where}: tool {item['name']!r} is not declared in tools")
    if (was := given.get(item.get("id") or "")) is not None:
        for field in ("call_id", "name", "arguments"):
            if item[field] != was[field]:
                refuse(f"{where}: {field} was {was[field]!r}, and is {item[field]!r}")


def _message(item: Json, where: str) -> None:
    if item.get("role") not in ("user", "assistant", "system", "developer"):
        refuse(f"{where}.role: {item.get('role')!r}")
    content = item.get("content")
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        refuse(f"{where}.content: Invalid type")
    for part in content:
        if part.get("type") not in _PARTS:
            refuse(f"{where}.content: Invalid value: {part.get('type')!r}")
        output = part["type"] in ("output_text", "refusal")
        if output is not (item["role"] == "assistant"):
            refuse(f"{where}.content: {part['type']!r} by {item['role']}")


def _thoughts(item: Json, given: Mapping[str, Json], where: str) -> None:
    needed(item, ("id", "summary"), where)
    sealed = item.get("encrypted_content")
    if sealed is not None:
        if sealed != seal("reasoning", item["id"]):
            refuse(f"The encrypted content {sealed!r} could not be verified.")
    elif not given.get(item["id"], {}).get("_kept"):
        refuse(f"Item with id '{item['id']}' not found: `store` is set to false.")


def _paired(items: Sequence[Json]) -> None:
    """Every output has its call before it, and every call its output behind it."""
    calls: list[str] = []
    ids: set[str] = set()
    every: set[str] = set()
    for item in items:
        if item.get("id") is not None:
            if item["id"] in ids:
                refuse(f"Duplicate item found with id {item['id']}.")
            ids.add(item["id"])
        if item["type"] == "function_call":
            if item["call_id"] in every:
                refuse(f"Duplicate function call {item['call_id']}.")
            every.add(item["call_id"])
            calls.append(item["call_id"])
        elif item["type"] == "function_call_output":
            if item["call_id"] not in calls:
                refuse(f"No tool call found for output of {item['call_id']}.")
            calls.remove(item["call_id"])
        elif calls and item["type"] == "message" and item["role"] == "user":
            break
    if calls:
        refuse(f"No tool output found for function call {calls[0]}.")


def _reasoning(items: Sequence[Json], given: Mapping[str, Json]) -> None:
    """A thought stands before what was said with it, and the other way round."""
    for index, item in enumerate(items):
        if item["type"] == "reasoning":
            after = items[index + 1]["type"] if index + 1 < len(items) else ""
            role = items[index + 1].get("role") if after else None
            if after not in ("reasoning", "function_call") and role != "assistant":
                refuse(f"Item '{item['id']}' without its required following item.")
        was = given.get(item.get("id") or "", {})
        if (thought := was.get("_thought")) and was["_kept"]:
            before = [one.get("id") for one in items[:index]]
            if thought not in before:
                refuse(f"'{item['id']}' without its required 'reasoning': {thought}.")
