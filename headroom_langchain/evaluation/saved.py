"""Files and folders as conversations to evaluate.

A file of saved conversations gives those. Any other text stands for the output of a
tool: it becomes the conversation in which an agent called a tool and got it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from headroom_langchain.evaluation.conversations import Messages, conversations_in

_LARGEST: Final = 64 * 1024 * 1024
_PEEK: Final = 8192
_JSON: Final = ("{", "[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Messages that somebody saved, or that stand for one output of a tool."""

    name: str
    """The file, with a number where a file has several."""
    messages: tuple[BaseMessage, ...]
    output: bool
    """Whether it was made up around a file that has the output of a tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that was not evaluated."""

    name: str
    reason: str


def read_saved(
    paths: Sequence[str], *, tool: str = "tool", question: str = ""
) -> Iterator[Conversation | Unread]:
    """Read files, and the files in folders, in the order of their names.

    Files and folders whose names start with a dot are passed over in folders.

    Args:
        paths: Files and folders.
        tool: The tool that is said to have written files without conversations.
        question: What is said to have been asked before it was called.
    """
    for path in paths:
        for file in _files(Path(path)):
            yield from _read(file, tool, question)


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names without the folders that all of them are in."""
    parts = [Path(name).parts for name in names]
    shared = 0
    while all(len(each) > shared + 1 for each in parts) and (
        len({each[shared] for each in parts}) == 1
    ):
        shared += 1
    return tuple(str(Path(*each[shared:])) for each in parts)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.iterdir()):
        if not inner.name.startswith("."):
            yield from _files(inner)


def _read(file: Path, tool: str, question: str) -> Iterator[Conversation | Unread]:
    name = str(file)
    try:
        size = file.stat().st_size
        if size > _LARGEST:
            reason = f"{size:,} bytes are more than {_LARGEST:,}"
            yield Unread(name=name, reason=reason)
            return
        raw = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        yield Unread(name=name, reason=reason)
        return
    if b"\0" in raw[:_PEEK]:
        yield Unread(name=name, reason="binary")
        return
    text = raw.decode("utf-8", "surrogateescape")
    found = _conversations(text)
    for number, messages in enumerate(found, start=1):
        numbered = f"{name} ({number})" if len(found) > 1 else name
        yield Conversation(name=numbered, messages=tuple(messages), output=False)
    if not found:
        yield _around(text, name=name, tool=tool, question=question)


def _conversations(text: str) -> list[Messages]:
    if not text.lstrip("\ufeff \t\r\n").startswith(_JSON):
        return []
    try:
        return conversations_in(json.loads(text))
    except (ValueError, RecursionError):
        pass
    try:
        return conversations_in(
            [json.loads(line) for line in text.splitlines() if line.strip()]
        )
    except (ValueError, RecursionError):
        return []


def _around(text: str, *, name: str, tool: str, question: str) -> Conversation:
    call = {"name": tool, "args": {}, "id": "call"}
    messages = (
        HumanMessage(question),
        AIMessage("", tool_calls=[call]),
        ToolMessage(text, tool_call_id="call", name=tool),
    )
    return Conversation(name=name, messages=messages, output=True)
