"""A conversation with two hidden texts, and a model that asks for them."""

from __future__ import annotations

from typing import Any, TypeAlias

from conversations import called
from langchain_core.messages import ToolMessage
from outputs import MAKERS

from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing import (
    Call,
    ScriptedChatModel,
    Turn,
)

LOG = MAKERS["logs"](600, ["the disk of web-417 is full"])
ROWS = MAKERS["json_records"](300, ["no space left"])
KEY = content_key(LOG)
MESSAGES = [*called(LOG, tool="run_tests"), *called(ROWS, tool="list_hosts", number=2)]
UNKNOWN = "f" * 24
ANSWERED = "It is the disk."

Arguments: TypeAlias = dict[str, Any] | str
"""The arguments of a call; a string is played as it is."""


def retrieve(*calls: Arguments) -> Turn:
    """A turn that makes these calls."""
    made = tuple(Call(name=RETRIEVE_TOOL_NAME, args=arguments) for arguments in calls)
    return Turn(tool_calls=made)


def told(model: ScriptedChatModel) -> list[str]:
    """What the retrieve tool told the model, in the last request."""
    return [
        message.text
        for message in model.requests[-1].messages
        if isinstance(message, ToolMessage) and message.name == RETRIEVE_TOOL_NAME
    ]


def choices(model: ScriptedChatModel) -> list[Any]:
    return [request.kwargs.get("tool_choice") for request in model.requests]
