"""Gemini on the wire: `generateContent` and `streamGenerateContent`.

Requests name a call by its tool alone: a result answers the first call of that
tool that has none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headroom_langchain.testing.servers.dialect import (
    Dialect,
    arguments,
    dump,
    frame,
    pieces,
    text_of,
)
from headroom_langchain.testing.servers.query import OfferedTool, Query, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headroom_langchain.testing.servers.query import Json, Received
    from headroom_langchain.testing.servers.reply import Failure, Reply, ToolUse

_STOP = {"end": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}
_CHOICES = {"AUTO": "auto", "ANY": "any", "NONE": "none"}
_STREAMS = {"generateContent": False, "streamGenerateContent": True}
_ERRORS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    504: "DEADLINE_EXCEEDED",
}


class GenerateContent(Dialect):
    """Reads and writes the contents of Gemini."""

    path = "/v1beta/models/*"

    def read(self, received: Received) -> Query:
        """Read a request."""
        body = received.body
        model, _, method = received.path.rpartition("/")[2].partition(":")
        config: Json = body.get("generationConfig") or {}
        mime = config.get("responseMimeType")
        declared = [
            declaration
            for tool in body.get("tools") or ()
            for declaration in tool.get("functionDeclarations") or ()
        ]
        return Query(
            received=received,
            model=model,
            stream=_STREAMS[method],
            said=tuple(_said(body)),
            tools=tuple(_offered(declaration) for declaration in declared),
            tool_choice=_choice_of(body, len(declared)),
            stop=tuple(config.get("stopSequences") or ()),
            schema=config.get("responseJsonSchema") or config.get("responseSchema"),
            wants_json=mime == "application/json",
        )

    def whole(self, reply: Reply, query: Query, number: int) -> Json:
        """Write a `GenerateContentResponse`."""
        whole = max(len(reply.text), len(reply.thinking), 1)
        parts = list(_parts(reply, number, piece=whole))
        usage = _usage(reply, reply.usage.output)
        return _response(query, number, parts, usage, _finish(reply))

    def events(self, reply: Reply, query: Query, number: int) -> Iterator[bytes]:
        """Write one response for each part; their usage adds up as they go."""
        parts = list(_parts(reply, number, piece=reply.piece)) or [{"text": ""}]
        for count, part in enumerate(parts, 1):
            last = count == len(parts)
            output = reply.usage.output if last else min(count, reply.usage.output)
            usage = _usage(reply, output)
            finish = _finish(reply) if last else None
            yield frame(_response(query, number, [part], usage, finish))

    def error(self, failure: Failure) -> Json:
        """Write the body of an HTTP error."""
        status = failure.type or _ERRORS.get(failure.status, "UNAVAILABLE")
        error = {"code": failure.status, "message": failure.message, "status": status}
        return {"error": error}

    def error_event(self, failure: Failure) -> bytes:
        """Write an error in the middle of a stream, which is no event of it."""
        return dump(self.error(failure)).encode() + b"\n"


def _offered(declaration: Json) -> OfferedTool:
    schema = declaration.get("parametersJsonSchema") or declaration.get("parameters")
    return OfferedTool(name=declaration["name"], schema=_lowered(schema or {}))


def _lowered(schema: Any) -> Any:
    """Write the types of a schema as JSON Schema does, which is in lower case."""
    if isinstance(schema, list):
        return [_lowered(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    lowered = {key: _lowered(value) for key, value in schema.items()}
    if isinstance(kind := schema.get("type"), str):
        lowered["type"] = kind.lower()
    return lowered


def _choice_of(body: Json, declared: int) -> str:
    calling: Json = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = calling.get("allowedFunctionNames") or []
    # A client may say that any may be called by naming all of them.
    if len(allowed) == 1 and declared > 1:
        return str(allowed[0])
    return _CHOICES[calling.get("mode", "AUTO")]


def _said(body: Json) -> Iterator[Said]:
    if body.get("systemInstruction"):
        yield Said(role="system", text=text_of(body["systemInstruction"]["parts"]))
    waiting: dict[str, list[str]] = {}
    made = 0
    for content in body["contents"]:
        spoken: list[Json] = []
        calls: list[str] = []
        for part in content["parts"]:
            if result := part.get("functionResponse"):
                name = result["name"]
                ids = waiting.get(name) or [name]
                text, first = _output(result["response"]), ids.pop(0)
                yield Said(role="tool", text=text, tool=name, calls=(first,))
                continue
            if call := part.get("functionCall"):
                made += 1
                calls.append(f"{call['name']} {made}")
                waiting.setdefault(call["name"], []).append(calls[-1])
            spoken.append(part)
        if spoken:
            texts = [part for part in spoken if not part.get("thought")]
            role: Any = "assistant" if content["role"] == "model" else "user"
            yield Said(role=role, text=text_of(texts), calls=tuple(calls))


def _output(response: Json) -> str:
    output = response.get("output")
    return output if isinstance(output, str) else dump(response)


def _parts(reply: Reply, number: int, *, piece: int) -> Iterator[Json]:
    """Yield the parts; the signature of the thoughts is on the last of them."""
    signed = {"thoughtSignature": reply.signature} if reply.thinking else {}
    for text in pieces(reply.thinking, piece):
        yield {"text": text, "thought": True}
    texts = list(pieces(reply.text, piece))
    for index, text in enumerate(texts, 1):
        ends = index == len(texts) and not reply.tool_calls
        yield {"text": text, **(signed if ends else {})}
    for index, call in enumerate(reply.tool_calls):
        # Of calls side by side only the first is signed.
        yield {**_call(call, number, index), **({} if index else signed)}


def _call(call: ToolUse, number: int, index: int) -> Json:
    called = {
        "id": call.id or f"call_{number}_{index}",
        "name": call.name,
        "args": json.loads(arguments(call)),
    }
    return {"functionCall": called}


def _finish(reply: Reply) -> str:
    return _STOP[reply.stop]


def _response(
    query: Query, number: int, parts: list[Json], usage: Json, finish: str | None
) -> Json:
    candidate: dict[str, Any] = {
        "content": {"parts": parts, "role": "model"},
        "index": 0,
    }
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": query.model,
        "responseId": f"response_{number}",
    }


def _usage(reply: Reply, output: int) -> Json:
    return {
        "promptTokenCount": reply.usage.input,
        "candidatesTokenCount": output,
        "totalTokenCount": reply.usage.input + output,
        "cachedContentTokenCount": reply.usage.cached,
    }
