"""The providers' own clients, and LangChain's, with a scripted model behind them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Protocol

import anthropic
import httpx
import openai
import pytest
from anthropic.types import Message
from langchain_anthropic import ChatAnthropic
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import SecretStr, SkipValidation

from headroom_langchain.serve import App, create_app
from headroom_langchain.serve.client import Receive, Scope, Send
from headroom_langchain.testing import Call, ScriptedChatModel, Turn
from headroom_langchain.testing.shapes import Shape
from headroom_langchain.testing.turns import Chunking
from model_backed.listening import listening

TURN = Turn(
    text="Let me look.",
    reasoning="Which one?",
    tool_calls=(
        Call(name="search", args={"q": "disk", "n": 3}),
        Call(name="now", args={}),
    ),
    usage={
        "input_tokens": 100,
        "output_tokens": 7,
        "total_tokens": 107,
        "input_token_details": {"cache_read": 40, "cache_creation": 10},
    },
)
SHAPES: list[Shape] = ["openai", "anthropic", "plain"]


class Server:
    """One application after the other, at one address."""

    address: str
    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module", name="server")
def _server() -> Iterator[Server]:
    server = Server()
    server.app = create_app(ScriptedChatModel(turns=[]))
    with listening(server) as server.address:
        yield server


class Serve(Protocol):
    """Serves a model, and returns its address."""

    def __call__(self, model: BaseChatModel) -> str: ...


@pytest.fixture
def serve(server: Server) -> Serve:
    def at(model: BaseChatModel) -> str:
        server.app = create_app(model)
        return server.address

    return at


def scripted(shape: Shape, chunking: Chunking = 2) -> ScriptedChatModel:
    return ScriptedChatModel(turns=[TURN], shape=shape, chunking=chunking)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_anthropic_sdk_reads_the_answer(
    serve: Serve, shape: Shape, *, stream: bool
) -> None:
    """Thoughts, text, parallel calls and usage reach a client of Messages."""
    address = serve(scripted(shape))
    with anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as client:
        if stream:
            with client.messages.stream(
                model="any-name",
                max_tokens=99,
                messages=[{"role": "user", "content": "Hello"}],
            ) as events:
                message: Message = events.get_final_message()
        else:
            message = client.messages.create(
                model="any-name",
                max_tokens=99,
                messages=[{"role": "user", "content": "Hello"}],
            )
    said = [block.model_dump(exclude_none=True) for block in message.content]
    calls = [block for block in said if block["type"] == "tool_use"]
    assert [block["type"] for block in said[:2]] == ["thinking", "text"]
    assert said[0]["thinking"] == "Which one?"
    assert bool(said[0]["signature"]) is (shape == "anthropic")
    assert said[1]["text"] == "Let me look."
    assert [call["name"] for call in calls] == ["search", "now"]
    assert [call["input"] for call in calls] == [{"q": "disk", "n": 3}, {}]
    assert message.model == "any-name"
    assert message.stop_reason == "tool_use"
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens) == (50, 7)
    assert usage.cache_read_input_tokens == 40
    assert usage.cache_creation_input_tokens == 10


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_openai_sdk_reads_the_answer(
    serve: Serve, shape: Shape, *, stream: bool
) -> None:
    """Thoughts, text, parallel calls and usage reach a client of Chat Completions."""
    address = f"{serve(scripted(shape))}/v1"
    with openai.OpenAI(base_url=address, api_key="k", max_retries=0) as client:
        if stream:
            with client.chat.completions.stream(
                model="any-name",
                messages=[{"role": "user", "content": "Hello"}],
                stream_options={"include_usage": True},
            ) as events:
                for _ in events:
                    pass
                completion = events.get_final_completion().model_dump()
        else:
            completion = client.chat.completions.create(
                model="any-name", messages=[{"role": "user", "content": "Hello"}]
            ).model_dump()
    [choice] = completion["choices"]
    message = choice["message"]
    functions = [call["function"] for call in message["tool_calls"]]
    assert message["reasoning_content"] == "Which one?"
    assert message["content"] == "Let me look."
    assert [function["name"] for function in functions] == ["search", "now"]
    assert functions[0]["arguments"] == '{"q": "disk", "n": 3}'
    assert choice["finish_reason"] == "tool_calls"
    assert completion["model"] == "any-name"
    assert completion["usage"]["prompt_tokens"] == 100
    assert completion["usage"]["completion_tokens"] == 7
    assert completion["usage"]["prompt_tokens_details"]["cached_tokens"] == 40


Make = Callable[[str], BaseChatModel]


@tool
def search(q: str, n: int) -> str:
    """Search for something."""
    return q * n


@tool
def now() -> str:
    """Tell the time."""
    return "noon"


def chat_anthropic(address: str) -> BaseChatModel:
    return ChatAnthropic(
        model_name="claude-x",
        base_url=address,
        api_key=SecretStr("k"),
        timeout=None,
        stop=None,
        max_retries=0,
    )


def chat_openai(address: str) -> BaseChatModel:
    return ChatOpenAI(
        model="gpt-x",
        base_url=f"{address}/v1",
        api_key=SecretStr("k"),
        max_retries=0,
        stream_usage=True,
    )


@pytest.mark.parametrize("make", [chat_anthropic, chat_openai])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("stream", [True, False])
def test_langchain_clients_read_the_answer(
    serve: Serve, make: Make, shape: Shape, *, stream: bool
) -> None:
    """LangChain's own models get the same message whichever model answers them."""
    model = make(serve(scripted(shape))).bind_tools([search, now])
    if stream:
        first, *rest = model.stream([HumanMessage("Hello")])
        assert isinstance(first, AIMessageChunk)
        answer: BaseMessage = first.__add__(rest)
    else:
        answer = model.invoke([HumanMessage("Hello")])
    assert isinstance(answer, AIMessage)
    assert answer.text == "Let me look."
    assert [call["args"] for call in answer.tool_calls] == [{"q": "disk", "n": 3}, {}]
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_tokens"] == 100
    assert answer.usage_metadata["input_token_details"]["cache_read"] == 40


