"""Compressions of every sort, for whoever looks at how they are shown."""

from __future__ import annotations

import json
from functools import cache

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from headroom_langchain import CompressionResult, InMemoryCCRStore, compress

HOSTILE = (
    "</details></pre><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\x00\x1b[31mred\x1b[0m \u202egnp.exe\u2066 \ud800 &amp; ]]> -->"
)
LOG = "\n".join(
    f"10:{n // 60:02}:{n % 60:02} {'INFO served' if n != 70 else 'ERROR <full>'} {n}"
    for n in range(200)
)
RECORDS = json.dumps([{"host": f"web-{n}", "up": n != 77} for n in range(200)])
CODE = "\n".join(
    f'def part{n}(key: str) -> int:\n    """Find part {n}."""\n'
    f"    found = look_up(key)\n    return found + {n}\n\n"
    for n in range(80)
)
PAGE = "".join(
    f"<section><h2>Part {n}</h2><p>Some words.</p></section>\n" for n in range(99)
)
REPEATED = "image: registry\nreplicas: 2\n\n" * 90


NAMES = ("every kind", "hostile", "some left alone", "all left alone", "empty")
"""The names of the results."""


def conversation(**outputs: str) -> list[BaseMessage]:
    """Return a conversation in which tools of these names wrote these texts."""
    messages: list[BaseMessage] = [
        SystemMessage("You watch hosts."),
        HumanMessage("Which disk is <full>?"),
    ]
    for name, text in outputs.items():
        call = {"name": name, "args": {}, "id": f"call_{name}"}
        messages.append(AIMessage("", tool_calls=[call]))
        messages.append(ToolMessage(text, tool_call_id=f"call_{name}", name=name))
    return [*messages, AIMessage("That of web-77.")]


def compressed(messages: list[BaseMessage]) -> CompressionResult[BaseMessage]:
    """Compress messages, with a store that may take what is hidden."""
    return compress(messages, store=InMemoryCCRStore())


@cache
def results() -> dict[str, CompressionResult[BaseMessage]]:
    """Return compressions by what is special about them."""
    hostile = "\n".join(f"{n} {HOSTILE}" for n in range(60))
    many = conversation(log=LOG) * 3 + [HumanMessage("and?")] * 6
    return {
        "every kind": compressed(
            conversation(
                log=LOG, records=RECORDS, code=CODE, page=PAGE, repeated=REPEATED
            )
        ),
        "hostile": compressed(conversation(**{"<b>tool\x1b\u202e": hostile})),
        "some left alone": compressed(many),
        "all left alone": compressed(conversation(short="ok")),
        "empty": compressed([]),
    }
