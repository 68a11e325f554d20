"""Others that make tool results smaller, each as a function from text to text."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from deepagents.backends import FilesystemBackend
from deepagents.middleware.filesystem import FilesystemMiddleware
from langchain.agents.middleware.types import ToolCallRequest
from langchain.tools import ToolRuntime
from langchain_core.messages import BaseMessage, ToolMessage

Shortener: TypeAlias = Callable[[str], str]

_PEER: Final = Path(__file__).with_name("peer.py")


def head_and_tail(text: str, characters: int) -> str:
    """Keep the first three quarters of so many characters, and the last quarter."""
    if len(text) <= characters:
        return text
    head = characters * 3 // 4
    tail = characters - head
    return f"{text[:head]}\n[... {len(text) - characters:,} characters]\n{text[-tail:]}"


@contextmanager
def eviction(limit: int | None) -> Iterator[Shortener]:
    """Give what deepagents shows of a result that it has moved to a file.

    Args:
        limit: Tokens from which on it does so; `None` for its default.
    """
    with TemporaryDirectory() as folder:
        backend = FilesystemBackend(root_dir=folder, virtual_mode=True)
        middleware = (
            FilesystemMiddleware(backend=backend)
            if limit is None
            else FilesystemMiddleware(
                backend=backend, tool_token_limit_before_evict=limit
            )
        )
        yield lambda text: _evicted(middleware, text)


def _evicted(middleware: FilesystemMiddleware, text: str) -> str:
    runtime: ToolRuntime[None, dict[str, list[BaseMessage]]] = ToolRuntime(
        state={"messages": []},
        context=None,
        config={},
        stream_writer=lambda _: None,
        tool_call_id="call",
        store=None,
    )
    request = ToolCallRequest(
        tool_call={"name": "shell", "args": {}, "id": "call"},
        tool=None,
        state={"messages": []},
        runtime=runtime,
    )
    result = ToolMessage(text, tool_call_id="call", name="shell")
    shown = middleware.wrap_tool_call(request, lambda _: result)
    if isinstance(shown, ToolMessage):
        return shown.text
    assert isinstance(shown.update, dict)
    return str(shown.update["messages"][-1].text)


def peer(python: str, texts: Sequence[str]) -> tuple[str, list[str], float]:
    """Let headroom-ai compress texts, in the interpreter that has it.

    Args:
        python: The interpreter.
        texts: The outputs of tools.

    Returns:
        Its version, the texts as it would send them, and the seconds it took.
    """
    done = subprocess.run(
        [python, str(_PEER)],
        input=json.dumps(list(texts)),
        capture_output=True,
        check=True,
        text=True,
    )
    told = json.loads(done.stdout.rpartition("\n{")[2].join(("{", "")))
    return told["version"], told["texts"], told["seconds"]
