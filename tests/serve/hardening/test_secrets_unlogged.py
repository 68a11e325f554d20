"""Whatever goes wrong, no log holds what the client is let in with."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from hardening.conftest import Door
from hardening.sockets import SocketUpstream, post, says
from hardening.test_hooks_are_paired import STREAMED, WHOLE, Failing
from hardening.troubles import TROUBLES
from headroom_langchain.serve import Handled, Limits

KEY = b"sk-very-secret"
HEADERS = (
    *(b"Authorization: Bearer " + KEY, b"x-api-key: " + KEY, b"Cookie: k=" + KEY),
    *(b"Proxy-Authorization: Basic " + KEY, b"x-mine-token: " + KEY),
)
LOGGERS = ("", "headroom_langchain.serve", "uvicorn.error", "asyncio", "httpcore")


class Logs(logging.Handler):
    """Keeps everything that anybody logs."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, with all that it knows."""
        self.written += [self.format(record), repr(vars(record))]


@pytest.fixture
def logs(door: Door, caplog: pytest.LogCaptureFixture) -> Iterator[Logs]:
    """What is logged until all requests are over."""
    logs = Logs()
    logging.getLogger().addHandler(logs)
    for logger in LOGGERS:
        caplog.set_level(logging.DEBUG, logger)
    yield logs
    door.over()
    logging.getLogger().removeHandler(logs)
    assert logs.written
    assert KEY.decode() not in "\n".join(logs.written)


class _Kept:
    """An observer whose records are looked at."""

    def began(self) -> None:
        """Do nothing."""

    def ended(self, handled: Handled) -> None:
        """Log it, as an operator would."""
        logging.getLogger("headroom_langchain.serve").info("%r", handled)


@pytest.mark.parametrize("target", [b"/v1/messages?k=" + KEY, b"/v1/models?k=" + KEY])
@pytest.mark.parametrize("name", TROUBLES)
def test_when_the_upstream_breaks(
    door: Door,
    upstream: SocketUpstream,
    logs: Logs,
    target: bytes,
    name: str,
) -> None:
    """Errors and their causes are told without it."""
    trouble = TROUBLES[name]
    app = door.serve(limits=trouble.limits, hooks=[Failing()])
    app._observers = (_Kept(),)
    upstream.answer = trouble.answer
    try:
        answer = door.ask(post(target, STREAMED, *HEADERS))
    except ConnectionError:
        return
    assert KEY not in answer.body


@pytest.mark.parametrize(
    "request_",
    [
        post(b"/v1/messages", b"[" * 100, *HEADERS),
        post(b"/v1/messages", b" " * 2000, *HEADERS),
        post(b"/v1/messages", b"{", b"content-length: 9", *HEADERS),
        post(b"/v1/../messages?k=" + KEY, b"{}", *HEADERS),
        post(b"/v1/messages", b"{}", *HEADERS, b"authorization: " + KEY + b"\0"),
        post(b"/v1/messages", b"{}", *HEADERS, b"x y: " + KEY),
        post(b"/v1/messages", b"{}", *HEADERS, method=b"TRACE"),
        post(b"/v1/messages", STREAMED, *HEADERS),
    ],
)
def test_when_the_request_is_bad(
    door: Door,
    upstream: SocketUpstream,
    logs: Logs,
    request_: bytes,
) -> None:
    """Neither is what was wrong with it."""
    limits = Limits(max_body=1000, body_timeout=0.01)
    app = door.serve(limits=limits, hooks=[Failing()])
    app._observers = (_Kept(),)
    upstream.answer = says(WHOLE)
    assert KEY not in door.ask(request_).body


def test_when_this_server_fails(
    door: Door, upstream: SocketUpstream, logs: Logs
) -> None:
    """A fault of its own is told with its place, and the client gets an answer."""
    app = door.serve()
    app._backend.upstreams.clear()  # type: ignore[attr-defined]
    answer = door.ask(post(b"/v1/messages", STREAMED, *HEADERS))
    assert answer.start == (500,)
    assert b'"api_error"' in answer.body
    assert any("KeyError" in text for text in logs.written)
