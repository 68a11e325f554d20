"""What Anthropic Messages refuses in a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from upstreams.malformed import needed, only, refuse, tool
from upstreams.script import Json
from upstreams.seals import is_redacted, seal

_FIELDS: Final = frozenset(
    "model max_tokens messages system tools tool_choice stream stop_sequences metadata"
    " temperature top_k top_p thinking service_tier container context_management"
    " mcp_servers output_config output_format inference_geo cache_control speed"
    " betas".split()
)
_BLOCKS: Final[Mapping[str, str]] = {
    "text": "text citations",
    "thinking": "thinking signature",
    "redacted_thinking": "data",
    "tool_use": "id name input caller",
    "tool_result": "tool_use_id content is_error",
    "image": "source",
    "document": "source title context citations",
}
_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})
_MOST_MARKS: Final = 4

Given = Mapping[str, Sequence[Json]]
"""By the id of a call, the blocks of the answer that it came in."""


def check(body: Json, given: Given) -> None:
    """Refuse a malformed request.

    Args:
        body: The request.
        given: What was answered before.

    Raises:
        MalformedError: It is refused.
    """
    only(body, _FIELDS, "body")
    needed(body, ("model", "max_tokens", "messages"), "body")
    tools = _tools(body)
    thinks = (body.get("thinking") or {}).get("type") in ("enabled", "adaptive")
    _choice(body, tools, thinks=thinks)
    if "system" in body and not isinstance(body["system"], str):
        _texts(body["system"], "system")
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        refuse("messages: at least one message is required")
    _turns(messages, tools)
    for call_id in (block["id"] for block in _blocks(messages, "tool_use")):
        _unchanged(call_id, messages, given)
    if thinks:
        _thinking_first(messages, given)
    marks = sum(1 for _ in _marks([body.get("system"), messages, body.get("tools")]))
    if marks > _MOST_MARKS:
        refuse(f"A maximum of 4 blocks with cache_control may be provided: {marks}")


def _tools(body: Json) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for index, one in enumerate(body.get("tools") or ()):
        where = f"tools.{index}"
        if one.get("type", "custom") != "custom":
            known[one["name"]] = None
            continue
        more = "name description input_schema type cache_control strict"
        more += " input_examples defer_loading allowed_callers eager_input_streaming"
        only(one, more.split(), where)
        schema = one.get("input_schema")
        tool(one.get("name"), schema, known, where, one.get("strict"))
        known[one["name"]] = schema
    return known


def _choice(body: Json, tools: Mapping[str, Any], *, thinks: bool) -> None:
    choice = body.get("tool_choice")
    if choice is None:
        return
    if not tools:
        refuse("tool_choice: may only be specified while providing tools")
    kind = choice.get("type")
    if kind not in ("auto", "any", "tool", "none"):
        refuse(f"tool_choice: {kind!r} is not known")
    if kind == "tool" and choice.get("name") not in tools:
        refuse(f"tool_choice: tool {choice.get('name')!r} not found")
    if thinks and kind in ("any", "tool"):
        refuse("Thinking may not be enabled when tool_choice forces tool use.")


def _turns(messages: Sequence[Json], tools: Mapping[str, Any]) -> None:
    open_calls: list[str] = []
    seen: set[str] = set()
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        only(message, ("role", "content"), where)
        role = message.get("role")
        if role != ("user", "assistant")[index % 2]:
            refuse(f"{where}: roles must alternate, and the first must be user")
        blocks = _content(message.get("content"), f"{where}.content")
        _answered(blocks, open_calls, where)
        open_calls = []
        for block in blocks:
            _block(block, role, tools, where)
            if block["type"] == "tool_use":
                if block["id"] in seen:
                    refuse(f"{where}: `tool_use` ids must be unique")
                seen.add(block["id"])
                open_calls.append(block["id"])
        if role == "assistant" and blocks and blocks[-1]["type"] in _THOUGHTS:
            refuse(f"{where}: The final block in an assistant message is thinking")
    if open_calls:
        refuse(f"`tool_use` ids were found without `tool_result`: {open_calls}")
    if messages[-1].get("role") != "user":
        refuse("This model does not support assistant message prefill.")


def _answered(blocks: Sequence[Json], calls: Sequence[str], where: str) -> None:
    """Results stand first, one for each call of the message before, and no other."""
    kinds = [block.get("type") == "tool_result" for block in blocks]
    if kinds != sorted(kinds, reverse=True):
        refuse(f"{where}: `tool_result` blocks must come before other content")
    results = [block.get("tool_use_id") for block in blocks[: sum(kinds)]]
    if strange := [one for one in results if one not in calls]:
        refuse(f"{where}: unexpected `tool_use_id` found: {strange[0]}")
    if len(set(results)) != len(results):
        refuse(f"{where}: each tool_use must have a single result")
    if missing := [one for one in calls if one not in results]:
        refuse(f"{where}: `tool_use` ids without `tool_result` blocks: {missing}")


def _content(content: Any, where: str) -> Sequence[Json]:
    if isinstance(content, str):
        if not content.strip():
            refuse(f"{where}: text content must be non-empty")
        return ()
    if not isinstance(content, list) or not content:
        refuse(f"{where}: must have non-empty content")
    return content


def _block(block: Json, role: str, tools: Mapping[str, Any], where: str) -> None:
    kind = str(block.get("type"))
    if kind not in _BLOCKS:
        refuse(f"{where}: {kind!r} is no type of a block")
    only(block, {*_BLOCKS[kind].split(), "type", "cache_control"}, where)
    if role == "user" and kind in (*_THOUGHTS, "tool_use"):
        refuse(f"{where}: a user has no {kind} blocks")
    if role == "assistant" and kind not in (*_THOUGHTS, "tool_use", "text"):
        refuse(f"{where}: an assistant has no {kind} blocks")
    if kind in _THOUGHTS:
        _thought(block, where)
    elif kind == "text":
        _texts([block], where)
    elif kind == "tool_use":
        _call(block, tools, where)
    elif kind == "tool_result" and not isinstance(block.get("content") or "", str):
        inner = block["content"]
        if not isinstance(inner, list):
            refuse(f"{where}: tool_result.content: Input should be a valid list")
        _texts([one for one in inner if one.get("type") == "text"], where)


def _call(block: Json, tools: Mapping[str, Any], where: str) -> None:
    needed(block, ("id", "name"), where)
    if not isinstance(block.get("input"), dict):
        refuse(f"{where}: tool_use.input: Input should be a valid dictionary")
    if block["name"] not in tools:
        refuse(f"{where}: tool {block['name']!r} is not declared in tools")


def _thought(block: Json, where: str) -> None:
    if "cache_control" in block:
        refuse(f"{where}: thinking cannot have cache_control")
    if block["type"] == "redacted_thinking":
        if not is_redacted(block.get("data", "")):
            refuse(f"{where}: Invalid `data` in `redacted_thinking` block")
    elif block.get("signature") != seal("thinking", block.get("thinking", "")):
        refuse(f"{where}: Invalid `signature` in `thinking` block")


def _texts(blocks: Any, where: str) -> None:
    if not isinstance(blocks, list):
        refuse(f"{where}: Input should be a valid list")
    for block in blocks:
        text = block.get("text")
        if not isinstance(text, str) or not text.strip():
            refuse(f"{where}: text content blocks must be non-empty")


def _unchanged(call_id: str, messages: Sequence[Json], given: Given) -> None:
    """A call of the model comes back as the model made it."""
    was = next((b for b in given.get(call_id, ()) if b.get("id") == call_id), None)
    if was is None or was["input"] is None:
        return
    for block in _blocks(messages, "tool_use"):
        if block["id"] == call_id:
            now = (block["name"], block["input"])
            if now != (was["name"], was["input"]):
                refuse(f"the call {call_id} was {was}, and now is {now}")


def _thinking_first(messages: Sequence[Json], given: Given) -> None:
    """While tools are used, an answer begins with the thinking it began with."""
    for message in reversed(messages):
        content = message["content"]
        blocks = [] if isinstance(content, str) else content
        kinds = {block["type"] for block in blocks}
        if message["role"] == "user":
            if "tool_result" not in kinds:
                return
            continue
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if not calls or calls[-1] not in given:
            continue
        was = [block for block in given[calls[-1]] if block["type"] in _THOUGHTS]
        now = [block for block in blocks if block["type"] in _THOUGHTS]
        if now != was:
            refuse("thinking blocks in the latest assistant message were modified")
        if was and blocks[0] != was[0]:
            refuse(f"Expected `thinking`, but found `{blocks[0]['type']}`")


def _blocks(messages: Sequence[Json], kind: str) -> Iterator[Json]:
    for message in messages:
        if not isinstance(message["content"], str):
            yield from (one for one in message["content"] if one["type"] == kind)


def _marks(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if value.get("cache_control"):
            yield value
        for one in value.values():
            yield from _marks(one)
    elif isinstance(value, list):
        for one in value:
            yield from _marks(one)
