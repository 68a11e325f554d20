"""Conversations found in JSON, however they were saved.

Understood are LangChain messages (as `dumpd`, `messages_to_dict` and `model_dump`
write them), messages of OpenAI's Chat Completions and Responses and of Anthropic's
Messages, states of graphs, and runs exported from LangSmith, in lists and under the
usual keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    convert_to_messages,
    messages_from_dict,
)

Messages: TypeAlias = list[BaseMessage]

_INSIDE: Final = (
    "messages",
    "runs",
    "data",
    "values",
    "channel_values",
    "state",
    "inputs",
    "input",
    "request",
    "body",
    "conversations",
    "conversation",
)
"""Keys under which conversations stand, in the order in which they are tried."""

_CALL: Final = "function_call"
_RESULT: Final = "function_call_output"
_DEEPEST: Final = 12


def conversations_in(value: object) -> list[Messages]:
    """Find the conversations in a JSON value.

    A conversation that is the beginning of another one is left out: what was sent
    in an earlier turn is in the later one.

    Args:
        value: Parsed JSON of any form.

    Returns:
        Conversations of at least two messages, in their order; none where the
        value has none.
    """
    found = [messages for messages in _found(value, _DEEPEST) if len(messages) > 1]
    return _longest(found)


def _found(value: object, depth: int) -> Iterator[Messages]:
    if depth == 0:
        return
    if isinstance(value, list):
        yield from _in_list(value, depth)
    elif isinstance(value, dict) and "run_type" in value:
        yield from _in_runs([value])
    elif isinstance(value, dict):
        for key in _INSIDE:
            found = list(_found(value.get(key), depth - 1))
            if found:
                yield from found
                return


def _in_list(values: Sequence[object], depth: int) -> Iterator[Messages]:
    messages = _messages(values)
    if messages is not None:
        yield messages
        return
    runs = [v for v in values if isinstance(v, dict) and "run_type" in v]
    if runs and len(runs) == len(values):
        yield from _in_runs(runs)
        return
    for inner in values:
        yield from _found(inner, depth - 1)


def _in_runs(runs: Sequence[Mapping[str, Any]]) -> Iterator[Messages]:
    """Take what models were asked; other runs only where there are none of these.

    A chain's run has the same conversation as the calls of the model within.
    """
    flat = list(_with_children(runs))
    asked = [run for run in flat if run["run_type"] == "llm"]
    for run in asked or flat:
        for messages in _found(run.get("inputs"), _DEEPEST):
            yield from _continued(messages, run.get("outputs"))


def _with_children(runs: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    waiting = list(reversed(runs))
    while waiting:
        run = waiting.pop()
        yield run
        children = run.get("child_runs")
        if isinstance(children, list):
            waiting += [
                c for c in reversed(children) if isinstance(c, dict) and "run_type" in c
            ]


def _continued(messages: Messages, outputs: object) -> Iterator[Messages]:
    whole = next(_found(outputs, _DEEPEST), None)
    if whole is not None and len(whole) >= len(messages):
        yield whole
        return
    answer = _answer(outputs)
    yield [*messages, answer] if answer is not None else messages


def _answer(outputs: object) -> BaseMessage | None:
    """Find the one message that a model answered with."""
    for _ in range(_DEEPEST):
        if isinstance(outputs, list) and outputs:
            outputs = outputs[0]
        elif isinstance(outputs, dict):
            messages = _messages([outputs])
            if messages is not None:
                return messages[0]
            keys = ("generations", "choices", "message", "output", "messages")
            outputs = next((outputs[key] for key in keys if key in outputs), None)
        else:
            break
    return None


def _messages(values: Sequence[object]) -> Messages | None:
    """Read a list as messages; `None` if it has anything else."""
    if not values or not all(isinstance(value, dict) for value in values):
        return None
    try:
        return [_message(value) for value in values if isinstance(value, dict)]
    except (ValueError, NotImplementedError, KeyError, TypeError, AttributeError):
        # What langchain-core raises for values that are no messages.
        return None


def _message(value: Mapping[str, Any]) -> BaseMessage:
    """Read one message.

    Raises:
        ValueError: It is none; so do the other errors that `_messages` names.
    """
    if isinstance(value.get("data"), dict):
        return messages_from_dict([dict(value)])[0]
    if value.get("type") == _CALL:
        arguments = json.loads(value["arguments"])
        call = {"name": value["name"], "args": arguments, "id": value["call_id"]}
        return AIMessage("", tool_calls=[call])
    if value.get("type") == _RESULT:
        output, call_id = value["output"], value["call_id"]
        value = {"role": "tool", "content": output, "tool_call_id": call_id}
    if value.get("type") == "message":
        value = {key: value[key] for key in value if key not in ("type", "id")}
    if "tool_calls" in value and "content" not in value:
        value = {**value, "content": ""}
    return convert_to_messages([dict(value)])[0]


def _longest(found: Sequence[Messages]) -> list[Messages]:
    written = [[wire(message) for message in messages] for messages in found]
    kept: list[Messages] = []
    for at, messages in enumerate(written):
        longer = (
            other
            for place, other in enumerate(written)
            if len(other) > len(messages)
            or (len(other) == len(messages) and place < at)
        )
        if not any(other[: len(messages)] == messages for other in longer):
            kept.append(found[at])
    return kept


def wire(message: BaseMessage) -> str:
    """Write what a provider is sent of a message, so that two can be compared."""
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    call_id = getattr(message, "tool_call_id", None)
    parts = [message.type, message.content, calls, call_id]
    return json.dumps(parts, ensure_ascii=False, default=str)
