"""Requests of OpenAI Chat Completions, as messages of langchain-core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    FunctionMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.output_parsers.openai_tools import (
    make_invalid_tool_call,
    parse_tool_call,
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
    "function_call functions messages model parallel_tool_calls response_format stop"
    " stream stream_options tool_choice tools".split()
)
"""Fields that have a place of their own in what is asked."""

_CHOICES: Final = {"auto": "auto", "required": "any", "none": "none"}


def read_chat(body: Json, family: Family) -> Asked:
    """Read a request.

    Args:
        body: Its body.
        family: Whose forms the model understands.

    Raises:
        RequestError: It cannot be understood.
    """
    stop = body.get("stop") or ()
    options: Json = body.get("stream_options") or {}
    legacy = [{"type": "function", "function": f} for f in objects(body, "functions")]
    return Asked(
        protocol="chat",
        native=family == "openai",
        model=text_field(body, "model"),
        stream=body.get("stream") is True,
        messages=list(_conversation(body, native=family == "openai")),
        tools=[_tool(tool) for tool in [*objects(body, "tools"), *legacy]],
        tool_choice=_choice(body.get("tool_choice") or body.get("function_call")),
        parallel=body.get("parallel_tool_calls"),
        stop=[stop] if isinstance(stop, str) else list(stop),
        answer_format=_answer_format(body.get("response_format")),
        settings={key: value for key, value in body.items() if key not in _READ},
        usage_wanted=options.get("include_usage") is True,
    )


def _conversation(body: Json, *, native: bool) -> Iterator[BaseMessage]:
    if not body.get("messages"):
        msg = "messages: at least one message is required"
        raise RequestError(msg)
    names: dict[str, str] = {}
    for message in objects(body, "messages"):
        read = _message(message, names, native=native)
        if isinstance(read, AIMessage):
            names |= {str(call["id"]): call["name"] for call in read.tool_calls}
        yield read


def _message(message: Json, names: dict[str, str], *, native: bool) -> BaseMessage:
    content, name = message.get("content"), message.get("name")
    read = own if native else neutral
    match role := message.get("role"):
        case "user":
            return HumanMessage(content=read(content), name=name)
        case "system" | "developer":
            extra = {"__openai_role__": role} if native and role == "developer" else {}
            told = own(content) if native else words(content)
            return SystemMessage(content=told, name=name, additional_kwargs=extra)
        case "assistant":
            return _assistant(message, native=native)
        case "tool":
            call_id = text_field(message, "tool_call_id")
            known = name or names.get(call_id)
            return ToolMessage(content=read(content), tool_call_id=call_id, name=known)
        case "function":
            return FunctionMessage(content=read(content), name=str(name))
    msg = f"messages: a message has the unknown role {role!r}"
    raise RequestError(msg)


def _assistant(message: Json, *, native: bool) -> AIMessage:
    content = message.get("content")
    extra: Json = {}
    if native:
        kept = ("audio", "function_call", "refusal")
        extra = {key: message[key] for key in kept if message.get(key)}
    calls: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for raw in objects(message, "tool_calls"):
        try:
            calls.append(parse_tool_call(raw, return_id=True))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it: it goes on as it is
            invalid.append(make_invalid_tool_call(raw, str(error)))
    return AIMessage(
        content=own(content or "") if native else words(content),
        name=message.get("name"),
        tool_calls=calls,
        invalid_tool_calls=invalid,
        additional_kwargs=extra,
    )


def _tool(tool: Json) -> ToolOffer:
    function = tool.get("function")
    if not isinstance(function, dict):
        return ToolOffer(name=str(tool.get("type")), raw=tool)
    schema = function.get("parameters")
    return ToolOffer(
        name=text_field(function, "name"),
        raw=tool,
        description=text_field(function, "description"),
        schema=schema
        if isinstance(schema, dict)
        else {"type": "object", "properties": {}},
        strict=function.get("strict"),
    )


def _choice(choice: Any) -> str:
    if not choice:
        return ""
    if isinstance(choice, str) and choice in _CHOICES:
        return _CHOICES[choice]
    if isinstance(choice, dict):
        function = choice.get("function", choice)
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            return f"={function['name']}"
    msg = f"tool_choice: {choice!r} is not understood by this server"
    raise RequestError(msg)


def _answer_format(wanted: Any) -> AnswerFormat | None:
    match wanted:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return AnswerFormat(schema=None)
        case {"type": "json_schema", "json_schema": {"schema": dict() as schema} as of}:
            name, strict = of.get("name") or "answer", of.get("strict")
            return AnswerFormat(schema=schema, name=name, strict=strict)
    msg = f"response_format: {wanted!r} is not understood"
    raise RequestError(msg)
