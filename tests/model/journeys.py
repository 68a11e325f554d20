"""Ways that messages go between two requests: stored, written down, passed on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.load import dumps, loads
from langchain_core.messages import (
    BaseMessage,
    messages_from_dict,
    messages_to_dict,
    trim_messages,
)
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph, add_messages

Messages = list[BaseMessage]
Journey = Callable[[Messages, Path], Messages]


def through(saver: BaseCheckpointSaver[Any], again: BaseCheckpointSaver[Any]) -> Any:
    """Return how messages go into a graph's state and come out of it elsewhere."""
    config: Any = {"configurable": {"thread_id": "1"}}

    def graph(checkpointer: BaseCheckpointSaver[Any]) -> Any:
        builder = StateGraph(MessagesState)
        builder.add_node("wait", lambda _: {"messages": []})
        builder.add_edge(START, "wait")
        builder.add_edge("wait", END)
        return builder.compile(checkpointer=checkpointer)

    def saved(messages: Messages) -> Messages:
        graph(saver).invoke({"messages": messages}, config)
        kept: Messages = graph(again).get_state(config).values["messages"]
        return kept

    return saved


def in_memory(messages: Messages, _: Path) -> Messages:
    saver = InMemorySaver()
    kept: Messages = through(saver, saver)(messages)
    return kept


def in_a_file(messages: Messages, folder: Path) -> Messages:
    path = str(folder / "checkpoints.db")
    with (
        SqliteSaver.from_conn_string(path) as saver,
        SqliteSaver.from_conn_string(path) as again,
    ):
        kept: Messages = through(saver, again)(messages)
        return kept


def as_json(messages: Messages, _: Path) -> Messages:
    return messages_from_dict(json.loads(json.dumps(messages_to_dict(messages))))


def as_serialised(messages: Messages, _: Path) -> Messages:
    kept: Messages = loads(dumps(messages), allowed_objects="messages")
    return kept


def as_model_json(messages: Messages, _: Path) -> Messages:
    return [type(m).model_validate_json(m.model_dump_json()) for m in messages]


def as_checkpoint(messages: Messages, _: Path) -> Messages:
    serde = JsonPlusSerializer()
    kept: Messages = serde.loads_typed(serde.dumps_typed(messages))
    return kept


def added(messages: Messages, _: Path) -> Messages:
    state: Any = []
    for message in [*messages, messages[3]]:
        update: Any = [message.model_copy()]
        state = add_messages(state, update)
    kept: Messages = state
    return kept


def trimmed(messages: Messages, _: Path) -> Messages:
    return trim_messages(messages, max_tokens=len(messages), token_counter=len)


JOURNEYS: list[Journey] = [
    in_memory,
    in_a_file,
    as_json,
    as_serialised,
    as_model_json,
    as_checkpoint,
    added,
    trimmed,
]