def test_usage_chunk_only_for_those_who_ask(serve: Serve) -> None:
    """A client that did not ask for usage gets no chunk without choices."""
    address = f"{serve(scripted('openai'))}/v1"
    with openai.OpenAI(base_url=address, api_key="k", max_retries=0) as client:
        chunks = client.chat.completions.create(
            model="x", stream=True, messages=[{"role": "user", "content": "Hello"}]
        )
        assert all(len(chunk.choices) == 1 for chunk in chunks)


def test_sdks_raise_what_a_stream_ends_with(serve: Serve) -> None:
    """The error at the end of a stream is one that the providers' clients raise."""
    turns = [Turn(text="Half an", error=ValueError())] * 2
    address = serve(ScriptedChatModel(turns=turns))
    with anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as claude:
        stream = claude.messages.stream(
            model="x", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
        )
        with pytest.raises(anthropic.APIStatusError, match="ValueError"), stream as got:
            got.get_final_message()
    address = f"{address}/v1"
    with openai.OpenAI(base_url=address, api_key="k", max_retries=0) as client:
        chunks = client.chat.completions.create(
            model="x", stream=True, messages=[{"role": "user", "content": "Hi"}]
        )
        with pytest.raises(openai.APIError, match="ValueError"):
            list(chunks)


def test_the_list_of_models_has_the_one(serve: Serve) -> None:
    """Clients that choose a model from the list find the server's."""
    address = serve(ScriptedChatModel(turns=[], model_name="mine"))
    with anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as claude:
        assert [model.id for model in claude.models.list()] == ["mine"]
        assert claude.models.retrieve("mine").id == "mine"
        with pytest.raises(anthropic.NotFoundError):
            claude.models.retrieve("other")
    address = f"{address}/v1"
    with openai.OpenAI(base_url=address, api_key="k", max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["mine"]
        assert client.models.retrieve("mine").id == "mine"
        with pytest.raises(openai.NotFoundError, match="Chat Completions"):
            client.responses.create(model="mine", input="Hi")


def test_tokens_are_estimated(serve: Serve) -> None:
    """A client that counts before it asks is given an estimate; no model is asked."""
    model = ScriptedChatModel(turns=[])
    address = serve(model)
    with anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as claude:
        counted = [
            claude.messages.count_tokens(
                model="x", messages=[{"role": "user", "content": "word " * words}]
            ).input_tokens
            for words in (100, 1000)
        ]
    assert 80 < counted[0] < 130
    assert 8 < counted[1] / counted[0] < 12
    assert not model.requests


class EndlessModel(ScriptedChatModel):
    """A model that says a word and then nothing more, until it is stopped."""

    stopped: Annotated[threading.Event, SkipValidation]

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        try:
            yield ChatGenerationChunk(message=AIMessageChunk(content="Hi"))
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_a_client_that_leaves_stops_the_model(serve: Serve, path: str) -> None:
    """A connection that is closed in the middle of an answer ends the model's work."""
    stopped = threading.Event()
    address = serve(EndlessModel(turns=[], stopped=stopped))
    body = {"stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    with httpx.stream("POST", f"{address}{path}", json=body) as response:
        assert b"Hi" in next(data for data in response.iter_raw() if b"Hi" in data)
    assert stopped.wait(10)
