"""What a client sets, on models of providers that speak neither protocol."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from headroom_langchain import HeadroomChatModel
from headroom_langchain.serve.model_backed import ModelBacked
from headroom_langchain.testing import ScriptedChatModel
from model_backed.answers import HELLO, Json, answered


class SettableModel(ScriptedChatModel):
    """A model with settings under names of its own, which it writes down."""

    num_predict: int | None = None
    temperature: float | None = None
    format: Any = None
    seen: list[Json]

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        names = ("num_predict", "temperature", "format")
        self.seen.append({name: getattr(self, name) for name in names})
        return await super()._agenerate(messages, stop, run_manager, **kwargs)


def settable() -> SettableModel:
    return SettableModel(turns=["Hi"] * 3, seen=[])


@pytest.mark.parametrize("wrapped", [True, False])
async def test_settings_under_the_names_of_the_model(*, wrapped: bool) -> None:
    """A limit and a temperature reach the model, whatever it calls them."""
    inner = settable()
    model = HeadroomChatModel(inner) if wrapped else inner
    body = {
        **HELLO,
        "max_tokens": 9,
        "temperature": 0.2,
        "top_k": 5,
        "stop_sequences": ["X"],
    }
    status, headers, _ = await answered(model, "messages", body)
    assert status == 200
    assert inner.seen == [{"num_predict": 9, "temperature": 0.2, "format": None}]
    assert inner.requests[0].stop == ("X",)
    assert headers["x-headroom-ignored"] == "top_k"


async def test_settings_of_one_request_are_not_those_of_the_next() -> None:
    """Each request has its own settings."""
    inner = settable()
    backed = ModelBacked(inner)
    for tokens in (9, 8):
        await answered(backed, "chat", {**HELLO, "max_completion_tokens": tokens})
    await answered(backed, "chat", HELLO)
    assert [seen["num_predict"] for seen in inner.seen] == [9, 8, None]


async def test_a_format_under_the_name_of_the_model() -> None:
    """An answer by a schema is asked for in the model's own way."""
    inner = settable()
    schema = {"type": "object", "properties": {}}
    wanted = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}
    await answered(inner, "chat", {**HELLO, "response_format": wanted})
    assert inner.seen[0]["format"] == schema


async def test_names_of_settings_are_no_headers() -> None:
    """What a client writes for a name cannot become a header of the answer."""
    body = {**HELLO, "x\r\nset-cookie: a=b": 1, "odd": 1}
    _, headers, _ = await answered(settable(), "chat", body)
    assert headers["x-headroom-ignored"] == "odd"
    assert len(headers) == 2


CHOICES: list[tuple[Json, Any]] = [
    ({"type": "auto"}, "auto"),
    ({"type": "any"}, "required"),
    ({"type": "tool", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
]


@pytest.mark.parametrize(("choice", "bound"), CHOICES)
async def test_choices_of_tools(choice: Json, bound: Any) -> None:
    """What a client wants of tools is said in the words of the model."""
    inner = settable()
    tool = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
    await answered(inner, "messages", {**HELLO, "tools": [tool], "tool_choice": choice})
    [offered] = inner.requests[0].tools
    assert offered["function"]["name"] == "f"
    assert inner.requests[0].kwargs["tool_choice"] == bound


async def test_no_tool_at_all() -> None:
    """A client that wants no calls gets none from a model without a word for that."""
    inner = settable()
    tool = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
    body = {**HELLO, "tools": [tool], "tool_choice": {"type": "none"}}
    await answered(inner, "messages", body)
    assert inner.requests[0].tools == ()
