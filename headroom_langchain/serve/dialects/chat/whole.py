"""An answer in one piece: the rounds of the model as one completion."""

from __future__ import annotations

from typing import Any

from headroom_langchain.ccr.rounds.joining import separated
from headroom_langchain.rules.policy import CompressionPolicy
from headroom_langchain.serve.dialects.chat.speech import (
    REPEATED,
    Speech,
    joined,
    text_of,
    visible_calls,
)
from headroom_langchain.serve.dialects.dialect import Spoken
from headroom_langchain.serve.dialects.usage import added
from headroom_langchain.serve.wire.body import Json


class ChatWhole:
    """An answer as the client sees it."""

    def __init__(self, policy: CompressionPolicy) -> None:
        """Begin before the first round."""
        self._sums = policy.usage == "sum"
        self._answers: list[Json] = []

    def take(self, answer: Json) -> None:
        """Take in the upstream's answer of a round."""
        self._answers.append(answer)

    def round(self) -> Spoken:
        """Return that round."""
        answer = self._answers[-1]
        failed, choice = bool(answer.get("error")), _choice_of(answer)
        finish = choice.get("finish_reason")
        origin = answer.get("id")
        speech = Speech.of(_message_of(answer), finish=finish, origin=origin)
        usage = answer.get("usage")
        return Spoken(
            complete=failed or bool(choice),
            failed=failed,
            calls=speech.calls,
            others=speech.others,
            content=(speech.message,),
            id=origin,
            usage=usage if isinstance(usage, dict) else None,
            text=any(map(_says, map(_message_of, self._answers))),
        )

    def finish(self, closing: str = "") -> Json:
        """Return the answer for the client."""
        last = self._answers[-1]
        choice, message = _choice_of(last), _message_of(last)
        calls, shown = message.get("tool_calls"), visible_calls(message)
        hides = isinstance(calls, list) and len(shown) < len(calls)
        if not (hides or closing or len(self._answers) > 1) or not choice:
            return last
        choice = {**choice, "message": self._message(closing, shown)}
        if hides and not shown and choice.get("finish_reason") == "tool_calls":
            choice["finish_reason"] = "stop"
        if (logprobs := self._logprobs()) is not None:
            choice["logprobs"] = logprobs
        first = self._answers[0]
        same: Json = {
            key: first[key] for key in ("id", "created", "model") if key in first
        }
        answer = {**last, **same, "choices": [choice, *last["choices"][1:]]}
        if self._sums and "usage" in last:
            answer["usage"] = added(map(_usage_of, self._answers))
        return answer

    def _message(self, closing: str, shown: list[Json]) -> Json:
        said = list(map(_message_of, self._answers))
        message = {key: val for key, val in said[-1].items() if key != "tool_calls"}
        texts = [one.get("content") for one in said]
        message["content"] = joined(_apart([*texts, closing] if closing else texts))
        for key in (*REPEATED, "reasoning", "annotations"):
            if any(one.get(key) for one in said):
                message[key] = joined(one.get(key) for one in said)
        if shown:
            message["tool_calls"] = shown
        return message

    def _logprobs(self) -> Json | None:
        """Return the log probabilities of all rounds; `None` when there are none."""
        given = [_choice_of(answer).get("logprobs") for answer in self._answers]
        found = [one for one in given if isinstance(one, dict)]
        if not found:
            return None
        return {
            key: [*(item for one in found for item in one.get(key) or ())] or None
            for key in dict.fromkeys(key for one in found for key in one)
        }


def _apart(contents: list[Any]) -> list[Any]:
    """Return contents so that the texts of two rounds do not run together."""
    apart, before = list[Any](), ""
    for content in contents:
        text = isinstance(content, str)
        apart.append(separated(before, content) if text else content)
        before = text_of(content) or before
    return apart


def _choice_of(answer: Json) -> Json:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _message_of(answer: Json) -> Json:
    message = _choice_of(answer).get("message")
    return message if isinstance(message, dict) else {}


def _usage_of(answer: Json) -> Any:
    usage = answer.get("usage")
    return usage if isinstance(usage, dict) else None


def _says(message: Json) -> bool:
    said = any(message.get(key) for key in ("content", "refusal"))
    return said or bool(visible_calls(message))
