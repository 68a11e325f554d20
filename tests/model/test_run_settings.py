"""What a model was configured with serves its wrapper, once for each call."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import Runnable

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.testing import ScriptedChatModel, ask_for_original
from headroom_langchain.testing.turns import Script

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 99 else 'INFO served'} {n}"
    for n in range(600)
)
RESULT = ToolMessage(BIG, tool_call_id="c", name="run")
HIDDEN: Script = [ask_for_original("disk"), "The disk."]
ANOTHER = CompressionPolicy(max_rounds=1)

Way = Literal["invoke", "ainvoke", "stream", "astream"]

every_way = pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])


async def called(
    model: Runnable[Any, AIMessage], way: Way, config: Any = None
) -> list[str]:
    """Call a model in one of its ways; returns the texts that came."""
    messages: list[BaseMessage] = [RESULT]
    if way == "invoke":
        return [model.invoke(messages, config).text]
    if way == "ainvoke":
        return [(await model.ainvoke(messages, config)).text]
    if way == "stream":
        return [chunk.text for chunk in model.stream(messages, config)]
    return [chunk.text async for chunk in model.astream(messages, config)]


class Counting(BaseCallbackHandler):
    """Counts runs of models, and keeps what they were marked with."""

    def __init__(self) -> None:
        self.started: list[tuple[list[str], dict[str, Any]]] = []
        self.ended = 0

    def on_chat_model_start(
        self,
        *_: Any,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **__: Any,
    ) -> None:
        """Note the marks of a run."""
        self.started.append((tags or [], metadata or {}))

    def on_llm_end(self, *_: Any, **__: Any) -> None:
        """Count a run that ended."""
        self.ended += 1


class Gate(InMemoryRateLimiter):
    """Counts who asks, and lets everybody pass."""

    asked = 0

    def acquire(self, *, blocking: bool = True) -> bool:
        self.asked += 1
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        self.asked += 1
        return True


@every_way
async def test_callbacks_tags_and_metadata_count_once(way: Way) -> None:
    """A handler on the inner model sees one run, marked as the inner model's are."""
    handler = Counting()
    inner = ScriptedChatModel(
        turns=HIDDEN, callbacks=[handler], tags=["mine"], metadata={"team": "search"}
    )
    await called(HeadroomChatModel(inner), way)
    ((tags, metadata),) = handler.started
    assert tags == ["mine"]
    assert metadata["team"] == "search"
    assert handler.ended == 1


def test_a_binding_adds_to_what_its_model_has() -> None:
    """Tags, metadata and callbacks of a model and of its binding all serve."""
    first, second = Counting(), Counting()
    inner = ScriptedChatModel(
        turns=["fine"], callbacks=[first], tags=["a"], metadata={"a": 1}
    )
    binding = inner.with_config(callbacks=[second], tags=["b"], metadata={"b": 2})
    HeadroomChatModel(binding).invoke("x")
    for handler in (first, second):
        ((tags, metadata),) = handler.started
        assert sorted(tags) == ["a", "b"]
        assert (metadata["a"], metadata["b"]) == (1, 2)


@every_way
async def test_every_round_passes_the_rate_limiter_once(way: Way) -> None:
    """Two rounds are two requests to the provider, and so two permissions."""
    gate = Gate(requests_per_second=1)
    inner = ScriptedChatModel(turns=HIDDEN, rate_limiter=gate)
    await called(HeadroomChatModel(inner), way)
    assert gate.asked == 2


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("disabled", [True, "tool_calling", False])
async def test_disabled_streaming_stays_disabled(way: Way, disabled: Any) -> None:
    """A model that must not stream is not streamed, hidden rounds included."""
    inner = ScriptedChatModel(turns=HIDDEN, disable_streaming=disabled, chunking=3)
    model = HeadroomChatModel(inner.bind_tools([RESULT_TOOL]))
    assert model.disable_streaming == disabled
    texts = await called(model, way)
    assert "".join(texts) == "The disk."
    assert bool(inner.streams) == (len(texts) > 1) == (disabled is False)


RESULT_TOOL = {"name": "run", "description": "Run.", "parameters": {"type": "object"}}


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
async def test_an_answer_is_cached(way: Way) -> None:
    """The second call of the same is served by the cache, hidden rounds and all."""
    cache = InMemoryCache()
    inner = ScriptedChatModel(turns=HIDDEN, cache=cache)
    assert await called(HeadroomChatModel(inner), way) == ["The disk."]
    assert await called(HeadroomChatModel(inner), way) == ["The disk."]
    assert len(inner.requests) == 2


@pytest.mark.parametrize(
    ("fields", "configurable"),
    [
        ({"policy": ANOTHER}, {}),
        ({"namespace": "another"}, {}),
        ({}, {"headroom_max_rounds": 1}),
        ({}, {"headroom_namespace": "another"}),
        ({"inner_arguments": {"temperature": 1}}, {}),
        ({"inner_arguments": {"stop": ["END"]}}, {}),
    ],
)
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
async def test_other_settings_do_not_share_a_cached_answer(
    way: Way, fields: dict[str, Any], configurable: dict[str, Any]
) -> None:
    """Another policy, tenant or argument is another request, however it is given."""
    inner = ScriptedChatModel(turns=["one", "two"], cache=InMemoryCache())
    assert await called(HeadroomChatModel(inner), way) == ["one"]
    config = {"configurable": configurable}
    model = HeadroomChatModel(inner, **fields)
    assert await called(model, way, config) == ["two"]
    assert await called(model, way, config) == ["two"]


@pytest.mark.parametrize("version", [None, "v0", "v1"])
@every_way
async def test_the_output_version_is_the_models(way: Way, version: str | None) -> None:
    """An answer has the form that the bare model's answers have."""
    bare, inner = (
        ScriptedChatModel(turns=["fine"], output_version=version) for _ in range(2)
    )
    form = await _form(bare, way)
    assert form == {list if version == "v1" else str}
    assert await _form(HeadroomChatModel(inner), way) == form


async def _form(model: BaseChatModel, way: Way) -> set[type]:
    if way in ("invoke", "stream"):
        made = getattr(model, way)("x")
        return {type(m.content) for m in ([made] if way == "invoke" else made)}
    if way == "ainvoke":
        return {type((await model.ainvoke("x")).content)}
    return {type(chunk.content) async for chunk in model.astream("x")}


def test_a_setting_of_the_wrapper_comes_first() -> None:
    """What the wrapper is given is not overwritten by the inner model's."""
    gate = Gate(requests_per_second=1)
    inner = ScriptedChatModel(turns=[], tags=["a"], cache=False, rate_limiter=gate)
    model = HeadroomChatModel(inner, tags=["b"], cache=True)
    assert (model.tags, model.cache, model.rate_limiter) == (["b"], True, gate)


def test_wrapping_again_keeps_every_setting() -> None:
    """A wrapper around a wrapper is one wrapper, with the settings of both."""
    inner = ScriptedChatModel(turns=[])
    once = HeadroomChatModel(
        inner.bind(temperature=1), namespace="tenant", tags=["a"], policy=ANOTHER
    )
    twice = HeadroomChatModel(once.bind(top_p=0.5), metadata={"b": 2})
    assert twice.inner is inner
    assert (twice.store, twice.policy) == (once.store, ANOTHER)
    assert (twice.namespace, twice.tags) == ("tenant", ["a"])
    assert twice.metadata is not None
    assert twice.metadata["b"] == 2
    assert twice.inner_arguments == {"temperature": 1, "top_p": 0.5}
