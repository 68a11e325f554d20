"""What an answer says it cost, when it took several rounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI

from headroom_langchain import CompressionPolicy, HeadroomChatModel
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.testing import Call, ScriptedChatModel, Turn
from headroom_langchain.testing.servers import (
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Reply,
    ToolUse,
)
from headroom_langchain.testing.servers.reply import Usage
from headroom_langchain.testing.turns import Script

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
RESULT = ToolMessage(BIG, tool_call_id="c1", name="run")
ASKED = [
    HumanMessage("What is wrong?"),
    AIMessage("", tool_calls=[{"name": "run", "args": {}, "id": "c1"}]),
    RESULT,
]
HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk"}
)
SCRIPT = [
    Reply(
        text="Let me look.",
        tool_calls=(HIDDEN,),
        usage=Usage(input=600, output=20, cached=100),
    ),
    Reply(text="The disk.", usage=Usage(input=900, output=7, cached=500)),
]


def chat(url: str) -> ChatOpenAI:
    return ChatOpenAI(base_url=url, api_key="x", model="gpt-x", stream_usage=True)  # type: ignore[arg-type] # a plain key is fine


def responses(url: str) -> ChatOpenAI:
    return ChatOpenAI(base_url=url, api_key="x", model="gpt-x", use_responses_api=True)  # type: ignore[arg-type] # a plain key is fine


def messages(url: str) -> ChatAnthropic:
    return ChatAnthropic(base_url=url, api_key="x", model="claude-x")  # type: ignore[call-arg, arg-type] # aliases


CLIENTS: Mapping[str, tuple[type[FakeServer], Callable[[str], BaseChatModel]]] = {
    "chat": (FakeOpenAI, chat),
    "responses": (FakeOpenAI, responses),
    "messages": (FakeAnthropic, messages),
}

Way = Callable[[Any, Any], AIMessage]


def invoked(model: Any, config: Any) -> AIMessage:
    answer: AIMessage = model.invoke(ASKED, config)
    return answer


def streamed(model: Any, config: Any) -> AIMessage:
    first, *rest = model.stream(ASKED, config)
    answer: AIMessage = first.__add__(rest)
    return answer


def astreamed(model: Any, config: Any) -> AIMessage:
    async def all_of_it() -> AIMessage:
        chunks = [chunk async for chunk in model.astream(ASKED, config)]
        answer: AIMessage = chunks[0].__add__(chunks[1:])
        return answer

    return asyncio.run(all_of_it())


CALLS = pytest.mark.parametrize("way", [invoked, streamed, astreamed])
PROVIDERS = pytest.mark.parametrize("client", sorted(CLIENTS))


@PROVIDERS
@CALLS
def test_an_answer_costs_what_its_rounds_cost(client: str, way: Way) -> None:
    """Usage is the sum of all rounds, for the message and for those who count."""
    server_class, make = CLIENTS[client]
    counter = UsageMetadataCallbackHandler()
    with server_class(SCRIPT) as server:
        model = HeadroomChatModel(make(server.url))
        answer = way(model, {"callbacks": [counter]})
    usage = answer.usage_metadata
    assert usage is not None
    assert (usage["input_tokens"], usage["output_tokens"]) == (1500, 27)
    assert usage["input_token_details"]["cache_read"] == 600
    (counted,) = counter.usage_metadata.values()
    assert counted["total_tokens"] == 1527


@PROVIDERS
@CALLS
def test_an_answer_can_say_how_large_the_context_is(client: str, way: Way) -> None:
    """With `usage="last"` the usage is that of the last round alone."""
    server_class, make = CLIENTS[client]
    with server_class(SCRIPT) as server:
        model = HeadroomChatModel(
            make(server.url), policy=CompressionPolicy(usage="last")
        )
        answer = way(model, None)
    usage = answer.usage_metadata
    assert usage is not None
    assert (usage["input_tokens"], usage["output_tokens"]) == (900, 7)
    assert usage["input_token_details"]["cache_read"] == 500


@PROVIDERS
@CALLS
@pytest.mark.parametrize("counted", ["sum", "last"])
def test_the_record_has_the_usage_of_each_round(
    client: str, way: Way, counted: Any
) -> None:
    """Whatever an answer says, its record tells what each round cost."""
    server_class, make = CLIENTS[client]
    with server_class(SCRIPT) as server:
        model = HeadroomChatModel(
            make(server.url), policy=CompressionPolicy(usage=counted)
        )
        answer = way(model, None)
    rounds = answer.additional_kwargs["headroom"]["rounds"]
    assert [round_["usage"]["total_tokens"] for round_ in rounds] == [620, 907]


@pytest.mark.parametrize("client", ["chat", "messages"])
def test_the_providers_own_counts_are_added_up_too(client: str) -> None:
    """What clients leave in the metadata and in `llm_output` is the sum as well."""
    server_class, make = CLIENTS[client]
    key = "token_usage" if client == "chat" else "usage"
    field = "prompt_tokens" if client == "chat" else "cache_read_input_tokens"
    with server_class(SCRIPT) as server:
        result = HeadroomChatModel(make(server.url)).generate([ASKED])
    ((generation,),) = result.generations
    counts = generation.message.response_metadata[key]  # type: ignore[union-attr] # a chat model's
    assert counts[field] == (1500 if client == "chat" else 600)
    if client == "chat":
        assert result.llm_output is not None
        assert result.llm_output["token_usage"][field] == 1500


@pytest.mark.parametrize("shape", ["openai", "anthropic", "plain"])
def test_an_answer_of_one_round_has_its_usage_once(shape: Any) -> None:
    """With `usage="last"` and nothing hidden, a stream tells its usage as ever."""
    counts: Any = {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}
    inner = ScriptedChatModel(turns=[Turn(text="Fine.", usage=counts)], shape=shape)
    model = HeadroomChatModel(inner, policy=CompressionPolicy(usage="last"))
    chunks = list(model.stream("go"))
    assert [c.usage_metadata for c in chunks if c.usage_metadata] == [counts]
    assert [c.chunk_position for c in chunks].count("last") == 1
    assert chunks[0].__add__(chunks[1:]).text == "Fine."


@CALLS
def test_log_probabilities_are_those_of_all_rounds(way: Way) -> None:
    """Every piece of text that is shown has its probability, and nothing else."""
    with FakeOpenAI(SCRIPT) as server:
        model = HeadroomChatModel(chat(server.url).bind(logprobs=True))
        answer = way(model, None)
    tokens = [p["token"] for p in answer.response_metadata["logprobs"]["content"]]
    assert "".join(tokens) == "Let me look.The disk."


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_several_answers_at_once_cannot_retrieve(*, asynchronous: bool) -> None:
    """With `n` above 1 all answers come back, and no tool and no marker went out."""
    with FakeOpenAI(["Fine."]) as server:
        model = HeadroomChatModel(chat(server.url).bind(n=2))
        if asynchronous:
            result = await model.agenerate([ASKED])
        else:
            result = model.generate([ASKED])
        (sent,) = [query.received.body for query in server.requests]
    (answers,) = result.generations
    assert [answer.text for answer in answers] == ["Fine.", "Fine."]
    assert "tools" not in sent
    assert sent["messages"][-1]["content"] == BIG
    assert "headroom_retrieve" not in str(sent)


@pytest.mark.parametrize("way", [invoked, streamed])
def test_a_record_that_was_cut_names_the_broken_prefix(way: Way) -> None:
    """The report says how many answers were dropped, and what that costs."""
    hidden = Call(name="headroom_retrieve", args={"hash": content_key(BIG)})
    asking = Turn(tool_calls=(hidden,))
    turns: Script = [asking, asking, "The disk."]
    model = HeadroomChatModel(
        ScriptedChatModel(turns=turns), policy=CompressionPolicy(max_record_tokens=500)
    )
    answer = way(model, None)
    assert model.report is not None
    (note,) = model.report.notes
    assert "2 answers were dropped" in note
    assert "500 tokens" in note
    assert "prefix breaks" in note
    told = [
        given["text"]
        for round_ in answer.additional_kwargs["headroom"]["rounds"]
        for given in round_["answers"]
    ]
    assert all("was dropped" in text for text in told)
