"""An ASGI application on a port of loopback, for clients that speak HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from headroom_langchain.serve.server.listening import LOOPBACK, listen
from headroom_langchain.testing.servers.ending import PromptServer


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Serve an application; yields its address."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    server = PromptServer(config)
    with listen(LOOPBACK, 0) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            thread.join(0.005)
        assert server.started
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.end()
            thread.join()
