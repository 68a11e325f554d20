"""The commands `serve` and `wrap` as processes, on loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import SECONDS

from headroom_langchain.testing.servers import ToolUse
from headroom_langchain.testing.servers.query import Query

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
ASKED: Mapping[str, Any] = {
    "model": "claude-x",
    "max_tokens": 9,
    "messages": [
        {"role": "user", "content": "What is wrong?"},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "t1", "name": "read_log", "input": {}}
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": BIG}],
        },
    ],
}
"""A request with a large tool result."""


def ask_for(key: str) -> ToolUse:
    """Return a call for an original."""
    return ToolUse(
        name="headroom_retrieve", args={"hash": key, "query": "disk full on web-7"}
    )


def was_answered(query: Query) -> bool:
    """Tell whether the last message of a request answers a call for what was hidden."""
    found = "disk full on web-7" in query.said[-1].text
    return found and "headroom_retrieve" in query.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server that answers."""

    process: subprocess.Popen[bytes]
    address: str
    told: str
    """What it said when it began."""

    @property
    def workers(self) -> list[int]:
        """The ids of its worker processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        ids = [int(word) for word in children.read_text("ascii").split()]
        return [number for number in ids if b"spawn_main" in _command(number)]


@contextmanager
def serving(*words: str) -> Iterator[Serving]:
    """Run `serve` on a free port until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "headroom_langchain", "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield _begun(process)
        finally:
            process.terminate()
            process.wait(SECONDS)


def _begun(process: subprocess.Popen[bytes]) -> Serving:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.decode())
        if "is shown at" in lines[-1]:
            break
    found = re.search(r"http://127\.0\.0\.1:\d+", "".join(lines))
    assert found, process.communicate()[1].decode()
    return Serving(process=process, address=found[0], told="".join(lines))


def _command(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""
