"""An application that answers as a provider does, with routes of its own beside it."""

from __future__ import annotations

import threading
from typing import Any

from headroom_langchain.serve.client import Receive, Scope, Send
from headroom_langchain.testing.servers import Script
from headroom_langchain.testing.servers.anthropic import Messages
from headroom_langchain.testing.servers.application import Application
from headroom_langchain.testing.servers.openai_chat import ChatCompletions
from headroom_langchain.testing.servers.openai_responses import Responses


class ProviderApp:
    """Plays a script, and answers everything else by saying what was asked."""

    def __init__(self, script: Script) -> None:
        dialects = (Messages(), ChatCompletions(), Responses())
        self._provider = Application(script, dialects, threading.Event())
        self.scopes: list[Scope] = []
        self.lived: list[str] = []

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [dict(query.received.body) for query in self._provider.requests]

    @property
    def raw(self) -> list[bytes]:
        return [query.received.raw for query in self._provider.requests]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "lifespan":
            while len(self.lived) < 2:
                self.lived.append((await receive())["type"])
                await send({"type": f"{self.lived[-1]}.complete"})
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
        elif scope["path"].startswith("/v1/") and scope["method"] == "POST":
            await self._provider(scope, receive, send)
        else:
            body = (await receive()).get("body", b"")
            head = {"type": "http.response.start", "status": 200, "headers": []}
            await send(head)
            said = f"{scope['method']} {scope['path']} {len(body)}".encode()
            await send({"type": "http.response.body", "body": said})
