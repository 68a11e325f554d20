"""The fake servers speak the wire formats of the real services."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import anthropic
import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from headroom_langchain.testing.servers import (
    Break,
    Failure,
    FakeAnthropic,
    FakeOpenAI,
    FakeServer,
    Hold,
    Reply,
    Script,
    ToolUse,
    Usage,
    asking_first,
    plausible,
)
from headroom_langchain.testing.servers.example import example

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.runnables import Runnable

Build: TypeAlias = "Callable[[str], BaseChatModel]"
Provider: TypeAlias = tuple[type[FakeServer], Build]

KEY = SecretStr("x")
MARKER = '[headroom: 9 of 10 rows not shown; headroom_retrieve(hash="{}", query="...")]'


def chat(url: str) -> BaseChatModel:
    """Build ChatOpenAI on Chat Completions."""
    return ChatOpenAI(
        model="gpt-x", base_url=url, api_key=KEY, stream_usage=True, max_retries=0
    )


def responses(url: str) -> BaseChatModel:
    """Build ChatOpenAI on Responses."""
    return ChatOpenAI(
        model="gpt-x", base_url=url, api_key=KEY, use_responses_api=True, max_retries=0
    )


def messages(url: str) -> BaseChatModel:
    """Build ChatAnthropic."""
    return ChatAnthropic(
        model_name="claude-x",
        base_url=url,
        api_key=KEY,
        max_retries=0,
        timeout=None,
        stop=None,
    )


PROVIDERS = [
    pytest.param((FakeOpenAI, chat), id="chat"),
    pytest.param((FakeOpenAI, responses), id="responses"),
    pytest.param((FakeAnthropic, messages), id="messages"),
]
each_provider = pytest.mark.parametrize("provider", PROVIDERS)


def get_weather(place: str) -> str:
    """Get the weather at a place."""
    return f"sunny in {place}"


def headroom_retrieve(hash: str) -> str:  # noqa: A002 - the tool's own word
    """Return an original."""
    return hash


def asked(server: FakeServer, path: str, **body: Any) -> str:
    """Send a request without any client library; return the answer's body."""
    base = server.url.removesuffix("/v1")
    return httpx.post(f"{base}{path}", json=body).text


def events(stream: str) -> list[tuple[str, Any]]:
    """Read server-sent events: their names and their data."""
    found: list[tuple[str, Any]] = []
    for block in stream.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        data = lines["data"]
        found.append(
            (lines.get("event", ""), data if data == "[DONE]" else json.loads(data))
        )
    return found


def heard(model: Runnable[LanguageModelInput, AIMessage]) -> AIMessage:
    """Stream an answer and put it together."""
    whole: Any = None
    for chunk in model.stream("Hi"):
        whole = chunk if whole is None else whole + chunk
    assert isinstance(whole, AIMessage)
    return whole


HI = [{"role": "user", "content": "Hi"}]
CALL = ToolUse(name="get_weather", args={"place": "Paris"})
USAGE = Usage(input=30, output=7, cached=20)
FULL = Reply(text="Let me look.", thinking="Hm.", tool_calls=(CALL, CALL), usage=USAGE)


@each_provider
def test_clients_hear_the_same_streamed_or_not(provider: Provider) -> None:
    """Through the provider's own client, a stream adds up to the whole answer."""
    server_class, build = provider
    replies: list[Reply] = []

    @settings(deadline=None, max_examples=15)
    @given(
        text=st.text(min_size=1, max_size=40),
        calls=st.lists(
            st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2),
            max_size=2,
        ),
        piece=st.integers(1, 9),
    )
    def law(text: str, calls: list[dict[str, str]], piece: int) -> None:
        uses = tuple(ToolUse(name="get_weather", args=args) for args in calls)
        replies.append(Reply(text=text, tool_calls=uses, piece=piece, usage=USAGE))
        whole, streamed = model.invoke("Hi"), heard(model)
        assert whole.text == streamed.text == text
        assert [c["args"] for c in whole.tool_calls] == calls
        assert [c["args"] for c in streamed.tool_calls] == calls
        assert streamed.usage_metadata == whole.usage_metadata
        assert whole.usage_metadata is not None
        assert whole.usage_metadata["total_tokens"] == 37

    with server_class(lambda _: replies[-1]) as server:
        model = build(server.url).bind_tools([get_weather])
        law()


