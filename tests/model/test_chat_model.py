"""`HeadroomChatModel` is a chat model like the one inside it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import (
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import RunnableBinding
from langchain_core.tools import tool
from langgraph.graph import END, START, MessagesState, StateGraph
from pydantic import BaseModel

from headroom_langchain import (
    CompressionPolicy,
    ConfigurationError,
    HeadroomChatModel,
    InMemoryCCRStore,
)
from headroom_langchain.calls.tool_choice import tool_name
from headroom_langchain.ccr.marker import RETRIEVE_TOOL_NAME
from headroom_langchain.testing import Call, ScriptedChatModel, Turn, ask_for_original
from headroom_langchain.testing.turns import Script

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 99 else 'INFO served'} {n}"
    for n in range(600)
)
RESULT = ToolMessage(BIG, tool_call_id="c", name="run")


@tool
def search(q: str) -> str:
    """Search for something."""
    return q


class City(BaseModel):
    """A city."""

    name: str


def names(tools: Any) -> list[str | None]:
    return [tool_name(entry) for entry in tools]


def test_bound_tools_come_before_the_hidden_one() -> None:
    """The caller's tools keep their place, and the hidden one is always last."""
    inner = ScriptedChatModel(turns=["fine", "fine"])
    bound = HeadroomChatModel(inner).bind_tools([search], tool_choice="any")
    assert isinstance(bound, RunnableBinding)
    for messages in ([RESULT], "a short question"):
        bound.invoke(messages)
        assert names(inner.requests[-1].tools) == ["search", RETRIEVE_TOOL_NAME]
        assert inner.requests[-1].kwargs["tool_choice"] == "required"


def test_without_tools_the_hidden_one_waits_for_a_marker() -> None:
    """A call without tools gets none before there is something to retrieve."""
    inner = ScriptedChatModel(turns=["fine", "fine"])
    model = HeadroomChatModel(inner)
    model.invoke("a short question")
    model.invoke([RESULT])
    assert [names(r.tools) for r in inner.requests] == [[], [RETRIEVE_TOOL_NAME]]


def test_a_tool_that_is_on_offer_already_is_not_offered_twice() -> None:
    """A caller that binds a tool of that name finds it once."""
    from headroom_langchain import create_retrieve_tool

    store = InMemoryCCRStore()
    inner = ScriptedChatModel(turns=["fine"])
    model = HeadroomChatModel(inner, store=store)
    model.bind_tools([create_retrieve_tool(store)]).invoke([RESULT])
    assert names(inner.requests[0].tools) == [RETRIEVE_TOOL_NAME]


@pytest.mark.parametrize("include_raw", [False, True])
def test_structured_output_goes_through_the_wrapper(*, include_raw: bool) -> None:
    """Structured output is the inner model's own, with compression before it."""
    call = Call(name="City", args={"name": "Ulm"})
    inner = ScriptedChatModel(turns=[Turn(tool_calls=(call,))])
    chain = HeadroomChatModel(inner).with_structured_output(
        City, include_raw=include_raw
    )
    answer = chain.invoke([RESULT])
    assert (answer["parsed"] if include_raw else answer) == City(name="Ulm")
    assert len(inner.requests[0].messages[0].text) < len(BIG) / 2


@pytest.mark.parametrize(
    ("when", "sent_whole"), [("excerpt", False), ("original", True)]
)
def test_a_forced_tool_leaves_no_room_for_retrieval(
    when: Any, *, sent_whole: bool
) -> None:
    """When the caller names the tool, the policy says what goes out."""
    inner = ScriptedChatModel(turns=["fine"])
    model = HeadroomChatModel(inner, policy=CompressionPolicy(when_forced=when))
    model.bind_tools([search], tool_choice="search").invoke([RESULT])
    (request,) = inner.requests
    # Tools stand at the front of the cached prefix, so the list stays the same.
    assert names(request.tools) == ["search", RETRIEVE_TOOL_NAME]
    assert (request.messages[0].text == BIG) == sent_whole


def test_a_binding_is_taken_apart() -> None:
    """Arguments bound to the inner model are kept, and those of a call win."""
    inner = ScriptedChatModel(turns=["fine", "fine"])
    binding = inner.bind_tools([search]).bind(temperature=0, stop=["END"])
    model = HeadroomChatModel(binding.with_config(tags=["mine"]))
    assert model.inner is inner
    assert model.tags == ["mine"]
    model.invoke([RESULT])
    model.invoke([RESULT], temperature=1, stop=["OVER"])
    first, second = inner.requests
    assert names(first.tools) == ["search", RETRIEVE_TOOL_NAME]
    assert (first.kwargs["temperature"], first.stop) == (0, ("END",))
    assert (second.kwargs["temperature"], second.stop) == (1, ("OVER",))


