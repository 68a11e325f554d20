"""Middleware around an application that speaks a provider's protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest
from model_backed.listening import listening

from headroom_langchain import CompressionPolicy
from headroom_langchain.ccr.store.base import content_key
from headroom_langchain.errors import ConfigurationError
from headroom_langchain.serve import CompressionMiddleware, Handled
from headroom_langchain.testing.servers import Hold, Reply, ToolUse
from middleware.provider_app import ProviderApp

BIG = "\n".join(
    f"2026-03-01 10:00:00 {'ERROR disk full on web-7' if n == 300 else 'INFO ok'} {n}"
    for n in range(600)
)
HIDDEN = ToolUse(
    name="headroom_retrieve", args={"hash": content_key(BIG), "query": "disk full"}
)
SCRIPT = [Reply(text="One moment.", tool_calls=(HIDDEN,)), Reply(text="Full disk.")]

MESSAGES: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 99,
    "messages": [
        {"role": "user", "content": "Why?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t1", "name": "logs", "input": {}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": BIG}],
        },
    ],
}
CALL = {"id": "t1", "type": "function", "function": {"name": "logs", "arguments": "{}"}}
CHAT: dict[str, Any] = {
    "model": "gpt-x",
    "messages": [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "t1", "content": BIG},
    ],
}


class Seen:
    """Writes down what is over."""

    def __init__(self) -> None:
        self.requests: list[Handled] = []

    def began(self) -> None:
        """A request has come."""

    def ended(self, handled: Handled) -> None:
        self.requests.append(handled)


@pytest.mark.parametrize("stream", [True, False])
def test_messages_are_compressed_and_answered(*, stream: bool) -> None:
    """The application gets short results, and the client one seamless answer."""
    app, seen = ProviderApp(SCRIPT), Seen()
    wrapped = CompressionMiddleware(app, observers=[seen])
    with (
        listening(wrapped) as address,
        anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as client,
    ):
        if stream:
            with client.messages.stream(**MESSAGES) as events:
                message = events.get_final_message()
        else:
            message = client.messages.create(**MESSAGES)
    assert [block.type for block in message.content] == ["text", "text"]
    assert message.stop_reason == "end_turn"
    first, second = app.bodies
    assert "591 of 600 lines hidden" in str(first)
    assert "ERROR disk full on web-7" in str(second)
    assert seen.requests[0].tokens_before - seen.requests[0].tokens_sent > 10_000
    assert len(seen.requests[0].retrievals) == 1


@pytest.mark.parametrize("stream", [True, False])
def test_chats_are_compressed_and_answered(*, stream: bool) -> None:
    """The same holds for Chat Completions."""
    app = ProviderApp(SCRIPT)
    with (
        listening(CompressionMiddleware(app)) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key="k", max_retries=0) as client,
    ):
        if stream:
            with client.chat.completions.stream(**CHAT) as events:
                for _ in events:
                    pass
                choice: Any = events.get_final_completion().choices[0]
        else:
            choice = client.chat.completions.create(**CHAT).choices[0]
    assert "Full disk." in choice.message.content
    assert not choice.message.tool_calls
    assert choice.finish_reason == "stop"
    assert "591 of 600 lines hidden" in str(app.bodies[0])


@pytest.fixture(name="plain")
def _plain() -> Iterator[tuple[ProviderApp, httpx.Client]]:
    app = ProviderApp([Reply(text="Hi")] * 3)
    policy = CompressionPolicy()
    with (
        listening(CompressionMiddleware(app, policy=policy)) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield app, client


Plain = tuple[ProviderApp, httpx.Client]


def test_nothing_to_do_is_passed_on_byte_by_byte(plain: Plain) -> None:
    """A request with nothing to compress reaches the application as it was."""
    app, client = plain
    raw = (
        b'{ "model":"x", "max_tokens":9 ,"messages":[{"role":"user","content":"Hi"}] }'
    )
    headers = {"content-type": "application/json"}
    answer = client.post("/v1/messages", content=raw, headers=headers)
    assert answer.json()["content"][0]["text"] == "Hi"
    assert app.raw == [raw]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1/messages", "application/json"),
        ("POST", "/upload", "application/json"),
        ("PUT", "/survey/responses", "text/plain"),
    ],
)
def test_other_requests_go_straight_through(
    plain: Plain, method: str, path: str, kind: str
) -> None:
    """What is not a request of a dialect is the application's alone."""
    app, client = plain
    headers = {"content-type": kind}
    answer = client.request(method, path, content=b"12345", headers=headers)
    assert answer.text == f"{method} {path} 5"
    assert app.scopes[-1]["client"] is not None


def test_the_application_sees_the_scope_of_its_server(plain: Plain) -> None:
    """An application knows who asked, what was asked, and what a server told it."""
    app, client = plain
    body = {"model": "x", "messages": [{"role": "user", "content": "Hi"}]}
    client.post("/v1/chat/completions?tenant=7", json=body)
    scope = app.scopes[-1]
    assert scope["client"][0] == "127.0.0.1"
    assert scope["query_string"] == b"tenant=7"
    assert scope["path"] == "/v1/chat/completions"


def test_the_lifespan_is_the_applications() -> None:
    """The application is started and stopped as if nothing were around it."""
    app = ProviderApp([])
    with listening(CompressionMiddleware(app)):
        assert app.lived == ["lifespan.startup"]
    assert app.lived == ["lifespan.startup", "lifespan.shutdown"]


async def test_websockets_are_the_applications() -> None:
    """A websocket goes straight through."""
    app = ProviderApp([])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await CompressionMiddleware(app)({"type": "websocket", "path": "/"}, receive, send)
    assert sent == ["websocket.accept"]


def test_paths_of_its_own() -> None:
    """An application may speak a protocol wherever it likes."""
    app = ProviderApp(SCRIPT)

    async def moved(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            assert scope["path"] == "/llm"
            scope = {**scope, "path": "/v1/chat/completions"}
        await app(scope, receive, send)

    wrapped = CompressionMiddleware(moved, paths={"/llm": "chat"})
    with listening(wrapped) as address:
        answer = httpx.post(f"{address}/llm", json=CHAT)
    assert "Full disk." in answer.json()["choices"][0]["message"]["content"]
    assert len(app.bodies) == 2


def test_paths_are_checked() -> None:
    """A protocol that nobody speaks is found at once."""
    with pytest.raises(ConfigurationError, match="messages, chat, responses"):
        CompressionMiddleware(ProviderApp([]), paths={"/llm": "grpc"})  # type: ignore[dict-item]


def test_text_goes_out_as_it_comes() -> None:
    """The client reads the first words while the application still waits."""
    go_on = threading.Event()
    held = Reply(text="First words. " * 9, hold=Hold(after=5, until=go_on))
    app = ProviderApp([SCRIPT[0], held])
    with (
        listening(CompressionMiddleware(app)) as address,
        anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as client,
        client.messages.stream(**MESSAGES) as events,
    ):
        words = events.text_stream
        said = ""
        while "First" not in said:
            said += next(words)
        go_on.set()
        said += "".join(words)
    assert said.count("First words.") == 9


@pytest.mark.parametrize("stream", [True, False])
def test_an_application_that_fails(*, stream: bool) -> None:
    """A client is told in its provider's words, and the server goes on."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await ProviderApp([])(scope, receive, send)
        raise ValueError

    with (
        listening(CompressionMiddleware(app)) as address,
        anthropic.Anthropic(base_url=address, api_key="k", max_retries=0) as client,
        pytest.raises(anthropic.InternalServerError, match="application failed"),
    ):
        client.messages.create(**MESSAGES, stream=stream)
