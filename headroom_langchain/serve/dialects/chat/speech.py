"""What the model said in a round: for the next request, and for the client.

The next request repeats the model's message with its hidden calls and their answers
behind it. The client sees it as if the retrieve tool had not been called.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from headroom_langchain.ccr.rounds.calls import HiddenCall
from headroom_langchain.ccr.rounds.record import Answer
from headroom_langchain.serve.dialects.retrieve_tool import NAME
from headroom_langchain.serve.wire.body import Json

REPEATED: Final = ("reasoning_content", "reasoning_details", "refusal")
"""What a request repeats of a message beside its content and its calls, as far as the
provider said it: some demand their reasoning back in the same turn."""

_CUT_OFF: Final = "length"
_EMPTY: Final = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A message of the model, understood."""

    message: Json
    """As a request repeats it: its hidden calls have ids and valid arguments."""
    calls: tuple[HiddenCall, ...]
    others: bool
    """Whether it calls tools of the client."""

    @classmethod
    def of(cls, said: Json, *, finish: str | None, origin: str | None) -> Self:
        """Understand a message.

        Args:
            said: As the provider sent it, all pieces put together.
            finish: Why the model stopped.
            origin: The provider's id of the round.
        """
        message = {"role": "assistant", "content": said.get("content") or None}
        message |= {key: said[key] for key in REPEATED if said.get(key)}
        written = [call for call in said.get("tool_calls") or () if _is_call(call)]
        hidden: list[HiddenCall] = []
        repeated: list[Json] = []
        for place, call in enumerate(written):
            if not is_hidden(call):
                repeated.append({"type": "function", **call})
                continue
            cut = finish == _CUT_OFF and place == len(written) - 1
            asked = _asked(call, cut=cut, instead=f"{origin}:{place}")
            hidden.append(asked)
            repeated.append(_mended(call, asked))
        if repeated:
            message["tool_calls"] = repeated
        others = len(hidden) < len(repeated)
        return cls(message=message, calls=tuple(hidden), others=others)


def is_hidden(call: Json) -> bool:
    """Tell whether a call is one of the retrieve tool."""
    function = call.get("function")
    return isinstance(function, dict) and function.get("name") == NAME


def visible_calls(message: Json) -> list[Json]:
    """Return the calls of a message that a client may see."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return []
    return [call for call in calls if _is_call(call) and not is_hidden(call)]


def text_of(content: Any) -> str:
    """Return the text of a content, whether it is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "".join(
        part["text"]
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    )


def joined(contents: Iterable[Any]) -> Any:
    """Join contents to one: a string, or a list when any of them is one."""
    found = [content for content in contents if content is not None]
    if all(isinstance(content, str) for content in found):
        return "".join(found) if found else None
    parts: list[Any] = []
    for content in found:
        if not isinstance(content, str):
            for part in content if isinstance(content, list) else [content]:
                _append(parts, part)
        elif content:
            _append(parts, {"type": "text", "text": content})
    return parts


def answered(message: Json, answers: Sequence[Answer]) -> tuple[Json, list[Json]]:
    """Return a message as a request repeats it, and the messages of its answers.

    Hidden calls that were not answered are left out, since providers refuse them.
    """
    told = {answer.call_id: answer.text for answer in answers}
    calls = [
        call
        for call in message.get("tool_calls") or ()
        if not is_hidden(call) or call["id"] in told
    ]
    kept = {key: value for key, value in message.items() if key != "tool_calls"}
    if calls:
        kept["tool_calls"] = calls
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": told[call["id"]]}
        for call in calls
        if is_hidden(call)
    ]
    return kept, results


def _append(parts: list[Any], part: Any) -> None:
    """Add a part, or its texts to the last part when it goes on with that."""
    last = parts[-1] if parts else None
    if not (isinstance(last, dict) and isinstance(part, dict)) or any(
        last.get(key) != part.get(key) for key in ("type", "index")
    ):
        parts.append(part)
        return
    texts = {
        key: last[key] + part[key]
        for key in ("text", "summary")
        if isinstance(last.get(key), str) and isinstance(part.get(key), str)
    }
    if texts:
        given = {key: value for key, value in part.items() if value is not None}
        parts[-1] = {**last, **given, **texts}
    else:
        parts.append(part)


def _is_call(call: Any) -> bool:
    return isinstance(call, dict)


def _asked(call: Json, *, cut: bool, instead: str) -> HiddenCall:
    written = call["function"].get("arguments")
    if isinstance(written, str):
        raw = written
    else:
        raw = _EMPTY if written is None else json.dumps(written)
    call_id = call.get("id")
    if not isinstance(call_id, str) or not call_id:
        # The answer must name the call, and some upstreams give it no name.
        call_id = f"call_{hashlib.sha256(instead.encode()).hexdigest()[:24]}"
    arguments = None if cut else _object(raw)
    return HiddenCall(id=call_id, arguments=arguments, raw=raw)


def _mended(call: Json, asked: HiddenCall) -> Json:
    valid = asked.arguments is not None and asked.raw.strip()
    function = {**call["function"], "arguments": asked.raw if valid else _EMPTY}
    return {**call, "id": asked.id, "type": "function", "function": function}


def _object(raw: str) -> Json | None:
    try:
        value = json.loads(raw if raw.strip() else _EMPTY)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
