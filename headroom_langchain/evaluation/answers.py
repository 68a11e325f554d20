"""A model asked twice: with the whole conversation, and through the wrapper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable

from headroom_langchain.chat_model import HeadroomChatModel
from headroom_langchain.evaluation.saved import Conversation
from headroom_langchain.rules.policy import CompressionPolicy

_Model: TypeAlias = Runnable[LanguageModelInput, AIMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answered."""

    text: str
    calls: tuple[str, ...]
    """The tools it called instead, by name."""
    input_tokens: int | None
    """As the provider counted them, all rounds together."""
    output_tokens: int | None
    retrievals: int
    """How many originals it asked for on the way."""
    error: str | None
    """What went wrong, instead of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Two answers to the same conversation."""

    name: str
    question: str
    plain: Answer
    compressed: Answer


class Asking:
    """Asks a model about conversations."""

    def __init__(self, model: str, policy: CompressionPolicy) -> None:
        """Make the model.

        Args:
            model: Its name as `init_chat_model` takes it, such as `openai:gpt-5`.
            policy: The rules of the compressed conversation.

        Raises:
            Exception: Whatever the provider's package raises.
        """
        self._model = HeadroomChatModel(model, policy=policy)

    def ask(self, conversation: Conversation) -> Answers | None:
        """Ask for the last answer of a conversation again.

        Returns:
            Both answers; `None` where nobody asked anything.
        """
        messages = list(conversation.messages)
        while messages and isinstance(messages[-1], AIMessage):
            messages.pop()
        human = [m.text for m in messages if isinstance(m, HumanMessage) and m.text]
        if not human:
            return None
        tools = _tools(messages)
        inner, wrapper = self._model.inner, self._model
        bare: _Model = inner.bind_tools(tools) if tools else inner
        wrapped: _Model = wrapper.bind_tools(tools) if tools else wrapper
        return Answers(
            name=conversation.name,
            question=human[-1],
            plain=_answer(bare, messages),
            compressed=self._through_wrapper(wrapped, messages),
        )

    def _through_wrapper(self, model: _Model, messages: list[BaseMessage]) -> Answer:
        answer = _answer(model, messages)
        report = self._model.report
        if answer.error is not None or report is None:
            return answer
        return replace(answer, retrievals=len(report.retrievals))


def _answer(model: _Model, messages: list[BaseMessage]) -> Answer:
    try:
        message = model.invoke(messages)
    except Exception as error:  # noqa: BLE001 - each provider has its own; the other answers are still of use
        return _failed(f"{type(error).__name__}: {error}")
    usage = message.usage_metadata
    return Answer(
        text=message.text,
        calls=tuple(call["name"] for call in message.tool_calls),
        input_tokens=usage["input_tokens"] if usage else None,
        output_tokens=usage["output_tokens"] if usage else None,
        retrievals=0,
        error=None,
    )


def _failed(error: str) -> Answer:
    return Answer(
        text="",
        calls=(),
        input_tokens=None,
        output_tokens=None,
        retrievals=0,
        error=error,
    )


def _tools(messages: Sequence[BaseMessage]) -> list[dict[str, object]]:
    """Offer the tools that were called, since providers want to know them.

    Which arguments they take is not known from the messages, so any will do.
    """
    names = dict.fromkeys(
        call["name"]
        for message in messages
        if isinstance(message, AIMessage)
        for call in message.tool_calls
    )
    anything = {"type": "object", "properties": {}}
    return [
        {
            "type": "function",
            "function": {"name": name, "description": name, "parameters": anything},
        }
        for name in names
    ]
