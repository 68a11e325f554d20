"""Retries, fallbacks and configuration go around the wrapper, and work there."""

from __future__ import annotations

from typing import Any, Literal, get_type_hints

import pytest
from langchain.chat_models import init_chat_model
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.runnables import (
    ConfigurableField,
    Runnable,
    RunnableConfig,
    RunnableLambda,
)
from langchain_core.tools import tool
from pydantic import BaseModel

from headroom_langchain import (
    CompressionPolicy,
    ConfigurationError,
    HeadroomChatModel,
    NotAChatModelError,
)
from headroom_langchain.calls.tool_choice import tool_name
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.testing.turns import Script

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 99 else 'INFO served'} {n}"
    for n in range(600)
)
RESULT = ToolMessage(BIG, tool_call_id="c", name="run")
HIDDEN: Script = [ask_for_original("disk"), "The disk."]
DOWN = Turn(error=ConnectionError("down"))

Way = Literal["invoke", "ainvoke", "stream", "astream"]

every_way = pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


class City(BaseModel):
    """A city."""

    name: str


async def called(model: Runnable[Any, AIMessage], way: Way, config: Any = None) -> str:
    """Call a model in one of its ways; returns the text that came."""
    messages: list[BaseMessage] = [RESULT]
    if way == "invoke":
        return model.invoke(messages, config).text
    if way == "ainvoke":
        return (await model.ainvoke(messages, config)).text
    if way == "stream":
        return "".join(chunk.text for chunk in model.stream(messages, config))
    return "".join([chunk.text async for chunk in model.astream(messages, config)])


def short(inner: ScriptedChatModel) -> bool:
    """Tell whether a model was sent an excerpt only."""
    return all(len(r.messages[0].text) < len(BIG) / 2 for r in inner.requests)


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
@pytest.mark.parametrize("turns", [[DOWN, *HIDDEN], [HIDDEN[0], DOWN, *HIDDEN]])
async def test_a_retry_begins_again(way: Way, turns: Script) -> None:
    """A call that failed in any of its rounds is made again from the first."""
    inner = ScriptedChatModel(turns=turns)
    model = HeadroomChatModel(inner).with_retry(
        retry_if_exception_type=(ConnectionError,), wait_exponential_jitter=False
    )
    assert await called(model, way) == "The disk."
    assert len(inner.requests) == len(turns)
    assert short(inner)


@pytest.mark.parametrize(
    ("way", "turns"),
    [
        ("invoke", [DOWN]),
        ("ainvoke", [DOWN]),
        ("stream", [DOWN]),
        ("astream", [DOWN]),
        # Streams have begun by then, so nothing can take over: as for a bare model.
        ("invoke", [HIDDEN[0], DOWN]),
        ("ainvoke", [HIDDEN[0], DOWN]),
    ],
)
async def test_a_fallback_takes_over(way: Way, turns: Script) -> None:
    """A model that fails in any round is followed by the next, with its own rounds."""
    first, second = ScriptedChatModel(turns=turns), ScriptedChatModel(turns=HIDDEN)
    model = HeadroomChatModel(first).with_fallbacks([HeadroomChatModel(second)])
    assert await called(model, way) == "The disk."
    assert (len(first.requests), len(second.requests)) == (len(turns), 2)
    assert short(second)


def test_tools_are_bound_to_fallbacks_too() -> None:
    """Binding tools to the whole binds them to each model."""
    first, second = ScriptedChatModel(turns=[DOWN]), ScriptedChatModel(turns=HIDDEN)
    model: Any = HeadroomChatModel(first).with_fallbacks([HeadroomChatModel(second)])
    assert model.bind_tools([search]).invoke([RESULT]).text == "The disk."
    for inner in (first, second):
        names = [tool_name(offered) for offered in inner.requests[0].tools]
        assert names == ["search", "headroom_retrieve"]


