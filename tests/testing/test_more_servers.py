"""The fake Gemini, Bedrock and Ollama speak the wire formats of the real ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import boto3  # type: ignore[import-untyped] # has no types
import botocore.exceptions  # type: ignore[import-untyped] # has no types
import httpx
import ollama
import pytest
import urllib3.exceptions
from botocore.config import Config  # type: ignore[import-untyped] # has no types
from google.genai.errors import ServerError
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError
from langchain_ollama import ChatOllama
from pydantic import BaseModel, SecretStr

from headroom_langchain.testing.servers import (
    Break,
    Failure,
    FakeBedrock,
    FakeGoogle,
    FakeOllama,
    FakeServer,
    Hold,
    Reply,
    ToolUse,
    Usage,
    asking_first,
    plausible,
)

Provider: TypeAlias = tuple[type[FakeServer], Callable[[str], BaseChatModel]]

CLAUDE = "anthropic.claude-3-7-sonnet-20250219-v1:0"
KEY = SecretStr("x")
REGION = "us-east-1"
ALONE = Config(retries={"total_max_attempts": 1}, proxies={})

# One session reads the descriptions of AWS once for all clients.
SESSION = boto3.Session(
    aws_access_key_id="x",
    aws_secret_access_key="x",  # noqa: S106 - the fake server knows no secrets
    region_name=REGION,
)
MARKER = '[headroom: 9 of 10 rows not shown; headroom_retrieve(hash="{}", query="...")]'


def gemini(url: str) -> BaseChatModel:
    """Build ChatGoogleGenerativeAI, deaf to proxies of the environment."""
    return ChatGoogleGenerativeAI(
        model="gemini-2.5-flash",
        api_key=KEY,
        base_url=url,
        vertexai=False,
        client_args={"trust_env": False},
        include_thoughts=True,
        max_retries=1,
    )


def converse(url: str) -> BaseChatModel:
    """Build ChatBedrockConverse, which then looks for no keys, region or proxy."""
    client = SESSION.client("bedrock-runtime", endpoint_url=url, config=ALONE)
    return ChatBedrockConverse(
        model=CLAUDE, client=client, bedrock_client=client, region_name=REGION
    )


def local(url: str) -> BaseChatModel:
    """Build ChatOllama, deaf to proxies of the environment."""
    return ChatOllama(
        model="qwen3",
        base_url=url,
        reasoning=True,
        client_kwargs={"trust_env": False},
    )


PROVIDERS = [
    pytest.param((FakeGoogle, gemini), id="google"),
    pytest.param((FakeBedrock, converse), id="bedrock"),
    pytest.param((FakeOllama, local), id="ollama"),
]
each_provider = pytest.mark.parametrize("provider", PROVIDERS)

REFUSED = (
    ChatGoogleGenerativeAIError,
    botocore.exceptions.ClientError,
    ollama.ResponseError,
)
"""What the clients raise for a request that the service refuses."""


def get_weather(place: str) -> str:
    """Get the weather at a place."""
    return f"sunny in {place}"


def headroom_retrieve(hash: str) -> str:  # noqa: A002 - the tool's own word
    """Return an original."""
    return hash


class Colour(BaseModel):
    """A colour, by its name."""

    name: str
    shade: int


def added(chunks: list[Any]) -> AIMessage:
    """Put the chunks of a stream together."""
    first, *rest = chunks
    whole: AIMessage = first.__add__(rest)
    return whole


CALL = ToolUse(name="get_weather", args={"place": "Paris"})
USAGE = Usage(input=30, output=7, cached=20)
FULL = Reply(text="Let me look.", thinking="Hm.", tool_calls=(CALL, CALL), usage=USAGE)

# The clients of Gemini and of Ollama cut lines at these wherever they stand.
letters = st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029")
names = st.text("abcdef", min_size=1, max_size=8)


@each_provider
def test_clients_hear_the_same_streamed_or_not(provider: Provider) -> None:
    """Through the provider's own client, a stream adds up to the whole answer."""
    server_class, build = provider
    replies: list[Reply] = []

    @settings(deadline=None, max_examples=15)
    @given(
        # Gemini's client strips newlines from the end of a text that is whole.
        text=st.text(letters, max_size=40).map(lambda text: text + "."),
        calls=st.lists(st.dictionaries(names, names, max_size=2), max_size=2),
        piece=st.integers(1, 9),
    )
    def law(text: str, calls: list[dict[str, str]], piece: int) -> None:
        uses = tuple(ToolUse(name="get_weather", args=args) for args in calls)
        replies.append(Reply(text=text, tool_calls=uses, piece=piece, usage=USAGE))
        whole, streamed = model.invoke("Hi"), added(list(model.stream("Hi")))
        assert whole.text == streamed.text == text
        assert [c["args"] for c in whole.tool_calls] == calls
        assert [c["args"] for c in streamed.tool_calls] == calls
        assert streamed.usage_metadata == whole.usage_metadata
        assert whole.usage_metadata is not None
        assert whole.usage_metadata["total_tokens"] == 37

    with server_class(lambda _: replies[-1]) as server:
        model = build(server.url).bind_tools([get_weather])
        law()