def test_messages_stream_in_the_order_of_the_service() -> None:
    """Messages sends blocks one after the other, and their end before the last two."""
    with FakeAnthropic([FULL]) as server:
        stream = asked(server, "/v1/messages", model="m", messages=HI, stream=True)
    found = events(stream)
    assert all(name == data["type"] for name, data in found)
    kinds = [name for name, _ in found if not name.endswith("_delta")]
    block = ["content_block_start", "content_block_stop"]
    first = ["content_block_start", "ping", "content_block_stop"]
    assert kinds == ["message_start", *first, *block * 3, "message_stop"]
    assert found[-2][1]["delta"]["stop_reason"] == "tool_use"
    assert found[-2][1]["usage"]["cache_read_input_tokens"] == 20
    starts = [d["content_block"] for n, d in found if n == "content_block_start"]
    assert [s["type"] for s in starts] == ["thinking", "text", "tool_use", "tool_use"]


def test_signatures_follow_their_thoughts() -> None:
    """The signature is the last delta of its thinking block."""
    with FakeAnthropic([FULL]) as server:
        stream = asked(server, "/v1/messages", model="m", messages=HI, stream=True)
    deltas = [d for n, d in events(stream) if n == "content_block_delta"]
    thoughts = [d["delta"]["type"] for d in deltas if d["index"] == 0]
    assert thoughts == ["thinking_delta", "signature_delta"]


def test_chat_sends_usage_only_when_asked() -> None:
    """Chat Completions ends with `[DONE]`, after a usage chunk if asked for."""
    path = "/v1/chat/completions"
    body = {"model": "m", "messages": HI, "stream": True}
    with FakeOpenAI([FULL, FULL]) as server:
        plain = events(asked(server, path, **body))
        options = {"include_usage": True}
        full = events(asked(server, path, **body, stream_options=options))
    assert plain[-1][1] == full[-1][1] == "[DONE]"
    assert all("usage" not in data for _, data in plain[:-1])
    assert full[-2][1]["choices"] == []
    assert full[-2][1]["usage"]["total_tokens"] == 37
    assert full[-3][1]["choices"][0]["finish_reason"] == "tool_calls"


def test_responses_number_their_events() -> None:
    """Responses counts its events, and its last one repeats the items sent."""
    with FakeOpenAI([FULL]) as server:
        stream = asked(server, "/v1/responses", model="m", input="Hi", stream=True)
    found = events(stream)
    assert [d["sequence_number"] for _, d in found] == list(range(len(found)))
    assert (found[0][0], found[-1][0]) == ("response.created", "response.completed")
    items = [d["item"] for n, d in found if n == "response.output_item.done"]
    assert found[-1][1]["response"]["output"] == items
    kinds = [item["type"] for item in items]
    assert kinds == ["reasoning", "message", "function_call", "function_call"]


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
    assert [tool.name for tool in query.tools] == ["get_weather"]
    assert query.said[-1].text == "sunny"


@each_provider
@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure(status=400), (openai.BadRequestError, anthropic.BadRequestError)),
        (Failure(status=429), (openai.RateLimitError, anthropic.RateLimitError)),
        (
            Failure(status=500, message="overloaded"),
            (openai.InternalServerError, anthropic.InternalServerError),
        ),
    ],
)
def test_failures_are_the_errors_of_the_client(
    provider: Provider, failure: Failure, error: tuple[type[Exception], ...]
) -> None:
    """An HTTP error comes out of the client as its own exception, message included."""
    server_class, build = provider
    with server_class([failure]) as server, pytest.raises(error, match=failure.message):
        build(server.url).invoke("Hi")


@each_provider
def test_a_cut_stream_is_an_error(provider: Provider) -> None:
    """When the connection breaks, the client notices after what it got."""
    server_class, build = provider
    reply = Reply(text="Hello you", piece=1, breaks=Break(after=6))
    with server_class([reply]) as server:
        model = build(server.url)
        with pytest.raises(Exception, match=r"peer closed connection|Connection error"):
            heard(model)
    assert server.sent == [6]