def test_wrapping_twice_is_wrapping_once() -> None:
    """A wrapped model inside another keeps its store; the outer policy counts."""
    inner = ScriptedChatModel(turns=["fine"])
    once = HeadroomChatModel(inner, store=InMemoryCCRStore())
    policy = CompressionPolicy(trigger=("tokens", 10**6))
    twice = HeadroomChatModel(once, policy=policy)
    assert twice.inner is inner
    assert twice.store is once.store
    assert twice.policy is policy


def test_a_name_is_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is what `init_chat_model` makes of it."""
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert HeadroomChatModel("openai:gpt-x").inner.model_name == "gpt-x"  # type: ignore[attr-defined] # of ChatOpenAI


@pytest.mark.parametrize("wrong", [FakeListLLM(responses=["x"]), 7, lambda x: x])
def test_what_is_no_chat_model_is_refused(wrong: Any) -> None:
    """The error names what was given and says what to give."""
    with pytest.raises(ConfigurationError, match="is no chat model"):
        HeadroomChatModel(wrong)


def test_fallbacks_are_refused_with_the_remedy() -> None:
    """Retries and fallbacks belong around the wrapper, and the error says so."""
    inner = ScriptedChatModel(turns=[])
    for runnable in (inner.with_retry(), inner.with_fallbacks([inner])):
        with pytest.raises(ConfigurationError, match="`with_fallbacks`"):
            HeadroomChatModel(runnable)


def test_a_model_without_streaming_answers_streams_whole() -> None:
    """Streaming a model that cannot gives what the bare model gives: one message."""
    turns = [ask_for_original("disk"), "The disk."]
    inner = ScriptedChatModel.without_streaming(turns=turns)
    chunks = list(HeadroomChatModel(inner).stream([RESULT]))
    assert [chunk.text for chunk in chunks] == ["The disk."]
    assert not isinstance(chunks[0], AIMessageChunk)


def test_a_call_may_override_the_policy() -> None:
    """Fields of the policy can be set for one call, with a chain around it or not."""
    inner = ScriptedChatModel(turns=["a", "b", "c"])
    model = HeadroomChatModel(inner)
    config: Any = {"configurable": {"headroom_retrieval": False}}
    model.invoke([RESULT], config)
    ((lambda x: x) | model).invoke([RESULT], config)
    model.invoke([RESULT])
    assert [bool(r.tools) for r in inner.requests] == [False, False, True]


def test_a_wrong_override_is_refused() -> None:
    """An unknown setting or a value that does not fit raises, with what is known."""
    model = HeadroomChatModel(ScriptedChatModel(turns=["fine"]))
    with pytest.raises(ConfigurationError, match="headroom_max_rounds"):
        model.invoke("x", {"configurable": {"headroom_rounds": 1}})
    with pytest.raises(ConfigurationError, match="do not fit"):
        model.invoke("x", {"configurable": {"headroom_max_rounds": -1}})


def test_concurrent_calls_keep_their_configuration() -> None:
    """Batches and interleaved streams each see the namespace they were given."""
    store = InMemoryCCRStore()
    inner = ScriptedChatModel(turns=["fine"] * 8)
    model = HeadroomChatModel(inner, store=store)

    def config(tenant: int) -> Any:
        return {"configurable": {"headroom_namespace": f"t{tenant}"}}

    def messages(tenant: int) -> list[BaseMessage]:
        return [ToolMessage(f"{BIG}\nof {tenant}", tool_call_id="c", name="run")]

    model.batch([messages(n) for n in range(4)], [config(n) for n in range(4)])
    streams = [model.stream(messages(n), config(n)) for n in range(4, 8)]
    while streams:
        streams = [s for s in streams if next(s, None) is not None]
    for tenant in range(8):
        key = _key(f"{BIG}\nof {tenant}")
        kept = [n for n in range(8) if store.get(key, namespace=f"t{n}")]
        assert kept == [tenant]


def _key(content: str) -> str:
    from headroom_langchain.ccr.store.base import content_key

    return content_key(content)


def test_the_report_tells_what_was_done() -> None:
    """After a call the report has a line for each text and each retrieval."""
    inner = ScriptedChatModel(turns=[ask_for_original("disk"), "The disk."])
    model = HeadroomChatModel(inner)
    assert model.report is None
    model.invoke([RESULT])
    report = model.report
    assert report is not None
    assert report.rounds == 2
    (block,) = report.blocks
    assert (block.kind, block.tool, block.skipped) == ("logs", "run", None)
    assert report.tokens_saved == block.tokens_before - block.tokens_after > 0
    (retrieval,) = report.retrievals
    assert (retrieval.round, retrieval.error) == (1, False)
    assert '"query": "disk"' in retrieval.arguments


def test_identity_is_the_inner_models() -> None:
    """Whoever asks what the model is, is told of the inner one."""
    inner = ScriptedChatModel(turns=[], model_name="scripted-7")
    model = HeadroomChatModel(inner)
    assert model._llm_type == inner._llm_type
    assert model._get_ls_params() == inner._get_ls_params()
    assert model.profile == inner.profile
    assert model._identifying_params["model_name"] == "scripted-7"
    assert "headroom" in model._identifying_params


def test_usage_is_counted_once() -> None:
    """LangChain's own counter sees the sum of all rounds, and nothing twice."""
    usage = UsageMetadata(input_tokens=10, output_tokens=5, total_tokens=15)
    turns: Script = [
        ask_for_original("disk", usage=usage),
        Turn(text="The disk.", usage=usage),
    ]
    for way in ("invoke", "stream"):
        counter = UsageMetadataCallbackHandler()
        model = HeadroomChatModel(ScriptedChatModel(turns=turns))
        list(getattr(model, way)([RESULT], {"callbacks": [counter]}))
        assert counter.usage_metadata["scripted"]["total_tokens"] == 30