@each_provider
async def test_clients_hear_the_same_in_an_event_loop(provider: Provider) -> None:
    """The asynchronous halves of the clients hear text, calls, thoughts and usage."""
    server_class, build = provider
    with server_class([FULL, FULL]) as server:
        model = build(server.url).bind_tools([get_weather])
        whole = await model.ainvoke("Hi")
        streamed = added([chunk async for chunk in model.astream("Hi")])
    for answer in (whole, streamed):
        assert answer.text == "Let me look."
        assert [call["args"] for call in answer.tool_calls] == [{"place": "Paris"}] * 2
        thoughts = [b for b in answer.content_blocks if b["type"] == "reasoning"]
        assert [thought["reasoning"] for thought in thoughts] == ["Hm."]
        assert answer.usage_metadata is not None
        assert answer.usage_metadata["total_tokens"] == 37
    assert [query.stream for query in server.requests][1]


@each_provider
def test_requests_are_kept_byte_for_byte(provider: Provider) -> None:
    """The server keeps the bytes of a request, and reads each the same way."""
    server_class, build = provider
    history = [
        HumanMessage("What is the weather?"),
        AIMessage("", tool_calls=[{"name": "get_weather", "args": {}, "id": "c1"}]),
        ToolMessage("sunny", tool_call_id="c1"),
    ]
    with server_class(["Fine."]) as server:
        build(server.url).bind_tools([get_weather]).invoke(history)
    (query,) = server.requests
    assert json.loads(query.received.raw) == query.received.body
    assert query.user == "What is the weather?"
    assert query.answered == query.used == ("get_weather",)
    (tool,) = query.tools
    assert (tool.name, tool.schema["type"]) == ("get_weather", "object")
    assert query.said[-1].text == "sunny"


@each_provider
@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_failures_are_the_errors_of_the_client(provider: Provider, status: int) -> None:
    """An HTTP error comes out of the client as its own exception, message included."""
    server_class, build = provider
    failure = Failure(status=status, message="that is too much")
    errors = (*REFUSED, ServerError)
    with server_class([failure]) as server, pytest.raises(errors, match="too much"):
        build(server.url).invoke("Hi")
    assert len(server.requests) == 1


def test_bedrock_names_its_errors() -> None:
    """The client makes the exception of the model out of an error's header."""
    with FakeBedrock([Failure(status=429)]) as server:
        model = ChatBedrockConverse(
            model=CLAUDE,
            endpoint_url=server.url,  # type: ignore[call-arg] # an alias
            region_name=REGION,
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
            config=ALONE,
        )
        with pytest.raises(model.client.exceptions.ThrottlingException):
            model.invoke("Hi")


BROKEN = Reply(text="Hello you", piece=1, breaks=Break(after=6))


@each_provider
def test_a_cut_stream_is_an_error(provider: Provider) -> None:
    """When the connection breaks, the client notices after what it got."""
    server_class, build = provider
    cut = (httpx.RemoteProtocolError, urllib3.exceptions.ProtocolError)
    with server_class([BROKEN]) as server, pytest.raises(cut):
        list(build(server.url).stream("Hi"))
    assert server.sent == [6]


@each_provider
def test_an_error_in_the_stream_is_an_error(provider: Provider) -> None:
    """The provider's error in a stream becomes the client's exception."""
    server_class, build = provider
    reply = Reply(text="Hello you", piece=1, breaks=Break(after=6, how="error"))
    errors = (*REFUSED, ServerError)
    with server_class([reply]) as server, pytest.raises(errors, match="scripted"):
        list(build(server.url).stream("Hi"))


