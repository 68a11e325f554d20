"""One conversation, written as each of the usual programs would save it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from langchain_core.load import dumpd
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    convert_to_openai_messages,
    messages_to_dict,
)

QUESTION = "Which host is full?"
RECORDS = json.dumps(
    [{"host": f"web-{n}", "used": 40 + n % 30, "up": n != 77} for n in range(300)],
    indent=1,
)


def conversation() -> list[BaseMessage]:
    """Return a conversation of three requests, with one large result."""
    first = {"name": "hosts", "args": {"up": True}, "id": "call_1"}
    second = {"name": "host", "args": {"name": "web-77"}, "id": "call_2"}
    return [
        SystemMessage("You watch hosts."),
        HumanMessage(QUESTION),
        AIMessage("", tool_calls=[first]),
        ToolMessage(RECORDS, tool_call_id="call_1", name="hosts"),
        AIMessage("One is down.", tool_calls=[second]),
        ToolMessage("no route to web-77", tool_call_id="call_2", name="host"),
        AIMessage("web-77."),
    ]


def _run(kind: str, inputs: object, outputs: object, **more: Any) -> dict[str, Any]:
    run = {"id": "0", "name": "x", "run_type": kind, "inputs": inputs}
    return {**run, "outputs": outputs, **more}


def _runs(messages: list[BaseMessage]) -> list[dict[str, Any]]:
    """Runs of the model, one for each answer, as a tracer records them."""
    return [
        _run(
            "llm",
            {"messages": [[dumpd(message) for message in messages[:at]]]},
            {"generations": [[{"text": "", "message": dumpd(answer)}]]},
        )
        for at, answer in enumerate(messages)
        if isinstance(answer, AIMessage)
    ]


def _anthropic(messages: list[BaseMessage]) -> dict[str, Any]:
    return {"system": "You watch hosts.", "messages": [*map(_turn, messages[1:])]}


def _turn(message: BaseMessage) -> dict[str, Any]:
    if isinstance(message, ToolMessage):
        block: dict[str, Any] = {"type": "tool_result"}
        block |= {"tool_use_id": message.tool_call_id, "content": message.content}
        return {"role": "user", "content": [block]}
    if isinstance(message, AIMessage) and message.tool_calls:
        uses = [
            {"type": "tool_use", "id": c["id"], "name": c["name"], "input": c["args"]}
            for c in message.tool_calls
        ]
        return {"role": "assistant", "content": uses}
    role = "assistant" if isinstance(message, AIMessage) else "user"
    return {"role": role, "content": message.content}


def _responses(messages: list[BaseMessage]) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            item = {"call_id": message.tool_call_id, "output": message.content}
            items.append({"type": "function_call_output", **item})
            continue
        if message.text:
            role = {"human": "user", "ai": "assistant"}.get(message.type, "system")
            items.append({"type": "message", "role": role, "content": message.text})
        for call in message.tool_calls if isinstance(message, AIMessage) else ():
            item = {"call_id": call["id"] or "", "name": call["name"]}
            item |= {"arguments": json.dumps(call["args"])}
            items.append({"type": "function_call", **item})
    return {"model": "m", "input": items}


def _lines(values: list[Any]) -> str:
    return "\n".join(json.dumps(value) for value in values) + "\n"


def _tree(messages: list[BaseMessage]) -> dict[str, Any]:
    whole = {"messages": [dumpd(message) for message in messages]}
    runs = _runs(messages)
    return _run("chain", {"messages": whole["messages"][:2]}, whole, child_runs=runs)


Saver: TypeAlias = Callable[[list[BaseMessage]], str]

SAVED: Mapping[str, Saver] = {
    "dumpd": lambda ms: json.dumps([dumpd(m) for m in ms]),
    "messages_to_dict": lambda ms: json.dumps(messages_to_dict(ms)),
    "model_dump": lambda ms: json.dumps([m.model_dump() for m in ms]),
    "state": lambda ms: json.dumps(
        {"values": {"messages": [m.model_dump() for m in ms]}}
    ),
    "openai": lambda ms: json.dumps(convert_to_openai_messages(ms)),
    "openai request": lambda ms: json.dumps(
        {"model": "m", "messages": convert_to_openai_messages(ms)}
    ),
    "openai lines": lambda ms: _lines(convert_to_openai_messages(ms)),
    "responses": lambda ms: json.dumps(_responses(ms)),
    "anthropic": lambda ms: json.dumps(_anthropic(ms)),
    "langsmith lines": lambda ms: _lines(_runs(ms)),
    "langsmith query": lambda ms: json.dumps({"runs": _runs(ms)}),
    "langsmith tree": lambda ms: json.dumps(_tree(ms)),
    "langsmith chain": lambda ms: json.dumps(
        [{key: value for key, value in _tree(ms).items() if key != "child_runs"}]
    ),
}
"""How a conversation is saved, by name."""
