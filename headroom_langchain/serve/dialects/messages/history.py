"""Hidden exchanges in the history of a conversation: written, recognised, put back.

A client shows an answer of several rounds as one message, in which the hidden calls do
not stand. What was hidden is noted under a name that is made of what every client shows
again, however it writes it: the texts, whatever blank space they have, and the ids of
calls.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headroom_langchain.ccr.rounds.record import Answer, Record
from headroom_langchain.serve.dialects.messages.blocks import is_hidden
from headroom_langchain.serve.wire.body import Json

_THOUGHTS: Final = ("thinking", "redacted_thinking")
"""Blocks that cannot end a message, nor carry a mark for the provider's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """An answer as the upstream has seen it."""

    messages: tuple[Json, ...]
    """All of its rounds."""
    results: tuple[Json, ...]
    """What the last of them was told, for the message that follows."""
    calls: tuple[str, ...]
    """The ids of all calls of the last round."""


class Names:
    """Names the notes on the answers of a conversation, while it is read."""

    def __init__(self) -> None:
        """Begin before the first message."""
        self._result = ""
        self._words = ""
        self._given = Counter[str]()

    def read(self, message: Json) -> None:
        """Go on behind a message."""
        blocks = blocks_of(message)
        if message["role"] == "assistant":
            self._given[self._name(blocks)] += 1
        words, ids = _seen(blocks)
        # Clients add words to results later on; the ids say enough.
        self._words = "" if ids else words
        if message["role"] == "user" and ids:
            self._result = ids[-1]

    def of(self, shown: Iterable[Json]) -> str:
        """Return the name for an answer that stands here.

        Its own calls are the only ones of their kind. Words may be said twice, also in
        another conversation: what was asked, the last result of a tool before it, and
        how often they were said before tell them apart.

        Args:
            shown: The blocks of the answer that its client has seen.
        """
        name = self._name(shown)
        again = self._given[name]
        return f"{name}-{again}" if again else name

    def _name(self, shown: Iterable[Json]) -> str:
        words, ids = _seen(shown)
        asked = [] if ids else [self._result, self._words]
        seen = json.dumps([words, ids, asked]).encode()
        return f"exchange:{hashlib.sha256(seen).hexdigest()[:32]}"


def blocks_of(message: Json) -> list[Json]:
    """Return the content of a message as blocks."""
    content = message["content"]
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)


def exchanged(content: Sequence[Json], answers: Sequence[Answer]) -> list[Json]:
    """Return a round and what it was told, as they stand in a request.

    Args:
        content: What the model said.
        answers: The answers to its hidden calls.
    """
    blocks = said_in(content, answers)
    results = _results(blocks, answers)
    spoken = {"role": "assistant", "content": blocks}
    return [spoken, {"role": "user", "content": results}] if results else [spoken]


def said_in(content: Sequence[Json], answers: Sequence[Answer]) -> list[Json]:
    """Return what the model said in a round, without calls that have no answer.

    Thinking that led to nothing else goes with them: no message may end with it.
    """
    told = [answer.call_id for answer in answers]
    blocks = [b for b in content if not is_hidden(b) or b.get("id") in told]
    while len(blocks) < len(content) and blocks and blocks[-1].get("type") in _THOUGHTS:
        blocks.pop()
    return blocks


def restored(record: Record, shown: Json, *, followed: bool) -> Restored | None:
    """Return what stands in the place of an answer.

    Args:
        record: All of its rounds.
        shown: The message in which its client shows it.
        followed: Whether a message follows that can bring the results of its calls.

    Returns:
        The messages, or `None` when there is nothing to be put back.
    """
    *earlier, last = [
        (_content(round_.message.content), round_.answers) for round_ in record.rounds
    ]
    messages = [each for round_ in earlier for each in exchanged(*round_)]
    answers = last[1] if followed else ()
    content = said_in(last[0], answers)
    results = _results(content, answers)
    if not messages and not results:
        return None
    own = {str(block.get("id")): block for block in blocks_of(shown) if _is_call(block)}
    blocks = [
        own.get(str(block.get("id")), block) if _is_call(block) else block
        for block in content
    ]
    marked = {**shown, "content": _marked(blocks, blocks_of(shown))}
    calls = tuple(str(block.get("id")) for block in content if _is_call(block))
    if content:
        messages.append(marked)
    return Restored(messages=tuple(messages), results=tuple(results), calls=calls)


def places(
    blocks: Sequence[Json], results: Sequence[Json], calls: Sequence[str]
) -> Iterator[tuple[int, Json]]:
    """Yield where results belong among the blocks of the message that brings them.

    Results stand in the order of their calls, before everything else.

    Args:
        blocks: The blocks that are there.
        results: What is put in.
        calls: The ids of all calls, in their order.
    """
    there = list[str]()
    for block in blocks:
        if block.get("type") != "tool_result":
            break
        there.append(str(block.get("tool_use_id")))
    for result in results:
        later = calls[calls.index(result["tool_use_id"]) + 1 :]
        behind = (there.index(call) for call in later if call in there)
        yield min(behind, default=len(there)), result


def _results(blocks: Sequence[Json], answers: Sequence[Answer]) -> list[Json]:
    """Return the results of hidden calls, in the order of the calls."""
    told = {answer.call_id: answer for answer in answers}
    return [_result(told[block.get("id")]) for block in blocks if is_hidden(block)]


def _result(answer: Answer) -> Json:
    result: Json = {
        "type": "tool_result",
        "tool_use_id": answer.call_id,
        "content": answer.text,
    }
    return {**result, "is_error": True} if answer.error else result


def _content(content: Any) -> list[Json]:
    return [block for block in content if isinstance(block, dict)]


def _marked(blocks: list[Json], shown: Sequence[Json]) -> list[Json]:
    """Carry over the client's mark for the provider's cache to the last block."""
    plain = [{k: v for k, v in b.items() if k != "cache_control"} for b in blocks]
    marks = [block["cache_control"] for block in shown if block.get("cache_control")]
    able = [i for i, block in enumerate(plain) if block.get("type") not in _THOUGHTS]
    if marks and able:
        plain[able[-1]]["cache_control"] = marks[-1]
    return plain


def _seen(blocks: Iterable[Json]) -> tuple[str, list[str]]:
    texts: list[str] = []
    ids: list[str] = []
    for block in blocks:
        match block:
            case {"type": "text", "text": str() as text}:
                texts += text.split()
            case {"type": "tool_use", "id": str() as id_} if not is_hidden(block):
                ids.append(id_)
            case {"type": "tool_result", "tool_use_id": str() as id_}:
                ids.append(id_)
            case _:
                pass
    return "".join(texts), ids


def _is_call(block: Json) -> bool:
    return block.get("type") == "tool_use"