@each_provider
def test_an_early_end_says_no_reason(provider: Provider) -> None:
    """A stream that just ends has no stop reason; only Bedrock's client minds."""
    server_class, build = provider
    reply = Reply(text="Hello you", piece=1, breaks=Break(after=6, how="end"))
    with server_class([reply]) as server:
        stream = build(server.url).stream("Hi")
        if server_class is FakeBedrock:
            with pytest.raises(ConnectionError, match="Incomplete"):
                list(stream)
            return
        message = added(list(stream))
    assert message.text == "Hello "
    assert not {"finish_reason", "done_reason"} & message.response_metadata.keys()


@each_provider
def test_a_client_that_leaves_is_noticed(provider: Provider) -> None:
    """A held stream waits; closing it closes the connection, and sending stops."""
    server_class, build = provider
    never = threading.Event()
    reply = Reply(text="Hello you", piece=1, hold=Hold(after=5, until=never))
    with server_class([reply]) as server:
        stream = build(server.url).stream("Hi")
        next(stream)
        stream.close()  # type: ignore[attr-defined]  # it is a generator
        assert server.left.wait(timeout=30)
    assert server.sent[0] <= 5


@each_provider
@pytest.mark.parametrize("lacking", ["result", "call"])
def test_a_torn_conversation_is_refused(provider: Provider, lacking: str) -> None:
    """A tool call without its result, or the other way round, is a bad request."""
    server_class, build = provider
    call = AIMessage("", tool_calls=[{"name": "get_weather", "args": {}, "id": "c1"}])
    half = call if lacking == "result" else ToolMessage("sunny", tool_call_id="c1")
    with server_class(plausible) as server:
        model = build(server.url).bind_tools([get_weather])
        history = [HumanMessage("Hi"), half, HumanMessage("And?")]
        if server_class is FakeGoogle and lacking == "call":
            # The client leaves out results that no call asked for.
            assert model.invoke(history).text
            return
        with pytest.raises(REFUSED, match="lacks its result, or its call"):
            model.invoke(history)


@each_provider
def test_answers_fit_the_schema_that_is_asked_for(provider: Provider) -> None:
    """Each protocol's own way to ask for JSON is understood."""
    server_class, build = provider
    with server_class(plausible) as server:
        model = build(server.url).with_structured_output(Colour, method="json_schema")
        assert model.invoke("Give me 3 'red' ones") == Colour(name="red", shade=3)
    assert server.requests[0].wants_json


@each_provider
def test_stop_sequences_cut_the_answer(provider: Provider) -> None:
    """Stop sequences arrive, and `plausible` stops before one."""
    server_class, build = provider
    with server_class(plausible) as server:
        answer = build(server.url).invoke("Hi", stop=[" can"])
    assert answer.text == "Hello, how"


@each_provider
def test_a_hostile_server_asks_first(provider: Provider) -> None:
    """`asking_first` asks for the marker's original, then answers as before."""
    server_class, build = provider
    marked = ToolMessage(MARKER.format("ab" * 12), tool_call_id="c1")
    call = AIMessage("", tool_calls=[{"name": "get_weather", "args": {}, "id": "c1"}])
    history = [HumanMessage("Is it fine?"), call, marked]
    with server_class(asking_first(plausible)) as server:
        model = build(server.url).bind_tools([get_weather, headroom_retrieve])
        first = model.invoke(history)
        (use,) = first.tool_calls
        answer = ToolMessage("the original", tool_call_id=use["id"])
        second = model.invoke([*history, first, answer])
    assert (use["name"], use["args"]) == ("headroom_retrieve", {"hash": "ab" * 12})
    assert (bool(second.text), second.tool_calls) == (True, [])


@pytest.mark.parametrize("provider", PROVIDERS[:2])  # Ollama has no tool choice
@pytest.mark.parametrize("chosen", ["get_weather", "any"])
def test_a_hostile_server_minds_a_forced_tool(provider: Provider, chosen: str) -> None:
    """The protocol's own words for a tool choice are understood."""
    server_class, build = provider
    with server_class(asking_first(plausible)) as server:
        model = build(server.url).bind_tools(
            [get_weather, headroom_retrieve], tool_choice=chosen
        )
        (use,) = model.invoke("Hi").tool_calls
    assert server.requests[0].tool_choice == chosen
    assert (use["name"] == "get_weather") is (chosen == "get_weather")