def scripted() -> ScriptedChatModel:
    return ScriptedChatModel(turns=["fine"])


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (scripted().with_retry(), "HeadroomChatModel(llm).with_retry("),
        (scripted().with_fallbacks([scripted()]), ").with_fallbacks([Headroom"),
        (
            scripted().configurable_fields(model_name=ConfigurableField(id="m")),
            "HeadroomChatModel(llm).configurable_fields(policy=",
        ),
        (
            scripted().configurable_alternatives(
                ConfigurableField(id="m"), other=scripted()
            ),
            "HeadroomChatModel(llm).configurable_alternatives(",
        ),
        (
            init_chat_model(configurable_fields=("model",)),
            "HeadroomChatModel(init_chat_model(name)).configurable_alternatives(",
        ),
        (scripted().with_listeners(), "HeadroomChatModel(llm).with_listeners("),
        (scripted() | RunnableLambda(str), "Give a BaseChatModel"),
        (scripted, "Give a BaseChatModel"),
        (None, "Give a BaseChatModel"),
    ],
)
def test_what_is_no_chat_model_is_refused_with_the_remedy(
    given: Any, remedy: str
) -> None:
    """The error is a TypeError and a ConfigurationError, and says how to write it."""
    with pytest.raises(NotAChatModelError) as caught:
        HeadroomChatModel(given)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ConfigurationError)
    assert remedy in str(caught.value)


@every_way
async def test_the_policy_can_be_made_configurable(way: Way) -> None:
    """A call chooses the wrapper's policy through its configuration."""
    inner = ScriptedChatModel(turns=["one", "two"])
    model = HeadroomChatModel(inner).configurable_fields(
        policy=ConfigurableField(id="policy")
    )
    given = {"configurable": {"policy": CompressionPolicy(retrieval=False)}}
    await called(model, way, given)
    await called(model, way)
    assert [bool(request.tools) for request in inner.requests] == [False, True]


@every_way
async def test_alternatives_are_wrappers_too(way: Way) -> None:
    """A call chooses the model, and either one is compressed and may retrieve."""
    first, second = ScriptedChatModel(turns=HIDDEN), ScriptedChatModel(turns=HIDDEN)
    model = HeadroomChatModel(first).configurable_alternatives(
        ConfigurableField(id="llm"),
        default_key="first",
        second=HeadroomChatModel(second),
    )
    assert await called(model, way, {"configurable": {"llm": "second"}}) == "The disk."
    assert (len(first.requests), len(second.requests)) == (0, 2)
    assert await called(model, way) == "The disk."
    assert short(first)
    assert short(second)


def test_tools_bind_to_a_configurable_wrapper() -> None:
    """`bind_tools` of configurable wrappers binds to the default, as LangChain does."""
    first, second = ScriptedChatModel(turns=HIDDEN), ScriptedChatModel(turns=[])
    model: Any = HeadroomChatModel(first).configurable_alternatives(
        ConfigurableField(id="llm"), second=HeadroomChatModel(second)
    )
    assert model.bind_tools([search]).invoke([RESULT]).text == "The disk."
    names = [tool_name(offered) for offered in first.requests[0].tools]
    assert names == ["search", "headroom_retrieve"]


@pytest.mark.parametrize(
    "name", ["bind_tools", "with_structured_output", "invoke", "astream", "model_copy"]
)
def test_signatures_can_be_read(name: str) -> None:
    """Fallbacks read what a method returns from its annotations, when it is called."""
    assert "return" in get_type_hints(getattr(HeadroomChatModel, name))


class Copying(ScriptedChatModel):
    """A model that binds by changing a copy of itself, as some integrations do."""

    def bind_tools(self, *_: Any, **__: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """Return a copy with another name."""
        return self.model_copy(update={"model_name": "with tools"})


def test_a_model_that_binds_by_copying_stays_wrapped() -> None:
    """What the inner model makes of itself is wrapped in its place."""
    inner = Copying(turns=["fine"])
    policy = CompressionPolicy(retrieval=False, lossy=True)
    bound: Any = HeadroomChatModel(inner, policy=policy).bind_tools([search])
    assert type(bound) is HeadroomChatModel
    assert bound._get_ls_params()["ls_model_name"] == "with tools"
    bound.invoke([RESULT])
    assert short(inner)


class Careful(ScriptedChatModel):
    """A model whose structured output tries again and has a fallback."""

    def with_structured_output(
        self, schema: Any, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Answer in a schema, with a second attempt."""
        bound = self.bind_tools([schema])
        again = bound.with_retry(wait_exponential_jitter=False)
        return again.with_fallbacks([bound]) | (lambda said: said.tool_calls[0]["args"])


def test_what_a_model_does_around_itself_is_done_around_the_wrapper() -> None:
    """Retries and fallbacks inside a chain of the inner model call the wrapper."""
    call = Call(name="City", args={"name": "Ulm"})
    inner = Careful(turns=[DOWN, ask_for_original("disk"), Turn(tool_calls=(call,))])
    chain = HeadroomChatModel(inner).with_structured_output(City)
    assert chain.invoke([RESULT], RunnableConfig()) == {"name": "Ulm"}
    assert len(inner.requests) == 3
    assert short(inner)
