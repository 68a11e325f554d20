"""Real clients of fake servers, and the sockets they leave open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from headroom_langchain.testing.servers import FakeAnthropic, FakeOpenAI, FakeServer

Client = tuple[type[FakeServer], Callable[[str], BaseChatModel]]


def _openai(url: str) -> BaseChatModel:
    return ChatOpenAI(base_url=url, api_key="x", model="gpt-x", max_retries=0)  # type: ignore[arg-type] # a plain key is fine


def _responses(url: str) -> BaseChatModel:
    return ChatOpenAI(
        base_url=url,
        api_key="x",  # type: ignore[arg-type] # a plain key is fine
        model="gpt-x",
        max_retries=0,
        use_responses_api=True,
    )


def _anthropic(url: str) -> BaseChatModel:
    return ChatAnthropic(base_url=url, api_key="x", model="claude-x", max_retries=0)  # type: ignore[call-arg, arg-type] # aliases


CLIENTS: dict[str, Client] = {
    "openai": (FakeOpenAI, _openai),
    "responses": (FakeOpenAI, _responses),
    "anthropic": (FakeAnthropic, _anthropic),
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
