"""Bedrock on the wire: `Converse` and `ConverseStream`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headroom_langchain.testing.servers.dialect import (
    Dialect,
    arguments,
    dump,
    pieces,
    text_of,
)
from headroom_langchain.testing.servers.event_stream import message
from headroom_langchain.testing.servers.query import OfferedTool, Query, Said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headroom_langchain.testing.servers.query import Json, Received
    from headroom_langchain.testing.servers.reply import Failure, Reply, ToolUse

_STOP = {"end": "end_turn", "length": "max_tokens", "refusal": "content_filtered"}
_ERRORS = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
}


class Converse(Dialect):
    """Reads and writes Converse."""

    path = "/model/*/converse*"
    stream_type = "application/vnd.amazon.eventstream"

    def read(self, received: Received) -> Query:
        """Read a request."""
        body = received.body
        model, _, action = received.path.removeprefix("/model/").rpartition("/")
        tools: Json = body.get("toolConfig") or {}
        output: Json = (body.get("outputConfig") or {}).get("textFormat") or {}
        limits: Json = body.get("inferenceConfig") or {}
        return Query(
            received=received,
            model=model,
            stream=action == "converse-stream",
            said=tuple(_said(body)),
            tools=tuple(
                OfferedTool(name=spec["name"], schema=spec["inputSchema"]["json"])
                for tool in tools.get("tools") or ()
                if (spec := tool.get("toolSpec"))
            ),
            tool_choice=_choice_of(tools.get("toolChoice")),
            stop=tuple(limits.get("stopSequences") or ()),
            schema=_schema_of(output),
            wants_json=bool(output),
        )

    def whole(self, reply: Reply, query: Query, number: int) -> Json:  # noqa: ARG002 - the protocol's
        """Write the answer of Converse."""
        content = [_closed(block) for block in _blocks(reply, number)]
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            **_ending(reply),
            **_figures(reply),
        }

    def events(self, reply: Reply, query: Query, number: int) -> Iterator[bytes]:  # noqa: ARG002 - the protocol's
        """Write the messages from `messageStart` to `metadata`."""
        yield _event("messageStart", role="assistant")
        for index, block in enumerate(_blocks(reply, number)):
            if use := block.get("toolUse"):
                start = {"toolUseId": use["toolUseId"], "name": use["name"]}
                fields = {"start": {"toolUse": start}, "contentBlockIndex": index}
                yield _event("contentBlockStart", **fields)
            for delta in _deltas(block, reply):
                yield _event("contentBlockDelta", delta=delta, contentBlockIndex=index)
            yield _event("contentBlockStop", contentBlockIndex=index)
        yield _event("messageStop", **_ending(reply))
        yield _event("metadata", **_figures(reply))

    def error(self, failure: Failure) -> Json:
        """Write the body of an HTTP error."""
        return {"message": failure.message}

    def error_headers(self, failure: Failure) -> Mapping[str, str]:
        """Return the headers of an HTTP error: one has its name."""
        return {"x-amzn-errortype": _error_type(failure), **failure.headers}

    def error_event(self, failure: Failure) -> bytes:
        """Write an error in the middle of a stream."""
        name = _error_type(failure)
        headers = {
            ":exception-type": name[0].lower() + name[1:],
            ":content-type": "application/json",
            ":message-type": "exception",
        }
        return message(headers, dump(self.error(failure)).encode())


def _event(name: str, **fields: Any) -> bytes:
    headers = {
        ":event-type": name,
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return message(headers, dump(fields).encode())


def _error_type(failure: Failure) -> str:
    return failure.type or _ERRORS.get(failure.status, "ServiceUnavailableException")


def _said(body: Json) -> Iterator[Said]:
    if body.get("system"):
        yield Said(role="system", text=text_of(body["system"]))
    names: dict[str, str] = {}
    for message_ in body["messages"]:
        spoken: list[Json] = []
        calls: dict[str, str] = {}
        for block in message_["content"]:
            if result := block.get("toolResult"):
                call_id = result["toolUseId"]
                text, name = text_of(result["content"]), names.get(call_id, "")
                yield Said(role="tool", text=text, tool=name, calls=(call_id,))
                continue
            if use := block.get("toolUse"):
                calls[use["toolUseId"]] = use["name"]
            spoken.append(block)
        names |= calls
        if spoken:
            text = text_of(spoken)
            yield Said(role=message_["role"], text=text, calls=tuple(calls))


def _choice_of(value: Json | None) -> str:
    if value is None:
        return "auto"
    named: Json | None = value.get("tool")
    return str(named["name"]) if named else next(iter(value))


def _schema_of(output: Json) -> Json | None:
    structure: Json = output.get("structure") or {}
    schema = (structure.get("jsonSchema") or {}).get("schema")
    read: Json | None = json.loads(schema) if isinstance(schema, str) else schema
    return read


def _blocks(reply: Reply, number: int) -> Iterator[Json]:
    """Yield the content blocks; `input` is still JSON text."""
    if reply.thinking:
        thought = {"text": reply.thinking, "signature": reply.signature}
        yield {"reasoningContent": {"reasoningText": thought}}
    if reply.text:
        yield {"text": reply.text}
    for index, call in enumerate(reply.tool_calls):
        yield {"toolUse": _call(call, number, index)}


def _call(call: ToolUse, number: int, index: int) -> Json:
    call_id = call.id or f"tooluse_{number}_{index}"
    return {"toolUseId": call_id, "name": call.name, "input": arguments(call)}


def _closed(block: Json) -> Json:
    use = block.get("toolUse")
    return {"toolUse": {**use, "input": json.loads(use["input"])}} if use else block


def _deltas(block: Json, reply: Reply) -> Iterator[Json]:
    if use := block.get("toolUse"):
        for piece in pieces(use["input"], reply.piece):
            yield {"toolUse": {"input": piece}}
    elif reasoning := block.get("reasoningContent"):
        thought = reasoning["reasoningText"]
        for piece in pieces(thought["text"], reply.piece):
            yield {"reasoningContent": {"text": piece}}
        yield {"reasoningContent": {"signature": thought["signature"]}}
    else:
        for piece in pieces(block["text"], reply.piece):
            yield {"text": piece}


def _ending(reply: Reply) -> Json:
    if reply.stop_sequence is not None:
        return {"stopReason": "stop_sequence"}
    called = reply.tool_calls and reply.stop == "end"
    return {"stopReason": "tool_use" if called else _STOP[reply.stop]}


def _figures(reply: Reply) -> Json:
    usage = reply.usage
    counted = {
        "inputTokens": usage.input - usage.cached,
        "outputTokens": usage.output,
        "totalTokens": usage.input + usage.output,
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": 0,
    }
    return {"usage": counted, "metrics": {"latencyMs": 5}}
