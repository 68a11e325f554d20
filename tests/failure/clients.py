"""Real clients of fake servers, and the sockets they leave open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import wire_clients
from langchain_core.language_models import BaseChatModel

from headroom_langchain.testing.servers import FakeAnthropic, FakeOpenAI, FakeServer

Client = tuple[type[FakeServer], Callable[[str], BaseChatModel]]


CLIENTS: dict[str, Client] = {
    "openai": (FakeOpenAI, partial(wire_clients.chat, max_retries=0)),
    "responses": (FakeOpenAI, partial(wire_clients.responses, max_retries=0)),
    "anthropic": (FakeAnthropic, partial(wire_clients.anthropic, max_retries=0)),
}

HANDLES = Path("/proc/self/fd")
"""Where Linux lists the open files of a process."""


def sockets() -> set[str]:
    """The sockets that this process has open; none where nobody can tell."""
    if not HANDLES.is_dir():
        return set()
    found = set()
    for handle in HANDLES.iterdir():
        # The handle by which the folder is read is gone by now.
        with contextlib.suppress(FileNotFoundError):
            found.add(str(handle.readlink()))
    return {target for target in found if target.startswith("socket:")}
