"""Chat models that play a script, in the shapes of real integrations.

They stream natively, synchronously and asynchronously, write down what they
were sent, and know how much of a stream was pulled and whether it was closed
early. So a test can ask what no real model tells.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr, SkipValidation

from headroom_langchain.testing.shapes import Player, Shape
from headroom_langchain.testing.turns import Chunking, Script, Turn, TurnLike

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.language_models.base import LangSmithParams
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a scripted model was sent.

    Attributes:
        messages: The messages.
        tools: The tools bound, as the provider would get them.
        stop: The stop sequences.
        kwargs: Everything else, `tool_choice` for one.
    """

    messages: tuple[BaseMessage, ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    stop: tuple[str, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Played:
    """How far one stream came.

    Attributes:
        pulled: How many of its chunks were taken.
        closed: Whether it was closed before its end.
    """

    pulled: int = 0
    closed: bool = False


@dataclass(slots=True, kw_only=True)
class _Tape:
    """What copies of a model share: a copy goes on where the model stopped."""

    left: deque[tuple[int, TurnLike]]
    requests: list[Request] = field(default_factory=list)
    streams: list[Played] = field(default_factory=list)


class ScriptedWithoutEither(BaseChatModel):
    """A scripted model that neither streams nor takes tools.

    Attributes:
        turns: What it answers, one after the other.
        chunking: How streams are cut.
        shape: Whose integration it looks like.
        model_name: The name of the model it says it is.
        streaming: Make `invoke` stream, as the field of real models does.
        suspends: Give other tasks their turn before each chunk, as a network
            does; False plays like a connection whose buffer is full.
    """

    turns: SkipValidation[Script] = Field(repr=False)
    chunking: SkipValidation[Chunking] = "whole"
    shape: Shape = "openai"
    model_name: str = "scripted"
    streaming: bool = False
    suspends: bool = True

    _tape: _Tape = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Put the script on the tape."""
        super().model_post_init(context)
        self._tape = _Tape(left=deque(enumerate(self.turns, start=1)))

    @property
    def requests(self) -> list[Request]:
        """What it was sent so far, in order."""
        return self._tape.requests

    @property
    def streams(self) -> list[Played]:
        """How far each of its streams came, in order of their start."""
        return self._tape.streams

    @property
    def pulled(self) -> int:
        """How many chunks were taken from all its streams."""
        return sum(stream.pulled for stream in self.streams)

    @property
    def closed(self) -> bool:
        """Whether any of its streams was closed before its end."""
        return any(stream.closed for stream in self.streams)

    @property
    def _llm_type(self) -> str:
        return "scripted-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "shape": self.shape}

    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "scripted"
        params["ls_model_name"] = kwargs.get("model", self.model_name)
        return params

    def _next(
        self, messages: list[BaseMessage], stop: list[str] | None, kwargs: Any
    ) -> tuple[Turn, Player]:
        rest = dict(kwargs)
        self.requests.append(
            Request(
                messages=tuple(messages),
                tools=tuple(rest.pop("tools", ())),
                stop=tuple(stop or ()),
                kwargs=rest,
            )
        )
        try:
            number, turn = self._tape.left.popleft()
        except IndexError:
            said = messages[-1].text if messages else ""
            msg = (
                f"the script of {len(self.turns)} turns has none left; "
                f"the model was sent one more request, ending with {said!r}"
            )
            raise LookupError(msg) from None
        if isinstance(turn, str):
            turn = Turn(text=turn)
        elif callable(turn):
            turn = turn(messages)
        name = rest.get("model", self.model_name)
        return turn, Player(turn, shape=self.shape, number=number, model_name=name)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - no need
        **kwargs: Any,
    ) -> ChatResult:
        turn, player = self._next(messages, stop, kwargs)
        if turn.error is not None:
            raise turn.error
        message = player.message()
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 - no need
        **kwargs: Any,
    ) -> ChatResult:
        if self.suspends:
            await asyncio.sleep(0)
        return self._generate(messages, stop, **kwargs)


class ScriptedWithoutTools(ScriptedWithoutEither):
    """A scripted model whose `bind_tools` raises `NotImplementedError`."""

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        turn, player = self._next(messages, stop, kwargs)
        played = Played()
        self.streams.append(played)
        try:
            for chunk in player.chunks(self.chunking):
                played.pulled += 1
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        except GeneratorExit:
            played.closed = True
            raise
        if turn.error is not None:
            raise turn.error

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        turn, player = self._next(messages, stop, kwargs)
        played = Played()
        self.streams.append(played)
        try:
            for chunk in player.chunks(self.chunking):
                if self.suspends:
                    await asyncio.sleep(0)
                played.pulled += 1
                if run_manager:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        except (GeneratorExit, asyncio.CancelledError):
            played.closed = True
            raise
        if turn.error is not None:
            raise turn.error


class _BindsTools(ScriptedWithoutEither):
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools in OpenAI's format.

        Args:
            tools: The tools.
            tool_choice: `auto`, `none`, `any` or `required`, a tool's name, or
                OpenAI's own dict; True means any.
            strict: Whether arguments must fit the schema.
            **kwargs: Bound as they are.
        """
        formatted = [convert_to_openai_tool(tool, strict=strict) for tool in tools]
        if tool_choice:
            named = "any" if tool_choice is True else tool_choice
            kwargs["tool_choice"] = _tool_choice(named)
        return self.bind(tools=formatted, **kwargs)


def _tool_choice(choice: str | dict[str, Any]) -> str | dict[str, Any]:
    if choice == "any":
        return "required"
    if isinstance(choice, dict) or choice in {"auto", "none", "required"}:
        return choice
    return {"type": "function", "function": {"name": choice}}


class ScriptedWithoutStreaming(_BindsTools):
    """A scripted model whose class has neither `_stream` nor `_astream`."""


class ScriptedChatModel(_BindsTools, ScriptedWithoutTools):
    """A chat model that plays a script.

    ```python
    model = ScriptedChatModel(
        turns=[ask_for_original(query="error"), "The disk is full."],
        shape="anthropic",
        chunking=3,
    )
    ```

    When the turns run out it raises `LookupError`. Its copies, those bound to
    tools among them, play on from the same script.
    """

    @classmethod
    def without_streaming(cls, **fields: Any) -> ScriptedWithoutStreaming:
        """Make a scripted model that cannot stream, from the same fields."""
        return ScriptedWithoutStreaming(**fields)

    @classmethod
    def without_tools(cls, **fields: Any) -> ScriptedWithoutTools:
        """Make a scripted model that takes no tools, from the same fields."""
        return ScriptedWithoutTools(**fields)
