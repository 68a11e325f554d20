"""Fake provider servers on loopback, each in a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, ClassVar, Self

from headroom_langchain.testing.servers.anthropic import Messages
from headroom_langchain.testing.servers.application import Application
from headroom_langchain.testing.servers.bedrock import Converse
from headroom_langchain.testing.servers.google import GenerateContent
from headroom_langchain.testing.servers.ollama import OllamaChat
from headroom_langchain.testing.servers.openai_chat import ChatCompletions
from headroom_langchain.testing.servers.openai_responses import Responses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headroom_langchain.testing.servers.dialect import Dialect
    from headroom_langchain.testing.servers.query import Query
    from headroom_langchain.testing.servers.reply import Script


class FakeServer:
    """A server that speaks some dialects and plays a script.

    It listens on an ephemeral port of 127.0.0.1 while it is entered. After the
    exit its thread has ended and its sockets are closed.
    """

    dialects: ClassVar[Sequence[Dialect]] = ()
    base: ClassVar[str] = ""

    def __init__(self, script: Script) -> None:
        """Prepare a server.

        Args:
            script: Answers in their order, or a function of the request.
        """
        self._closing = threading.Event()
        self._application = Application(script, self.dialects, self._closing)

    @property
    def url(self) -> str:
        """The base URL, as the provider's client takes it."""
        return f"http://127.0.0.1:{self._port}{self.base}"

    @property
    def requests(self) -> list[Query]:
        """The requests so far, in the order of arrival."""
        return self._application.requests

    @property
    def sent(self) -> list[int]:
        """For each request, how many events of its stream went out so far."""
        return self._application.sent

    @property
    def left(self) -> threading.Event:
        """Set once a client went away in the middle of a stream."""
        return self._application.left

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            ImportError: uvicorn is not installed.
        """
        from headroom_langchain.testing.servers.ending import prompt_server

        listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = listener.getsockname()[1]
        self._server = prompt_server(self._application)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let held streams go, close every connection, end the thread."""
        self._closing.set()
        self._server.end()
        self._thread.join()


class FakeOpenAI(FakeServer):
    """Chat Completions and Responses: `ChatOpenAI(base_url=server.url)`."""

    dialects = (ChatCompletions(), Responses())
    base = "/v1"


class FakeAnthropic(FakeServer):
    """Messages: `ChatAnthropic(base_url=server.url)`."""

    dialects = (Messages(),)


class FakeGoogle(FakeServer):
    """Gemini's contents: `ChatGoogleGenerativeAI(base_url=server.url)`."""

    dialects = (GenerateContent(),)


class FakeBedrock(FakeServer):
    """Converse: `ChatBedrockConverse(endpoint_url=server.url)`.

    Give the client a region and any keys, and it asks nobody else for them.
    """

    dialects = (Converse(),)


class FakeOllama(FakeServer):
    """Ollama's chat: `ChatOllama(base_url=server.url)`."""

    dialects = (OllamaChat(),)
