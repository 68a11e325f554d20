"""Tool results of every kind, for tests of what often goes wrong."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from headroom_langchain import InMemoryCCRStore, compress
from headroom_langchain.testing import Turn, ask_for_original

LOG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
ROWS = json.dumps(
    [
        {"id": n, "host": f"web-{n}", "error": "timeout" if n == 41 else None}
        for n in range(200)
    ]
)
CODE = "\n\n".join(
    f"def handler_{n}(request, *, retries={n % 5}):\n"
    f'    """Serve request {n}."""\n'
    f"    value = request.get({n!r})\n"
    f"    if value is None:\n        raise KeyError({n})\n"
    f"    return value * {n}"
    for n in range(150)
)
PROSE = "\n\n".join(f"## Part {n}\n\nSome words about {n}." for n in range(300))
DEEP = "{" + ", ".join(f'"k{n}": {{"v": [{n}, {n}]}}' for n in range(300)) + "}"
TABLE = "\n".join(["id,host,load", *(f"{n},web-{n},{n % 7}" for n in range(400))])
RESULTS = {
    "code": CODE,
    "deep": DEEP,
    "log": LOG,
    "prose": PROSE,
    "rows": ROWS,
    "table": TABLE,
}
"""A large text of every kind."""
FOUND = "ERROR disk full on web-7 300"
"""The line of the log that is worth looking up."""
IMAGE: dict[str, Any] = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64,aGk="},
}


def result(content: Any, *, number: int = 1, **fields: Any) -> list[BaseMessage]:
    """A call of a tool and its result."""
    call: Any = {"name": "run", "args": {"host": "web-7"}, "id": f"c{number}"}
    answer = {"tool_call_id": f"c{number}", "name": "run", **fields}
    return [AIMessage("", tool_calls=[call]), ToolMessage(content, **answer)]


def question() -> list[BaseMessage]:
    """A conversation with a log that a tool wrote."""
    return [
        SystemMessage("You are of help."),
        HumanMessage("What is wrong?"),
        *result(LOG),
    ]


def history() -> list[BaseMessage]:
    """A conversation with a result of every kind."""
    names = " ".join(f"web-{n} k{n}" for n in range(103, 133, 3))
    messages: list[BaseMessage] = [HumanMessage(f"What of {names}?")]
    for number, text in enumerate(RESULTS.values()):
        messages += result(text, number=number)
    return messages


def digests(later: str) -> list[str]:
    """Return digests of what a history becomes when something is asked behind it."""
    messages = [*history(), HumanMessage(later)]
    sent = compress(messages, store=InMemoryCCRStore()).messages[:-1]
    return [hashlib.sha256(str(m.content).encode()).hexdigest() for m in sent]


def asks(messages: list[BaseMessage]) -> Turn:
    """Ask as `ask_for_original` does, in a turn that can be pickled."""
    return ask_for_original("disk full")(messages)
