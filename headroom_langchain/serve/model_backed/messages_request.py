"""Requests of Anthropic Messages, as messages of langchain-core.

Results of tools become tool messages of their own, which is where they are compressed.
For a model of Anthropic such a message has the client's block as its content, so that
nothing of it is lost on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)

from headroom_langchain.serve.model_backed.asked import (
    AnswerFormat,
    Asked,
    RequestError,
    ToolOffer,
    objects,
    text_field,
)
from headroom_langchain.serve.model_backed.content import neutral, own, words
from headroom_langchain.serve.model_backed.family import Family
from headroom_langchain.serve.wire.body import Json

_READ: Final = frozenset(
    "messages model output_config stop_sequences stream system tool_choice"
    " tools".split()
)
"""Fields that have a place of their own in what is asked."""

_CHOICES: Final = {"auto": "auto", "any": "any", "none": "none"}


def read_messages(body: Json, family: Family) -> Asked:
    """Read a request.

    Args:
        body: Its body.
        family: Whose forms the model understands.

    Raises:
        RequestError: It cannot be understood.
    """
    native = family == "anthropic"
    tools = [_tool(tool) for tool in objects(body, "tools")]
    choice = body.get("tool_choice") or {}
    alone = choice.get("disable_parallel_tool_use")
    settings = {key: value for key, value in body.items() if key not in _READ}
    output: Json = body.get("output_config") or {}
    if rest := {key: value for key, value in output.items() if key != "format"}:
        settings["output_config"] = rest
    return Asked(
        protocol="messages",
        native=native,
        model=text_field(body, "model"),
        stream=body.get("stream") is True,
        messages=[*_system(body, native=native), *_conversation(body, native=native)],
        tools=tools,
        tool_choice=_choice(choice),
        parallel=None if alone is None else not alone,
        stop=list(body.get("stop_sequences") or ()),
        answer_format=_answer_format(output.get("format") or body.get("output_format")),
        settings=settings,
    )


def _system(body: Json, *, native: bool) -> Iterator[BaseMessage]:
    if system := body.get("system"):
        yield SystemMessage(content=own(system) if native else words(system))


def _conversation(body: Json, *, native: bool) -> Iterator[BaseMessage]:
    if not body.get("messages"):
        msg = "messages: at least one message is required"
        raise RequestError(msg)
    names: dict[str, str] = {}
    for message in objects(body, "messages"):
        content = message.get("content")
        match message.get("role"):
            case "assistant":
                answer = _assistant(content, native=native)
                names |= {str(call["id"]): call["name"] for call in answer.tool_calls}
                yield answer
            case "user":
                yield from _user(content, names, native=native)
            case "system":
                yield SystemMessage(content=own(content) if native else words(content))
            case role:
                msg = f"messages: a message has the unknown role {role!r}"
                raise RequestError(msg)


def _assistant(content: Any, *, native: bool) -> AIMessage:
    blocks = own(content)
    calls = [
        _call(one) for one in blocks if isinstance(one, dict) and _is(one, "tool_use")
    ]
    said: str | list[Any] = blocks if native else words(content)
    provider = {"model_provider": "anthropic"} if native else {}
    return AIMessage(content=said, tool_calls=calls, response_metadata=provider)


def _call(block: Json) -> ToolCall:
    arguments = block.get("input")
    return ToolCall(
        type="tool_call",
        id=str(block.get("id")),
        name=str(block.get("name")),
        args=arguments if isinstance(arguments, dict) else {},
    )


def _user(
    content: Any, names: dict[str, str], *, native: bool
) -> Iterator[BaseMessage]:
    """Yield what a user's message has, in its order; results by themselves."""
    blocks = own(content)
    if isinstance(blocks, str):
        yield HumanMessage(content=blocks)
        return
    said: list[Any] = []
    for block in blocks:
        if not _is(block, "tool_result"):
            said.append(block)
            continue
        if said:
            yield _human(said, native=native)
            said = []
        yield _result(block, names, native=native)
    if said:
        yield _human(said, native=native)


def _human(blocks: list[Any], *, native: bool) -> HumanMessage:
    return HumanMessage(content=blocks if native else neutral(blocks))


def _result(block: Json, names: dict[str, str], *, native: bool) -> ToolMessage:
    call_id = str(block.get("tool_use_id"))
    return ToolMessage(
        content=[block] if native else neutral(block.get("content")),
        tool_call_id=call_id,
        name=names.get(call_id),
        status="error" if block.get("is_error") else "success",
    )


def _is(block: Any, kind: str) -> bool:
    return isinstance(block, dict) and block.get("type") == kind


def _tool(tool: Json) -> ToolOffer:
    schema = tool.get("input_schema")
    return ToolOffer(
        name=text_field(tool, "name"),
        raw=tool,
        description=text_field(tool, "description"),
        schema=schema if isinstance(schema, dict) else None,
        strict=tool.get("strict"),
    )


def _choice(choice: Json) -> str:
    kind = choice.get("type")
    if kind is None:
        return ""
    if kind == "tool" and isinstance(choice.get("name"), str):
        return f"={choice['name']}"
    if kind in _CHOICES:
        return _CHOICES[kind]
    msg = f"tool_choice: {choice!r} is not understood"
    raise RequestError(msg)


def _answer_format(wanted: Any) -> AnswerFormat | None:
    if not wanted:
        return None
    if isinstance(wanted, dict) and isinstance(wanted.get("schema"), dict):
        return AnswerFormat(schema=wanted["schema"], strict=True)
    msg = f"output_config: the format {wanted!r} is not understood"
    raise RequestError(msg)
