"""The models, conversations and tool results that are measured."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.runnables import Runnable

from headroom_langchain.testing import ScriptedChatModel
from headroom_langchain.testing.shapes import Shape
from headroom_langchain.testing.turns import Script

Method: TypeAlias = Literal["invoke", "ainvoke", "stream", "astream"]
METHODS: tuple[Method, ...] = get_args(Method)

SMALL = 12
"""Thousands of characters of records of which something is left out: of fewer
everything fits when it is rewritten, and there is nothing to ask for."""

Model: TypeAlias = Runnable[LanguageModelInput, AIMessage]


def scripted(
    turns: Script,
    *,
    chunking: int = 4,
    shape: Shape = "openai",
    suspends: bool = False,
) -> ScriptedChatModel:
    """Make a model that answers without waiting, so that its own time is small."""
    return ScriptedChatModel(
        turns=turns, chunking=chunking, shape=shape, suspends=suspends
    )


async def call(
    model: Model, method: Method, messages: Sequence[BaseMessage], **kwargs: Any
) -> None:
    """Call a model in one of its four ways and take all it says."""
    given = list(messages)
    match method:
        case "invoke":
            model.invoke(given, **kwargs)
        case "ainvoke":
            await model.ainvoke(given, **kwargs)
        case "stream":
            for _ in model.stream(given, **kwargs):
                pass
        case "astream":
            async for _ in model.astream(given, **kwargs):
                pass


def agent_history(results: Sequence[str]) -> list[BaseMessage]:
    """Return a conversation in which an agent got these results from its tools."""
    history: list[BaseMessage] = [
        SystemMessage("You look after a cluster."),
        HumanMessage("Why did the orders fail last night?"),
    ]
    for number, result in enumerate(results):
        args = {"part": number}
        asked = {"name": "fetch", "args": args, "id": f"c{number}", "type": "tool_call"}
        history.append(AIMessage(content="", tool_calls=[asked]))
        history.append(ToolMessage(result, tool_call_id=f"c{number}", name="fetch"))
    return history


def records(size: int, *, seed: int = 0, indent: int | None = None) -> str:
    """Return uniform JSON records of about so many characters."""
    chance = random.Random(seed)  # noqa: S311 - the same texts in every run
    rows = [_record(number, chance) for number in range(size // 150)]
    return json.dumps(rows, indent=indent)


def nested(size: int, *, seed: int = 0) -> str:
    """Return one line of minified JSON that is a tree, not a list of records."""
    chance = random.Random(seed)  # noqa: S311 - the same texts in every run
    groups = {
        f"region-{number}": {
            "owner": chance.choice(_WORDS),
            "limits": {"cpu": chance.randrange(64), "memory": f"{number}Gi"},
            "services": {
                f"{chance.choice(_WORDS)}-{index}": _record(index, chance)
                for index in range(3 + number % 5)
            },
        }
        for number in range(size // 750)
    }
    return json.dumps({"regions": groups, "version": 3}, separators=(",", ":"))


def log(size: int, *, seed: int = 0) -> str:
    """Return an application's log of about so many characters."""
    chance = random.Random(seed)  # noqa: S311 - the same texts in every run
    lines: list[str] = []
    for number in range(size // 82):
        stamp = f"2025-03-01T{number // 3600 % 24:02}:{number // 60 % 60:02}"
        stamp += f":{number % 60:02}.{chance.randrange(1000):03}Z"
        word, took = chance.choice(_WORDS), chance.randrange(900)
        if number % 997 == 996:
            lines.append(
                f"{stamp} ERROR {word}: order {number} refused after {took} ms"
            )
            lines += ["Traceback (most recent call last):"]
            lines += [f'  File "/srv/{word}.py", line {took}, in handle']
            lines += [f"TimeoutError: no answer from {word} within {took} ms"]
        else:
            lines.append(f"{stamp} INFO  {word}: request {number} done in {took} ms")
    return "\n".join(lines)


def prose(size: int, *, seed: int = 0) -> str:
    """Return paragraphs of text of about so many characters."""
    chance = random.Random(seed)  # noqa: S311 - the same texts in every run
    paragraphs: list[str] = []
    left = size
    while left > 0:
        words = [chance.choice(_WORDS) for _ in range(60)]
        paragraphs.append(" ".join(words).capitalize() + ".")
        left -= len(paragraphs[-1]) + 2
    return "\n\n".join(paragraphs)


def _record(number: int, chance: random.Random) -> dict[str, Any]:
    failed = chance.random() < 0.01
    return {
        "id": f"ord-{number:06}",
        "customer": chance.choice(_WORDS),
        "status": "failed" if failed else "done",
        "total": round(chance.uniform(5, 500), 2),
        "note": " ".join(chance.choice(_WORDS) for _ in range(5)),
        "error": "card refused" if failed else None,
    }


_WORDS = [
    *("amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "harbor"),
    *("island", "juniper", "kestrel", "lagoon", "meadow", "nectar", "orchard"),
    *("prairie", "quarry", "river", "saffron", "timber", "upland", "valley"),
]