def test_every_round_waits_for_the_rate_limiter() -> None:
    """A hidden round asks the limiter as a call of its own would."""

    class Counting(InMemoryRateLimiter):
        asked = 0

        def acquire(self, *, blocking: bool = True) -> bool:
            self.asked += 1
            return True

    limiter = Counting(requests_per_second=1)
    inner = ScriptedChatModel(
        turns=[ask_for_original("disk"), "The disk."], rate_limiter=limiter
    )
    HeadroomChatModel(inner).invoke([RESULT])
    assert limiter.asked == 2


async def test_nothing_hidden_shows_in_a_graph() -> None:
    """A graph's streams show one answer, whatever the mode and with subgraphs."""
    inner = ScriptedChatModel(
        turns=[ask_for_original("disk", text="Let me see."), "The disk."]
    )
    model = HeadroomChatModel(inner)

    async def node(state: MessagesState) -> MessagesState:
        return {"messages": [await model.ainvoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("agent", node)
    builder.add_edge(START, "agent")
    builder.add_edge("agent", END)
    graph = builder.compile()
    modes: Any = ["messages", "updates", "values", "custom", "debug"]
    texts = []
    state: Any = {}
    async for namespace, mode, event in graph.astream(
        {"messages": [RESULT]}, stream_mode=modes, subgraphs=True
    ):
        assert namespace == ()
        if mode == "messages":
            message: Any = event[0]
            texts.append(message.text)
            assert not message.tool_call_chunks
        elif mode == "values":
            state = event
    assert "".join(texts) == "Let me see.\n\nThe disk."
    assert state["messages"][-1].text == "Let me see.\n\nThe disk."


async def test_many_streams_at_once_stay_apart() -> None:
    """Interleaved retrieving streams each get their own answer."""

    async def one(number: int) -> str:
        inner = ScriptedChatModel(
            turns=[ask_for_original("disk"), f"answer {number}"], chunking=2
        )
        chunks = [c.text async for c in HeadroomChatModel(inner).astream([RESULT])]
        return "".join(chunks)

    answers = await asyncio.gather(*(one(number) for number in range(32)))
    assert answers == [f"answer {number}" for number in range(32)]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.filterwarnings("ignore:.*is in beta")
async def test_events_of_the_third_version_keep_the_configuration(
    *, asynchronous: bool
) -> None:
    """Calls that are made step by step go to their own tenant, too."""
    store = InMemoryCCRStore()
    model = HeadroomChatModel(ScriptedChatModel(turns=["fine"]), store=store)
    config: Any = {"configurable": {"headroom_namespace": "tenant"}}
    if asynchronous:
        stream = await model.astream_events([RESULT], config, version="v3")
        async for _ in stream:
            pass
    else:
        for _ in model.stream_events([RESULT], config, version="v3"):
            pass
    assert store.get(_key(BIG)) is None
    assert store.get(_key(BIG), namespace="tenant") is not None


@pytest.mark.parametrize(
    "known",
    [None, 5, "x", {}, {"keys": None}, {"keys": 5}, {"keys": [{}]}, {"keys": [None]}],
)
def test_metadata_of_any_form_raises_nothing(known: Any) -> None:
    """What somebody else left in a message's metadata is not trusted, nor fatal."""
    inner = ScriptedChatModel(turns=["fine"])
    message = RESULT.model_copy(update={"response_metadata": {"headroom": known}})
    assert HeadroomChatModel(inner).invoke([message]).text == "fine"


def test_a_model_that_refuses_tools_in_its_own_way_gets_everything() -> None:
    """Whatever `bind_tools` raises means that the model takes no tools."""

    class Odd(ScriptedChatModel):
        def bind_tools(self, *_: Any, **__: Any) -> Any:
            msg = "this model does not support tools"
            raise ValueError(msg)

    inner = Odd(turns=["fine"])
    assert HeadroomChatModel(inner).invoke([RESULT]).text == "fine"
    assert inner.requests[0].messages[0].text == BIG


def test_calls_of_a_tool_are_replayed_only_beside_tools() -> None:
    """Providers refuse calls in a request without tools, so none is sent."""
    inner = ScriptedChatModel(turns=[ask_for_original("disk"), "one", "two", "three"])
    model = HeadroomChatModel(inner)
    answer = model.invoke([RESULT])
    off: Any = {"configurable": {"headroom_retrieval": False}}
    model.invoke([answer, HumanMessage("and?")], off)
    model.invoke([answer, HumanMessage("and?")])
    plain, replayed = inner.requests[-2:]
    assert (len(plain.messages), names(plain.tools)) == (2, [])
    assert (len(replayed.messages), names(replayed.tools)) == (4, [RETRIEVE_TOOL_NAME])


def test_streaming_may_be_disabled_on_the_wrapper() -> None:
    """The field means on the wrapper what it means on any model."""
    inner = ScriptedChatModel(turns=["abcdef"], chunking=1)
    model = HeadroomChatModel(inner, disable_streaming=True)
    assert [chunk.text for chunk in model.stream("x")] == ["abcdef"]


async def _streamed(model: HeadroomChatModel, way: str) -> None:
    if way == "stream":
        list(model.stream([RESULT]))
        return
    async for _ in model.astream([RESULT]):
        pass


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_an_error_of_a_later_round_is_the_providers_own(way: str) -> None:
    """The error arrives as the model raised it, with nothing added."""
    error = ValueError("overloaded")
    inner = ScriptedChatModel(turns=[ask_for_original("disk"), Turn(error=error)])
    model = HeadroomChatModel(inner)
    with pytest.raises(ValueError, match="overloaded") as raised:
        await _streamed(model, way)
    assert raised.value is error
    assert not getattr(error, "__notes__", [])


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_a_later_round_that_says_nothing_at_all_is_an_error(way: str) -> None:
    """A stream that ends before it began is no answer, in whichever round."""

    class Cut(ScriptedChatModel):
        def _stream(self, *args: Any, **kwargs: Any) -> Any:
            if not self.requests:
                yield from super()._stream(*args, **kwargs)

        async def _astream(self, *args: Any, **kwargs: Any) -> Any:
            if not self.requests:
                async for chunk in super()._astream(*args, **kwargs):
                    yield chunk

    model = HeadroomChatModel(Cut(turns=[ask_for_original("disk")]))
    with pytest.raises(ValueError, match="No generation chunks"):
        await _streamed(model, way)


async def test_a_caller_that_is_cancelled_while_it_leaves_is_cancelled() -> None:
    """Closing a stream does not swallow the cancellation of who closes it."""
    left = asyncio.Event()

    class Slow(ScriptedChatModel):
        async def _astream(self, *args: Any, **kwargs: Any) -> Any:
            second = bool(self.requests)
            try:
                async for chunk in super()._astream(*args, **kwargs):
                    yield chunk
            finally:
                if second:
                    await left.wait()

    inner = Slow(turns=[ask_for_original("disk"), "abcdef"], chunking=1)
    stream: Any = HeadroomChatModel(inner)._astream([RESULT])
    async for chunk in stream:
        if chunk.text:
            break
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await stream.aclose()
    left.set()