@each_provider
def test_an_error_in_the_stream_is_an_error(provider: Provider) -> None:
    """The provider's error event becomes the client's exception."""
    server_class, build = provider
    reply = Reply(text="Hello you", piece=1, breaks=Break(after=6, how="error"))
    with server_class([reply]) as server:
        model = build(server.url)
        # ChatOpenAI makes a ValueError of the error event of Responses.
        with pytest.raises((openai.APIError, anthropic.APIError, ValueError)):
            heard(model)


def test_an_early_end_is_silent() -> None:
    """A stream that just ends is complete to the client, but says no reason."""
    reply = Reply(text="Hello you", piece=1, breaks=Break(after=6, how="end"))
    with FakeAnthropic([reply]) as server:
        message = heard(messages(server.url))
    assert message.text == "Hel"
    assert "stop_reason" not in message.response_metadata


@each_provider
def test_a_held_stream_waits(provider: Provider) -> None:
    """Nothing after the hold is sent before the test lets it go."""
    server_class, build = provider
    until = threading.Event()
    reply = Reply(text="Hello you", piece=1, hold=Hold(after=5, until=until))
    with server_class([reply]) as server:
        stream = build(server.url).stream("Hi")
        first = next(stream)
        assert server.sent[0] <= 5
        until.set()
        rest = "".join(chunk.text for chunk in stream)
    assert first.text + rest == "Hello you"


@each_provider
def test_a_client_that_leaves_is_noticed(provider: Provider) -> None:
    """Closing a stream closes the connection, and the server stops sending."""
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
        refused = (openai.BadRequestError, anthropic.BadRequestError)
        with pytest.raises(refused, match="'c1' lacks"):
            model.invoke([HumanMessage("Hi"), half, HumanMessage("And?")])


def test_nothing_is_left_open() -> None:
    """After the exit the thread has ended and the port refuses."""
    before = threading.enumerate()
    with FakeOpenAI(["Hello"]) as server:
        chat(server.url).invoke("Hi")
        port = httpx.URL(server.url).port
    assert [t for t in threading.enumerate() if t not in before] == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0))


@pytest.mark.parametrize(
    ("script", "said"),
    [([], "no answer left.*'Hi'"), (lambda _: 1 // 0, "the router raised")],
)
def test_a_script_that_fails_says_so(script: Script, said: str) -> None:
    """A script without an answer reaches the test at once, as a refused request."""
    with FakeOpenAI(script) as server:
        model = chat(server.url)
        with pytest.raises(openai.BadRequestError, match=said):
            model.invoke("Hi")
        assert len(server.requests) == 1


@each_provider
def test_stop_sequences_cut_the_answer(provider: Provider) -> None:
    """`plausible` stops before a stop sequence, where the protocol has them."""
    server_class, build = provider
    with server_class(plausible) as server:
        answer = build(server.url).invoke("Hi", stop=[" can"])
        has_stop = bool(server.requests[0].stop)
    assert answer.text.endswith(" can I help you today?") is not has_stop


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
    assert (second.text, second.tool_calls) != ("", [])
    assert second.tool_calls == []


@each_provider
def test_a_hostile_server_minds_a_forced_tool(provider: Provider) -> None:
    """A model told to call one tool calls that one, hostile or not."""
    server_class, build = provider
    with server_class(asking_first(plausible)) as server:
        model = build(server.url).bind_tools(
            [get_weather, headroom_retrieve], tool_choice="get_weather"
        )
        (use,) = model.invoke("Hi").tool_calls
    assert use["name"] == "get_weather"


class Colour(BaseModel):
    """A colour, by its name."""

    name: str
    shade: int | None = None


class Palette(BaseModel):
    """Some colours."""

    colours: list[Colour]
    first: Colour
    dark: bool
    ratio: float


def test_examples_fit_their_schema() -> None:
    """An example of a model's schema is valid for the model, nested or not."""
    made = Palette.model_validate(example(Palette.model_json_schema(), "3 'red' ones"))
    assert made.colours == [Colour(name="red", shade=3)]


def test_pieces_are_characters() -> None:
    """Deltas are cut between characters, so no event holds half of one."""
    reply = replace(FULL, text="é😀", piece=1)
    with FakeAnthropic([reply]) as server:
        stream = asked(server, "/v1/messages", model="m", messages=HI, stream=True)
    deltas = [d["delta"] for n, d in events(stream) if n == "content_block_delta"]
    assert [d["text"] for d in deltas if d["type"] == "text_delta"] == ["é", "😀"]
